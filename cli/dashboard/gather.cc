#include "cli/dashboard/gather.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/counted.h"
#include "policies/ramp/evidence_window.h"
#include "policies/ramp/legit.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using reports::Category;

/// Several categories explain a failure; the chart has one colour for all of them.
/// Pass, partial and forwarded keep their meaning; whatever else explains a failure is a failure of
/// DMARC all the same.
MailOutcome outcome_of(Category category) {
  switch (category) {
    case Category::Pass:
      return MailOutcome::Pass;
    case Category::Partial:
      return MailOutcome::Partial;
    case Category::Forwarded:
      return MailOutcome::Forwarded;
    default:
      return MailOutcome::Fail;
  }
}

MailOutcome outcome_of(DmarcOutcome outcome) {
  switch (outcome) {
    case DmarcOutcome::Both:
      return MailOutcome::Pass;
    case DmarcOutcome::DkimOnly:
    case DmarcOutcome::SpfOnly:
      return MailOutcome::Partial;
    case DmarcOutcome::Forwarded:
      return MailOutcome::Forwarded;
    case DmarcOutcome::Fail:
      break;
  }
  return MailOutcome::Fail;
}

void count(DashboardDomain& page, Date day, MailOutcome outcome, std::int64_t messages) {
  page.days[day].of(outcome) += messages;
  page.mail.of(outcome) += messages;
}

/// One verified report is enough: the column says whether the reporter can count for gates.
void count(DashboardReporter& reporter, reports::Trust trust, std::int64_t messages) {
  reporter.messages += messages;
  reporter.verified = reporter.verified || trust == reports::Trust::Verified;
}

/// Counts rows by day and reporter. A row has the outcome that the analysis gave to its traffic
/// group: the same row is never counted as passing on one page and as failing on another.
class DayCounter {
 public:
  DayCounter(reports::Store& store, const reports::Analysis& analysis,
             const reports::NamingContext& context, DashboardDomain& page)
      : store_(store),
        page_(page),
        analysis_(analysis),
        selection_{reports::Trust::Asserted, context.counts} {
    index_.build(analysis.groups.groups);
  }

  Result<Ok> run() {
    const Result<Ok> read =
        store_.for_each_row(analysis_.range, [this](const reports::StoredRow& row) { add(row); });
    // Pruned days have sums without sources, in a table of their own.
    for (const reports::DailySum& sum : analysis_.groups.daily) {
      const int aligned = (sum.dkim_aligned ? 1 : 0) + (sum.spf_aligned ? 1 : 0);
      count(page_, sum.day,
            aligned == 2   ? MailOutcome::Pass
            : aligned == 1 ? MailOutcome::Partial
                           : MailOutcome::Fail,
            sum.messages);
      count(page_.reporters[sum.reporter], sum.trust, sum.messages);
    }
    return problem_ ? Result<Ok>(*problem_) : read;
  }

 private:
  struct Report {
    reports::StoredReport stored;
    bool counts = false;  ///< Part of the key of its groups.
  };

  // Reports are looked up once each: a report has thousands of rows. A failed lookup is remembered
  // and ends the run with its error, after the rows.
  const Report& report_of(std::int64_t id) {
    const auto [at, is_new] = reports_.try_emplace(id);
    if (!is_new) return at->second;
    Result<reports::StoredReport> stored = store_.report(id);
    if (!stored) problem_ = stored.error();
    if (stored) at->second.stored = std::move(stored).value();
    at->second.counts = report_counts(at->second.stored, selection_);
    return at->second;
  }

  void add(const reports::StoredRow& row) {
    const auto& [report, counts] = report_of(row.report);
    const auto& groups = analysis_.groups;
    const std::size_t group =
        index_.find(groups.groups, {.ip = row.ip,
                                    .trust = report.trust,
                                    .counts = counts,
                                    .facts_id = static_cast<std::uint32_t>(row.facts)});
    // A report that arrived since the analysis has no group.
    const MailOutcome outcome = group == groups.groups.size()
                                    ? MailOutcome::Fail
                                    : outcome_of(analysis_.classifications[group].category);
    count(page_, row.day, outcome, row.count);
    count(page_.reporters[report.reporter], report.trust, row.count);
  }

  reports::Store& store_;
  DashboardDomain& page_;
  const reports::Analysis& analysis_;
  const reports::GroupSelection selection_;
  reports::GroupIndex index_;
  std::unordered_map<std::int64_t, Report> reports_;
  std::optional<Error> problem_;
};

/// "none" is the report analysis' word for "nothing to do".
/// By the same mapping as the rows, so that a source's sum and the chart agree.
DashboardSource source_of(const reports::SourceSummary& row) {
  DashboardSource source{.label = row.source.label,
                         .owner = row.source.owner.name,
                         .declared = row.source.declared,
                         .action = row.action == "none" ? "" : row.action};
  for (std::size_t i = 0; i < reports::kCategories; ++i) {
    source.mail.of(outcome_of(static_cast<Category>(i))) += row.categories[i];
  }
  return source;
}

