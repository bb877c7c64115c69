/// Guardrails on DMARC enforcement and on keys in use.
#include "policies/guardrails/dmarc.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/counted.h"
#include "mail/dkim/key.h"
#include "policies/dkim/names.h"
#include "policies/dkim/past_selectors.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/ramp/ramp.h"
#include "policies/rules/dmarc.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// A managed domain's `_dmarc` with the changes that the plan makes there: one a provider.
struct Site {
  const Domain& domain;
  RecordKey key;
  std::vector<const Change*> changes;
};

// The managed domains that publish DMARC, in name order. Parked domains publish their final policy
// at once and are exempt from ramps.
std::vector<Site> sites_of(const Plan& plan, const Config& config) {
  std::map<Name, std::vector<const Change*>> changes;
  for (const Change& change : plan.changes) changes[change.name()].push_back(&change);
  std::vector<Site> sites;
  for (const auto& [name, domain] : config.domains) {
    const bool publishes = domain.dmarc.position.phase >= Phase::Monitor;
    const auto at = name.child("_dmarc");
    if (domain.state != DomainState::Managed || !publishes || !at) continue;
    const auto found = changes.find(*at);
    const auto here = found == changes.end() ? std::vector<const Change*>{} : found->second;
    sites.push_back({domain, {*at, RecordType::TXT}, here});
  }
  return sites;
}

// Two providers may publish different records today, so that one such change is enough.
bool has_stage(const Site& site, Stage stage) {
  return contains(site.changes, stage, &Change::stage);
}

// An Error that withholds where the plan tightens the policy, a Warning where the fault exists
// already: loosening is never withheld, since it is how a domain recovers.
Finding finding_at(const Site& site, rules::Fault fault) {
  Finding finding = to_finding(std::move(fault), site.domain.name, site.domain.dmarc.mark);
  finding.severity = Severity::Warning;
  if (!has_stage(site, Stage::Enforce)) return finding;
  finding.severity = Severity::Error;
  finding.withholds = {site.key};
  return finding;
}

// A CNAME at `_dmarc` has values as well, but no record of ours.
std::vector<ParsedValue> dmarc_values(const std::optional<ParsedTypedSet>& set) {
  std::vector<ParsedValue> values;
  if (!set || set->type != RecordType::TXT) return values;
  for (const ParsedValue& value : set->set.values) {
    if (value.kind() == RecordKind::Dmarc) values.push_back(value);
  }
  return values;
}

// The domain's position today at the provider of the change: that of its own record, or of the one
// it inherits; none where neither exists.
Known<RampPosition> position_before(const Site& site, const Change& change, const World& world) {
  const auto own = dmarc_values(change.set.before);
  if (own.size() == 1 && own.front().dmarc()) {
    return position_of(own.front().dmarc()->lenient.record);
  }
  // Receivers ignore several records, and one that cannot be read, and do not look further up.
  if (!own.empty()) return NoneFound();
  const DmarcLookups around = dmarc_lookups_of(site.domain.name, world);
  // What another provider publishes for the domain is not inherited by this one.
  const Answers above = with_record(around.answers, site.domain.name, std::nullopt);
  const PolicyByMethod inherited = policy_by_method(site.domain.name, above);
  if (const Unanswered* gap = inherited.gap()) return *gap;
  using Position = std::optional<RampPosition>;
  const auto position = [](const Known<dmarc::DiscoveredPolicy>& policy) {
    return policy.match(
        [](const dmarc::DiscoveredPolicy& one) { return Position(position_of(effective(one))); },
        [] { return Position(); }, [](const Unanswered&) { return Position(); });
  };
  // The milder generation counts, since receivers of either kind would experience the jump. No
  // record is the mildest.
  const Position milder = std::min(position(inherited.by_walk), position(inherited.by_psl));
  if (!milder) return NoneFound();
  return *milder;
}

