// Truncated answers over TCP: a few connections per server, which carry one question after another.
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dns/resolver/engine.h"

namespace rampart {
namespace {

// Few, since one connection carries many questions, and servers limit connections per client (RFC
// 7766 section 6.2.2).
constexpr int kTcpPerServer = 8;
constexpr std::size_t kTcpMost = 64;
}  // namespace

void ResolverEngine::start_tcp(std::uint32_t index, std::size_t position) {
  Slot& slot = slots_[index];
  // Truncated by UDP: no answer over UDP is waited for any more.
  release_attempts(slot);
  slot.stage = Stage::Tcp;
  slot.position = position;
  slot.connection = nullptr;
  timers_.add(slot.deadline, index, ++slot.turn);
  const std::size_t server = slot.trials[position].server;
  servers_[server].tcp_waiting.push_back({index, slot.turn});
  pump_tcp(server);
}

std::optional<Waiting> ResolverEngine::next_tcp_waiting(ServerState& state) {
  while (!state.tcp_waiting.empty()) {
    const Waiting first = state.tcp_waiting.front();
    state.tcp_waiting.pop_front();
    // Others were answered or gave up while they waited.
    if (slots_[first.slot].turn == first.turn) return first;
  }
  return std::nullopt;
}

// Opens connections for the waiting questions, up to the limits per server and in all.
void ResolverEngine::pump_tcp(std::size_t server) {
  ServerState& state = servers_[server];
  while (state.tcp_open < kTcpPerServer && tcp_open_ < kTcpMost) {
    const auto waiting = next_tcp_waiting(state);
    if (!waiting) return;
    auto connection = TcpConnection::open(state.address, server);
    if (!connection) {
      Slot& slot = slots_[waiting->slot];
      slot.trials[slot.position].excluded = true;
      slot.trials[slot.position].outcome =
          std::string("truncated, and TCP: ") + std::strerror(errno);
      move_on(waiting->slot, slot.position);
      continue;
    }
    auto free = std::ranges::find_if(tcp_, [](const TcpEntry& entry) { return !entry.connection; });
    if (free == tcp_.end()) free = tcp_.emplace(tcp_.end());
    const auto at = static_cast<std::uint32_t>(free - tcp_.begin());
    free->connection = std::move(connection);
    ++state.tcp_open;
    ++tcp_open_;
    epoll_event event{};
    // Writable means connected; the query is sent then.
    event.events = EPOLLIN | EPOLLOUT;
    event.data.u64 = kTcpFlag | at;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, free->connection->fd(), &event);
    send_over(*free->connection, waiting->slot);
    free->carries = Waiting{waiting->slot, slots_[waiting->slot].turn};
  }
}

void ResolverEngine::send_over(TcpConnection& connection, std::uint32_t index) {
  Slot& slot = slots_[index];
  const ServerState& state = servers_[connection.server()];
  slot.edns = state.record.refuses_edns ? Edns::Off : Edns::On;
  slot.tcp_id = random_.next();
  slot.connection = &connection;
  scratch_.clear();
  append_query(scratch_, slot.section, slot.tcp_id, recursion_of(slot), slot.edns);
  connection.start(scratch_);
  timers_.add(std::min(now_ + 2 * limits_.most_timeout, slot.deadline), index, ++slot.turn);
}

void ResolverEngine::watch_tcp(std::uint32_t connection) {
  const TcpConnection& tcp = *tcp_[connection].connection;
  epoll_event event{};
  event.events = EPOLLIN;
  // Only then: an idle connection is always writable and would wake the loop without end.
  if (tcp.wants_write()) event.events |= EPOLLOUT;
  event.data.u64 = kTcpFlag | connection;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, tcp.fd(), &event);
}

void ResolverEngine::on_tcp(std::uint32_t connection, std::uint32_t) {
  if (!tcp_[connection].connection) return;
  const std::optional<Waiting> carries = tcp_[connection].carries;
  if (!carries || slots_[carries->slot].turn != carries->turn) {
    // A late datagram has answered its question meanwhile.
    close_tcp(connection);
    return;
  }
  switch (tcp_[connection].connection->step()) {
    case TcpConnection::State::Waiting:
      watch_tcp(connection);
      return;
    case TcpConnection::State::Message:
      on_tcp_message(connection, carries->slot);
      return;
    case TcpConnection::State::Closed:
      break;
  }
  if (!tcp_[connection].connection->reused()) {
    tcp_failed(connection, "TCP: " + tcp_[connection].connection->why_closed());
    return;
  }
  // RFC 7766 section 6.2.4: a server may close a connection between two questions; this is no
  // failure, and the question goes first on a fresh connection.
  Slot& slot = slots_[carries->slot];
  slot.connection = nullptr;
  timers_.add(slot.deadline, carries->slot, ++slot.turn);
  servers_[tcp_[connection].connection->server()].tcp_waiting.push_front(
      {carries->slot, slot.turn});
  close_tcp(connection);
}

void ResolverEngine::on_tcp_message(std::uint32_t connection, std::uint32_t index) {
  Slot& slot = slots_[index];
  TcpConnection& tcp = *tcp_[connection].connection;
  const std::size_t server = tcp.server();
  Reply reply =
      parse_reply(tcp.message(), slot.section, slot.tcp_id, recursion_of(slot), slot.edns);
  if (reply.kind == ReplyKind::NoEdns && slot.edns == Edns::On) {
    servers_[server].record.refuses_edns = true;
    send_over(tcp, index);
    tcp_[connection].carries = Waiting{index, slot.turn};
    watch_tcp(connection);
    return;
  }
  if (reply.kind == ReplyKind::NotOurs || reply.kind == ReplyKind::Truncated) {
    tcp_failed(connection, "malformed answer over TCP");
    return;
  }
  slot.connection = nullptr;
  // The connection is reused before the answer is evaluated: evaluate() may start further steps for
  // this server.
  const auto waiting = next_tcp_waiting(servers_[server]);
  if (waiting) {
    send_over(tcp, waiting->slot);
    tcp_[connection].carries = Waiting{waiting->slot, slots_[waiting->slot].turn};
    watch_tcp(connection);
  } else {
    close_tcp(connection);
  }
  evaluate(index, slot.position, std::move(reply), Awaited::Yes);
}

// The server is excluded for this question: it truncates over UDP and fails over TCP.
void ResolverEngine::tcp_failed(std::uint32_t connection, std::string outcome) {
  const std::optional<Waiting> carries = tcp_[connection].carries;
  close_tcp(connection);
  if (!carries || slots_[carries->slot].turn != carries->turn) return;
  Slot& slot = slots_[carries->slot];
  slot.connection = nullptr;
  slot.trials[slot.position].excluded = true;
  slot.trials[slot.position].outcome = "truncated, and " + outcome;
  move_on(carries->slot, slot.position);
}

void ResolverEngine::close_tcp(std::uint32_t connection) {
  const std::size_t server = tcp_[connection].connection->server();
  tcp_[connection].connection.reset();
  tcp_[connection].carries.reset();
  --servers_[server].tcp_open;
  --tcp_open_;
  pump_tcp(server);
}

}  // namespace rampart
