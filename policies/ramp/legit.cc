/// Whose mail it is, and how much of it passes.
#include "policies/ramp/legit.h"

#include <algorithm>
#include <map>

namespace rampart {
namespace {

/// Contract section 4: a source that fails on three days with half a percent is somebody's own.
constexpr std::size_t kUnresolvedDays = 3;
constexpr double kUnresolvedShare = 0.005;

bool passes(const EvidenceRow& row) {
  return row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly ||
         row.outcome == DmarcOutcome::SpfOnly;
}

bool is_declared(const Domain& domain, const std::string& source) {
  return domain.senders && std::ranges::any_of(*domain.senders, [&](const SenderUse& use) {
           return use.sender->id == source;
         });
}

bool is_ignored(const Domain& domain, const std::string& source) {
  return std::ranges::any_of(domain.ignored_sources, [&](const IgnoredSource& one) {
    return source == one.source || source == "ptr:" + one.source || source == "ip:" + one.source;
  });
}

// Whether a source's forward-confirmed host lies in a domain that the YAML names.
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

// A source while its rows are summed.
struct Growing {
  SourceTally tally;
  std::set<Date> failing_days;
  bool passed_before = false;
};

using Sources = std::map<std::string, Growing>;

void add(Growing& growing, const EvidenceRow& row) {
  SourceTally& tally = growing.tally;
  tally.messages += row.messages;
  if (row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly)
    tally.by_dkim += row.messages;
  if (passes(row)) {
    tally.passing += row.messages;
  } else if (row.outcome == DmarcOutcome::Forwarded) {
    tally.forwarded += row.messages;
  } else {
    tally.failing += row.messages;
    growing.failing_days.insert(row.day);
  }
}

bool is_unresolved(const Growing& growing, std::int64_t all, bool named) {
  const SourceTally& tally = growing.tally;
  if (tally.failing == 0 || tally.ignored || tally.declared) return false;
  const bool steady =
      growing.failing_days.size() >= kUnresolvedDays &&
      static_cast<double>(tally.failing) >= kUnresolvedShare * static_cast<double>(all);
  return steady || named || growing.passed_before;
}

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

void add_source(LegitTally& sum, const SourceTally& tally) {
  sum.sources.push_back(tally);
  if (!tally.counts()) {
    sum.spoofed += tally.failing;
    return;
  }
  sum.judged += tally.passing + tally.failing;
  sum.passing += tally.passing;
  if (tally.unresolved) sum.unresolved += tally.failing;
}

}  // namespace

std::optional<double> LegitTally::legit_rate() const {
  if (judged == 0) return std::nullopt;
  return static_cast<double>(passing) / static_cast<double>(judged);
}

double LegitTally::unresolved_share() const {
  if (own() == 0) return 0;
  return static_cast<double>(unresolved) / static_cast<double>(own());
}

LegitTally tally_of(const Domain& domain, const Config& config, const EvidenceRows& rows,
                    const EvidenceRows& history) {
  LegitTally sum;
  for (const EvidenceRow* row : rows) {
    sum.messages += row->messages;
    sum.reporters.insert(row->reporter);
  }
  for (auto& [source, growing] : sources_of(rows, history)) {
    SourceTally& tally = growing.tally;
    tally.source = source;
    // Where nothing is declared, what passes shows whose it is.
    tally.declared = domain.senders ? is_declared(domain, source) : tally.passing > 0;
    tally.ignored = is_ignored(domain, source);
    tally.unresolved = is_unresolved(growing, sum.messages, yaml_names(source, domain, config));
    add_source(sum, tally);
  }
  return sum;
}

}  // namespace rampart
