/// Sums up a domain's mail by source.
#include "reports/analysis/summary.h"

#include <algorithm>

namespace rampart::reports {
namespace {

constexpr std::chrono::days kUnused{90};  ///< A sender without mail for so long is unused.
constexpr std::chrono::days kNew{7};      ///< A source first seen within these days is new, ...
constexpr std::chrono::days kKnown{30};   ///< ... if the summary covers at least these.

/// Contract section 4: a source that fails on three days with half a percent of the mail probably
/// belongs to the domain.
constexpr std::size_t kUnresolvedDays = 3;
constexpr double kUnresolvedShare = 0.005;

bool failed(Category category) {
  return category == Category::MissingSpf || category == Category::MissingDkim ||
         category == Category::Unauthorized;
}

/// A source's row while groups are added to it.
struct SourceTotals {
  SourceSummary row;
  std::set<Date> failing_days;
};

void add(SourceTotals& totals, const TrafficGroup& group, Category category) {
  SourceSummary& row = totals.row;
  const bool first = row.messages == 0 && row.ips.empty();
  row.messages += group.messages;
  row.categories[static_cast<std::size_t>(category)] += group.messages;
  row.ips[group.ip] += group.messages;
  row.first = first ? *group.days.begin() : std::min(row.first, *group.days.begin());
  row.last = first ? *group.days.rbegin() : std::max(row.last, *group.days.rbegin());
  if (failed(category)) totals.failing_days.insert(group.days.begin(), group.days.end());
  OrgDomains domains;
  for (const DkimAuth* one : aligned_signatures(*group.facts, domains)) {
    if (!one->selector.empty()) row.selectors.insert(one->selector);
  }
}

/// Whether a host is in any domain of the YAML, whose servers it then probably is.
bool yaml_names(const std::string& host, const NamingContext& context) {
  const Result<Name> name = Name::parse(host);
  if (host.empty() || !name) return false;
  if (name->is_within(context.name)) return true;
  return std::ranges::any_of(context.config.domains,
                             [&](const auto& one) { return name->is_within(one.first); });
}

/// Whether a source fails but may belong to the domain: it fails steadily, has a host of the
/// domain, or also passes. Such mail must be explained before a policy is tightened.
bool is_unresolved(const SourceTotals& totals, std::int64_t all, const NamingContext& context) {
  const SourceSummary& row = totals.row;
  const std::int64_t fails =
      row.of(Category::MissingSpf) + row.of(Category::MissingDkim) + row.of(Category::Unauthorized);
  if (fails == 0 || row.source.ignored) return false;
  const bool steady = totals.failing_days.size() >= kUnresolvedDays &&
                      static_cast<double>(fails) >= kUnresolvedShare * static_cast<double>(all);
  return steady || yaml_names(row.source.host, context) ||
         row.of(Category::Pass) + row.of(Category::Partial) > 0;
}

/// Whether a source counts for the legit rate. Where the YAML declares no senders, any source that
/// passes does. The gates count in the same way (policies/ramp).
bool counts(const SourceSummary& row, const NamingContext& context) {
  if (row.source.ignored) return false;
  const bool passes = row.of(Category::Pass) + row.of(Category::Partial) > 0;
  const bool undeclared = context.domain == nullptr || !context.domain->senders;
  return row.source.declared || row.unresolved || (undeclared && passes);
}

std::optional<double> legit_rate(const Summary& summary, const NamingContext& context) {
  std::int64_t passing = 0;
  std::int64_t all = 0;
  for (const SourceSummary& row : summary.sources) {
    if (!counts(row, context)) continue;
    passing += row.of(Category::Pass) + row.of(Category::Partial);
    all += row.messages - row.of(Category::Forwarded);
  }
  if (all == 0) return std::nullopt;
  return static_cast<double>(passing) / static_cast<double>(all);
}

void add_totals(Summary& summary, const TrafficGroups& groups,
                const std::vector<Category>& categories) {
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    const std::int64_t messages = groups.groups[i].messages;
    summary.messages += messages;
    if (groups.groups[i].trust == Trust::Verified) summary.verified_messages += messages;
    if (categories[i] == Category::Pass) summary.pass += messages;
    if (categories[i] == Category::Partial) summary.partial += messages;
  }
  for (const DailySum& sum : groups.daily) {
    summary.messages += sum.messages;
    summary.rolled_up += sum.messages;
    if (sum.trust == Trust::Verified) summary.verified_messages += sum.messages;
    if (sum.dkim_aligned && sum.spf_aligned) {
      summary.pass += sum.messages;
    } else if (sum.dkim_aligned || sum.spf_aligned) {
      summary.partial += sum.messages;
    }
  }
  summary.fail = summary.messages - summary.pass - summary.partial;
  if (summary.messages > 0) {
    summary.pass_rate =
        static_cast<double>(summary.pass + summary.partial) / static_cast<double>(summary.messages);
  }
}

/// The range as requested; an open end becomes the first or last day that has mail.
void add_range(Summary& summary, const Range& range, const TrafficGroups& groups) {
  std::set<Date> days;
  for (const TrafficGroup& group : groups.groups)
    days.insert({*group.days.begin(), *group.days.rbegin()});
  for (const DailySum& sum : groups.daily) days.insert(sum.day);
  constexpr Date kFirst{std::chrono::days(0)};
  if (range.since > kFirst) {
    summary.since = range.since;
  } else if (!days.empty()) {
    summary.since = *days.begin();
  }
  if (range.until < Date::max()) {
    summary.until = range.until;
  } else if (!days.empty()) {
    summary.until = *days.rbegin();
  }
}

/// Adds new sources and unused senders, as far as the range permits: a summary of a few days cannot
/// know what happened before.
void add_notes(Summary& summary, const Range& range, const NamingContext& context) {
  const Date today = std::chrono::floor<std::chrono::days>(context.now);
  for (const SourceSummary& row : summary.sources) {
    for (const std::string& selector : row.selectors) {
      summary.selectors[selector].push_back(row.source.label);
    }
    if (row.first > today - kNew && range.since <= today - kKnown) {
      summary.new_sources.push_back(row.source.label);
    }
  }
  if (context.domain == nullptr || !context.domain->senders) return;
  if (range.since > today - kUnused || range.until < today - std::chrono::days(1)) return;
  for (const SenderUse& use : *context.domain->senders) {
    const bool seen = std::ranges::any_of(summary.sources, [&](const SourceSummary& row) {
      return row.source.sender == use.sender.get() && row.last > today - kUnused;
    });
    if (!seen) summary.unused_senders.push_back(use.sender->id);
  }
}

}  // namespace

