#include "base/clock.h"

#include <thread>

namespace rampart {

Clock real_clock() {
  return Clock{
      .now = [] { return std::chrono::system_clock::now(); },
      .sleep_for = [](std::chrono::nanoseconds pause) { std::this_thread::sleep_for(pause); }};
}

}  // namespace rampart
