/// Folds rows of verified reports into evidence.
#include "reports/analysis/evidence.h"

#include <algorithm>
#include <tuple>

namespace rampart::reports {
namespace {

DmarcOutcome outcome_of(const Facts& facts, Category category) {
  if (facts.dkim_aligned && facts.spf_aligned) return DmarcOutcome::Both;
  if (facts.dkim_aligned) return DmarcOutcome::DkimOnly;
  if (facts.spf_aligned) return DmarcOutcome::SpfOnly;
  return category == Category::Forwarded ? DmarcOutcome::Forwarded : DmarcOutcome::Fail;
}

std::vector<std::string> aligned_selectors(const Facts& facts, OrgDomains& domains) {
  std::set<std::string> selectors;
  for (const DkimAuth* one : aligned_signatures(facts, domains)) {
    if (!one->selector.empty()) selectors.insert(one->selector);
  }
  return {selectors.begin(), selectors.end()};
}

auto key_of(const EvidenceRow& row) {
  return std::tie(row.policy_domain, row.day, row.reporter, row.source, row.header_from,
                  row.outcome, row.selectors, row.selectors_reported, row.published.policy,
                  row.published.pct, row.published.testing);
}

/// Merges rows that differ only in their messages, and sorts them.
std::vector<EvidenceRow> merged(std::vector<EvidenceRow> rows) {
  std::ranges::sort(rows, [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  std::vector<EvidenceRow> out;
  for (EvidenceRow& row : rows) {
    if (!out.empty() && key_of(out.back()) == key_of(row)) {
      out.back().messages += row.messages;
    } else {
      out.push_back(std::move(row));
    }
  }
  return out;
}

/// Merging above this many rows keeps memory small: most rows repeat between reports.
constexpr std::size_t kRowsBeforeMerge = 65'536;

/// Turns one domain's rows into evidence, with the sources and categories of its analysis.
class EvidenceBuilder {
 public:
  EvidenceBuilder(Store& store, const Analysis& analysis, const NamingContext& context)
      : store_(store), lookup_(store), analysis_(analysis), context_(context) {
    for (std::size_t i = 0; i < analysis.groups.groups.size(); ++i) {
      const TrafficGroup& group = analysis.groups.groups[i];
      categories_.emplace(std::pair(group.ip, group.facts_id), analysis.categories[i]);
    }
  }

  Result<Ok> append_to(std::vector<EvidenceRow>& out) {
    std::vector<EvidenceRow> rows;
    TRY_OK(store_.for_each_row(analysis_.range, [&](const StoredRow& row) {
      if (lookup_.problem() || lookup_.report(row.report).trust != Trust::Verified) return;
      rows.push_back(evidence_of(row));
      if (rows.size() >= kRowsBeforeMerge) rows = merged(std::move(rows));
    }));
    if (lookup_.problem()) return *lookup_.problem();
    // Only now is it known which reporters state selectors at all: the absence of a selector in
    // the reports of any other reporter is not evidence that it is unused.
    for (EvidenceRow& row : rows) row.selectors_reported = states_selectors_.contains(row.reporter);
    std::ranges::move(rows, std::back_inserter(out));
    return Ok{};
  }

 private:
  /// An ignored source is labelled as the YAML names it, so that its host name is not stored.
  std::string label_of(const spf::Ip& ip) const {
    const auto source = analysis_.sources.find(ip);
    if (source == analysis_.sources.end()) return "ip:" + ip.text();
    const IgnoredSource* ignored =
        source->second.ignored ? ignoring(context_, source->second, ip) : nullptr;
    return ignored == nullptr ? source->second.label : ignored->source;
  }

  EvidenceRow evidence_of(const StoredRow& row) {
    const StoredReport& report = lookup_.report(row.report);
    const Facts& facts = *lookup_.facts(row.facts);
    const RecordResults& results = facts.results;
    const auto category = categories_.find({row.ip, row.facts});
    if (std::ranges::any_of(results.dkim, [](const auto& one) { return !one.selector.empty(); })) {
      states_selectors_.insert(report.reporter);
    }
    const Result<Name> author = Name::parse(results.header_from);
    return {.day = row.day,
            .policy_domain = context_.name,
            .header_from = author ? *author : context_.name,
            .reporter = report.reporter,
            .source = label_of(row.ip),
            .outcome = outcome_of(
                facts, category == categories_.end() ? Category::Unauthorized : category->second),
            .selectors = aligned_selectors(facts, domains_),
            .published = report.published,
            .messages = row.count};
  }

  Store& store_;
  StoreLookup lookup_;
  const Analysis& analysis_;
  const NamingContext& context_;
  std::map<std::pair<spf::Ip, std::int64_t>, Category> categories_;
  std::set<std::string> states_selectors_;  ///< Reporters that name a selector in any row.
  OrgDomains domains_;
};

}  // namespace

Result<Evidence> fold(Store& store, const Config& config, Time now, const Resolve& resolve) {
  Evidence evidence;
  TRY(evidence.newest, store.newest_verified(now));
  TRY(const std::vector<std::string> domains, store.domains());
  const Date today = std::chrono::floor<std::chrono::days>(now);
  for (const std::string& text : domains) {
    const Result<Name> name = Name::parse(text);
    if (!name) continue;
    if (!config.domains.empty() && !config.domains.contains(*name)) continue;
    const NamingContext context = naming_of(config, *name, now, resolve);
    TRY(const Analysis analysis,
        analyse_verified(store, {text, today - kEvidenceDays, today}, context));
    TRY_OK(EvidenceBuilder(store, analysis, context).append_to(evidence.rows));
  }
  evidence.rows = merged(std::move(evidence.rows));
  return evidence;
}

}  // namespace rampart::reports
