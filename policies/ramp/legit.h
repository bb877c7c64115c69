/// The figures that gates are evaluated on: how much of a domain's own mail passes DMARC
/// ("legit_rate"), what fails from undeclared services, and what fails from sources that could not
/// be looked up. docs/concepts/ramps.md defines the domain's own mail and its mark.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/model/policy.h"
#include "policies/ramp/reporters.h"

namespace rampart {

/// The failing mail of one source that one reporter saw; mail that forwarding explains is left out.
struct FailingMail {
  std::int64_t failing = 0;  ///< All of it.
  std::int64_t marked = 0;   ///< With the domain's mark.
  std::int64_t lacking = 0;  ///< Marked or not, and a lookup got no answer.

  bool operator==(const FailingMail&) const = default;
};

/// The messages of one source in a window.
struct SourceTally {
  std::string source;
  bool declared = false;  ///< One of the domain's `senders:`.
  bool service = false;   ///< A service of the catalogue or of `senders:`.
  bool ignored = false;   ///< In `sources: {ignore: [...]}`.
  std::int64_t messages = 0;
  std::int64_t passing = 0;     ///< Aligned by SPF, by DKIM or by both.
  std::int64_t by_dkim = 0;     ///< Aligned by DKIM, alone or with SPF.
  std::int64_t forwarded = 0;   ///< Failed, explained by forwarding.
  std::int64_t marked = 0;      ///< Failed, with the domain's mark.
  std::int64_t unanswered = 0;  ///< Failed without a mark, and a lookup got no answer.
  std::int64_t lacking = 0;     ///< Failed, marked or not, and a lookup got no answer.
  std::int64_t unmarked = 0;    ///< Failed without a mark, all lookups answered: may be anybody's.
  std::string lacks;            ///< A lookup that got no answer; empty where all were answered.
  std::set<Date> failing_days;  ///< Days with failing mail that forwarding does not explain.
  std::map<std::string, FailingMail> by_known;  ///< By the group of a known reporter.

  /// Failing mail that forwarding does not explain.
  std::int64_t failing() const { return marked + unanswered + unmarked; }
  /// Whether it is a service of the catalogue that the YAML neither declares nor ignores.
  bool undeclared_service() const { return service && !declared && !ignored; }
  bool operator==(const SourceTally&) const = default;
};

/// The messages that one reporter saw in a window.
struct ReporterTally {
  std::string group;   ///< As reporter_group() returns it.
  bool known = false;  ///< Of the built-in list or of the YAML's.
  double share = 0;    ///< Its weight in legit_rate(). All sum to 1, or to 0 if none counted mail.
  std::int64_t messages = 0;
  std::int64_t passing = 0;
  std::int64_t counted = 0;  ///< Passing, marked and unanswered.
  std::int64_t unanswered = 0;
  std::int64_t lacking = 0;
  std::set<Date> days;      ///< Days in the window on which it saw the domain's own mail.
  double past_passing = 0;  ///< Mean per day before the window; 0 with too few days to compare.

  /// passing / counted; empty where nothing was counted.
  std::optional<double> rate() const;
  bool operator==(const ReporterTally&) const = default;
};

/// A reporter's rate or share over fewer messages is noise.
constexpr std::int64_t kMessagesForRate = 100;

/// Sums of weighted rates may end this much beside the threshold that they equal.
constexpr double kRounding = 1e-9;

/// If a reporter sees more than this many times its past passing mail, the growth is not trusted.
constexpr int kMostGrowth = 2;
/// A reporter's growth is computed only if its past has at least this many days with mail.
constexpr std::size_t kPastForGrowth = 14;

/// The sums over a domain's rows.
struct LegitTally {
  std::int64_t messages = 0;    ///< All messages.
  std::int64_t passing = 0;     ///< Aligned mail of sources that are not ignored.
  std::int64_t marked = 0;      ///< Failing mail with the domain's mark, of the same sources.
  std::int64_t unanswered = 0;  ///< Unmarked failing mail whose source could not be looked up.
  std::int64_t lacking = 0;     ///< Failing mail, marked or not, of such a source.
  std::int64_t unmarked = 0;    ///< Failing mail that may be anybody's.
  /// The domain's own mail, passing or marked, that known reporters saw. The messages gate counts
  /// this: neither a wave of unmarked mail nor an unknown reporter may open it.
  std::int64_t own = 0;
  std::vector<ReporterTally> reporters;  ///< Sorted by group.
  std::vector<SourceTally> sources;      ///< Sorted by name.

  /// The share of the domain's own mail that passes: the mean of the reporters' rates by their
  /// weights, or that mean over known reporters alone where it is lower. So a reporter that claims
  /// a million messages does not outvote the others, and an unknown one can hold a step but never
  /// open a gate. Unanswered mail counts as failing: a missing answer must not look better than the
  /// worst answer. Empty where no known reporter saw passing, marked or unanswered mail.
  std::optional<double> legit_rate() const;
  /// How many reporters saw mail: a report of no message says nothing.
  int reporters_with_mail() const;
  /// legit_rate() over known reporters alone. The passing mail of each is capped at kMostGrowth
  /// times past_passing for each of its days, because somebody who replays one signed message adds
  /// passing mail that real reporters count. Empty where no known reporter exceeds its cap.
  std::optional<double> capped_rate() const;
  /// The failing mail of `source`, divided by that mail plus the domain's own. Other unmarked mail
  /// is left out, so that a wave of spoofing cannot make the share look small. The largest of three
  /// shares counts: over all reporters, over known reporters, and the one that more than half of
  /// the known reporters reach. So no single reporter can make it look small by claims of passing
  /// mail.
  double failing_share(const SourceTally& source) const;
  /// The same for `lacking`: a source that could not be looked up may be an undeclared service.
  double lacking_share() const;
  /// The failing mail of all undeclared services plus `unanswered`, divided by that mail plus the
  /// rest of the domain's own, over all reporters. For views; no gate uses it.
  double unresolved_share() const;

  bool operator==(const LegitTally&) const = default;
};

/// What a tally is made from.
struct LegitRows {
  EvidenceRows rows;  ///< Those to sum, of counting reporters.
  EvidenceRows past;  ///< Earlier ones, for the weights of reporters and for their growth.
  const CountingReporters& reporters;
};

/// Sums the rows of one domain.
LegitTally tally_of(const Domain& domain, const Config& config, const LegitRows& rows);

/// Why a legit_rate() that reaches `least` is not trusted, as text for a person; empty if it is
/// trusted.
std::string why_doubtful(const LegitTally& tally, double least);

}  // namespace rampart
