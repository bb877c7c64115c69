/// An MTA-STS policy as a web server gives it, beside what DNS says of it.
#pragma once

#include <string>

namespace rampart {

/// What a domain's web server gave for its MTA-STS policy.
struct ServedPolicy {
  enum class State {
    Served,       ///< `text` is what senders get.
    Refused,      ///< Senders take nothing of it: a status, a redirect, a certificate.
    Unreachable,  ///< Nobody answered.
  };

  State state = State::Unreachable;
  std::string text;
  std::string problem;  ///< Unless Served.

  bool operator==(const ServedPolicy&) const = default;
};

}  // namespace rampart
