/// One exchange with a server, by libcurl.
#pragma once

#include <memory>

#include "providers/http/http.h"

namespace rampart {

/// Carries one request and its answer; connections stay open from one to the next.
class HttpWire {
 public:
  /// Keeps what it needs of `settings`.
  explicit HttpWire(const HttpSettings& settings);
  ~HttpWire();

  Exchange exchange(const HttpRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rampart
