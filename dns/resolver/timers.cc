#include "dns/resolver/timers.h"

#include <algorithm>

namespace rampart {

std::uint64_t TimerWheel::tick_of(SteadyTime when) const {
  return when <= start_ ? 0 : static_cast<std::uint64_t>((when - start_) / kTick);
}

void TimerWheel::add(SteadyTime when, std::uint32_t slot, std::uint32_t turn) {
  // A timer beyond the wheel's range is added again when its tick is reached.
  // Rounded up, so that a timer never fires early; at least one tick ahead, because the current one
  // is being emptied.
  const std::uint64_t tick =
      std::clamp(tick_of(when) + 1, passed_ + 1, passed_ + static_cast<std::uint64_t>(kTicks - 1));
  wheel_[tick % kTicks].push_back({when, slot, turn});
}

void TimerWheel::advance(SteadyTime now,
                         const std::function<void(std::uint32_t slot, std::uint32_t turn)>& due) {
  const std::uint64_t until = tick_of(now);
  while (passed_ < until) {
    ++passed_;
    std::vector<Timer> timers;
    // Swapped out first, since a timer that fires may add others to the same place.
    timers.swap(wheel_[passed_ % kTicks]);
    for (const Timer& timer : timers) {
      if (timer.when > now) {
        add(timer.when, timer.slot, timer.turn);
      } else {
        due(timer.slot, timer.turn);
      }
    }
  }
}

}  // namespace rampart
