/// The figures that gates are evaluated on: which of the mail in reports is the domain's own, and
/// how much of that passes DMARC ("legit_rate").
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// Rows of an Evidence, which must outlive them; in its order.
using EvidenceRows = std::vector<const EvidenceRow*>;

/// The messages of one source in a window.
struct SourceTally {
  std::string source;
  bool declared = false;    ///< One of the domain's `senders:`.
  bool ignored = false;     ///< `sources: {ignore: [...]}` names it.
  bool unresolved = false;  ///< Undeclared, fails, and may be the domain's own.
  std::int64_t messages = 0;
  std::int64_t passing = 0;    ///< Aligned by SPF, by DKIM or by both.
  std::int64_t by_dkim = 0;    ///< Aligned by DKIM, alone or with SPF.
  std::int64_t forwarded = 0;  ///< Failed, explained by forwarding.
  std::int64_t failing = 0;    ///< Failed without an explanation.

  /// Whether legit_rate counts this source.
  bool counts() const { return !ignored && (declared || unresolved); }
  bool operator==(const SourceTally&) const = default;
};

/// The sums over a domain's rows.
struct LegitTally {
  std::int64_t messages = 0;  ///< All messages.
  std::int64_t spoofed = 0;   ///< Failing mail of sources that do not count: not the domain's own.
  std::int64_t counted = 0;   ///< Of sources that count, without forwarded mail.
  std::int64_t passing = 0;   ///< Of `counted`, aligned.
  std::int64_t unresolved = 0;       ///< Failing mail of unresolved sources.
  std::set<std::string> reporters;   ///< Organizational domains.
  std::vector<SourceTally> sources;  ///< Sorted by name.

  /// passing / counted; empty where nothing was counted.
  std::optional<double> legit_rate() const;
  /// `unresolved` as a share of own(); 0 where there is no such mail. Spoofed mail is left out of
  /// the denominator, so that a wave of it cannot make the share look small.
  double unresolved_share() const;
  /// The messages that may be the domain's own. Gates count these: a wave of spoofed mail must not
  /// open the gate that asks for a minimum of messages.
  std::int64_t own() const { return messages - spoofed; }

  bool operator==(const LegitTally&) const = default;
};

/// Sums `rows`. `history` holds `rows` and may hold older ones: a source that passed in it counts
/// as the domain's own. For a domain without `senders:`, every source that passes counts as
/// declared.
LegitTally tally_of(const Domain& domain, const Config& config, const EvidenceRows& rows,
                    const EvidenceRows& history);

}  // namespace rampart
