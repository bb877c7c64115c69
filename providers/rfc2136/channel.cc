/// Signed messages to one name server over TCP, and their answers.
#include "providers/rfc2136/channel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <random>
#include <system_error>

namespace rampart {
namespace {

constexpr std::size_t kMostTransfer = 256U << 20U;
/// Questions under way at once: their answers must fit the buffers of a server that writes them
/// before it reads more.
constexpr std::size_t kWindow = 50;
constexpr unsigned kRcodeRefused = 5;
constexpr unsigned kRcodeNotAuth = 9;

Error broken(std::string_view what) { return Error{.what = std::string(what), .retryable = true}; }

Error system_error(std::string_view what) {
  return broken(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

/// The octets of a socket address and its size.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> address_of(const Server& server) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, server.ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(server.port);
    address.size = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, server.ip.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(server.port);
  address.size = sizeof *v6;
  return address;
}

bool is_transfer_refusal(const WireMessage& message) {
  return message.rcode == kRcodeRefused || message.rcode == kRcodeNotAuth;
}

}  // namespace

Rfc2136Channel::Rfc2136Channel(Server server, TsigKey key, Clock clock, ChannelPatience patience,
                               TrafficLog log)
    : server_(std::move(server)),
      key_(std::move(key)),
      clock_(std::move(clock)),
      patience_(patience),
      log_(std::move(log)),
      next_id_(static_cast<std::uint16_t>(std::random_device{}())) {}

Rfc2136Channel::~Rfc2136Channel() { close(); }

void Rfc2136Channel::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

std::chrono::sys_seconds Rfc2136Channel::now() const {
  return std::chrono::floor<std::chrono::seconds>(clock_.now());
}

void Rfc2136Channel::note(std::string_view what, std::string_view outcome,
                          std::chrono::system_clock::time_point begun) const {
  if (!log_.debug) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begun);
  log_.debug(fmt::format("{} to {}: {}, {} ms", what, to_text(server_), outcome, took.count()));
}

Result<Ok> Rfc2136Channel::await(short events, std::chrono::milliseconds time) {
  pollfd wait{.fd = socket_, .events = events, .revents = 0};
  const int ready = poll(&wait, 1, static_cast<int>(time.count()));
  if (ready > 0) return Ok{};
  return ready == 0 ? broken("the server does not answer in time") : system_error("waiting");
}

Result<Ok> Rfc2136Channel::open() {
  if (socket_ >= 0) return Ok{};
  const std::optional<Address> address = address_of(server_);
  if (!address) return Error{.what = "the server's address is no IP address"};
  socket_ = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return system_error("no socket");
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* target = reinterpret_cast<const sockaddr*>(&address->storage);
  if (connect(socket_, target, address->size) == 0) return Ok{};
  if (errno != EINPROGRESS) return system_error("the server cannot be reached");
  if (const Result<Ok> ready = await(POLLOUT, patience_.connect); !ready) return ready;
  socklen_t size = sizeof errno;
  getsockopt(socket_, SOL_SOCKET, SO_ERROR, &errno, &size);
  if (errno != 0) return system_error("the server cannot be reached");
  return Ok{};
}

Result<Ok> Rfc2136Channel::send(std::string_view wire) {
  if (wire.size() > 0xffff) return Error{.what = "a message is larger than DNS allows"};
  std::string framed;
  append_u16(framed, static_cast<unsigned>(wire.size()));
  framed += wire;
  std::string_view rest = framed;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (const Result<Ok> ready = await(POLLOUT, patience_.answer); !ready) return ready;
    } else {
      return system_error("the connection broke");
    }
  }
  return Ok{};
}

Result<std::string> Rfc2136Channel::exactly(std::size_t size) {
  std::string data(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = recv(socket_, data.data() + have, size - have, 0);
    if (got > 0) {
      have += static_cast<std::size_t>(got);
    } else if (got == 0) {
      return broken("the server closed the connection");
    } else if (errno == EAGAIN) {
      if (const Result<Ok> ready = await(POLLIN, patience_.answer); !ready) return ready.error();
    } else {
      return system_error("the connection broke");
    }
  }
  return data;
}

Result<std::string> Rfc2136Channel::receive() {
  const Result<std::string> head = exactly(2);
  if (!head) return head;
  return exactly(read_u16(*head, 0));
}

Result<Signed> Rfc2136Channel::send_signed(const Maker& message, std::uint16_t id) {
  Signed request = tsig_sign(message(id), key_, now());
  if (const Result<Ok> sent = send(request.wire); !sent) return sent.error();
  return request;
}

/// The message, believed because it is signed; one without a signature may only complain.
Result<WireMessage> Rfc2136Channel::accept(const std::string& wire, TsigCheck& check) {
  const Result<TsigCheck::State> state = check.next(wire, now());
  if (!state) return state.error();
  Result<WireMessage> message = parse_message(wire);
  if (message && message->rcode == 0 && *state == TsigCheck::State::Unsigned) {
    return broken("the answer is not signed, and so not believed");
  }
  return message;
}

