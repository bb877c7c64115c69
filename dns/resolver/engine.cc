/// The loop that keeps many questions in flight: a question's way from server to server.
#include "dns/resolver/engine.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

namespace rampart {
namespace {

// File descriptors that the rest of the program may need, and all that this loop ever wants.
constexpr std::size_t kSpareDescriptors = 160;
constexpr std::size_t kMostUdp = 1500;
constexpr std::size_t kLeastUdp = 32;
constexpr int kTransientFailures = 2;

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
      now_(std::chrono::steady_clock::now()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timers_(now_),
      udp_most_(descriptor_budget()) {
  const std::size_t window =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::max(limits.in_flight, 1)), 1,
                              std::max<std::size_t>(queries.size(), 1));
  slots_.resize(window);
  for (std::size_t index = window; index > 0; --index) {
    free_slots_.push_back(static_cast<std::uint32_t>(index - 1));
  }
}

std::vector<Answer> ResolverEngine::run() {
  while (next_ < queries_.size() || active_ > 0) {
    admit();
    flush();
    if (active_ == 0) continue;
    wait_and_handle();
    now_ = std::chrono::steady_clock::now();
    timers_.advance(now_,
                    [this](std::uint32_t index, std::uint32_t turn) { on_timer(index, turn); });
    drain_throttled();
    drain_waiting_for_fd();
  }
  for (const ServerState& state : servers_) history_[state.server] = final_record(state);
  return std::move(answers_);
}

void ResolverEngine::wait_and_handle() {
  constexpr std::uint64_t kTcpFlag = 1ULL << 32;
  std::array<epoll_event, 64> events;
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
    const auto known = history_.find(server);
    const auto address = socket_address(server);
    servers_.push_back(make_server_state(server, address.value_or(SocketAddress{}),
                                         known == history_.end() ? ServerRecord{} : known->second));
    servers_.back().dead = !address;
  }
  return entry->second;
}

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
    slot.place = 0;
    slot.trials.clear();
    for (const Server& server : queries_[slot.query].servers) {
      slot.trials.push_back({.server = server_index(server)});
    }
    ++active_;
    dispatch(index);
  }
}

std::optional<std::size_t> ResolverEngine::next_place(Slot& slot) {
  const std::size_t count = slot.trials.size();
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t place = (slot.place + step) % count;
    ServerAttempt& trial = slot.trials[place];
    if (trial.excluded) continue;
    if (!server_at(slot, place).dead) return place;
    if (trial.outcome.empty()) trial.outcome = "no answer to anything";
  }
  return std::nullopt;
}

void ResolverEngine::dispatch(std::uint32_t index) {
  Slot& slot = slots_[index];
  ++slot.turn;
  const auto place = next_place(slot);
  if (!place || slot.tries >= limits_.tries || now_ >= slot.deadline) {
    finish_failed(index);
    return;
  }
  slot.place = *place;
  ServerState& state = server_at(slot, *place);
  if (state.may_send(limits_, now_)) {
    if (slot.tries == 0) slot.deadline = now_ + limits_.deadline;
    send(index);
    return;
  }
  slot.stage = Stage::Pausing;
  if (state.throttled.empty()) throttled_.push_back(slot.trials[*place].server);
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
  for (std::size_t place = 0; place < slot.trials.size(); ++place) {
    if (slot.trials[place].outcome.empty()) continue;
    if (!answer.detail.empty()) answer.detail += "; ";
    answer.detail += to_text(query.servers[place]) + ": " + slot.trials[place].outcome;
  }
  if (answer.detail.empty()) {
    answer.detail = query.servers.empty() ? "there is no server to ask" : "not asked in time";
  }
  finish(index, std::move(answer));
}

void ResolverEngine::pause(std::uint32_t index, SteadyTime until) {
  Slot& slot = slots_[index];
  slot.stage = Stage::Pausing;
  timers_.add(std::min(until, slot.deadline), index, ++slot.turn);
}

/// To the next server at once; to the same server only after a while.
void ResolverEngine::move_on(std::uint32_t index, std::size_t place) {
  Slot& slot = slots_[index];
  slot.place = (place + 1) % slot.trials.size();
  const auto next = next_place(slot);
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
    if (slot.connection == nullptr) {
      slot.trials[slot.place].outcome = "truncated, and no TCP connection in time";
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
  const std::size_t place = slot.place;
  slot.trials[place].outcome = "timeout";
  const std::size_t server = slot.trials[place].server;
  const bool died = servers_[server].saw_silence(now_);
  // The datagram was waited for already, so the same server may be asked again at once.
  slot.place = (place + 1) % slot.trials.size();
  dispatch(index);
  if (died) fail_over_from(server);
}

void ResolverEngine::on_silence(std::uint32_t index, std::size_t place, std::string outcome) {
  Slot& slot = slots_[index];
  slot.trials[place].outcome = std::move(outcome);
  const std::size_t server = slot.trials[place].server;
  ++servers_[server].unreachable;
  const bool died = servers_[server].saw_silence(now_);
  if (slot.stage == Stage::Udp && slot.place == place) move_on(index, place);
  if (died) fail_over_from(server);
}

/// Sends every question that waits for this server elsewhere.
void ResolverEngine::fail_over_from(std::size_t server) {
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    Slot& slot = slots_[index];
    if (slot.stage != Stage::Udp && slot.stage != Stage::Pausing) continue;
    if (slot.trials.empty()) continue;
    if (slot.trials[slot.place].server != server) continue;
    if (slot.trials[slot.place].outcome.empty()) slot.trials[slot.place].outcome = "timeout";
    slot.place = (slot.place + 1) % slot.trials.size();
    dispatch(index);
  }
}

void ResolverEngine::evaluate(std::uint32_t index, std::size_t place, Reply reply, bool latest) {
  Slot& slot = slots_[index];
  ServerAttempt& trial = slot.trials[place];
  switch (reply.kind) {
    case ReplyKind::NotOurs:
      return;
    case ReplyKind::Answer:
      finish(index, std::move(reply.answer));
      return;
    case ReplyKind::Truncated:
      if (slot.stage != Stage::Tcp) start_tcp(index, place);
      return;
    case ReplyKind::NoEdns:
      server_at(slot, place).record.refuses_edns = true;
      trial.outcome = "rejects EDNS";
      slot.place = place;
      if (latest) dispatch(index);
      return;
    case ReplyKind::Failure:
      trial.outcome = std::move(reply.failure);
      trial.excluded = !reply.transient || ++trial.transient_failures >= kTransientFailures;
      if (latest) move_on(index, place);
      return;
  }
}

void ResolverEngine::drain_throttled() {
  std::vector<std::size_t> servers;
  servers.swap(throttled_);
  for (const std::size_t server : servers) {
    std::deque<Waiting> waiting;
    waiting.swap(servers_[server].throttled);
    for (const Waiting& entry : waiting) {
      if (slots_[entry.slot].turn != entry.turn) continue;
      // Once somebody got no token, the others keep their places behind.
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
