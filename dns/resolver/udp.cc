// Datagrams: a pool of connected sockets for each server. Each question goes out from a random one,
// which makes a forger guess port and id (RFC 5452 section 9.2).
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dns/resolver/engine.h"

namespace rampart {

void ResolverEngine::send(std::uint32_t index) {
  Slot& slot = slots_[index];
  const std::size_t position = slot.position;
  const std::size_t server = slot.trials[position].server;
  errno = 0;
  const auto socket = pick_socket(server);
  if (!socket && errno != 0) {
    const int error = errno;
    ++slot.tries;
    ++slot.trials[position].datagrams;
    slot.stage = Stage::Udp;
    on_silence(index, position, std::strerror(error));
    return;
  }
  if (!socket) {
    slot.stage = Stage::Pausing;
    waiting_for_fd_.push_back({index, slot.turn});
    return;
  }
  ServerState& state = servers_[server];
  UdpSocket& udp = *udp_[*socket];
  // The last try is sent without EDNS: some middleboxes drop queries with options.
  const bool last = slot.tries > 0 && slot.tries + 1 == limits_.tries && !state.record.answered;
  const Edns edns = state.record.refuses_edns || last ? Edns::Off : Edns::On;
  const std::size_t ticket = udp.reserve(random_, index);
  scratch_.clear();
  append_query(scratch_, slot.section, udp.id(ticket), recursion_of(slot), edns);
  if (!udp.has_queued()) dirty_.push_back(*socket);
  udp.queue(scratch_);
  // The time from which the server's silence counts.
  if (state.first_sent == SteadyTime{}) state.first_sent = now_;
  slot.stage = Stage::Udp;
  slot.attempts.push_back({*socket, ticket, position, now_, edns});
  const auto patience = state.patience(limits_, slot.trials[position].datagrams);
  timers_.add(std::min(now_ + patience, slot.deadline), index, slot.turn);
  ++slot.tries;
  ++slot.trials[position].datagrams;
}

// A socket of the server with room for a question, at a random position among its sockets. Nothing
// with errno 0 where all file descriptors are in use.
std::optional<std::uint32_t> ResolverEngine::pick_socket(std::size_t server) {
  auto& sockets = servers_[server].sockets;
  const std::size_t choice = random_.next() % sockets.size();
  if (sockets[choice] >= 0) {
    const auto socket = static_cast<std::uint32_t>(sockets[choice]);
    if (!udp_[socket]->full()) return socket;
    sockets[choice] = ServerState::kNoSocket;
    // A full socket is replaced by a fresh one with another port: ids are never reused on it.
    retire(socket);
  }
  if (const auto opened = open_udp(server)) {
    sockets[choice] = static_cast<int>(*opened);
    return opened;
  }
  if (errno != 0) return std::nullopt;
  for (const int socket : sockets) {
    // No new socket can be opened: fewer ports for a forger to guess are better than no question.
    if (socket >= 0 && !udp_[static_cast<std::size_t>(socket)]->full()) {
      return static_cast<std::uint32_t>(socket);
    }
  }
  return std::nullopt;
}

// An index is reused once its socket is closed: epoll events carry the index and not the
// descriptor.
std::optional<std::uint32_t> ResolverEngine::open_udp(std::size_t server) {
  // errno 0 means "wait for a descriptor" to the caller, anything else "this server cannot be
  // reached".
  if (udp_open_ >= udp_most_ && !evict_idle()) {
    errno = 0;
    return std::nullopt;
  }
  auto socket = UdpSocket::open(servers_[server].address, server);
  if (!socket && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
    // Descriptors or memory ran out: continue with the sockets that are open, but at least one.
    udp_most_ = std::max<std::size_t>(udp_open_, 1);
    errno = udp_open_ == 0 ? errno : 0;
    return std::nullopt;
  }
  if (!socket) return std::nullopt;
  std::uint32_t index = static_cast<std::uint32_t>(udp_.size());
  if (free_udp_.empty()) {
    udp_.emplace_back();
    retired_.push_back(0);
  } else {
    index = free_udp_.back();
    free_udp_.pop_back();
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = index;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket->fd(), &event) != 0) {
    free_udp_.push_back(index);
    return std::nullopt;
  }
  udp_[index] = std::move(socket);
  retired_[index] = 0;
  ++udp_open_;
  return index;
}