// Where a step begins. What is not known counts as no record: then a step is never taken for a
// smaller one than it is.
struct StartingPoint {
  std::optional<RampPosition> position;
  std::string text;
};

StartingPoint starting_point(const Known<RampPosition>& before) {
  return before.match(
      [](const RampPosition& one) {
        return StartingPoint{one, to_text(one)};
      },
      [] {
        return StartingPoint{{}, "no record"};
      },
      [](const Unanswered& gap) {
        return StartingPoint{{}, "a position unknown: " + to_text(gap)};
      });
}

bool wants_reject(const Site& site) { return site.domain.dmarc.position.phase == Phase::Reject; }

// Whether this sender's mail can never align by DKIM. A declared selector or a rotation shows that
// it signs after all, whatever the catalogue says.
bool aligns_by_spf_alone(const Domain& domain, const Sender& sender) {
  if (sender.dkim_aligns != Aligns::No && sender.dkim_kind != DkimKind::None) return false;
  const auto declared = declared_selectors(domain);
  const bool has_key = std::ranges::any_of(
      sender.selectors, [&](const std::string& selector) { return contains(declared, selector); });
  return !has_key && !rotates(domain, sender);
}

// By ramp, since the limit is the ramp's: domains of other ramps are other people's decisions.
// Every domain of the ramp is reported, since any of them can be the one to leave out.
void report_too_many(const std::vector<Site>& sites, Stage stage, Findings& found) {
  std::map<std::string, std::vector<Site>> by_ramp;
  for (const Site& site : sites) {
    if (has_stage(site, stage)) by_ramp[site.domain.dmarc.ramp->name].push_back(site);
  }
  for (const auto& [ramp, group] : by_ramp) {
    const int most = group.front().domain.dmarc.ramp->max_domains_per_run;
    if (static_cast<int>(group.size()) <= most) continue;
    const std::string message = fmt::format(
        "ramp {} {} DMARC in at most {} per run, and this plan in {}", ramp,
        stage == Stage::Enforce ? "tightens" : "loosens", counted(most, "domain"), group.size());
    for (const Site& site : group) {
      found.push_back(finding_at(site, {.code = "too-many-domains",
                                        .message = message,
                                        .hint = "apply fewer at a time with --domain, or raise the "
                                                "ramp's max_domains_per_run"}));
    }
  }
}

// What verifiers can use at a selector: keys that are not revoked, and delegations by CNAME.
// Compared by key text, because a re-printed record with the same key is no loss.
std::set<std::string> signing_keys(const std::optional<ParsedTypedSet>& set) {
  std::set<std::string> keys;
  if (!set) return keys;
  for (const ParsedValue& value : set->set.values) {
    if (value.kind() == RecordKind::DkimCname) keys.insert("CNAME " + value.text());
    if (value.key() && !value.key()->record.revoked()) keys.insert(value.key()->record.key);
  }
  return keys;
}

// Whether the selector is a CNAME to a name that certainly does not exist: no mail can be signed by
// it. A missing answer shows nothing, and a target that exists may get its key at any time.
bool is_dead(const std::optional<ParsedTypedSet>& set, const World& world) {
  if (!set || set->type != RecordType::CNAME || set->set.values.empty()) return false;
  const auto target = Name::parse(set->set.values.begin()->text());
  const Answer* answer = target ? find_answer(world.answers, *target, RecordType::TXT) : nullptr;
  return answer != nullptr && answer->status == AnswerStatus::NxDomain;
}

// RFC 6376 section 3.1: a selector is not reused for another key, because mail in transit is still
// signed with the old one.
Finding key_lost(const Domain& domain, const Change& change, std::string_view what) {
  return withholding(
      finding_of(domain, Severity::Error, "dkim-selector-removed",
                 fmt::format("the key at {} would be {} while mail may still be signed with it",
                             change.name().text(), what),
                 "publish the new key at a new selector, move the signer, and wait until reports "
                 "no longer show the old one"),
      {{change.name(), change.type()}});
}

}  // namespace

