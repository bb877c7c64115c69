// Sockets of the resolver.
#include "dns/resolver/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace rampart {
namespace {

// Answers arrive in bursts; the default of some 200 KB drops them while the loop is busy.
constexpr int kReceiveBuffer = 1 << 20;
constexpr std::size_t kBurst = 32;
// Larger than the payload that we announce, so that oversized datagrams are not cut silently.
constexpr std::size_t kDatagram = 4096;

// ENOBUFS and ENOMEM: the kernel is short of memory for a moment, which is not the server's fault.
bool is_transient(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS ||
         error == ENOMEM;
}

// A connected (or connecting) socket; none on failure, with the reason in errno.
UniqueFd open_socket(const SocketAddress& address, int type) {
  UniqueFd fd(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  // Connected UDP sockets receive from this server alone, and the kernel reports ICMP errors on
  // them.
  const int connected =
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length);
  if (connected != 0 && errno != EINPROGRESS) {
    // close() may change errno.
    const int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

}  // namespace

// Once per server, since the address is needed for every socket to it.
std::optional<SocketAddress> socket_address(const Server& server) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, server.ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(server.port);
    address.length = sizeof(sockaddr_in);
    // All of 127.0.0.0/8 (RFC 1122 section 3.2.1.3).
    address.loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, server.ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(server.port);
    address.length = sizeof(sockaddr_in6);
    address.loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return address;
  }
  return std::nullopt;
}

// From the kernel, in blocks: a system call for each id would double the cost of a question.
std::uint16_t RandomNumbers::next() {
  if (left_ == 0) {
    std::size_t filled = 0;
    auto* bytes = reinterpret_cast<char*>(pool_.data());
    while (filled < sizeof(pool_)) {
      const ssize_t got = ::getrandom(bytes + filled, sizeof(pool_) - filled, 0);
      // Predictable ids would allow forged answers: better no run at all.
      if (got < 0 && errno != EINTR) std::abort();
      if (got > 0) filled += static_cast<std::size_t>(got);
    }
    left_ = pool_.size();
  }
  return pool_[--left_];
}

std::unique_ptr<UdpSocket> UdpSocket::open(const SocketAddress& address, std::size_t server) {
  UniqueFd fd = open_socket(address, SOCK_DGRAM);
  if (!fd) return nullptr;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer));
  return std::unique_ptr<UdpSocket>(new UdpSocket(std::move(fd), server));
}

std::size_t UdpSocket::reserve(RandomNumbers& random, std::uint32_t slot) {
  // No id twice on a socket: a reply is matched by socket and id alone.
  std::uint16_t id = random.next();
  while (std::find(ids_.begin(), ids_.begin() + used_, id) != ids_.begin() + used_) {
    id = random.next();
  }
  ids_[used_] = id;
  slots_[used_] = static_cast<std::int32_t>(slot);
  ++live_;
  return used_++;
}

void UdpSocket::release(std::size_t ticket) {
  // Released twice where a late answer and the end of the question meet.
  if (slots_[ticket] < 0) return;
  slots_[ticket] = -1;
  --live_;
}

