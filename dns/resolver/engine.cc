// A question's life: admitted to a slot, sent to one server after another, finished. Every step
// increases the slot's turn, so that timers and queue entries of earlier steps are recognised as
// stale instead of being searched and removed.
#include "dns/resolver/engine.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

namespace rampart {
namespace {

// File descriptors left for the rest of the program, and the bounds for UDP sockets.
constexpr std::size_t kSpareDescriptors = 160;
constexpr std::size_t kMostUdp = 1500;
constexpr std::size_t kLeastUdp = 32;
constexpr int kTransientFailures = 2;

// UDP sockets take what the process may open, less a reserve for files, TCP and the providers'
// connections. Common soft limits are 1024; more than 1500 sockets make nothing faster.
std::size_t descriptor_budget() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kLeastUdp;
  const std::size_t soft = limit.rlim_cur;
  return soft <= kSpareDescriptors ? kLeastUdp
                                   : std::clamp(soft - kSpareDescriptors, kLeastUdp, kMostUdp);
}

}  // namespace

ResolverEngine::ResolverEngine(std::span<const Query> queries, const ResolverLimits& limits,
                               ServerHistory& history)
    : queries_(queries),
      limits_(limits),
      history_(history),
      answers_(queries.size()),
      authenticated_(queries.size()),
      now_(std::chrono::steady_clock::now()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timers_(now_),
      udp_most_(descriptor_budget()) {
  const std::size_t window =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::max(limits.in_flight, 1)), 1,
                              std::max<std::size_t>(queries.size(), 1));
  slots_.resize(window);
  // In reverse, so that slots are taken from the first on; that makes traces of a run comparable.
  for (std::size_t index = window; index > 0; --index) {
    free_slots_.push_back(static_cast<std::uint32_t>(index - 1));
  }
}

// One thread and one epoll loop: with thousands of questions in flight the time goes to waiting,
// and without threads every limit (sockets, rate, tries) is a plain counter.
std::vector<Answer> ResolverEngine::run() {
  while (next_ < queries_.size() || active_ > 0) {
    admit();
    // After admission: the datagrams of many new questions leave in few system calls.
    flush();
    if (active_ == 0) continue;
    wait_and_handle();
    now_ = std::chrono::steady_clock::now();
    timers_.advance(now_,
                    [this](std::uint32_t index, std::uint32_t turn) { on_timer(index, turn); });
    drain_throttled();
    drain_waiting_for_fd();
  }
  // What this batch learned spares the next one its timeouts.
  for (const ServerState& state : servers_) history_[state.server] = final_record(state);
  return std::move(answers_);
}

void ResolverEngine::wait_and_handle() {
  std::array<epoll_event, 64> events;
  // Never longer than a tick of the wheel, so that timers fire in time.
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(TimerWheel::kTick.count()));
  now_ = std::chrono::steady_clock::now();
  for (int at = 0; at < count; ++at) {
    const epoll_event& event = events[static_cast<std::size_t>(at)];
    const auto index = static_cast<std::uint32_t>(event.data.u64);
    if ((event.data.u64 & kTcpFlag) != 0) {
      on_tcp(index, event.events);
    } else {
      on_udp(index);
    }
  }
  // Only now: an event of this batch may still refer to a socket that another one retired.
  for (const std::uint32_t socket : closing_) {
    udp_[socket].reset();
    free_udp_.push_back(socket);
    --udp_open_;
  }
  closing_.clear();
}

std::size_t ResolverEngine::server_index(const Server& server) {
  const auto [entry, fresh] = server_indices_.try_emplace(server, servers_.size());
  if (fresh) {
    // An address that no socket can have, such as a host name, is a dead server from the start.
    const auto known = history_.find(server);
    const auto address = socket_address(server);
    servers_.push_back(make_server_state(server, address.value_or(SocketAddress{}),
                                         known == history_.end() ? ServerRecord{} : known->second));
    servers_.back().dead = !address;
  }
  return entry->second;
}

// Off for a zone's own servers: with it they might answer from a cache.
Recursion ResolverEngine::recursion_of(const Slot& slot) const {
  return queries_[slot.query].recursion_desired ? Recursion::Desired : Recursion::Off;
}

