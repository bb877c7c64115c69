/// One exchange with a server, by libcurl.
#pragma once

#include <memory>

#include "providers/http/http.h"

namespace rampart {

/// Sends one request at a time; connections stay open from one to the next.
class HttpWire {
 public:
  /// Keeps what it needs of `settings`.
  explicit HttpWire(const HttpSettings& settings);
  ~HttpWire();

  /// Sends `request` once and waits for its response, within the timeouts of the settings.
  Exchange exchange(const HttpRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rampart
