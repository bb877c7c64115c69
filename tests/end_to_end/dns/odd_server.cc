/// A DNS server for tests that does what the name asked for says.
#include "tests/end_to_end/dns/odd_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

namespace rampart {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

enum class Over { Udp, Tcp };

// Flags of a reply: response, authoritative; and the bits that some behaviours need.
constexpr unsigned kGood = 0x8400;
constexpr unsigned kTruncated = 0x0200;
constexpr std::size_t kHeader = 12;

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

/// A question as it came in.
struct Asked {
  std::string id;
  std::string section;    ///< Name, type and class.
  std::string label;      ///< The first label: "tc7".
  std::string behaviour;  ///< The label without its number: "tc".
  bool edns = false;
};

Asked read_question(const std::string& wire, const std::string& always) {
  Asked asked;
  asked.id = wire.substr(0, 2);
  std::size_t end = kHeader;
  while (wire[end] != 0) end += static_cast<unsigned char>(wire[end]) + 1U;
  asked.section = wire.substr(kHeader, end + 5 - kHeader);
  asked.label = wire.substr(kHeader + 1, static_cast<unsigned char>(wire[kHeader]));
  asked.behaviour = asked.label.substr(0, asked.label.find_first_of("0123456789"));
  if (!always.empty()) asked.behaviour = always;
  asked.edns = wire[11] != 0;
  return asked;
}

std::string record(unsigned type, const std::string& rdata) {
  return "\xc0\x0c" + number(type) + number(1) + number(0) + number(300) +
         number(static_cast<unsigned>(rdata.size())) + rdata;
}

std::string txt(const std::string& text) {
  std::string rdata;
  for (std::size_t at = 0; at == 0 || at < text.size(); at += 255) {
    const std::string piece = text.substr(at, 255);
    rdata += static_cast<char>(piece.size()) + piece;
  }
  return record(16, rdata);
}

std::string reply(const Asked& asked, unsigned flags, const std::vector<std::string>& answers) {
  std::string text = asked.id + number(flags) + number(1) +
                     number(static_cast<unsigned>(answers.size())) + std::string(4, '\0') +
                     asked.section;
  for (const std::string& answer : answers) text += answer;
  return text;
}

/// A CNAME from the name asked to `label`.example.
std::string alias(const Asked& asked, const std::string& label) {
  // "example" is in the question, after the first label.
  const auto example = static_cast<char>(kHeader + 1 + asked.label.size());
  return record(5, static_cast<char>(label.size()) + label + "\xc0" + example);
}

/// One message to be sent, now or later.
struct Message {
  std::string wire;
  std::chrono::milliseconds delay{0};
};

using Messages = std::vector<Message>;

Messages now(std::string wire) { return {{std::move(wire), 0ms}}; }

Messages good(const Asked& asked) { return now(reply(asked, kGood, {txt(asked.label)})); }

Asked with_label(Asked asked, char first) {
  asked.section[1] = first;
  return asked;
}

Messages spoofed(const Asked& asked) {
  Asked wrong = asked;
  wrong.id[0] = static_cast<char>(wrong.id[0] ^ 1);
  return {{reply(wrong, kGood, {txt("forged")}), 0ms},
          {reply(with_label(asked, 'x'), kGood, {txt("forged")}), 0ms},
          {reply(asked, kGood & 0x7fff, {txt("forged")}), 0ms},
          {reply(asked, kGood, {txt(asked.label)}), 0ms}};
}

Messages no_edns(const Asked& asked) {
  if (!asked.edns) return good(asked);
  if (asked.behaviour == "noedns") return now(reply(asked, kGood | 1, {}));
  return now(asked.id + number(kGood | 1) + std::string(8, '\0'));
}

Messages chain(const Asked& asked) {
  if (asked.label == "chain3") return now(reply(asked, kGood, {alias(asked, "plain")}));
  const char next = static_cast<char>(asked.label.back() + 1);
  return now(reply(asked, kGood, {alias(asked, std::string("chain") + next)}));
}

Messages shouted(const Asked& asked) {
  Asked loud = asked;
  for (char& c : loud.section) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return now(reply(loud, kGood, {txt(asked.label)}));
}

/// The response over UDP; `times` counts the queries for this label.
Messages over_udp(const Asked& asked, int times) {
  const std::string& how = asked.behaviour;
  const auto with = [&](unsigned flags) { return now(reply(asked, flags, {})); };
  if (how == "refused") return with(kGood | 5);
  if (how == "servfail") return with(kGood | 2);
  if (how == "nxdomain") return with(kGood | 3);
  if (how == "nodata") return with(kGood);
  if (how == "lame") return now(reply(asked, 0x8080, {txt(asked.label)}));
  if (how == "referral") return with(0x8000);
  if (how == "silent") return {};
  if (how == "noise") return now("not even a header");
  if (how == "cut") {
    const std::string whole = good(asked)[0].wire;
    return now(whole.substr(0, whole.size() - 2));
  }
  if (how == "loop") return now(reply(asked, kGood, {record(5, "\xc0\x0c")}));
  if (how == "wrongid") return {spoofed(asked)[0]};
  if (how == "wrongname") return {spoofed(asked)[1]};
  if (how == "spoofed") return spoofed(asked);
  if (how.starts_with("tc")) return with(kGood | kTruncated);
  if (how == "big") return now(reply(asked, kGood, {txt("big" + std::string(1000, 'x'))}));
  if (how.starts_with("noedns")) return no_edns(asked);
  if (how == "case") return shouted(asked);
  if (how == "slow") return {{good(asked)[0].wire, 300ms}};
  // Later than the first patience of 400 ms, so that the first try's answer counts after all.
  if (how == "late") return {{good(asked)[0].wire, 1000ms}};
  if (how == "flaky") return times < 3 ? Messages{} : good(asked);
  if (how == "lossy") return std::rand() % 10 == 0 ? Messages{} : good(asked);
  if (how == "chain") return chain(asked);
  return good(asked);
}

/// The response over TCP; nullopt closes the connection, an empty string sends nothing.
std::optional<std::string> over_tcp(const Asked& asked) {
  if (asked.behaviour == "tcprefused") return std::nullopt;
  if (asked.behaviour == "tcpsilent") return "";
  if (asked.behaviour == "tcpnoise") return "not even a header";
  return reply(asked, kGood, {txt(asked.label)});
}

int bind_to(int type, std::uint16_t port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int yes = 1;
  const int room = 4 << 20;
  if (type == SOCK_STREAM) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  ::close(fd);
  return -1;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

}  // namespace

struct OddServer::State {
  struct Later {
    Clock::time_point when;
    sockaddr_in to;
    std::string wire;
  };

