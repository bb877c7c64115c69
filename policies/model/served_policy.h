/// An MTA-STS policy file as the domain's web server serves it (RFC 8461 section 3.3).
#pragma once

#include <string>

namespace rampart {

/// The response of a domain's web server to a request for its MTA-STS policy.
struct ServedPolicy {
  enum class State {
    Served,       ///< `text` is the policy that sending servers read.
    Refused,      ///< They must not use it: the HTTP status, a redirect, or the certificate.
    Unreachable,  ///< The web server did not answer.
  };

  State state = State::Unreachable;
  std::string text;
  std::string problem;  ///< Why it is not Served; else empty.

  bool operator==(const ServedPolicy&) const = default;
};

}  // namespace rampart
