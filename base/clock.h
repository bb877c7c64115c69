/// Time as it is handed to what must wait, so that tests need not.
#pragma once

#include <chrono>
#include <functional>

namespace rampart {

/// What time it is, and a way to let some of it pass. Copies share one time.
struct Clock {
  std::function<std::chrono::system_clock::time_point()> now;
  std::function<void(std::chrono::nanoseconds)> sleep_for;
};

/// The machine's own clock.
Clock real_clock();

}  // namespace rampart
