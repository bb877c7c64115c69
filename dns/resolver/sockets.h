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

#include "dns/resolver/resolver.h"

namespace rampart {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A file descriptor, closed at the end of its life.
class OwnedSocket {
 public:
  explicit OwnedSocket(int fd) : fd_(fd) {}
  OwnedSocket(OwnedSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedSocket& operator=(OwnedSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedSocket();
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A server's address as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  bool loopback = false;
};

/// nullopt where `server.ip` is no address.
std::optional<SocketAddress> socket_address(const Server& server);

/// Unpredictable numbers from the kernel (getrandom), drawn a page at a time.
class RandomNumbers {
 public:
  std::uint16_t next();

 private:
  std::array<std::uint16_t, 2048> pool_{};
  std::size_t left_ = 0;
};

/// How a burst of datagrams left.
struct SendOutcome {
  bool again = false;  ///< The kernel's buffer is full; the rest goes later.
  int error = 0;       ///< errno where the server cannot be reached.
};

/// One UDP socket connected to one server. It carries at most kQuestions questions and is replaced
/// then, so that ports stay hard to guess (RFC 5452 section 9.2).
class UdpSocket {
 public:
  static constexpr std::size_t kQuestions = 64;

  /// Null where the kernel gives none; errno says why.
  static std::unique_ptr<UdpSocket> open(const SocketAddress& address, std::size_t server);

  int fd() const { return fd_.get(); }
  std::size_t server() const { return server_; }
  bool full() const { return used_ == kQuestions; }
  std::size_t live() const { return live_; }

  /// A ticket for a question of `slot`; its id is new on this socket.
  std::size_t take(RandomNumbers& random, std::uint32_t slot);
  void release(std::size_t ticket);
  std::uint16_t id(std::size_t ticket) const { return ids_[ticket]; }

  /// The ticket with this id whose question still waits, or nullopt.
  std::optional<std::size_t> find(std::uint16_t id) const;
  /// The slot waiting on a ticket, or nullopt.
  std::optional<std::uint32_t> slot(std::size_t ticket) const;

  /// Queues one datagram, to be sent by `flush`.
  void queue(std::string_view datagram);
  bool has_queued() const { return !sizes_.empty(); }
  void drop_queued();
  SendOutcome flush();

  /// Reads every datagram that waits; returns errno where the kernel reports the server as
  /// unreachable, else 0.
  int receive(const std::function<void(std::string_view)>& on_datagram);

 private:
  UdpSocket(OwnedSocket fd, std::size_t server) : fd_(std::move(fd)), server_(server) {}

  OwnedSocket fd_;
  std::size_t server_;
  std::size_t used_ = 0;
  std::size_t live_ = 0;
  std::array<std::uint16_t, kQuestions> ids_{};
  std::array<std::int32_t, kQuestions> slots_{};  ///< -1 where nobody waits any more.
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

  /// Puts a message on its way; what was read before is forgotten.
  void start(std::string_view message);
  bool wants_write() const { return !out_.empty(); }
  /// Moves octets as far as the kernel lets it.
  State step();
  /// The whole message, once `step` said so.
  std::string_view message() const { return std::string_view(in_).substr(2); }

 private:
  TcpConnection(OwnedSocket fd, std::size_t server) : fd_(std::move(fd)), server_(server) {}
  State closed(int error);

  OwnedSocket fd_;
  std::size_t server_;
  int served_ = 0;
  std::string out_;
  std::string in_;
  std::string why_;
};

}  // namespace rampart
