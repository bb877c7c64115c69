#include "dns/resolver/server.h"

#include <algorithm>

namespace rampart {
namespace {

using std::chrono::duration;
using std::chrono::microseconds;

// A server that never answered is dead after this many timeouts, but not before this time.
constexpr int kSilences = 8;
constexpr std::chrono::milliseconds kPatience{2000};
// A refusal (ICMP port unreachable) is certain: nothing listens there. One more try a moment later
// is enough for a server that was just restarting.
constexpr int kRefusals = 2;
constexpr std::chrono::milliseconds kPatienceWhenRefused{350};
// Enough timeouts to make the server suspect in the next batch, although this one was too short to
// declare it dead.
constexpr int kSilencesToRemember = 3;
// The burst: what the rate allows in a twentieth of a second.
constexpr double kBurstShare = 0.05;

}  // namespace

bool ServerState::may_send(const ResolverLimits& limits, SteadyTime now) {
  // A token bucket. The local resolver has no other users to protect.
  if (limits.per_second <= 0 || address.loopback) return true;
  const double most = std::max(1.0, limits.per_second * kBurstShare);
  const double passed = duration<double>(now - refilled).count();
  tokens = refilled == SteadyTime{} ? most : std::min(most, tokens + passed * limits.per_second);
  refilled = now;
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

microseconds ServerState::patience(const ResolverLimits& limits, int times) const {
  microseconds wait = limits.first_timeout;
  // RFC 6298 section 2.3: the smoothed round trip and four times its variation.
  if (record.smoothed.count() > 0) {
    wait = std::max<microseconds>(record.smoothed + 4 * record.variation, limits.least_timeout);
  }
  // Doubled with each try; the bound keeps the shift defined.
  wait *= 1 << std::min(times, 8);
  return std::min<microseconds>(wait, limits.most_timeout);
}

void ServerState::saw_answer(microseconds round_trip) {
  record.answered = true;
  record.dead = false;
  dead = false;
  suspect = false;
  // 0 would mean "not measured yet" below.
  round_trip = std::max(round_trip, microseconds(1));
  if (record.smoothed.count() == 0) {
    record.smoothed = round_trip;
    record.variation = round_trip / 2;
    return;
  }
  // RFC 6298 section 2.3, with its alpha of 1/8 and beta of 1/4.
  const microseconds off =
      std::max(record.smoothed, round_trip) - std::min(record.smoothed, round_trip);
  record.variation = (record.variation * 3 + off) / 4;
  record.smoothed = (record.smoothed * 7 + round_trip) / 8;
}

bool ServerState::saw_silence(SteadyTime now) {
  // A server that answered once is only slow or loses packets; it is never given up.
  if (record.answered || dead) return false;
  ++unanswered;
  // Counts alone would declare a server dead within milliseconds when hundreds of questions time
  // out together.
  const auto waited = now - first_sent;
  const bool refuses = unreachable >= kRefusals && waited >= kPatienceWhenRefused;
  dead = suspect || refuses || (unanswered >= kSilences && waited >= kPatience);
  return dead;
}

ServerState make_server_state(const Server& server, const SocketAddress& address,
                              const ServerRecord& record) {
  ServerState state;
  state.server = server;
  state.address = address;
  state.record = record;
  // One timeout is then enough, but a server that has come back is still tried.
  state.suspect = record.dead;
  state.sockets.fill(ServerState::kNoSocket);
  return state;
}

ServerRecord final_record(const ServerState& state) {
  ServerRecord record = state.record;
  record.dead = !record.answered && (state.dead || state.unanswered >= kSilencesToRemember);
  return record;
}

}  // namespace rampart
