/// Where adapters tell what they say to their hosts.
#pragma once

#include <functional>
#include <string>

namespace rampart {

/// Takes lines in which every credential is blotted out already; a sink that is not set is silent.
struct TrafficLog {
  std::function<void(const std::string&)> debug;  ///< One line for each request.
  std::function<void(const std::string&)> trace;  ///< Headers and bodies.
};

}  // namespace rampart
