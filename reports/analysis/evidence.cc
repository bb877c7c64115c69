/// Rows of verified reports as evidence.
#include "reports/analysis/evidence.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

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
  for (const DkimAuth& one : facts.dkim) {
    if (one.result == AuthResult::Pass && !one.selector.empty() && facts.dkim_aligned &&
        domains.aligned(one.domain, facts.header_from, dmarc::Alignment::Relaxed)) {
      selectors.insert(one.selector);
    }
  }
  return {selectors.begin(), selectors.end()};
}

auto key_of(const EvidenceRow& row) {
  return std::tie(row.policy_domain, row.day, row.reporter, row.source, row.header_from,
                  row.outcome, row.selectors, row.selectors_reported, row.published.policy,
                  row.published.pct, row.published.testing);
}

/// Rows that differ in nothing but their messages become one.
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

/// One domain's rows, by the sources and categories that its analysis found.
class Folder {
 public:
  Folder(Store& store, const Analysis& analysis, const NamingContext& context)
      : store_(store), analysis_(analysis), context_(context) {
    for (std::size_t i = 0; i < analysis.groups.groups.size(); ++i) {
      const TrafficGroup& group = analysis.groups.groups[i];
      categories_.emplace(std::pair(group.ip, group.facts_id), analysis.categories[i]);
    }
  }

  Result<Ok> fold_into(std::vector<EvidenceRow>& out) {
    std::vector<EvidenceRow> rows;
    const Result<Ok> read = store_.for_each_row(analysis_.range, [&](const StoredRow& row) {
      if (!problem_ && report_of(row.report).trust == Trust::Verified) {
        rows.push_back(evidence_of(row));
        // Reports repeat themselves: merging now and then keeps memory small.
        if (rows.size() >= 65'536) rows = merged(std::move(rows));
      }
    });
    if (!read) return read;
    if (problem_) return *problem_;
    for (EvidenceRow& row : rows) row.selectors_reported = states_selectors_.contains(row.reporter);
    std::ranges::move(rows, std::back_inserter(out));
    return Ok{};
  }

 private:
  const StoredReport& report_of(std::int64_t id) {
    const auto [at, fresh] = reports_.try_emplace(id);
    if (!fresh) return at->second;
    Result<StoredReport> report = store_.report(id);
    if (report) {
      at->second = std::move(report).value();
    } else {
      problem_ = report.error();
    }
    return at->second;
  }

  const Facts& facts_of_id(std::int64_t id) {
    const auto [at, fresh] = facts_.try_emplace(id);
    if (!fresh) return at->second;
    Result<Facts> facts = store_.facts(id);
    if (facts) {
      at->second = std::move(facts).value();
    } else {
      problem_ = facts.error();
    }
    return at->second;
  }

  // An ignored source goes by the word that the YAML ignores it by: its host is not kept.
  std::string label_of(const spf::Ip& ip) const {
    const auto source = analysis_.sources.find(ip);
    if (source == analysis_.sources.end()) return "ip:" + ip.text();
    const IgnoredSource* ignored =
        source->second.ignored ? ignoring(context_, source->second, ip) : nullptr;
    return ignored == nullptr ? source->second.label : ignored->source;
  }

  EvidenceRow evidence_of(const StoredRow& row) {
    const StoredReport& report = report_of(row.report);
    const Facts& facts = facts_of_id(row.facts);
    const auto category = categories_.find({row.ip, row.facts});
    if (std::ranges::any_of(facts.dkim, [](const auto& one) { return !one.selector.empty(); })) {
      states_selectors_.insert(report.reporter);
    }
    const Result<Name> author = Name::parse(facts.header_from);
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
  const Analysis& analysis_;
  const NamingContext& context_;
  std::map<std::pair<spf::Ip, std::int64_t>, Category> categories_;
  std::unordered_map<std::int64_t, StoredReport> reports_;
  std::unordered_map<std::int64_t, Facts> facts_;
  std::set<std::string> states_selectors_;
  OrgDomains domains_;
  std::optional<Error> problem_;
};

}  // namespace

Result<Evidence> fold(Store& store, const Config& config, Time now, const Resolve& resolve) {
  Evidence evidence;
  const Result<std::optional<Time>> newest = store.newest_verified(now);
  if (!newest) return newest.error();
  evidence.newest = *newest;
  const Result<std::vector<std::string>> domains = store.domains();
  if (!domains) return domains.error();
  const Date today = std::chrono::floor<std::chrono::days>(now);
  for (const std::string& text : *domains) {
    const Result<Name> name = Name::parse(text);
    if (!name) continue;
    if (!config.domains.empty() && !config.domains.contains(*name)) continue;
    const NamingContext context = naming_of(config, *name, now, resolve);
    const Result<Analysis> analysis =
        analyse_verified(store, {text, today - kEvidenceDays, today}, context);
    if (!analysis) return analysis.error();
    if (Result<Ok> done = Folder(store, *analysis, context).fold_into(evidence.rows); !done) {
      return done.error();
    }
  }
  evidence.rows = merged(std::move(evidence.rows));
  return evidence;
}

}  // namespace rampart::reports