void ResolverEngine::admit() {
  while (!free_slots_.empty() && next_ < queries_.size()) {
    const std::uint32_t index = free_slots_.back();
    free_slots_.pop_back();
    Slot& slot = slots_[index];
    slot.query = next_++;
    slot.section = question_section(queries_[slot.query].question);
    slot.stage = Stage::Pausing;
    slot.edns = Edns::On;
    slot.deadline = now_ + limits_.deadline;
    slot.tries = 0;
    slot.position = 0;
    slot.trials.clear();
    for (const Server& server : queries_[slot.query].servers) {
      slot.trials.push_back({.server = server_index(server)});
    }
    ++active_;
    dispatch(index);
  }
}

std::optional<std::size_t> ResolverEngine::next_position(Slot& slot) {
  const std::size_t count = slot.trials.size();
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t position = (slot.position + step) % count;
    ServerAttempt& attempt = slot.trials[position];
    if (attempt.excluded) continue;
    if (!server_at(slot, position).dead) return position;
    // Kept for the error, which names every server and why it gave no answer.
    if (attempt.outcome.empty()) attempt.outcome = "never answers";
  }
  return std::nullopt;
}

// The next step of a question: sent to the next usable server, queued behind that server's rate
// limit, or finished where no server, try or time is left.
void ResolverEngine::dispatch(std::uint32_t index) {
  Slot& slot = slots_[index];
  ++slot.turn;
  const auto position = next_position(slot);
  if (!position || slot.tries >= limits_.tries || now_ >= slot.deadline) {
    finish_failed(index);
    return;
  }
  slot.position = *position;
  ServerState& state = server_at(slot, *position);
  if (state.may_send(limits_, now_)) {
    // Waiting for the rate limit before the first datagram does not count against the deadline.
    if (slot.tries == 0) slot.deadline = now_ + limits_.deadline;
    send(index);
    return;
  }
  slot.stage = Stage::Pausing;
  if (state.throttled.empty()) throttled_.push_back(slot.trials[*position].server);
  state.throttled.push_back({index, slot.turn});
}

void ResolverEngine::release_attempts(Slot& slot) {
  for (const Attempt& attempt : slot.attempts) {
    udp_[attempt.socket]->release(attempt.ticket);
    close_if_done(attempt.socket);
  }
  slot.attempts.clear();
}

void ResolverEngine::finish(std::uint32_t index, Answer answer) {
  Slot& slot = slots_[index];
  answers_[slot.query] = std::move(answer);
  release_attempts(slot);
  slot.stage = Stage::Free;
  slot.connection = nullptr;
  ++slot.turn;
  free_slots_.push_back(index);
  --active_;
}

void ResolverEngine::finish_failed(std::uint32_t index) {
  const Slot& slot = slots_[index];
  const Query& query = queries_[slot.query];
  Answer answer;
  for (std::size_t position = 0; position < slot.trials.size(); ++position) {
    if (slot.trials[position].outcome.empty()) continue;
    if (!answer.detail.empty()) answer.detail += "; ";
    answer.detail += to_text(query.servers[position]) + ": " + slot.trials[position].outcome;
  }
  if (answer.detail.empty()) {
    answer.detail = query.servers.empty() ? "there is no server to query" : "not sent in time";
  }
  finish(index, std::move(answer));
}

void ResolverEngine::pause(std::uint32_t index, SteadyTime until) {
  Slot& slot = slots_[index];
  slot.stage = Stage::Pausing;
  timers_.add(std::min(until, slot.deadline), index, ++slot.turn);
}

// Another server is tried at once; the same server only after its timeout has passed, since it just
// answered and would answer the same again.
void ResolverEngine::move_on(std::uint32_t index, std::size_t position) {
  Slot& slot = slots_[index];
  slot.position = (position + 1) % slot.trials.size();
  const auto next = next_position(slot);
  if (next && slot.trials[*next].datagrams > 0) {
    pause(index, now_ + server_at(slot, *next).patience(limits_, slot.trials[*next].datagrams - 1));
  } else {
    dispatch(index);
  }
}