// A first record at the ramp's first step is one step, so that new domains pass.
Findings ramp_jump(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Site& site : sites_of(plan, config)) {
    if (!has_stage(site, Stage::Enforce)) continue;
    // Receivers may query either provider, so that the one whose record is furthest behind decides.
    StartingPoint before = starting_point(position_before(site, *site.changes.front(), world));
    for (const Change* change : site.changes) {
      StartingPoint other = starting_point(position_before(site, *change, world));
      if (other.position < before.position) before = std::move(other);
    }
    const RampPosition after = site.domain.dmarc.position;
    const int steps = steps_between(*site.domain.dmarc.ramp, before.position, after);
    if (steps <= 1) continue;
    found.push_back(finding_at(
        site, {.code = "ramp-jump",
               .message = fmt::format("{} would go from {} to {}, {} steps of ramp {} at once",
                                      site.domain.name.text(), before.text, to_text(after), steps,
                                      site.domain.dmarc.ramp->name),
               .hint = "set the phase to the ramp's next step; `rampart advance` does so when it "
                       "is due"}));
  }
  return found;
}

// Forwarding breaks SPF, so that mail without DKIM is lost at p=reject.
Findings reject_spf_only(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Site& site : sites_of(plan, config)) {
    if (!wants_reject(site)) continue;
    for (const SenderUse& use : site.domain.declared_senders()) {
      if (is_retired(use, world.now) || !aligns_by_spf_alone(site.domain, *use.sender)) continue;
      found.push_back(finding_at(
          site,
          {.code = "reject-spf-only",
           .message = fmt::format("{} cannot sign as {}: with p=reject its forwarded mail is lost "
                                  "(RFC 9989 section 7.4)",
                                  use.sender->name, site.domain.name.text()),
           .hint = "let it sign with a key of this domain, move it to a sub-domain, or stay at "
                   "quarantine"}));
    }
  }
  return found;
}

// Rejected mail leaves no trace at the receiver: without reports nobody would notice its loss.
Findings reject_without_rua(const Plan& plan, const Config& config, const World&) {
  Findings found;
  for (const Site& site : sites_of(plan, config)) {
    if (!wants_reject(site) || !site.domain.dmarc.rua.empty()) continue;
    found.push_back(
        finding_at(site, rules::dmarc_without_rua(site.domain.name, dmarc::Policy::Reject)));
  }
  return found;
}

// Loosening is reported as well: a mistake in a template could open every domain at once.
Findings too_many_domains(const Plan& plan, const Config& config, const World&) {
  Findings found;
  const auto sites = sites_of(plan, config);
  report_too_many(sites, Stage::Enforce, found);
  report_too_many(sites, Stage::Relax, found);
  return found;
}

// Absent domains remove their keys on purpose, so that this guardrail does not apply to them.
Findings dkim_selector_removed(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Change& change : plan.changes) {
    const Domain* domain = find_value(config.domains, change.domain);
    if (domain == nullptr || domain->state != DomainState::Managed) continue;
    const auto before = signing_keys(change.set.before);
    const auto after = signing_keys(change.set.after);
    // A CNAME in place of a key is how delegation to a vendor begins, not a loss.
    const bool delegates = change.set.after && change.set.after->type == RecordType::CNAME;
    // Verifiers cannot choose between several keys at one selector, so keeping any of them is no
    // loss.
    const bool kept = !after.empty() && std::ranges::includes(before, after);
    if (is_dead(change.set.before, world)) continue;
    if (before.empty() || kept || (delegates && change.set.before->type == RecordType::TXT)) {
      continue;
    }
    if (after.empty() && proven_unused(*domain, world).contains(change.name())) continue;
    found.push_back(key_lost(*domain, change, after.empty() ? "removed or revoked" : "replaced"));
  }
  return found;
}

}  // namespace rampart
