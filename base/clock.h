/// Time as a parameter, so that tests of code that waits need not wait.
#pragma once

#include <chrono>
#include <functional>

namespace rampart {

/// The current time and a way to sleep. Copies share one time.
struct Clock {
  std::function<std::chrono::system_clock::time_point()> now;
  std::function<void(std::chrono::nanoseconds)> sleep_for;
};

/// The system's clock.
Clock real_clock();

}  // namespace rampart