// Closes one socket without open questions; false where there is none.
bool ResolverEngine::evict_idle() {
  for (std::uint32_t index = 0; index < udp_.size(); ++index) {
    // The socket whose datagrams are being read must not vanish under its reader.
    if (!udp_[index] || retired_[index] != 0 || index == receiving_) continue;
    if (udp_[index]->live() > 0 || udp_[index]->has_queued()) continue;
    auto& sockets = servers_[udp_[index]->server()].sockets;
    std::ranges::replace(sockets, static_cast<int>(index), ServerState::kNoSocket);
    udp_[index].reset();
    free_udp_.push_back(index);
    --udp_open_;
    return true;
  }
  return false;
}

// No more questions on this socket; it is closed after its last open question.
void ResolverEngine::retire(std::uint32_t socket) {
  retired_[socket] = 1;
  close_if_done(socket);
}

void ResolverEngine::close_if_done(std::uint32_t socket) {
  if (retired_[socket] != 1 || udp_[socket]->live() > 0 || udp_[socket]->has_queued()) return;
  retired_[socket] = 2;
  closing_.push_back(socket);
}

void ResolverEngine::flush() {
  std::vector<std::uint32_t> dirty;
  dirty.swap(dirty_);
  for (const std::uint32_t socket : dirty) {
    if (!udp_[socket]) continue;
    const SendOutcome outcome = udp_[socket]->flush();
    if (outcome.again) dirty_.push_back(socket);
    if (outcome.error != 0) fail_socket(socket, outcome.error);
    close_if_done(socket);
  }
}

void ResolverEngine::on_udp(std::uint32_t socket) {
  if (!udp_[socket]) return;
  receiving_ = socket;
  const int error = udp_[socket]->receive(
      [this, socket](std::string_view datagram) { on_datagram(socket, datagram); });
  receiving_ = kNoSocket;
  if (error != 0) fail_socket(socket, error);
}

void ResolverEngine::on_datagram(std::uint32_t socket, std::string_view datagram) {
  const std::uint16_t id = message_id(datagram);
  // An unknown id is a duplicate, a late reply or a forgery; all are ignored alike.
  const auto ticket = udp_[socket]->find(id);
  if (!ticket) return;
  const std::uint32_t index = *udp_[socket]->slot(*ticket);
  Slot& slot = slots_[index];
  const auto found = std::ranges::find_if(slot.attempts, [&](const Attempt& attempt) {
    return attempt.socket == socket && attempt.ticket == *ticket;
  });
  if (found == slot.attempts.end()) return;
  const Attempt attempt = *found;
  // A late reply to an earlier datagram may still answer; it must not end the attempt that runs
  // now.
  const bool latest = slot.stage == Stage::Udp && found + 1 == slot.attempts.end();
  Reply reply = parse_reply(datagram, slot.section, id, recursion_of(slot), attempt.edns);
  // Before anything is released: a forged reply must not end the wait for the real one.
  if (reply.kind == ReplyKind::NotOurs) return;
  server_at(slot, attempt.position)
      .saw_answer(std::chrono::duration_cast<std::chrono::microseconds>(now_ - attempt.sent));
  if (reply.kind != ReplyKind::Answer) {
    udp_[socket]->release(*ticket);
    slot.attempts.erase(found);
    close_if_done(socket);
  }
  evaluate(index, attempt.position, std::move(reply), latest ? Awaited::Yes : Awaited::No);
}

// The kernel reports that the server cannot be reached on this socket.
void ResolverEngine::fail_socket(std::uint32_t socket, int error) {
  UdpSocket& udp = *udp_[socket];
  udp.drop_queued();
  for (std::size_t ticket = 0; ticket < UdpSocket::kQuestions; ++ticket) {
    const auto index = udp.slot(ticket);
    if (!index) continue;
    Slot& slot = slots_[*index];
    const auto found = std::ranges::find_if(slot.attempts, [&](const Attempt& attempt) {
      return attempt.socket == socket && attempt.ticket == ticket;
    });
    udp.release(ticket);
    if (found == slot.attempts.end()) continue;
    const std::size_t position = found->position;
    slot.attempts.erase(found);
    on_silence(*index, position,
               error == ECONNREFUSED ? "connection refused" : std::strerror(error));
  }
  close_if_done(socket);
}

}  // namespace rampart