void ResolverEngine::on_timer(std::uint32_t index, std::uint32_t turn) {
  Slot& slot = slots_[index];
  if (slot.stage == Stage::Free || slot.turn != turn) return;
  if (slot.stage == Stage::Pausing) {
    dispatch(index);
    return;
  }
  if (slot.stage == Stage::Tcp) {
    // Queued for a connection until the deadline: all of the server's connections were busy.
    if (slot.connection == nullptr) {
      slot.trials[slot.position].outcome = "truncated, and no TCP connection in time";
      finish_failed(index);
      return;
    }
    for (std::uint32_t at = 0; at < tcp_.size(); ++at) {
      if (tcp_[at].connection.get() == slot.connection) {
        tcp_failed(at, "timeout over TCP");
        return;
      }
    }
    return;
  }
  const std::size_t position = slot.position;
  slot.trials[position].outcome = "timeout";
  const std::size_t server = slot.trials[position].server;
  const bool died = servers_[server].saw_silence(now_);
  // A timeout moves on to the next server too: with several of them one that lost a datagram must
  // not hold the question up.
  // The timeout has passed already, so even the same server can be tried again at once.
  slot.position = (position + 1) % slot.trials.size();
  dispatch(index);
  if (died) fail_over_from(server);
}

void ResolverEngine::on_silence(std::uint32_t index, std::size_t position, std::string outcome) {
  Slot& slot = slots_[index];
  slot.trials[position].outcome = std::move(outcome);
  const std::size_t server = slot.trials[position].server;
  ++servers_[server].unreachable;
  const bool died = servers_[server].saw_silence(now_);
  if (slot.stage == Stage::Udp && slot.position == position) move_on(index, position);
  if (died) fail_over_from(server);
}

// Moves every question that waits for this server to another one.
void ResolverEngine::fail_over_from(std::size_t server) {
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    Slot& slot = slots_[index];
    // Otherwise each of them would wait for its own timeout to find out the same.
    if (slot.stage != Stage::Udp && slot.stage != Stage::Pausing) continue;
    if (slot.trials.empty()) continue;
    if (slot.trials[slot.position].server != server) continue;
    if (slot.trials[slot.position].outcome.empty()) slot.trials[slot.position].outcome = "timeout";
    slot.position = (slot.position + 1) % slot.trials.size();
    dispatch(index);
  }
}

// A late reply to an earlier datagram can still answer the question, but it must not restart the
// attempt that is under way.
void ResolverEngine::evaluate(std::uint32_t index, std::size_t position, Reply reply,
                              Awaited awaited) {
  Slot& slot = slots_[index];
  ServerAttempt& attempt = slot.trials[position];
  switch (reply.kind) {
    case ReplyKind::NotOurs:
      return;
    case ReplyKind::Answer:
      authenticated_[slot.query] = reply.authenticated ? 1 : 0;
      finish(index, std::move(reply.answer));
      return;
    case ReplyKind::Truncated:
      // A second truncated reply must not start a second connection.
      if (slot.stage != Stage::Tcp) start_tcp(index, position);
      return;
    case ReplyKind::NoEdns:
      server_at(slot, position).record.refuses_edns = true;
      attempt.outcome = "rejects EDNS";
      slot.position = position;
      if (awaited == Awaited::Yes) dispatch(index);
      return;
    case ReplyKind::Failure:
      attempt.outcome = std::move(reply.failure);
      // REFUSED or a lame delegation will not change within a run; SERVFAIL may, once.
      attempt.excluded = !reply.transient || ++attempt.transient_failures >= kTransientFailures;
      if (awaited == Awaited::Yes) move_on(index, position);
      return;
  }
}

void ResolverEngine::drain_throttled() {
  std::vector<std::size_t> servers;
  // Swapped out first: dispatch() may add the same server again.
  servers.swap(throttled_);
  for (const std::size_t server : servers) {
    std::deque<Waiting> waiting;
    waiting.swap(servers_[server].throttled);
    for (const Waiting& entry : waiting) {
      if (slots_[entry.slot].turn != entry.turn) continue;
      // Once one entry gets no token, the others keep their order after it.
      if (servers_[server].throttled.empty()) {
        dispatch(entry.slot);
      } else {
        servers_[server].throttled.push_back(entry);
      }
    }
  }
}

void ResolverEngine::drain_waiting_for_fd() {
  std::deque<Waiting> waiting;
  waiting.swap(waiting_for_fd_);
  for (const Waiting& entry : waiting) {
    if (slots_[entry.slot].turn == entry.turn) dispatch(entry.slot);
  }
}

}  // namespace rampart
