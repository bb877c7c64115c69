/// The gates' figures over evidence: which of a domain's mail is its own, and how much of that
/// passes (contract section 4, "legit_rate").
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// Rows of an Evidence, which must outlive them; in its order.
using EvidenceRows = std::vector<const EvidenceRow*>;

/// What one source sent.
struct SourceTally {
  std::string source;
  bool declared = false;    ///< A sender that the domain declares.
  bool ignored = false;     ///< `sources: {ignore: [...]}` names it.
  bool unresolved = false;  ///< Undeclared, it fails, and may yet be the domain's own.
  std::int64_t messages = 0;
  std::int64_t passing = 0;    ///< Aligned by SPF, by DKIM or by both.
  std::int64_t by_dkim = 0;    ///< Aligned by DKIM, alone or with SPF.
  std::int64_t forwarded = 0;  ///< Failed, and forwarding explains it.
  std::int64_t failing = 0;    ///< Failed, and nothing explains it.

  /// Whether legit_rate counts this source.
  bool counts() const { return !ignored && (declared || unresolved); }
  bool operator==(const SourceTally&) const = default;
};

/// What a domain's rows come to.
struct LegitTally {
  std::int64_t messages = 0;         ///< All of them.
  std::int64_t spoofed = 0;          ///< Fails of sources that do not count: nobody's own mail.
  std::int64_t judged = 0;           ///< Of sources that count, forwarded mail left out.
  std::int64_t passing = 0;          ///< Of those, aligned.
  std::int64_t unresolved = 0;       ///< Fails of unresolved sources.
  std::set<std::string> reporters;   ///< Organizational domains.
  std::vector<SourceTally> sources;  ///< By name.

  /// passing / judged; empty where nothing was judged.
  std::optional<double> legit_rate() const;
  /// The unresolved fails' share of all mail but the spoofed; 0 where there is none. Spoofed mail
  /// is left out, so that no wave of it can make the share look small.
  double unresolved_share() const;
  /// The messages that may be the domain's own: no wave of spoofed mail opens a gate.
  std::int64_t own() const { return messages - spoofed; }

  bool operator==(const LegitTally&) const = default;
};

/// Sums `rows`. `history` is where "passed aligned before" is looked up: it holds `rows` and may
/// hold more. A domain without `senders:` declares none; there a source that passes counts.
LegitTally tally_of(const Domain& domain, const Config& config, const EvidenceRows& rows,
                    const EvidenceRows& history);

}  // namespace rampart
