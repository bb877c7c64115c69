/// Sockets of the resolver: connected UDP sockets with their ids, and TCP connections.
#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "dns/resolver/resolver.h"

namespace rampart {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A server's address for system calls.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  bool loopback = false;
};

/// nullopt where `server.ip` is not an address.
std::optional<SocketAddress> socket_address(const Server& server);

/// Unpredictable numbers from the kernel (getrandom), drawn a page at a time.
class RandomNumbers {
 public:
  std::uint16_t next();

 private:
  std::array<std::uint16_t, 2048> pool_{};
  std::size_t left_ = 0;
};

/// The outcome of sending a burst of datagrams.
struct SendOutcome {
  bool again = false;  ///< The kernel's buffer is full; flush again later.
  int error = 0;       ///< errno where the server cannot be reached.
};

/// One UDP socket connected to one server. After kQuestions questions it is replaced, so that ports
/// stay hard to guess (RFC 5452 section 9.2).
class UdpSocket {
 public:
  static constexpr std::size_t kQuestions = 64;

  /// Null where the kernel refuses a socket, with the reason in errno.
  static std::unique_ptr<UdpSocket> open(const SocketAddress& address, std::size_t server);

  int fd() const { return fd_.get(); }
  std::size_t server() const { return server_; }
  bool full() const { return used_ == kQuestions; }
  std::size_t live() const { return live_; }

  /// Reserves a ticket for a question of `slot`, with an id that is new on this socket.
  std::size_t reserve(RandomNumbers& random, std::uint32_t slot);
  void release(std::size_t ticket);
  std::uint16_t id(std::size_t ticket) const { return ids_[ticket]; }

  /// The ticket with this id whose question is still open, or nullopt.
  std::optional<std::size_t> find(std::uint16_t id) const;
  /// The slot that waits for a ticket's answer, or nullopt.
  std::optional<std::uint32_t> slot(std::size_t ticket) const;

  /// Queues one datagram for `flush`.
  void queue(std::string_view datagram);
  bool has_queued() const { return !sizes_.empty(); }
  void drop_queued();
  SendOutcome flush();

  /// Reads every datagram received so far; returns errno where the kernel reports the server as
  /// unreachable, else 0.
  int receive(const std::function<void(std::string_view)>& on_datagram);

 private:
  UdpSocket(UniqueFd fd, std::size_t server) : fd_(std::move(fd)), server_(server) {}

  UniqueFd fd_;
  std::size_t server_;
  std::size_t used_ = 0;
  std::size_t live_ = 0;
  std::array<std::uint16_t, kQuestions> ids_{};
  std::array<std::int32_t, kQuestions> slots_{};  ///< -1 for released tickets.
  std::string out_;
  std::vector<std::uint16_t> sizes_;
};

/// One TCP connection that carries one question at a time (RFC 7766).
class TcpConnection {
 public:
  enum class State { Waiting, Message, Closed };

  static std::unique_ptr<TcpConnection> open(const SocketAddress& address, std::size_t server);

  int fd() const { return fd_.get(); }
  std::size_t server() const { return server_; }
  bool reused() const { return served_ > 1; }
  const std::string& why_closed() const { return why_; }

  /// Starts sending a message and discards what was read before.
  void start(std::string_view message);
  bool wants_write() const { return !out_.empty(); }
  /// Sends and receives as much as possible without blocking.
  State step();
  /// The complete message, after `step` returned Message.
  std::string_view message() const { return std::string_view(in_).substr(2); }

 private:
  TcpConnection(UniqueFd fd, std::size_t server) : fd_(std::move(fd)), server_(server) {}
  State closed(int error);

  UniqueFd fd_;
  std::size_t server_;
  int served_ = 0;
  std::string out_;
  std::string in_;
  std::string why_;
};

}  // namespace rampart
