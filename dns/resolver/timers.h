/// A timer wheel: thousands of retry timers for the price of a list.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dns/resolver/sockets.h"

namespace rampart {

/// Timers of slots, in ticks of a few milliseconds. A timer that is no longer wanted is not
/// removed: its owner knows it by its turn.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{5};

  explicit TimerWheel(SteadyTime now) : start_(now) {}

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
  std::uint64_t passed_ = 0;  ///< Ticks that were handled.
  std::vector<std::vector<Timer>> wheel_{kTicks};
};

}  // namespace rampart
