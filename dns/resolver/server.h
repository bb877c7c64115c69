/// Per-server state: timeouts, rate limit, dead-server detection.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "dns/resolver/sockets.h"

namespace rampart {

/// A queued question; stale where its slot's turn has changed since.
struct Waiting {
  std::uint32_t slot;
  std::uint32_t turn;
};

/// One server during a batch.
struct ServerState {
  static constexpr std::size_t kSockets = 16;
  static constexpr int kNoSocket = -1;

  Server server;
  SocketAddress address;
  ServerRecord record;
  bool suspect = false;     ///< Dead in an earlier batch: one timeout is enough.
  bool dead = false;        ///< Gets no more queries in this batch.
  int unanswered = 0;       ///< Unanswered datagrams while it has never answered.
  int unreachable = 0;      ///< Of these, those that the kernel reported as undeliverable.
  SteadyTime first_sent{};  ///< When it got its first query.
  double tokens = 0;        ///< Of the rate limit's token bucket.
  SteadyTime refilled{};
  std::array<int, kSockets> sockets{};
  std::deque<Waiting> throttled;    ///< Wait for a token.
  std::deque<Waiting> tcp_waiting;  ///< Wait for a connection.
  int tcp_open = 0;

  /// Takes one token of the bucket; false where there is none.
  bool may_send(const ResolverLimits& limits, SteadyTime now);

  /// How long to wait for an answer to a question that was sent here `times` times already.
  std::chrono::microseconds patience(const ResolverLimits& limits, int times) const;

  /// Records an answer and adapts the timeout.
  void saw_answer(std::chrono::microseconds round_trip);
  /// Counts a datagram without an answer; true where that makes the server dead.
  bool saw_silence(SteadyTime now);
};

/// The state at the start of a batch, given what is known from earlier ones.
ServerState make_server_state(const Server& server, const SocketAddress& address,
                              const ServerRecord& record);

/// The record to keep after the batch.
ServerRecord final_record(const ServerState& state);

}  // namespace rampart