std::optional<std::size_t> UdpSocket::find(std::uint16_t id) const {
  for (std::size_t ticket = 0; ticket < used_; ++ticket) {
    if (ids_[ticket] == id && slots_[ticket] >= 0) return ticket;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> UdpSocket::slot(std::size_t ticket) const {
  if (ticket >= used_ || slots_[ticket] < 0) return std::nullopt;
  return static_cast<std::uint32_t>(slots_[ticket]);
}

void UdpSocket::queue(std::string_view datagram) {
  out_ += datagram;
  sizes_.push_back(static_cast<std::uint16_t>(datagram.size()));
}

void UdpSocket::drop_queued() {
  out_.clear();
  sizes_.clear();
}

SendOutcome UdpSocket::flush() {
  std::array<mmsghdr, kBurst> messages;
  std::array<iovec, kBurst> parts;
  while (!sizes_.empty()) {
    const std::size_t count = std::min(kBurst, sizes_.size());
    std::size_t offset = 0;
    for (std::size_t index = 0; index < count; ++index) {
      parts[index] = {out_.data() + offset, sizes_[index]};
      messages[index] = {};
      messages[index].msg_hdr.msg_iov = &parts[index];
      messages[index].msg_hdr.msg_iovlen = 1;
      offset += sizes_[index];
    }
    const int sent = ::sendmmsg(fd(), messages.data(), static_cast<unsigned>(count), 0);
    if (sent < 0) return {.again = is_transient(errno), .error = is_transient(errno) ? 0 : errno};
    std::size_t octets = 0;
    for (int index = 0; index < sent; ++index) octets += sizes_[static_cast<std::size_t>(index)];
    // The kernel may have sent fewer than were passed; the rest stays queued in order.
    out_.erase(0, octets);
    sizes_.erase(sizes_.begin(), sizes_.begin() + sent);
  }
  return {};
}

// recvmmsg and sendmmsg move up to kBurst datagrams per system call, which dominates the cost of a
// question otherwise.
int UdpSocket::receive(const std::function<void(std::string_view)>& on_datagram) {
  // 128 KB, too large for the stack and the same for every socket.
  static thread_local std::array<std::array<char, kDatagram>, kBurst> buffers;
  std::array<mmsghdr, kBurst> messages;
  std::array<iovec, kBurst> parts;
  for (std::size_t index = 0; index < kBurst; ++index) {
    parts[index] = {buffers[index].data(), kDatagram};
    messages[index] = {};
    messages[index].msg_hdr.msg_iov = &parts[index];
    messages[index].msg_hdr.msg_iovlen = 1;
  }
  while (true) {
    const int count = ::recvmmsg(fd(), messages.data(), kBurst, 0, nullptr);
    if (count < 0) return is_transient(errno) ? 0 : errno;
    for (std::size_t index = 0; index < static_cast<std::size_t>(count); ++index) {
      on_datagram({buffers[index].data(), messages[index].msg_len});
    }
    // Fewer than asked for: the queue is empty, and another call would only return EAGAIN.
    if (static_cast<std::size_t>(count) < kBurst) return 0;
  }
}

std::unique_ptr<TcpConnection> TcpConnection::open(const SocketAddress& address,
                                                   std::size_t server) {
  UniqueFd fd = open_socket(address, SOCK_STREAM);
  if (!fd) return nullptr;
  // Without Nagle's delay: each message is complete in itself.
  const int yes = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return std::unique_ptr<TcpConnection>(new TcpConnection(std::move(fd), server));
}

void TcpConnection::start(std::string_view message) {
  in_.clear();
  out_.clear();
  // RFC 1035 section 4.2.2: each message is preceded by its length in two octets.
  out_ += static_cast<char>(message.size() >> 8 & 0xff);
  out_ += static_cast<char>(message.size() & 0xff);
  out_ += message;
  ++served_;
}

TcpConnection::State TcpConnection::closed(int error) {
  why_ = error == 0 ? "closed" : std::strerror(error);
  return State::Closed;
}

TcpConnection::State TcpConnection::step() {
  while (!out_.empty()) {
    // MSG_NOSIGNAL: a server that closed must not end the program with SIGPIPE.
    const ssize_t sent = ::send(fd(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && (is_transient(errno) || errno == ENOTCONN)) return State::Waiting;
    if (sent < 0) return closed(errno);
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  while (true) {
    const std::size_t size =
        in_.size() < 2
            ? 0
            : (static_cast<unsigned char>(in_[0]) << 8 | static_cast<unsigned char>(in_[1]));
    const std::size_t whole = 2 + size;
    if (in_.size() >= 2 && in_.size() == whole) return State::Message;
    std::array<char, kDatagram> buffer;
    // Never more than this message, so that octets of the next one stay in the kernel.
    const std::size_t room = std::min(buffer.size(), whole - in_.size());
    const ssize_t got = ::recv(fd(), buffer.data(), room, 0);
    if (got < 0 && is_transient(errno)) return State::Waiting;
    if (got <= 0) return closed(got == 0 ? 0 : errno);
    in_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace rampart
