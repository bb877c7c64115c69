/// The desired record at `_dmarc`, with its stage, its reason and its findings.
#include <fmt/format.h>

#include "mail/dmarc/org_domain.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/dmarc/dmarc.h"
#include "policies/dmarc/report_authorization.h"
#include "policies/model/live.h"
#include "policies/ramp/ramp.h"
#include "policies/rules/dmarc.h"

namespace rampart {
namespace {

// Of a new record below the target: a rollback must reach receivers within minutes.
constexpr std::chrono::seconds kRampTtl{300};

// Marked where the YAML has `dmarc:`.
Finding dmarc_finding(const Domain& domain, Severity severity, CodeName code, std::string message,
                      std::string hint) {
  return marked(finding_of(domain, severity, code, std::move(message), std::move(hint)),
                domain.dmarc.mark);
}

// The live record that receivers apply; they drop several (RFC 9989 section 4.10).
std::optional<dmarc::Record> applied_record(const std::vector<ParsedValue>& values) {
  if (values.size() != 1 || values.front().dmarc() == nullptr) return std::nullopt;
  return values.front().dmarc()->lenient.record;
}

// Unknown tags may be intended by their owner and stay. Removing a tag that somebody added on
// purpose would be a change that nobody asked for.
void keep_unknown_tags(const std::vector<ParsedValue>& values, const World& world,
                       dmarc::Record& record) {
  for (const ParsedValue& value : values) {
    if (value.dmarc() == nullptr) continue;
    for (const Tag& tag : value.dmarc()->lenient.record.unknown) {
      // RFC 9989 appendix C.5.2 removed rf and ri; --normalize, which rewrites records, drops them.
      if (world.normalize && (tag.name == "rf" || tag.name == "ri")) continue;
      if (!find_tag(record.unknown, tag.name)) record.unknown.push_back(tag);
    }
  }
}

// A missing record counts as p=none, so that a first record with p=none tightens nothing.
Stage stage_for(const std::optional<dmarc::Record>& before, const dmarc::Record& after) {
  dmarc::Record none;
  none.p = dmarc::Policy::None;
  if (dmarc::tightens(before.value_or(none), after)) return Stage::Enforce;
  return before && dmarc::loosens(*before, after) ? Stage::Relax : Stage::Publish;
}

// Reviewers see the ramp and its target, so that they can tell a step from a change by hand.
std::string reason_for(const Domain& domain) {
  const DmarcSpec& spec = domain.dmarc;
  if (spec.position == spec.target) {
    return fmt::format("because the YAML sets {} for {}, its target (ramp {})",
                       to_text(spec.position), domain.name.text(), spec.ramp->name);
  }
  return fmt::format("because the YAML sets {} for {} (ramp {}, target {})", to_text(spec.position),
                     domain.name.text(), spec.ramp->name, to_text(spec.target));
}

// A warning and not an Error: the plan itself repairs it by writing one record in their place.
void report_several(const Domain& domain, const Name& name, std::size_t count,
                    PolicyResult& policy_result) {
  policy_result.findings.push_back(dmarc_finding(
      domain, Severity::Warning, "dmarc-multiple",
      fmt::format("{} holds {} DMARC records, so receivers apply none of them", name.text(), count),
      "this plan replaces them with one"));
}

// What becomes of a value at `_dmarc` that some or all receivers ignore.
std::string remedy_for(const Domain& domain, const ParsedValue& value) {
  // It may belong to another service that uses the same name; below this phase nothing is written.
  if (value.kind() != RecordKind::Dmarc || domain.dmarc.position.phase < Phase::Monitor) {
    return "correct or remove it by hand: Rampart does not change it";
  }
  const ParsedDmarc* read = value.dmarc();
  const bool kept = read != nullptr && read->strict;
  return kept ? "`--normalize` rewrites the record, and so does every change of it"
              : "this plan writes it as every receiver reads it";
}

void report_near_misses(const Domain& domain, const World& world, const RecordKey& key,
                        PolicyResult& policy_result) {
  for (const RecordKind kind : {RecordKind::Dmarc, RecordKind::Foreign}) {
    for (const ParsedValue& value : live_values(domain, world, key, kind)) {
      const auto slip = rules::dmarc_slip(key, value.text());
      if (!slip) continue;
      rules::Fault fault = rules::dmarc_near_miss(domain.name, value.text(), *slip);
      fault.hint = remedy_for(domain, value);
      policy_result.findings.push_back(
          to_finding(std::move(fault), domain.name, domain.dmarc.mark));
    }
  }
}

// Adds the questions that show which record governs a sub-domain. An organizational domain is
// governed by its own record, so that nothing is queried for it.
void add_discovery_questions(const Domain& domain, const World& world,
                             PolicyResult& policy_result) {
  if (dmarc::org_domain_psl(domain.name) == domain.name) return;
  policy_result.unknown = dmarc_lookups_of(domain.name, world).unknown;
}

// The domain whose record governs, for a message.
std::string governing_name(const Known<dmarc::DiscoveredPolicy>& governing) {
  return governing.match([](const dmarc::DiscoveredPolicy& one) { return one.at.text(); },
                         [] { return std::string("no record"); },
                         [](const Unanswered& gap) { return to_text(gap); });
}

// Whether the desired record requests less of receivers than the effective policy; also where that
// is unknown.
bool weakens(const Known<dmarc::DiscoveredPolicy>& before, const dmarc::Record& desired) {
  return before.match(
      [&](const dmarc::DiscoveredPolicy& one) { return dmarc::loosens(effective(one), desired); },
      [] { return false; }, [](const Unanswered&) { return true; });
}

// The record that got no answer may be a stricter one, so that the new record is withheld.
Finding inheritance_unknown(const Domain& domain, const Unanswered& gap) {
  return dmarc_finding(
      domain, Severity::Error, "unobservable",
      fmt::format("{}, so it is not known which policy {} inherits: a record of its own might "
                  "weaken it",
                  to_text(gap), domain.name.text()),
      "plan again when it answers, or name another resolver by --resolver");
}

// A sub-domain without a record of its own inherits a policy; a new record must not request less of
// receivers of either generation.
void check_inheritance(const Domain& domain, const World& world, const DesiredRecord& desired,
                       PolicyResult& policy_result) {
  if (dmarc::org_domain_psl(domain.name) == domain.name) return;
  const DmarcLookups lookups = dmarc_lookups_of(domain.name, world);
  const PolicyByMethod before = policy_by_method(domain.name, lookups.answers);
  if (const Unanswered* gap = before.gap()) {
    policy_result.findings.push_back(withholding(inheritance_unknown(domain, *gap), {desired.key}));
    return;
  }
  const dmarc::Record after = record_for(domain.dmarc);
  // The tree walk's record is named where both are weakened, since current receivers use that.
  const bool by_walk = weakens(before.by_walk, after);
  if (!by_walk && !weakens(before.by_psl, after)) return;
  policy_result.findings.push_back(withholding(
      dmarc_finding(
          domain, Severity::Error, "weakens-inherited-policy",
          fmt::format("{} inherits a stricter policy from {}: a record of its own at "
                      "{} would weaken it",
                      domain.name.text(), governing_name(by_walk ? before.by_walk : before.by_psl),
                      to_text(domain.dmarc.position)),
          "set the domain's phase to the one that it inherits, or remove its `dmarc:`"),
      {desired.key}));
}

}  // namespace

// Inheritance is checked only where no record exists: an existing one governs the domain already,
// so that nothing is inherited.
PolicyResult dmarc_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  add_discovery_questions(domain, world, policy_result);
  const auto name = domain.name.child("_dmarc");
  if (!name) return policy_result;
  const RecordKey key{*name, RecordType::TXT};
  report_near_misses(domain, world, key, policy_result);
  if (domain.dmarc.position.phase < Phase::Monitor) return policy_result;
  const auto live = live_values(domain, world, key, RecordKind::Dmarc);
  // Receivers discard the others, which count neither as several nor as one.
  std::vector<ParsedValue> read = live;
  std::erase_if(read, [&key](const ParsedValue& value) { return !is_read(key, value.text()); });
  const auto before = applied_record(read);
  dmarc::Record record = record_for(domain.dmarc);
  keep_unknown_tags(live, world, record);
  DesiredRecord desired =
      publication(key, ParsedValue(RecordKind::Dmarc, dmarc::print(record)), reason_for(domain));
  desired.ttl = declared_ttl(domain, domain.dmarc.ttl);
  desired.stage = stage_for(before, record);
  if (domain.dmarc.position < domain.dmarc.target) desired.new_ttl = kRampTtl;
  if (read.size() > 1) report_several(domain, *name, read.size(), policy_result);
  if (read.empty()) check_inheritance(domain, world, desired, policy_result);
  policy_result.desired_records.push_back(std::move(desired));
  policy_result.append(report_authorizations(domain, world));
  return policy_result;
}

}  // namespace rampart
