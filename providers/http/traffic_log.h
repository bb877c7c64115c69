/// Where adapters log their traffic.
#pragma once

#include <functional>
#include <string>

namespace rampart {

/// Receives lines in which every credential is redacted already; a sink that is not set is off.
struct TrafficLog {
  std::function<void(const std::string&)> debug;  ///< One line for each request.
  std::function<void(const std::string&)> trace;  ///< Headers and bodies.
};

}  // namespace rampart
