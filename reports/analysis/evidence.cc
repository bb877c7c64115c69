/// Folds rows of verified reports into evidence.
#include "reports/analysis/evidence.h"

#include <algorithm>
#include <tuple>

namespace rampart::reports {
namespace {

/// The most sources without a service's name that one domain's evidence names, those with the most
/// messages first. The rest is one source: an outsider chooses how many addresses he uses.
constexpr std::size_t kMostNamed = 1'000;

/// EvidenceRow::lacks of those that are not named one by one.
constexpr std::string_view kFurtherNames = "the PTR records of further addresses";

DmarcOutcome outcome_of(Category category, const Facts& facts) {
  if (facts.dkim_aligned && facts.spf_aligned) return DmarcOutcome::Both;
  if (facts.dkim_aligned) return DmarcOutcome::DkimOnly;
  if (facts.spf_aligned) return DmarcOutcome::SpfOnly;
  return category == Category::Forwarded ? DmarcOutcome::Forwarded : DmarcOutcome::Fail;
}

auto key_of(const EvidenceRow& row) {
  return std::tie(row.policy_domain, row.day, row.reporter, row.source, row.header_from,
                  row.outcome, row.marked, row.lacks, row.selectors, row.selectors_reported,
                  row.published.policy, row.published.pct, row.published.testing);
}

bool before(const EvidenceRow& a, const EvidenceRow& b) { return key_of(a) < key_of(b); }

/// Merges rows that differ only in their messages, and sorts them.
void merge(std::vector<EvidenceRow>& rows) {
  std::ranges::sort(rows, before);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (key_of(rows[kept]) == key_of(rows[i])) {
      rows[kept].messages += rows[i].messages;
    } else if (++kept != i) {
      rows[kept] = std::move(rows[i]);
    }
  }
  if (!rows.empty()) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(kept) + 1, rows.end());
}

/// The traits of facts that evidence carries; one number each, so that rows of equal shape are
/// added up without comparing texts.
struct Shape {
  std::string source;
  Name header_from;
  DmarcOutcome outcome = DmarcOutcome::Fail;
  bool marked = false;
  std::string lacks;
  std::vector<std::string> selectors;

  auto operator<=>(const Shape&) const = default;
};

/// Turns one domain's rows into evidence, with the sources and categories of its analysis.
class EvidenceBuilder {
 public:
  EvidenceBuilder(Store& store, const Analysis& analysis, const NamingContext& context)
      : store_(store), lookup_(store), analysis_(analysis), context_(context) {
    choose_named();
    give_shapes();
  }

  Result<Ok> append_to(std::vector<EvidenceRow>& out) {
    const std::size_t first = out.size();
    const GroupSelection selection{Trust::Verified, context_.counts};
    TrafficGroup key{.trust = Trust::Verified};
    const StoredReport* report = nullptr;
    std::int64_t report_id = 0;
    TRY_OK(store_.for_each_row(analysis_.range, [&](const StoredRow& row) {
      // Rows arrive report by report.
      if (report == nullptr || row.report != report_id) {
        if (report != nullptr) add_report(*report, out);
        report_id = row.report;
        report = &lookup_.report(row.report);
        key.counts = report_counts(*report, selection);
        day_ = row.day;
      }
      if (report->trust != Trust::Verified) return;
      key.ip = row.ip;
      key.facts_id = row.facts;
      const std::size_t at = analysis_.groups.index.find(analysis_.groups.groups, key);
      // A report that arrived since the analysis is evidence of the next run.
      if (at == analysis_.groups.groups.size()) return;
      const std::uint32_t shape = shape_of_[at];
      if (sums_[shape] == 0) touched_.push_back(shape);
      sums_[shape] += row.count;
      report_states_ = report_states_ || states_[at];
    }));
    if (report != nullptr) add_report(*report, out);
    if (lookup_.problem()) return *lookup_.problem();
    // Only now is it known which reporters state selectors at all: the absence of a selector in
    // the reports of any other reporter is not evidence that it is unused.
    for (std::size_t i = first; i < out.size(); ++i) {
      out[i].selectors_reported = states_selectors_.contains(out[i].reporter);
    }
    return Ok{};
  }

 private:
  /// Adds the sums of one report and day.
  void add_report(const StoredReport& report, std::vector<EvidenceRow>& out) {
    for (const std::uint32_t number : touched_) {
      const Shape& shape = *shapes_[number];
      out.push_back({.day = day_,
                     .policy_domain = context_.name,
                     .header_from = shape.header_from,
                     .reporter = report.reporter,
                     .source = shape.source,
                     .outcome = shape.outcome,
                     .marked = shape.marked,
                     .lacks = shape.lacks,
                     .selectors = shape.selectors,
                     .published = report.published,
                     .messages = sums_[number]});
      sums_[number] = 0;
    }
    touched_.clear();
    if (report_states_) states_selectors_.insert(report.reporter);
    report_states_ = false;
  }

  bool is_service(const Classification& one) const {
    return one.label != kByAddress && analysis_.labels[one.label].find(':') == std::string::npos;
  }

  /// Failing mail that may come from anybody, and of which nothing is unknown.
  bool is_anybodys(const Classification& one) const {
    return failed(one.category) && !one.marked() && !one.ignored && one.lacks == 0 &&
           !is_service(one);
  }

