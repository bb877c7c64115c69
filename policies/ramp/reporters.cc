/// Counts reporters, each organization once.
#include "policies/ramp/reporters.h"

#include <algorithm>

#include "policies/model/reporters.h"

namespace rampart {
namespace {

using std::chrono::days;

/// A share of the mail that a step up may not ignore. Smaller reporters come and go: many report
/// only on days with mail of theirs.
constexpr double kLargeShare = 0.25;

/// How far back a share is measured: two months even out holidays and campaigns.
constexpr days kShareDays{56};

}  // namespace

CountingReporters counting_reporters(const Config& config, const EvidenceRows& rows, Date today) {
  std::map<std::string, Date> first;  // The rows are sorted by day.
  for (const EvidenceRow* row : rows) first.try_emplace(row->reporter, row->day);
  CountingReporters counting;
  std::map<std::string, Date> unknown;
  for (const auto& [reporter, day] : first) {
    const ReporterKind kind = reporter_kind(config, reporter);
    if (kind == ReporterKind::Known) {
      counting[reporter] = {reporter_group(config, reporter), true};
    } else if (kind == ReporterKind::Unknown) {
      unknown.emplace(reporter, day);
    }
  }
  if (counting.empty()) return counting;  // Unknown ones never count alone.
  for (const auto& [reporter, day] : unknown) {
    if (day + kReporterHistory > today) continue;
    counting[reporter] = {reporter_group(config, reporter), false};
  }
  return counting;
}

EvidenceRows counting_rows(const EvidenceRows& rows, const CountingReporters& reporters) {
  EvidenceRows counting;
  for (const EvidenceRow* row : rows) {
    if (reporters.contains(row->reporter)) counting.push_back(row);
  }
  return counting;
}

std::vector<SilentReporter> silent_reporters(const EvidenceRows& rows,
                                             const CountingReporters& reporters,
                                             EvidenceWindow window) {
  struct Seen {
    std::int64_t before = 0;
    Date last;
  };
  std::map<std::string, Seen> groups;
  std::int64_t all = 0;
  for (const EvidenceRow* row : rows) {
    Seen& seen = groups[reporters.at(row->reporter).group];
    seen.last = std::max(seen.last, row->day);
    if (row->day >= window.from || row->day < window.from - kShareDays) continue;
    // What anybody can send does not make another reporter's share smaller.
    if (row->outcome == DmarcOutcome::Forwarded ||
        (row->outcome == DmarcOutcome::Fail && !row->marked)) {
      continue;
    }
    seen.before += row->messages;
    all += row->messages;
  }
  std::vector<SilentReporter> silent;
  for (const auto& [group, seen] : groups) {
    if (seen.last >= window.from || all == 0) continue;
    const double share = static_cast<double>(seen.before) / static_cast<double>(all);
    if (share >= kLargeShare) silent.push_back({group, seen.last, share});
  }
  return silent;
}

}  // namespace rampart
