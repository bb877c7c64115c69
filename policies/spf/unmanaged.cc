/// A domain whose SPF record another tool keeps: what its declared senders lack there.
#include "policies/spf/unmanaged.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/spf/tree.h"
#include "policies/model/lookup.h"
#include "policies/spf/compare.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

Finding about_record(const Domain& domain, std::string message) {
  return marked(
      finding_of(domain, Severity::Info, "spf-unmanaged", std::move(message),
                 "correct or publish it with the tool that manages SPF here (`spf: unmanaged`)"),
      domain.spf->mark);
}

// Compared by the addresses that pass and not by terms: another tool may have flattened the record.
void report_lacking(const Domain& domain, const spf::Admitted& passing, const SpfOrigin& origin,
                    const World& world, PolicyResult& result) {
  const auto term = spf::parse_terms(origin.term);
  if (!term) return;
  const SpfView view = spf_view(domain.name, *term, world.answers);
  ask_tree(domain.name, view, world.answers, result.unknown);
  const spf::Admitted needed = spf::admitted_by(domain.name, *term, world.answers);
  if (!needed.complete || !passing.complete) return;  // Unknown is no reason to ask for a change.
  if (needed.pass.without(passing.pass).empty()) return;
  result.findings.push_back(
      about_record(domain, fmt::format("the SPF record of {} does not admit all of `{}`, which {} "
                                       "needs",
                                       domain.name.text(), origin.term, origin.sender)));
}

}  // namespace

PolicyResult unmanaged_spf(const Domain& domain, const World& world) {
  PolicyResult result;
  if (domain.state != DomainState::Managed || domain.dmarc.position.phase < Phase::Spf) {
    return result;
  }
  DesiredSpf declared = desired_spf(domain, world.now);
  for (Finding& finding : declared.findings) {
    // No record is written, so that no fault of one can withhold anything.
    finding.severity = Severity::Info;
    finding.withholds.clear();
    result.findings.push_back(std::move(finding));
  }
  for (const LiveZone* zone : world.zones_for(domain, domain.name)) {
    const LiveSet live = zone->at(spf_key(domain));
    if (live.state != LiveState::Present && live.state != LiveState::Absent) continue;
    const auto records = live_spf(*zone, domain);
    if (records.size() != 1 || records.front().spf() == nullptr) {
      result.findings.push_back(about_record(
          domain, fmt::format("{} publishes {} at provider {}", domain.name.text(),
                              records.empty()       ? "no SPF record"
                              : records.size() == 1 ? "an SPF record that receivers cannot read"
                                                    : "more than one SPF record",
                              zone->provider)));
      continue;
    }
    const spf::Record& record = *records.front().spf();
    const SpfView view = spf_view(domain.name, record, world.answers);
    ask_tree(domain.name, view, world.answers, result.unknown);
    const spf::Admitted passing = spf::admitted_by(domain.name, record, world.answers);
    const auto print = [](const spf::Directive& directive) { return spf::print(directive); };
    for (const SpfOrigin& origin : declared.origins) {
      if (contains(record.directives, origin.term, print)) continue;
      report_lacking(domain, passing, origin, world, result);
    }
  }
  return result;
}

}  // namespace rampart