  std::string always;
  int udp = -1;
  int tcp = -1;
  std::map<int, std::string> connections;  ///< And what they sent so far.
  std::vector<Later> later;
  std::map<std::string, int> times;
  std::set<std::uint16_t> ports;
  std::atomic<std::size_t> port_count = 0;
  std::atomic<int> questions = 0;
  std::atomic<bool> stop = false;

  void answer_udp();
  void send_due();
  bool answer_tcp(int fd, std::string& in);
  void run();
};

void OddServer::State::answer_udp() {
  std::array<char, 4096> buffer;
  while (true) {
    sockaddr_in from{};
    socklen_t length = sizeof(from);
    const ssize_t got = ::recvfrom(udp, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (got < static_cast<ssize_t>(kHeader)) return;
    ++questions;
    ports.insert(ntohs(from.sin_port));
    port_count = ports.size();
    const Asked asked =
        read_question(std::string(buffer.data(), static_cast<std::size_t>(got)), always);
    for (Message& message : over_udp(asked, ++times[asked.label])) {
      if (message.delay == 0ms) {
        ::sendto(udp, message.wire.data(), message.wire.size(), 0,
                 reinterpret_cast<sockaddr*>(&from), sizeof(from));
      } else {
        later.push_back({Clock::now() + message.delay, from, std::move(message.wire)});
      }
    }
  }
}

void OddServer::State::send_due() {
  const auto moment = Clock::now();
  std::erase_if(later, [&](const Later& entry) {
    if (entry.when > moment) return false;
    ::sendto(udp, entry.wire.data(), entry.wire.size(), 0,
             reinterpret_cast<const sockaddr*>(&entry.to), sizeof(entry.to));
    return true;
  });
}

/// False when the connection is to be closed.
bool OddServer::State::answer_tcp(int fd, std::string& in) {
  std::array<char, 4096> buffer;
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got <= 0) return false;
  in.append(buffer.data(), static_cast<std::size_t>(got));
  while (in.size() >= 2) {
    const std::size_t size =
        static_cast<unsigned char>(in[0]) << 8 | static_cast<unsigned char>(in[1]);
    if (in.size() < 2 + size) return true;
    const auto results = over_tcp(read_question(in.substr(2, size), always));
    in.erase(0, 2 + size);
    if (!results) return false;
    if (results->empty()) continue;
    const std::string framed = number(static_cast<unsigned>(results->size())) + *results;
    if (::send(fd, framed.data(), framed.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

void OddServer::State::run() {
  while (!stop) {
    std::vector<pollfd> fds{{udp, POLLIN, 0}, {tcp, POLLIN, 0}};
    for (const auto& [fd, in] : connections) fds.push_back({fd, POLLIN, 0});
    ::poll(fds.data(), fds.size(), 5);
    if ((fds[0].revents & POLLIN) != 0) answer_udp();
    for (std::size_t index = 2; index < fds.size(); ++index) {
      if (fds[index].revents == 0 || answer_tcp(fds[index].fd, connections[fds[index].fd]))
        continue;
      ::close(fds[index].fd);
      connections.erase(fds[index].fd);
    }
    if ((fds[1].revents & POLLIN) != 0) {
      const int fd = ::accept(tcp, nullptr, nullptr);
      if (fd >= 0) connections.emplace(fd, "");
    }
    send_due();
  }
}

OddServer::OddServer(std::string behaviour) : state_(std::make_unique<State>()) {
  state_->always = std::move(behaviour);
  // UDP and TCP must share a port: the next one is tried where TCP's is taken.
  for (int attempt = 0; attempt < 50 && state_->tcp < 0; ++attempt) {
    if (state_->udp >= 0) ::close(state_->udp);
    state_->udp = bind_to(SOCK_DGRAM, 0);
    port_ = port_of(state_->udp);
    state_->tcp = bind_to(SOCK_STREAM, port_);
  }
  if (state_->tcp < 0 || ::listen(state_->tcp, 128) != 0) std::abort();
  thread_ = std::thread([this] { state_->run(); });
}

OddServer::~OddServer() {
  state_->stop = true;
  thread_.join();
  for (const auto& [fd, in] : state_->connections) ::close(fd);
  ::close(state_->udp);
  ::close(state_->tcp);
}

std::size_t OddServer::ports_seen() const { return state_->port_count; }

int OddServer::questions_seen() const { return state_->questions; }

std::uint16_t OddServer::closed_port() {
  const int fd = bind_to(SOCK_DGRAM, 0);
  const std::uint16_t port = port_of(fd);
  ::close(fd);
  return port;
}

}  // namespace rampart
