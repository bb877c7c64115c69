/// Evidence: the content of verified aggregate reports, folded small enough to travel in a file.
/// Gates, rotations and impact are evaluated by it; nothing here names a person or a mailbox.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "dns/name.h"
#include "mail/dmarc/dmarc.h"

namespace rampart {

/// The DMARC outcome of a group of messages, recomputed from the report's raw results.
enum class DmarcOutcome {
  Both,       ///< Aligned by SPF and by DKIM.
  DkimOnly,   ///< Aligned by DKIM alone.
  SpfOnly,    ///< Aligned by SPF alone.
  Forwarded,  ///< Failed, and forwarding explains it (contract section 4).
  Fail,       ///< Failed, and nothing explains it.
};

/// The record that the reporter saw published.
struct Published {
  dmarc::Policy policy = dmarc::Policy::None;
  std::optional<int> pct;       ///< Where the report states it (RFC 7489).
  std::optional<bool> testing;  ///< Where the report states it (RFC 9990).

  bool operator==(const Published&) const = default;
};

/// The source of all failing mail of a day and reporter that has no mark, no service's name and no
/// missing answer: however many addresses it comes from, it is one row.
constexpr std::string_view kUnmarkedSources = "unmarked";

/// The source of the rest where a domain has too many sources without a service's name: their mail
/// passes, is marked or lacks an answer, but is too little to be named one by one.
constexpr std::string_view kOtherSources = "others";

/// The messages of one day that one reporter saw from one source with one outcome.
struct EvidenceRow {
  Date day;              ///< UTC day on which the report's range begins.
  Name policy_domain;    ///< Whose record was applied.
  Name header_from;      ///< The author domain: the policy domain or below it.
  std::string reporter;  ///< The domain that signed the verified report.
  /// "google_workspace" where that is proved, "ptr:example.net" (forward-confirmed), "ip:...",
  /// kUnmarkedSources or kOtherSources.
  std::string source;
  DmarcOutcome outcome = DmarcOutcome::Fail;
  /// A failing row that bears the domain's mark (contract section 4): it may be the domain's own
  /// mail. A row without it may come from anybody.
  bool marked = false;
  /// Which lookup got no answer, as "the PTR record of 192.0.2.1": the source may have another
  /// name and the row may bear the mark. Empty where everything was answered.
  std::string lacks;
  std::vector<std::string> selectors;  ///< Of aligned passing signatures, where reported; sorted.
  bool selectors_reported = false;     ///< Whether this reporter states selectors at all.
  Published published;
  std::int64_t messages = 0;

  bool operator==(const EvidenceRow&) const = default;
};

/// All verified rows at hand, sorted by (policy_domain, day, reporter, source, ...).
struct Evidence {
  std::optional<Time> newest;  ///< End of the latest verified report's range; empty: none at all.
  std::vector<EvidenceRow> rows;
  /// The reporters of `rows` that are known (policies/model/reporters.h), by the YAML of this run.
  std::set<std::string> known_reporters;

  /// Whether a known reporter wrote `row`.
  bool is_known(const EvidenceRow& row) const { return known_reporters.contains(row.reporter); }
  bool operator==(const Evidence&) const = default;
};

/// How old evidence may be before it counts as none.
constexpr std::chrono::days kEvidenceAge{5};

/// How late the reports of a day may come.
constexpr std::chrono::hours kReportDelay{72};

/// Whether there is any evidence, and none too old (design, "Rules of the road").
bool is_fresh(const Evidence& evidence, Time now);

}  // namespace rampart
