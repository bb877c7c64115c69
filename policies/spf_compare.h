/// What changing one SPF record into another gives and takes, by address where the tree is known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/spf.h"
#include "policies/policy.h"

namespace rampart {

/// Who may send, gained and lost: "ip4:192.0.2.0/28", "include:_spf.example.net", "redirect=...".
/// A term whose addresses the other record admits as well is neither gained nor lost.
struct SpfDelta {
  std::vector<std::string> gains;
  std::vector<std::string> loses;

  bool operator==(const SpfDelta&) const = default;
};

/// Compares two records of `domain`; nullopt stands for no valid record, which admits nobody.
SpfDelta compare_spf(const Name& domain, const std::optional<spf::Record>& before,
                     const std::optional<spf::Record>& after, const Answers& answers);

/// The turn in which `after` is written: anybody newly admitted makes it Authorize, else anybody
/// lost Retire; else a looser end Relax, a tighter one Enforce.
Turn spf_turn(const Name& domain, const std::optional<spf::Record>& before,
              const spf::Record& after, const Answers& answers);

/// How harshly a record ends: 0 pass, 1 neutral or open, 2 softfail, 3 fail. A redirect is open.
int end_of(const spf::Record& record);

}  // namespace rampart
