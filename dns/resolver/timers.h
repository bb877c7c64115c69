/// A timer wheel: adding one of thousands of retry timers is O(1).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dns/resolver/sockets.h"

namespace rampart {

/// Timers of slots, in ticks of a few milliseconds. Timers are never cancelled: the owner
/// recognises a stale one by its turn.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{5};

  explicit TimerWheel(SteadyTime now) : start_(now) {}

  /// Schedules a timer for `slot`.
  void add(SteadyTime when, std::uint32_t slot, std::uint32_t turn);

  /// Calls `due` for every timer that `now` has reached.
  void advance(SteadyTime now,
               const std::function<void(std::uint32_t slot, std::uint32_t turn)>& due);

 private:
  static constexpr std::size_t kTicks = 4096;

  struct Timer {
    SteadyTime when;
    std::uint32_t slot;
    std::uint32_t turn;
  };

  std::uint64_t tick_of(SteadyTime when) const;

  SteadyTime start_;
  std::uint64_t passed_ = 0;  ///< Ticks handled so far.
  std::vector<std::vector<Timer>> wheel_{kTicks};
};

}  // namespace rampart
