/// Signed messages to one name server over TCP, and their answers.
#include "providers/rfc2136/channel.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <random>
#include <system_error>

#include "dns/resolver/sockets.h"

namespace rampart {
namespace {

/// A limit against a server that never ends its transfer.
constexpr std::size_t kMostTransfer = 256U << 20U;
/// Questions in flight: a server that writes all responses before it reads more must be able to
/// buffer them, else both sides wait for each other.
constexpr std::size_t kWindow = 50;
constexpr unsigned kRcodeRefused = 5;
constexpr unsigned kRcodeNotAuth = 9;

// Retryable: a new connection may reach a healthy server of the same address.
Error broken(std::string_view what) { return Error{.what = std::string(what), .retryable = true}; }

Error system_error(std::string_view what) {
  return broken(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

// Both codes are used in practice where a key may update a zone but not transfer it.
bool is_transfer_refusal(const WireMessage& message) {
  return message.rcode == kRcodeRefused || message.rcode == kRcodeNotAuth;
}

}  // namespace

// The first id is random, so that an old response cannot be taken for a new one.
Rfc2136Channel::Rfc2136Channel(ServerAddress server, TsigKey key, Clock clock,
                               ChannelPatience patience, TrafficLog log)
    : server_(std::move(server)),
      key_(std::move(key)),
      clock_(std::move(clock)),
      patience_(patience),
      log_(std::move(log)),
      next_id_(static_cast<std::uint16_t>(std::random_device{}())) {}

std::chrono::sys_seconds Rfc2136Channel::now() const {
  return std::chrono::floor<std::chrono::seconds>(clock_.now());
}

// Outcomes alone are logged, since messages hold a signature.
void Rfc2136Channel::log_exchange(std::string_view what, std::string_view outcome,
                                  std::chrono::system_clock::time_point begun) const {
  if (!log_.debug) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begun);
  log_.debug(fmt::format("{} to {}: {}, {} ms", what, to_text(server_), outcome, took.count()));
}

// Sockets do not block, so that every wait has an end.
Result<Ok> Rfc2136Channel::await(short events, std::chrono::milliseconds time) {
  pollfd wait{.fd = socket_.get(), .events = events, .revents = 0};
  const int ready = poll(&wait, 1, static_cast<int>(time.count()));
  if (ready > 0) return Ok{};
  return ready == 0 ? broken("the server does not answer in time") : system_error("waiting");
}

// A host name may have several addresses, of which the first that accepts a connection is used: a
// host often has an IPv6 address that its network does not route.
Result<Ok> Rfc2136Channel::open() {
  if (socket_) return Ok{};
  if (servers_.empty()) {
    TRY(servers_, servers_at(server_));
  }
  Result<Ok> opened = Ok{};
  for (const Server& server : servers_) {
    opened = connect_to(server);
    if (opened) return opened;
    socket_.reset();
  }
  return opened;
}

// TCP alone: updates with long TXT values do not fit UDP, and a transfer needs it anyway.
Result<Ok> Rfc2136Channel::connect_to(const Server& server) {
  const std::optional<SocketAddress> address = socket_address(server);
  if (!address) return Error{.what = "the server's address is not an IP address"};
  socket_ =
      UniqueFd(socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return system_error("no socket");
  const int on = 1;
  // Many small questions follow each other without waiting.
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* target = reinterpret_cast<const sockaddr*>(&address->storage);
  if (connect(socket_.get(), target, address->length) == 0) return Ok{};
  if (errno != EINPROGRESS) return system_error("the server cannot be reached");
  TRY_OK(await(POLLOUT, patience_.connect));
  socklen_t size = sizeof errno;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &errno, &size);
  if (errno != 0) return system_error("the server cannot be reached");
  return Ok{};
}

// Length and message go out in one write (RFC 7766 section 8), since some servers close on a lone
// prefix.
Result<Ok> Rfc2136Channel::send(std::string_view wire) {
  if (wire.size() > 0xffff) return Error{.what = "a message is larger than DNS allows"};
  std::string framed;
  append_u16(framed, static_cast<unsigned>(wire.size()));
  framed += wire;
  std::string_view rest = framed;
  while (!rest.empty()) {
    // MSG_NOSIGNAL: a server that closes must not kill the process.
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY_OK(await(POLLOUT, patience_.answer));
    } else {
      return system_error("the connection broke");
    }
  }
  return Ok{};
}

// TCP delivers in pieces of any size.
Result<std::string> Rfc2136Channel::exactly(std::size_t size) {
  std::string data(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = recv(socket_.get(), data.data() + have, size - have, 0);
    if (got > 0) {
      have += static_cast<std::size_t>(got);
    } else if (got == 0) {
      return broken("the server closed the connection");
    } else if (errno == EAGAIN) {
      TRY_OK(await(POLLIN, patience_.answer));
    } else {
      return system_error("the connection broke");
    }
  }
  return data;
}

Result<std::string> Rfc2136Channel::receive() {
  TRY(const std::string head, exactly(2));
  return exactly(read_u16(head, 0));
}

Result<Signed> Rfc2136Channel::send_signed(const Maker& message, std::uint16_t id) {
  Signed request = tsig_sign(message(id), key_, now());
  TRY_OK(send(request.wire));
  return request;
}

/// The message, trusted because it is signed; an unsigned one may only report an error.
Result<WireMessage> Rfc2136Channel::accept(const std::string& wire, TsigCheck& check) {
  TRY(const TsigCheck::State state, check.next(wire, now()));
  Result<WireMessage> message = parse_message(wire);
  if (message && message->rcode == 0 && state == TsigCheck::State::Unsigned) {
    return broken("the response is not signed, so it is not trusted");
  }
  return message;
}

// Servers may answer out of order (RFC 7766 section 7), so that responses are matched by id.
Result<std::vector<WireMessage>> Rfc2136Channel::ask_once(std::span<const Maker> questions) {
  TRY_OK(open());
  struct Waiting {
    std::size_t index;
    TsigCheck check;
  };
  std::map<std::uint16_t, Waiting> waiting;
  std::vector<WireMessage> answers(questions.size());
  std::size_t next = 0;
  while (next < questions.size() || !waiting.empty()) {
    if (next < questions.size() && waiting.size() < kWindow) {
      const std::uint16_t id = next_id_++;
      TRY(const Signed sent, send_signed(questions[next], id));
      waiting.emplace(id, Waiting{next++, TsigCheck(key_, sent.mac)});
      continue;
    }
    TRY(const std::string wire, receive());
    if (wire.size() < 2) return broken("the server's response is malformed");
    const auto found = waiting.find(static_cast<std::uint16_t>(read_u16(wire, 0)));
    if (found == waiting.end()) return broken("the server answers a question that was not sent");
    TRY(answers[found->second.index], accept(wire, found->second.check));
    waiting.erase(found);
  }
  return answers;
}

// A broken connection is replaced and the whole question asked again: reading changes nothing.
template <class Ask>
auto Rfc2136Channel::repeated(Ask ask_once) {
  auto outcome = ask_once();
  for (int attempt = 1; attempt < patience_.attempts; ++attempt) {
    if (outcome || !outcome.error().retryable) break;
    socket_.reset();
    outcome = ask_once();
  }
  if (!outcome) socket_.reset();
  return outcome;
}

Result<std::vector<WireMessage>> Rfc2136Channel::ask(std::span<const Maker> questions) {
  const auto begun = clock_.now();
  auto answers = repeated([&] { return ask_once(questions); });
  log_exchange(fmt::format("{} question(s)", questions.size()),
               answers ? "answered" : answers.error().what, begun);
  return answers;
}

Result<WireMessage> Rfc2136Channel::update(const Maker& message) {
  const auto begun = clock_.now();
  Result<WireMessage> answer = update_once(message);
  log_exchange("update", answer ? rcode_text(answer->rcode) : answer.error().what, begun);
  return answer;
}

/// Never repeated here: an update whose answer was lost may have been applied.
Result<WireMessage> Rfc2136Channel::update_once(const Maker& message) {
  // An idle connection may be closed at the other end; on a new one a failure to send is certain.
  socket_.reset();
  if (const Result<Ok> opened = open(); !opened) {
    socket_.reset();
    return opened.error();
  }
  const std::uint16_t id = next_id_++;
  const auto exchanged = [&]() -> Result<WireMessage> {
    TRY(const Signed sent, send_signed(message, id));
    TRY(const std::string wire, receive());
    TsigCheck check(key_, sent.mac);
    TRY(WireMessage answer, accept(wire, check));
    if (answer.id != id) return broken("the server answers a question that was not sent");
    return answer;
  };
  Result<WireMessage> answer = exchanged();
  if (answer) return answer;
  socket_.reset();
  Error error = answer.error();
  if (error.retryable) error.what = "outcome unknown: " + error.what;
  return error;
}

// An empty optional means that the server answers queries but no transfer, which is a common
// configuration.
Result<std::optional<std::vector<WireRecord>>> Rfc2136Channel::transfer_once(const Name& zone) {
  TRY_OK(open());
  const std::uint16_t id = next_id_++;
  TRY(const Signed sent,
      send_signed([&](std::uint16_t one) { return question_message(one, zone, kAxfr); }, id));
  TsigCheck check(key_, sent.mac);
  std::vector<WireRecord> records;
  std::size_t octets = 0;
  for (bool first = true;; first = false) {
    TRY(const std::string wire, receive());
    TRY(const TsigCheck::State state, check.next(wire, now()));
    TRY(WireMessage message, parse_message(wire));
    if (message.id != id) return broken("the server answers a question that was not sent");
    if (is_transfer_refusal(message)) return std::optional<std::vector<WireRecord>>();
    if (message.rcode != 0) return broken("the zone transfer: " + rcode_text(message.rcode));
    if (first && state == TsigCheck::State::Unsigned) return broken("the response is not signed");
    octets += wire.size();
    if (octets > kMostTransfer) return Error{.what = "the zone is too large to be transferred"};
    auto& more = message.answers;
    // A transfer may come in any number of messages; it ends with the SOA that it began with.
    records.insert(records.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
    if (records.empty() || records.front().key.type != RecordType::SOA) {
      return std::optional<std::vector<WireRecord>>();
    }
    if (records.size() > 1 && records.back().key.type == RecordType::SOA) {
      // Without this, somebody on the path could cut the zone short.
      if (state == TsigCheck::State::Unsigned) return broken("the last message is not signed");
      records.pop_back();
      return std::optional(std::move(records));
    }
  }
}

Result<std::optional<std::vector<WireRecord>>> Rfc2136Channel::transfer(const Name& zone) {
  const auto begun = clock_.now();
  auto records = repeated([&] { return transfer_once(zone); });
  const std::string_view given = records && *records ? "given" : "not given";
  log_exchange("transfer of " + zone.text(), records ? given : records.error().what, begun);
  return records;
}

}  // namespace rampart
