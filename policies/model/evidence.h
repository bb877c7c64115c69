/// Evidence: the content of verified aggregate reports, summed until it is small enough for a file.
/// Gates, rotations and impact are computed from it. It names no person and no mailbox.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "dns/name.h"
#include "mail/dmarc/dmarc.h"

namespace rampart {

/// The DMARC outcome of a group of messages, recomputed from the report's raw results. The passing
/// ones come first.
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

/// The domains for which mail passed, of those in the author domain's organization by the public
/// suffix list: with the author domain and the record, all that alignment depends on. A mechanism
/// has none where it did not pass for such a domain, or where no report states the domain.
struct PassedDomains {
  std::vector<Name> dkim;  ///< d= of passing signatures; sorted, each once.
  std::vector<Name> spf;   ///< Of MAIL FROM, or of HELO where there is none; likewise.

  auto operator<=>(const PassedDomains&) const = default;
};

/// PassedDomains that many rows share, compared by value: evidence has many rows and few of them.
class SharedDomains {
 public:
  SharedDomains() = default;
  SharedDomains(PassedDomains domains)
      : domains_(std::make_shared<const PassedDomains>(std::move(domains))) {}

  const PassedDomains& operator*() const;
  const PassedDomains* operator->() const { return &**this; }
  bool operator==(const SharedDomains& other) const { return **this == *other; }
  auto operator<=>(const SharedDomains& other) const { return **this <=> *other; }

 private:
  std::shared_ptr<const PassedDomains> domains_;  ///< Null where there are none.
};

inline const PassedDomains& SharedDomains::operator*() const {
  static const PassedDomains none;
  return domains_ == nullptr ? none : *domains_;
}

/// EvidenceRow::source of failing mail that has no mark, no service's name and no missing answer.
/// One row per day and reporter sums all of it, however many addresses it comes from.
constexpr std::string_view kUnmarkedSources = "unmarked";

/// EvidenceRow::source of the smallest sources without a service's name, where a domain has too
/// many of them to name each. Their mail passes, is marked or lacks an answer.
constexpr std::string_view kOtherSources = "others";

/// The messages of one day that one reporter saw from one source with one outcome.
struct EvidenceRow {
  Date day;            ///< UTC day on which the report's range begins.
  Name policy_domain;  ///< Whose record was applied.
  /// The author domain: the policy domain or below it; of failing mail from names that the YAML
  /// does not list, names_below(policy_domain).
  Name header_from;
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
  SharedDomains passed = {};           ///< Evidence of older versions has none.
  std::vector<std::string> selectors;  ///< Of aligned passing signatures, where reported; sorted.
  bool selectors_reported = false;     ///< Whether this reporter states selectors at all.
  Published published;
  std::int64_t messages = 0;

  /// Whether the mail passes DMARC.
  bool passes() const { return outcome <= DmarcOutcome::SpfOnly; }
  /// Whether it passes by DKIM, alone or with SPF.
  bool dkim_aligned() const { return outcome <= DmarcOutcome::DkimOnly; }
  /// Whether it passes by SPF, alone or with DKIM.
  bool spf_aligned() const {
    return outcome == DmarcOutcome::Both || outcome == DmarcOutcome::SpfOnly;
  }
  /// Whether it fails without being explained by forwarding.
  bool fails() const { return outcome == DmarcOutcome::Fail; }
  /// Whether it counts as the domain's own mail: it passes, or fails with the mark.
  bool is_own() const { return passes() || (fails() && marked); }

  bool operator==(const EvidenceRow&) const = default;
};

/// The author domain in place of all names below `domain` which the YAML does not list: an
/// outsider may write any of them, so that failing mail of each alone is not kept. "*.example.com";
/// `domain` itself where that would be too long.
Name names_below(const Name& domain);

/// By reporter: the day on which its first verified report on a domain arrived, whatever days its
/// reports state. Evidence of older versions has no such days; then the reports' own days count.
using HeardReporters = std::map<std::string, Date>;

/// All verified rows at hand, sorted by (policy_domain, day, reporter, source, ...).
struct Evidence {
  std::optional<Time> newest;  ///< End of the latest verified report's range; empty: none at all.
  std::vector<EvidenceRow> rows;
  /// The reporters of `rows` that are known (policies/model/reporters.h), by the YAML of this run.
  std::set<std::string> known_reporters;
  /// The days on which reporters were first heard on each policy domain.
  std::map<Name, HeardReporters> heard;

  /// Whether a known reporter wrote `row`.
  bool is_known(const EvidenceRow& row) const { return known_reporters.contains(row.reporter); }
  /// When the reporters of a domain were first heard.
  const HeardReporters& heard_on(const Name& domain) const;
  bool operator==(const Evidence&) const = default;
};

/// How old evidence may be before it counts as none.
constexpr std::chrono::days kEvidenceAge{5};

/// How late the reports of a day may arrive.
constexpr std::chrono::hours kReportDelay{72};

/// Whether there is any evidence, and the newest of it is recent enough to decide by.
inline bool is_fresh(const Evidence& evidence, Time now) {
  return evidence.newest && now - *evidence.newest <= kEvidenceAge;
}

}  // namespace rampart