Result<std::vector<WireMessage>> Rfc2136Channel::ask_once(std::span<const Maker> questions) {
  if (const Result<Ok> opened = open(); !opened) return opened.error();
  struct Waiting {
    std::size_t place;
    TsigCheck check;
  };
  std::map<std::uint16_t, Waiting> waiting;
  std::vector<WireMessage> answers(questions.size());
  std::size_t next = 0;
  while (next < questions.size() || !waiting.empty()) {
    if (next < questions.size() && waiting.size() < kWindow) {
      const std::uint16_t id = next_id_++;
      const Result<Signed> sent = send_signed(questions[next], id);
      if (!sent) return sent.error();
      waiting.emplace(id, Waiting{next++, TsigCheck(key_, sent->mac)});
      continue;
    }
    const Result<std::string> wire = receive();
    if (!wire) return wire.error();
    if (wire->size() < 2) return broken("the server's answer is malformed");
    const auto found = waiting.find(static_cast<std::uint16_t>(read_u16(*wire, 0)));
    if (found == waiting.end()) return broken("the server answers what was not asked");
    Result<WireMessage> answer = accept(*wire, found->second.check);
    if (!answer) return answer.error();
    answers[found->second.place] = std::move(answer).value();
    waiting.erase(found);
  }
  return answers;
}

Result<std::vector<WireMessage>> Rfc2136Channel::ask(std::span<const Maker> questions) {
  const auto begun = clock_.now();
  Result<std::vector<WireMessage>> answers = ask_once(questions);
  for (int attempt = 1; attempt < patience_.attempts; ++attempt) {
    if (answers || !answers.error().retryable) break;
    close();
    answers = ask_once(questions);
  }
  if (!answers) close();
  note(fmt::format("{} question(s)", questions.size()), answers ? "answered" : answers.error().what,
       begun);
  return answers;
}

Result<WireMessage> Rfc2136Channel::update(const Maker& message) {
  const auto begun = clock_.now();
  Result<WireMessage> answer = update_once(message);
  note("update", answer ? rcode_text(answer->rcode) : answer.error().what, begun);
  return answer;
}

Result<WireMessage> Rfc2136Channel::update_once(const Maker& message) {
  // A connection that idled may be closed at the other end; a new one tells what became of us.
  close();
  if (const Result<Ok> opened = open(); !opened) {
    close();
    return opened.error();
  }
  const std::uint16_t id = next_id_++;
  const auto exchanged = [&]() -> Result<WireMessage> {
    const Result<Signed> sent = send_signed(message, id);
    if (!sent) return sent.error();
    const Result<std::string> wire = receive();
    if (!wire) return wire.error();
    TsigCheck check(key_, sent->mac);
    Result<WireMessage> answer = accept(*wire, check);
    if (answer && answer->id != id) return broken("the server answers what was not asked");
    return answer;
  };
  Result<WireMessage> answer = exchanged();
  if (answer) return answer;
  close();
  Error error = answer.error();
  if (error.retryable) error.what = "outcome unknown: " + error.what;
  return error;
}

Result<std::optional<std::vector<WireRecord>>> Rfc2136Channel::transfer_once(const Name& zone) {
  if (const Result<Ok> opened = open(); !opened) return opened.error();
  const std::uint16_t id = next_id_++;
  const Result<Signed> sent =
      send_signed([&](std::uint16_t one) { return question_message(one, zone, kAxfr); }, id);
  if (!sent) return sent.error();
  TsigCheck check(key_, sent->mac);
  std::vector<WireRecord> records;
  std::size_t octets = 0;
  for (bool first = true;; first = false) {
    const Result<std::string> wire = receive();
    if (!wire) return wire.error();
    const Result<TsigCheck::State> state = check.next(*wire, now());
    if (!state) return state.error();
    Result<WireMessage> message = parse_message(*wire);
    if (!message) return message.error();
    if (message->id != id) return broken("the server answers what was not asked");
    if (is_transfer_refusal(*message)) return std::optional<std::vector<WireRecord>>();
    if (message->rcode != 0) return broken("the zone's transfer: " + rcode_text(message->rcode));
    if (first && *state == TsigCheck::State::Unsigned) return broken("the answer is not signed");
    octets += wire->size();
    if (octets > kMostTransfer) return Error{.what = "the zone is too large to be transferred"};
    auto& more = message.value().answers;
    records.insert(records.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
    if (records.empty() || records.front().key.type != RecordType::SOA) {
      return std::optional<std::vector<WireRecord>>();
    }
    if (records.size() > 1 && records.back().key.type == RecordType::SOA) {
      if (*state == TsigCheck::State::Unsigned) return broken("the last answer is not signed");
      records.pop_back();
      return std::optional(std::move(records));
    }
  }
}

Result<std::optional<std::vector<WireRecord>>> Rfc2136Channel::transfer(const Name& zone) {
  const auto begun = clock_.now();
  auto records = transfer_once(zone);
  for (int attempt = 1; attempt < patience_.attempts; ++attempt) {
    if (records || !records.error().retryable) break;
    close();
    records = transfer_once(zone);
  }
  if (!records) close();
  const std::string_view given = records && *records ? "given" : "not given";
  note("transfer of " + zone.text(), records ? given : records.error().what, begun);
  return records;
}

}  // namespace rampart