Summary summarize(const Range& range, const TrafficGroups& groups,
                  const std::map<spf::Ip, Source>& sources, const NamingContext& context) {
  Summary summary;
  summary.domain = range.domain;
  const std::vector<Category> categories = categorize_all(groups, sources, context);
  add_totals(summary, groups, categories);
  add_range(summary, range, groups);
  std::map<std::string, SourceTotals> rows;
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    const Source& source = sources.at(groups.groups[i].ip);
    SourceTotals& totals = rows[source.label];
    if (totals.row.source.label.empty()) totals.row.source = source;
    add(totals, groups.groups[i], categories[i]);
  }
  std::vector<SourceTotals*> order;
  order.reserve(rows.size());
  for (auto& [label, totals] : rows) order.push_back(&totals);
  std::ranges::stable_sort(order, [](const SourceTotals* a, const SourceTotals* b) {
    return a->row.messages > b->row.messages;
  });
  summary.sources.reserve(order.size());
  for (SourceTotals* totals : order) {
    totals->row.unresolved = is_unresolved(*totals, summary.messages, context);
    totals->row.action = action_for(totals->row, context);
    summary.sources.push_back(std::move(totals->row));
  }
  summary.legit_rate = legit_rate(summary, context);
  summary.reporters = static_cast<std::int64_t>(groups.reporters.size());
  summary.verified_reporters = static_cast<std::int64_t>(groups.verified_reporters.size());
  summary.contradictions = groups.contradictions;
  add_notes(summary, range, context);
  return summary;
}

}  // namespace rampart::reports
