/// A flattened record is never written before the fragments that it includes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policies/guardrails/spf.h"
#include "policies/spf/cases.h"
#include "policies/spf/flatten.h"

namespace rampart {
namespace {

std::set<int> fragments_named(const Name& domain, const std::optional<spf::Record>& record) {
  std::set<int> numbers;
  if (!record) return numbers;
  for (const spf::Directive& directive : record->directives) {
    if (directive.mechanism != spf::Mechanism::Include) continue;
    const auto name = Name::parse(directive.domain);
    const int number = name ? fragment_number(domain, *name) : 0;
    if (number > 0) numbers.insert(number);
  }
  return numbers;
}

bool holds_spf(const ParsedSet& set) {
  return std::ranges::find(set.values, RecordKind::Spf, &ParsedValue::kind) != set.values.end();
}

bool is_withheld(const Plan& plan, const RecordKey& key) {
  return std::ranges::any_of(plan.findings, [&](const Finding& finding) {
    return finding.severity == Severity::Error &&
           std::ranges::find(finding.withholds, key) != finding.withholds.end();
  });
}

// Whether receivers would find nothing at the fragment's name: neither its live value nor the one
// that the plan writes is an SPF record. A name that could not be read is not taken for absent.
bool is_missing(const SpfCase& item, const Name& fragment, const Plan& plan) {
  const RecordKey key{fragment, RecordType::TXT};
  const auto change = std::ranges::find_if(plan.changes, [&](const Change& other) {
    return other.name() == fragment && other.type() == RecordType::TXT &&
           other.zone == item.zone.apex && other.provider == item.zone.provider;
  });
  if (change != plan.changes.end() && !is_withheld(plan, key)) {
    const auto& after = change->set.after;
    return !after || !holds_spf(after->set);
  }
  const LiveSet live = item.zone.at(key);
  if (live.state == LiveState::Present) return !holds_spf(live.set);
  return live.state == LiveState::Absent;
}

}  // namespace

std::vector<Finding> spf_fragment_missing(const Plan& plan, const Config& config,
                                          const World& world) {
  std::vector<Finding> found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (!item.changes) continue;
    const Name& domain = item.domain.name;
    const std::set<int> before = fragments_named(domain, item.before.record);
    for (const int number : fragments_named(domain, item.after.record)) {
      const Name fragment = fragment_name(domain, number);
      if (!is_missing(item, fragment, plan)) continue;
      rules::Fault fault{
          .code = "spf-fragment-missing",
          .message = fmt::format("the record of {} includes {}, which has no SPF record: every "
                                 "check that gets that far ends in permerror (RFC 7208 "
                                 "section 5.2)",
                                 domain.text(), fragment.text()),
          .hint = fmt::format("set `flatten: auto` or `always`, which writes {} first, or drop the "
                              "include",
                              fragment.text())};
      found.push_back(before.contains(number) ? spf_finding(item, std::move(fault))
                                              : spf_refusal(item, std::move(fault)));
    }
  }
  return found;
}

}  // namespace rampart
