/// A domain's mail, source by source.
#include "reports/analysis/summary.h"

#include <algorithm>

namespace rampart::reports {
namespace {

constexpr std::chrono::days kUnused{90};
constexpr std::chrono::days kNew{7};
constexpr std::chrono::days kKnown{30};  ///< Not seen for so long before: new again.

/// Contract section 4: a source that fails on three days with half a percent is somebody's own.
constexpr std::size_t kUnresolvedDays = 3;
constexpr double kUnresolvedShare = 0.005;

bool failed(Category category) {
  return category == Category::MissingSpf || category == Category::MissingDkim ||
         category == Category::Unauthorized;
}

/// A row while it grows.
struct Growing {
  SourceSummary row;
  std::set<Date> failing_days;
  std::int64_t spf_only = 0;
  std::int64_t dkim_only = 0;
};

void add(Growing& growing, const TrafficGroup& group, Category category) {
  SourceSummary& row = growing.row;
  const bool first = row.messages == 0 && row.ips.empty();
  row.messages += group.messages;
  row.categories[static_cast<std::size_t>(category)] += group.messages;
  row.ips[group.ip] += group.messages;
  row.first = first ? *group.days.begin() : std::min(row.first, *group.days.begin());
  row.last = first ? *group.days.rbegin() : std::max(row.last, *group.days.rbegin());
  if (failed(category)) growing.failing_days.insert(group.days.begin(), group.days.end());
  if (!group.facts->dkim_aligned) return;
  OrgDomains domains;
  for (const DkimAuth& one : group.facts->dkim) {
    if (one.result == AuthResult::Pass && !one.selector.empty() &&
        domains.aligned(one.domain, group.facts->header_from, dmarc::Alignment::Relaxed)) {
      row.selectors.insert(one.selector);
    }
  }
}

bool yaml_names(const std::string& host, const NamingContext& context) {
  const Result<Name> name = Name::parse(host);
  if (host.empty() || !name) return false;
  if (name->is_within(context.name)) return true;
  return std::ranges::any_of(context.config.domains,
                             [&](const auto& one) { return name->is_within(one.first); });
}

bool is_unresolved(const Growing& growing, std::int64_t all, const NamingContext& context) {
  const SourceSummary& row = growing.row;
  const std::int64_t fails =
      row.of(Category::MissingSpf) + row.of(Category::MissingDkim) + row.of(Category::Unauthorized);
  if (fails == 0 || row.source.ignored) return false;
  const bool steady = growing.failing_days.size() >= kUnresolvedDays &&
                      static_cast<double>(fails) >= kUnresolvedShare * static_cast<double>(all);
  return steady || yaml_names(row.source.host, context) ||
         row.of(Category::Pass) + row.of(Category::Partial) > 0;
}

/// Where the YAML declares no senders, a source that passes counts as the domain's own. The gates
/// count alike (policies/legit).
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

/// What the summary's own range can tell: one of a few days says nothing of those before.
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
  std::map<std::string, Growing> rows;
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    const Source& source = sources.at(groups.groups[i].ip);
    Growing& growing = rows[source.label];
    if (growing.row.source.label.empty()) growing.row.source = source;
    add(growing, groups.groups[i], categories[i]);
  }
  std::vector<Growing*> order;
  order.reserve(rows.size());
  for (auto& [label, growing] : rows) order.push_back(&growing);
  std::ranges::stable_sort(
      order, [](const Growing* a, const Growing* b) { return a->row.messages > b->row.messages; });
  summary.sources.reserve(order.size());
  for (Growing* growing : order) {
    growing->row.unresolved = is_unresolved(*growing, summary.messages, context);
    growing->row.action = action_for(growing->row, context);
    summary.sources.push_back(std::move(growing->row));
  }
  summary.legit_rate = legit_rate(summary, context);
  summary.reporters = static_cast<std::int64_t>(groups.reporters.size());
  summary.verified_reporters = static_cast<std::int64_t>(groups.verified_reporters.size());
  summary.contradictions = groups.contradictions;
  add_notes(summary, range, context);
  return summary;
}

}  // namespace rampart::reports