  std::string label_of(std::size_t group) const {
    const Classification& one = analysis_.classifications[group];
    return one.label == kByAddress ? "ip:" + analysis_.groups.groups[group].ip.text()
                                   : analysis_.labels[one.label];
  }

  /// Chooses the sources without a service's name that keep a name of their own.
  void choose_named() {
    std::unordered_map<std::uint32_t, std::int64_t> by_label;
    std::unordered_map<spf::Ip, std::int64_t, IpHash> by_address;
    const auto& groups = analysis_.groups.groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Classification& one = analysis_.classifications[i];
      if (is_anybodys(one) || is_service(one) || one.ignored) continue;
      (one.label == kByAddress ? by_address[groups[i].ip] : by_label[one.label]) +=
          groups[i].messages;
    }
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const auto& [label, messages] : by_label) {
      order.emplace_back(-messages, analysis_.labels[label]);
    }
    for (const auto& [ip, messages] : by_address) order.emplace_back(-messages, "ip:" + ip.text());
    std::ranges::sort(order);
    if (order.size() > kMostNamed) order.resize(kMostNamed);
    for (auto& [messages, label] : order) named_.insert(std::move(label));
  }

  /// The author domain. An outsider may write any name below the domain: of failing mail, only
  /// those that the YAML has are kept.
  Name author_of(const Facts& facts) const {
    const Result<Name> author = Name::parse(facts.results.header_from);
    if (!author) return context_.name;
    const bool passed = facts.dkim_aligned || facts.spf_aligned;
    return passed || context_.config.domains.contains(*author) ? *author : context_.name;
  }

  /// What got no answer, in few different texts: an outsider may use many addresses of one service.
  std::string lacks_of(const Classification& one) const {
    const bool many = one.lacks != 0 && is_service(one) && analysis_.lacks.size() > kMostNamed;
    return many ? std::string(kFurtherNames) : analysis_.lacks[one.lacks];
  }

  Shape shape_of(std::size_t group) const {
    const Classification& one = analysis_.classifications[group];
    const Facts& facts = *analysis_.groups.groups[group].facts;
    Shape shape{.source = std::string(kUnmarkedSources),
                .header_from = author_of(facts),
                .outcome = outcome_of(one.category, facts),
                .marked = one.marked(),
                .lacks = lacks_of(one),
                .selectors = {}};
    if (is_anybodys(one)) return shape;
    OrgDomains domains;
    std::set<std::string> selectors;
    for (const DkimAuth* signature : aligned_signatures(facts, domains)) {
      if (!signature->selector.empty()) selectors.insert(signature->selector);
    }
    shape.selectors.assign(selectors.begin(), selectors.end());
    shape.source = label_of(group);
    if (is_service(one) || one.ignored || named_.contains(shape.source)) return shape;
    shape.source = kOtherSources;
    if (!shape.lacks.empty()) shape.lacks = kFurtherNames;
    return shape;
  }

  void give_shapes() {
    const auto& groups = analysis_.groups.groups;
    shape_of_.reserve(groups.size());
    states_.reserve(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto [at, added] =
          known_.try_emplace(shape_of(i), static_cast<std::uint32_t>(shapes_.size()));
      if (added) shapes_.push_back(&at->first);
      shape_of_.push_back(at->second);
      states_.push_back(std::ranges::any_of(groups[i].facts->results.dkim,
                                            [](const auto& one) { return !one.selector.empty(); }));
    }
    sums_.assign(shapes_.size(), 0);
  }

  Store& store_;
  StoreLookup lookup_;
  const Analysis& analysis_;
  const NamingContext& context_;
  std::set<std::string, std::less<>> named_;
  std::map<Shape, std::uint32_t> known_;
  std::vector<const Shape*> shapes_;        ///< By number; they point into known_.
  std::vector<std::uint32_t> shape_of_;     ///< By group.
  std::vector<bool> states_;                ///< By group: its facts state a selector.
  std::vector<std::int64_t> sums_;          ///< Of the current report and day, by shape.
  std::vector<std::uint32_t> touched_;      ///< The shapes that have a sum.
  Date day_;                                ///< Of the current report.
  bool report_states_ = false;              ///< Some row of the current report states a selector.
  std::set<std::string> states_selectors_;  ///< Reporters that name a selector in any row.
};

}  // namespace

Result<Evidence> fold(Store& store, const Config& config, Time now, const Resolve& resolve,
                      const CountsFor& counts) {
  Evidence evidence;
  TRY(evidence.newest, store.newest_verified(now));
  TRY(const std::vector<std::string> domains, store.domains());
  const Date today = std::chrono::floor<std::chrono::days>(now);
  const auto cache = std::make_shared<NamingCache>(config, store, resolve, now);
  for (const std::string& text : domains) {
    const Result<Name> name = Name::parse(text);
    if (!name) continue;
    if (!config.domains.empty() && !config.domains.contains(*name)) continue;
    NamingContext context = naming_of(config, *name, now, resolve);
    context.cache = cache;
    if (counts) context.counts = counts(*name);
    TRY(const Analysis analysis,
        analyse_verified(store, {text, today - kEvidenceDays, today}, context));
    std::vector<EvidenceRow> rows;
    TRY_OK(EvidenceBuilder(store, analysis, context).append_to(rows));
    merge(rows);
    std::ranges::move(rows, std::back_inserter(evidence.rows));
  }
  std::ranges::stable_sort(evidence.rows, before);
  return evidence;
}

}  // namespace rampart::reports
