/// The ARC chain of a message (RFC 8617): read, checked for order, signatures verified.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mail/dkim/verify.h"

namespace rampart::arc {

/// One ARC set: the three fields of one handler.
struct Set {
  int instance = 0;
  std::string domain;  ///< The sealer, `d=` of its ARC-Seal.
  std::string selector;
  std::string chain;    ///< `cv=`: its verdict on the chain before it.
  std::string results;  ///< Its ARC-Authentication-Results, unfolded, without the instance.

  bool operator==(const Set&) const = default;
};

/// The verdict on the chain.
struct Verdict {
  /// None without ARC fields; TempError while a key cannot be resolved; else Pass or Fail.
  dkim::Outcome outcome = dkim::Outcome::None;
  std::string reason;
  std::vector<Set> sets;  ///< By instance; those that could be read.

  bool operator==(const Verdict&) const = default;
};

/// Validates the chain (RFC 8617 section 5.2): every set whole and in sequence, the newest message
/// signature, and every seal. Keys without an answer yet are added to `unknown`.
Verdict evaluate(const dkim::Verifier& verifier, const Answers& answers, std::int64_t now,
                 std::vector<Question>& unknown);

}  // namespace rampart::arc
