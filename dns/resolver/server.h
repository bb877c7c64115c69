/// What the resolver knows of each server while it works: patience, politeness, death.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "dns/resolver/sockets.h"

namespace rampart {

/// A question that waits its turn; stale when its slot has moved on since.
struct Waiting {
  std::uint32_t slot;
  std::uint32_t turn;
};

/// One server under questioning.
struct ServerState {
  static constexpr std::size_t kSockets = 16;
  static constexpr int kNoSocket = -1;

  Server server;
  SocketAddress address;
  ServerRecord record;
  bool suspect = false;     ///< Found dead in an earlier run: one silence is enough.
  bool dead = false;        ///< Not to be asked any more in this run.
  int unanswered = 0;       ///< Datagrams that nobody answered, while nothing ever was.
  int unreachable = 0;      ///< Of these, those that the kernel reported as undeliverable.
  SteadyTime first_sent{};  ///< When it was first asked.
  double tokens = 0;        ///< Of its politeness bucket.
  SteadyTime refilled{};
  std::array<int, kSockets> sockets{};
  std::deque<Waiting> throttled;    ///< Wait for a token.
  std::deque<Waiting> tcp_waiting;  ///< Wait for a connection.
  int tcp_open = 0;

  /// Takes one token of the bucket, or says that none is there.
  bool may_send(const ResolverLimits& limits, SteadyTime now);

  /// How long to wait for a question's answer that was asked here `times` times already.
  std::chrono::microseconds patience(const ResolverLimits& limits, int times) const;

  void saw_answer(std::chrono::microseconds round_trip);
  /// Counts a datagram without an answer; true when that makes the server dead.
  bool saw_silence(SteadyTime now);
};

ServerState make_server_state(const Server& server, const SocketAddress& address,
                              const ServerRecord& record);

/// The record to keep when a run is over.
ServerRecord final_record(const ServerState& state);

}  // namespace rampart
