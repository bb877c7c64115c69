/// Selects the reporters that count for a domain.
#include "policies/ramp/reporters.h"

#include <algorithm>

#include "policies/model/lookup.h"
#include "policies/model/reporters.h"

namespace rampart {
namespace {

using std::chrono::days;

/// From this share on, a silent reporter holds a step up. Smaller reporters are silent often: many
/// report only on days on which they received mail.
constexpr double kLargeShare = 0.25;

/// The days over which a share is measured: eight weeks even out holidays and campaigns.
constexpr days kShareDays{56};

}  // namespace

// Unknown reporters never count alone: somebody could register a few domains and send reports of
// passing mail from them. The days in a report are the reporter's claim, so a single mail could
// invent a history. The day on which its first mail arrived comes from the receiving side.
CountingReporters counting_reporters(const Config& config, const ReporterHistory& history,
                                     Date today) {
  std::map<std::string, Date> first;  // The rows are sorted by day.
  for (const EvidenceRow* row : history.rows) {
    const auto [at, added] = first.try_emplace(row->reporter, row->day);
    if (!added) continue;
    if (const Date* heard = find_value(history.heard, row->reporter)) {
      at->second = std::max(at->second, *heard);
    }
  }
  // The owner of a mailbox at a known reporter's organization signs with a domain of that
  // organization, and is no second organization.
  std::set<std::string> known_organizations;
  for (const auto& [reporter, day] : first) {
    if (reporter_kind(config, reporter) != ReporterKind::Known) continue;
    known_organizations.insert(reporter_organization(reporter));
  }
  CountingReporters counting;
  bool any_known = false;
  for (const auto& [reporter, day] : first) {
    const ReporterKind kind = reporter_kind(config, reporter);
    const bool known = kind == ReporterKind::Known;
    const bool has_history = kind == ReporterKind::Unknown && day + kReporterHistory <= today &&
                             !known_organizations.contains(reporter_organization(reporter));
    if (known || has_history) counting[reporter] = {reporter_group(config, reporter), known};
    any_known = any_known || known;
  }
  return any_known ? counting : CountingReporters();
}

EvidenceRows counting_rows(const EvidenceRows& rows, const CountingReporters& reporters) {
  EvidenceRows counting = rows;
  std::erase_if(counting, [&](const auto* row) { return !reporters.contains(row->reporter); });
  return counting;
}

// The YAML may leave out the prefix, since people copy a host name or an address.
bool ignores(const Domain& domain, const std::string& source) {
  std::string_view bare = source;
  for (const std::string_view prefix : {"ptr:", "ip:"}) {
    if (source.starts_with(prefix)) bare.remove_prefix(prefix.size());
  }
  return std::ranges::any_of(domain.ignored_sources, [&](const IgnoredSource& one) {
    return one.source == source || one.source == bare;
  });
}

// The share is measured before the window, since a silent reporter has none within it.
std::vector<SilentReporter> silent_reporters(const Domain& domain, const EvidenceRows& rows,
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
    // Neither a wave of other mail nor an ignored source must make a share look smaller.
    if (!row->is_own() || ignores(domain, row->source)) continue;
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
