/// Which domains can protect names that do not exist before their ramp does.
#include "policies/dmarc/np_proposal.h"

#include <fmt/format.h>

#include <map>

#include "base/counted.h"
#include "mail/dmarc/org_domain.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/ramp/ramp.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

// A tag that the YAML sets is its owner's decision. Without np, sp applies, and without that p (RFC
// 9989 section 4.7).
bool leaves_names_open(const DmarcSpec& spec) {
  return !spec.np && spec.sp.value_or(policy_of(spec.position.phase)) != dmarc::Policy::Reject;
}

// Below the organizational domain receivers ignore np. Both ways to find that domain must agree.
bool is_organization(const Name& domain, const World& world) {
  if (dmarc::org_domain_psl(domain) != domain) return false;
  std::vector<Question> unknown;
  return dmarc::org_domain_walk(domain, dmarc_lookups_of(domain, world).answers, unknown)
      .match([&](const Name& org) { return org == domain; }, [] { return true; },
             [](const Unanswered&) { return true; });
}

// Whether the gates that count reports are met: the other gates are about mail of the domain
// itself, and a proposal may come before its next step.
bool has_enough_reports(const StepFacts& facts, const StepEvidence& seen) {
  const Gates& gates = facts.domain.dmarc.ramp->gates;
  const std::int64_t least = seen.low_volume ? gates.low_volume_min_messages : gates.min_messages;
  return has_fresh_evidence(facts) && seen.tally.own >= least &&
         seen.reporters >= gates.min_reporters;
}

// Mail that np=reject may hit, or that shows that somebody uses such names.
bool may_be_own(const EvidenceRow& row) {
  return row.passes() || row.marked || row.outcome == DmarcOutcome::Forwarded || !row.lacks.empty();
}

bool is_known_to_exist(const Name& name, const Config& config, const World& world) {
  if (config.domains.contains(name)) return true;
  if (name.is_wildcard()) return false;
  const DmarcLookups lookups = dmarc_lookups_of(name, world);
  const auto own = lookups.answers.find({name, RecordType::TXT});
  return own != lookups.answers.end() &&
         (own->second.status == AnswerStatus::Data || own->second.status == AnswerStatus::NoData);
}

// What reports show of names below the domain that are not known to exist.
struct MissingNames {
  bool needed = false;       // Some mail of the domain's own comes from them.
  std::int64_t spoofed = 0;  // Failing messages that nothing ties to the domain.
};

MissingNames missing_names(const StepFacts& facts, EvidenceWindow window) {
  MissingNames missing;
  std::map<Name, bool> exists;
  for (const EvidenceRow* row : rows_within(facts.rows, window)) {
    const Name& author = row->header_from;
    if (author == facts.domain.name || !author.is_within(facts.domain.name)) continue;
    const auto [known, added] = exists.try_emplace(author);
    if (added) known->second = is_known_to_exist(author, facts.config, facts.world);
    if (known->second || ignores(facts.domain, row->source)) continue;
    missing.needed = missing.needed || may_be_own(*row);
    missing.spoofed += row->messages;
  }
  return missing;
}

std::optional<Finding> proposal_for(const Domain& domain, const Config& config,
                                    const World& world) {
  const bool publishes = domain.dmarc.position.phase >= Phase::Monitor;
  if (domain.state != DomainState::Managed || !publishes) return std::nullopt;
  if (!leaves_names_open(domain.dmarc) || !is_organization(domain.name, world)) return std::nullopt;
  const StepFacts facts = facts_of(domain, config, world);
  const StepEvidence seen = gate_evidence(facts);
  if (!has_enough_reports(facts, seen)) return std::nullopt;
  const MissingNames missing = missing_names(facts, seen.window);
  if (missing.needed) return std::nullopt;
  std::string message = fmt::format(
      "reports of {} to {} show no mail of {} from names below it that do not exist: np=reject can "
      "protect these names now",
      to_text(seen.window.from), to_text(seen.window.until - std::chrono::days(1)),
      domain.name.text());
  if (missing.spoofed > 0) {
    message += fmt::format("; {} failing messages use such names, and nothing ties them to it",
                           grouped(missing.spoofed));
  }
  return marked(finding_of(domain, Severity::Info, "np-reject", std::move(message),
                           fmt::format("add `np: reject` to the `dmarc:` of {}; receivers that "
                                       "follow RFC 7489 ignore it",
                                       domain.name.text())),
                domain.dmarc.mark);
}

}  // namespace

void propose_np_reject(const Config& config, const World& world, Plan& plan) {
  if (!world.evidence) return;
  for (const auto& [name, domain] : config.domains) {
    if (auto proposal = proposal_for(domain, config, world)) {
      plan.findings.push_back(std::move(*proposal));
    }
  }
}

}  // namespace rampart
