/// Attributes mail in reports to the domain or to others, and sums what passes.
#include "policies/ramp/legit.h"

#include <algorithm>
#include <map>

#include "policies/model/sender_use.h"

namespace rampart {
namespace {

/// A source that fails on three days, with at least half a percent of the mail, is probably a
/// sender that somebody forgot to declare: spoofing seldom lasts three days at that volume. One or
/// two days would hold every ramp at each wave of spam; half a percent is the default of
/// max_unresolved_share.
constexpr std::size_t kUnresolvedDays = 3;
constexpr double kUnresolvedShare = 0.005;

// Forwarded mail is neither passing nor failing; it is counted by itself.
bool passes(const EvidenceRow& row) {
  return row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly ||
         row.outcome == DmarcOutcome::SpfOnly;
}

// Written without its prefix in the YAML, since people copy a host name or an address.
bool is_ignored(const Domain& domain, const std::string& source) {
  return std::ranges::any_of(domain.ignored_sources, [&](const IgnoredSource& one) {
    return source == one.source || source == "ptr:" + one.source || source == "ip:" + one.source;
  });
}

// Whether a source's forward-confirmed PTR name is in a domain of the YAML: only the owner of a
// domain controls such names, so that mail is not spoofed by a third party.
bool yaml_names(const std::string& source, const Domain& domain, const Config& config) {
  if (!source.starts_with("ptr:")) return false;
  const Result<Name> host = Name::parse(std::string_view(source).substr(4));
  if (!host) return false;
  const auto related = [&](const Name& name) {
    return host->is_within(name) || name.is_within(*host);
  };
  return related(domain.name) ||
         std::ranges::any_of(config.domains, [&](const auto& one) { return related(one.first); });
}

// A source while its rows are summed up.
struct SourceSums {
  SourceTally tally;
  std::set<Date> failing_days;
  bool passed_before = false;
};

using Sources = std::map<std::string, SourceSums>;

// Days are kept as a set: a source that fails once an hour for one day has failed on one day.
void add(SourceSums& sums, const EvidenceRow& row) {
  SourceTally& tally = sums.tally;
  tally.messages += row.messages;
  if (row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly) {
    tally.by_dkim += row.messages;
  }
  if (passes(row)) {
    tally.passing += row.messages;
  } else if (row.outcome == DmarcOutcome::Forwarded) {
    tally.forwarded += row.messages;
  } else {
    tally.failing += row.messages;
    sums.failing_days.insert(row.day);
  }
}

// Whether a failing source may be the domain's own: it fails for days, passed before, or has a host
// name of the owner's.
bool is_unresolved(const SourceSums& sums, std::int64_t all, const Domain& domain,
                   const Config& config) {
  const SourceTally& tally = sums.tally;
  if (tally.failing == 0 || tally.ignored || tally.declared) return false;
  const bool steady =
      sums.failing_days.size() >= kUnresolvedDays &&
      static_cast<double>(tally.failing) >= kUnresolvedShare * static_cast<double>(all);
  const bool named = yaml_names(tally.source, domain, config);
  return steady || named || sums.passed_before;
}

// Older rows show only whether a source ever passed; their volume must not count twice.
Sources sources_of(const EvidenceRows& rows, const EvidenceRows& history) {
  Sources sources;
  for (const EvidenceRow* row : rows) add(sources[row->source], *row);
  for (const EvidenceRow* row : history) {
    if (!passes(*row)) continue;
    const auto found = sources.find(row->source);
    if (found != sources.end()) found->second.passed_before = true;
  }
  return sources;
}

// Mail from sources that do not belong to the domain is counted as spoofed: a policy is meant to
// stop it, so it must not hold the ramp.
void add_source(LegitTally& sum, const SourceTally& tally) {
  sum.sources.push_back(tally);
  if (!tally.counts()) {
    sum.spoofed += tally.failing;
    return;
  }
  // Forwarded mail is left out: it fails because of the forwarder, not because of the domain.
  sum.counted += tally.passing + tally.failing;
  sum.passing += tally.passing;
  if (tally.unresolved) sum.unresolved += tally.failing;
}

}  // namespace

std::optional<double> LegitTally::legit_rate() const {
  if (counted == 0) return std::nullopt;
  return static_cast<double>(passing) / static_cast<double>(counted);
}

double LegitTally::unresolved_share() const {
  if (own() == 0) return 0;
  return static_cast<double>(unresolved) / static_cast<double>(own());
}

// The sources' sums come first, because whether one is unresolved depends on the volume of all.
LegitTally tally_of(const Domain& domain, const Config& config, const EvidenceRows& rows,
                    const EvidenceRows& history) {
  LegitTally sum;
  for (const EvidenceRow* row : rows) {
    sum.messages += row->messages;
    sum.reporters.insert(row->reporter);
  }
  for (auto& [source, sums] : sources_of(rows, history)) {
    SourceTally& tally = sums.tally;
    tally.source = source;
    // Without `senders:` there is nothing to compare with: what passes aligned is the domain's own.
    tally.declared = domain.senders ? declares(domain, source) : tally.passing > 0;
    tally.ignored = is_ignored(domain, source);
    tally.unresolved = is_unresolved(sums, sum.messages, domain, config);
    add_source(sum, tally);
  }
  return sum;
}

}  // namespace rampart