/// Facts that no table of the page shows.
/// As sentences, because they concern what is missing and fit no column.
void add_notes(DashboardDomain& page, const reports::Summary& summary) {
  for (const std::string& one : summary.unused_senders) {
    page.notes.push_back("declared, but no mail for 90 days: " + one);
  }
  for (const std::string& one : summary.new_sources) page.notes.push_back("new this week: " + one);
  for (const auto& [reporter, rows] : summary.contradictions) {
    page.notes.push_back(
        fmt::format("the verdicts of {} contradict its own SPF and DKIM results in {}", reporter,
                    counted(rows, "record")));
  }
  if (summary.rolled_up > 0) {
    page.notes.push_back(
        fmt::format("{} messages have no source, because that report data was pruned",
                    grouped(summary.rolled_up)));
  }
}

// Both forms: the file's name needs A-labels, people read Unicode.
void name_page(DashboardDomain& page, const Name& name) {
  page.name = name.text();
  page.shown = name.unicode();
}

}  // namespace

// The figures come from the same analysis as `reports summary`, so that page and command agree.
Result<DashboardDomain> domain_by_store(reports::Store& store, const Name& name,
                                        const DashboardNaming& naming, const Dashboard& dashboard) {
  DashboardDomain page;
  name_page(page, name);
  reports::NamingContext context =
      reports::naming_of(naming.config, name, naming.now, naming.resolve);
  context.owners = &naming.owners;
  context.cache = naming.cache;
  context.lookups = naming.lookups;
  const reports::Range range{name.text(), dashboard.since, dashboard.until};
  TRY(const reports::Analysis analysis, reports::analyse(store, range, context));
  const reports::Summary summary = reports::summarize(analysis, context);
  TRY_OK(DayCounter(store, analysis, context, page).run());
  for (const reports::SourceSummary& row : summary.sources) page.sources.push_back(source_of(row));
  page.legit_rate = summary.legit_rate;
  add_notes(page, summary);
  return page;
}

// Evidence has outcomes and sources by day already; only the legitimate share needs the YAML, which
// declares the senders.
// Rows outside the range are left out of the figures, but not of the history: whether a source is
// legitimate may show in older mail.
DashboardDomain domain_by_evidence(const Evidence& evidence, const Name& name, const Config& config,
                                   const Dashboard& dashboard) {
  DashboardDomain page;
  name_page(page, name);
  std::map<std::string, DashboardSource> sources;
  // The rows are sorted by policy domain.
  for (const EvidenceRow& row :
       std::ranges::equal_range(evidence.rows, name, {}, &EvidenceRow::policy_domain)) {
    if (row.day < dashboard.since || row.day > dashboard.until) continue;
    const MailOutcome outcome = outcome_of(row.outcome);
    count(page, row.day, outcome, row.messages);
    count(page.reporters[row.reporter], reports::Trust::Verified, row.messages);
    sources[row.source].label = row.source;
    sources[row.source].mail.of(outcome) += row.messages;
  }
  if (const auto domain = config.domains.find(name); domain != config.domains.end()) {
    const EvidenceRows all = rows_of(evidence, name);
    const CountingReporters reporters = counting_reporters(config, {all, evidence.heard_on(name)},
                                                           dashboard.until + std::chrono::days(1));
    const EvidenceRows counting = counting_rows(all, reporters);
    const LegitTally tally =
        tally_of(domain->second, config,
                 {rows_within(counting, {dashboard.since, dashboard.until + std::chrono::days(1)}),
                  rows_within(counting, {Date::min(), dashboard.since}), reporters});
    page.legit_rate = tally.legit_rate();
    for (const SourceTally& one : tally.sources) {
      const auto source = sources.find(one.source);
      if (source != sources.end()) source->second.declared = one.declared;
    }
  }
  for (auto& [label, source] : sources) page.sources.push_back(std::move(source));
  std::ranges::stable_sort(page.sources, std::greater<>(),
                           [](const DashboardSource& one) { return one.mail.all(); });
  return page;
}

// Parked and absent domains have no ramp; they sort after every domain that has one.
void add_policy(DashboardDomain& page, const Name& name, const Config& config, const World& world) {
  const auto found = config.domains.find(name);
  if (found == config.domains.end()) return;
  const Domain& domain = found->second;
  if (domain.state == DomainState::Managed) {
    page.stage = to_text(domain.dmarc.position);
    // Percentages are 1 to 100, so every position of a phase sorts before those of the next.
    page.rank = static_cast<int>(domain.dmarc.position.phase) * 100 + domain.dmarc.position.pct;
    page.step = step_of(domain, config, world);
  } else {
    page.stage = domain.state == DomainState::Parked ? "parked" : "absent";
    page.rank = 1000;  // After every step of a ramp.
  }
}

}  // namespace rampart
