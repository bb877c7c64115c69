/// Which reporters count for a domain's gates, and which have stopped reporting
/// (docs/concepts/reports-and-trust.md).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policies/model/policy.h"
#include "policies/ramp/evidence_window.h"

namespace rampart {

/// How long an unknown reporter must have reported on a domain before it counts beside known ones.
/// A month is longer than most attackers keep a domain that they registered to send false reports.
constexpr std::chrono::days kReporterHistory{30};

/// One reporter whose reports count.
struct CountingReporter {
  std::string group;   ///< As reporter_group() returns it.
  bool known = false;  ///< In the built-in list or the YAML's; otherwise it counts by its history.
};

/// The reporters that count for one domain, by the domain that signed their reports.
using CountingReporters = std::map<std::string, CountingReporter>;

/// What is known of one domain's reporters: its rows, as rows_of() returns them, and when each
/// reporter was first heard.
struct ReporterHistory {
  const EvidenceRows& rows;
  const HeardReporters& heard;
};

/// The reporters of a domain that count on `today`: the known ones and, if there is at least one of
/// those, the unknown ones with a history. Both the first day of an unknown reporter's reports and
/// the day on which it was first heard must be kReporterHistory ago.
CountingReporters counting_reporters(const Config& config, const ReporterHistory& history,
                                     Date today);

/// The rows of reporters that count, in order.
EvidenceRows counting_rows(const EvidenceRows& rows, const CountingReporters& reporters);

/// Whether `sources: {ignore: [...]}` of the domain has this source of evidence, with or without
/// its prefix: "ptr:relay.example.net" is ignored by that text and by "relay.example.net".
bool ignores(const Domain& domain, const std::string& source);

/// A reporter whose share of a domain's mail was large, and that has stopped reporting.
struct SilentReporter {
  std::string group;
  Date last;         ///< The last day that it reported on.
  double share = 0;  ///< Of the domain's own mail, before it fell silent.
};

/// The reporters with at least a quarter of the domain's own mail of the 56 days before `window`,
/// and no row since the window began. Such a reporter may be the one that would show failures.
/// Sorted by group. `rows` are those of known reporters. Ignored sources are in no share.
std::vector<SilentReporter> silent_reporters(const Domain& domain, const EvidenceRows& rows,
                                             const CountingReporters& reporters,
                                             EvidenceWindow window);

}  // namespace rampart
