/// From policy results in a World without live records to the records of whole zones.
#include "reconciler/plan/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "mail/dkim/key.h"
#include "mail/dmarc/org_domain.h"
#include "policies/dkim/names.h"
#include "policies/dkim/rotation.h"
#include "policies/records/mta_sts.h"
#include "policies/records/transport.h"
#include "policies/spf/spf.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

constexpr std::string_view kNobody;  // The nameless provider.

/// A rendering while it grows.
struct RenderDraft {
  std::map<Name, RenderedZone> zones;
  std::vector<Finding> faults;
};

RenderedZone& zone_at(RenderDraft& draft, const Name& apex) {
  return draft.zones.try_emplace(apex, RenderedZone{.apex = apex}).first->second;
}

/// Whether this error is certain without the live records; the others belong to the plan.
bool counts(const Finding& finding) {
  return finding.severity == Severity::Error && finding.code != "dkim-key-weak";
}

/// A past selector's key stays until the YAML lists it as revoked, then its empty p= until it has
/// been revoked long enough.
/// The other tool deletes what the file leaves out, so a key that old mail may still need must be
/// in the file.
void keep_past(const Domain& domain, const World& world, const RotationSpec& spec,
               const std::string& selector, PolicyResult& policy_result) {
  const auto name = selector_name(domain, selector);
  if (!name) return;
  const RecordKey key{*name, RecordType::TXT};
  if (std::ranges::find(policy_result.desired_records, key, &DesiredRecord::key) !=
      policy_result.desired_records.end())
    return;
  const auto made = world.keys.find(rotation_key_path(domain.name, selector));
  const bool known = made != world.keys.end() && made->second.record && made->second.record->key();
  DesiredRecord desired{.key = key, .kind = RecordKind::DkimKey, .ttl = domain.ttl};
  const auto revoked = spec.revoked.find(selector);
  if (revoked != spec.revoked.end()) {
    if (add(Time(revoked->second), spec.revoke) <= world.now) return;
    dkim::KeyRecord empty;
    empty.version = "DKIM1";
    if (known) empty.type = made->second.record->key()->record.type;
    desired.value = ParsedValue(RecordKind::DkimKey, dkim::print_key(empty));
    desired.reason =
        fmt::format("because {} was revoked on {}", selector, to_text(revoked->second));
  } else if (known) {
    desired.value = made->second.record;
    desired.reason = fmt::format("because mail signed with {} may still be in transit", selector);
  } else {
    return;
  }
  policy_result.desired_records.push_back(std::move(desired));
}

void keep_all_past(const Domain& domain, const World& world, PolicyResult& policy_result) {
  if (domain.state != DomainState::Managed || domain.dmarc.position.phase < Phase::Dkim) return;
  for (const RotationSpec& spec : domain.rotations) {
    for (const std::string& past : spec.past) {
      for (const std::string& one : selectors_of(past)) {
        keep_past(domain, world, spec, one, policy_result);
      }
    }
  }
}

/// What the YAML leaves alone, so that its absence is not taken for an oversight.
/// A reader of the output cannot see the YAML: each thing that is left out on purpose is named.
std::vector<std::string> remarks_on(const Domain& domain) {
  const std::string& name = domain.name.text();
  const Phase phase = domain.dmarc.position.phase;
  std::vector<std::string> remarks;
  if (domain.state == DomainState::Absent) {
    return {fmt::format("{} is declared absent: it has no desired records.", name)};
  }
  if (domain.state == DomainState::Parked) return {};
  if (phase == Phase::Discovery) {
    return {fmt::format("{} is in phase discovery: all its records are left as they are.", name)};
  }
  if (!domain.declares_spf()) {
    remarks.push_back(
        fmt::format("{} declares neither senders nor spf: its SPF record is left as it is.", name));
  }
  if (phase < Phase::Dkim) {
    remarks.push_back(fmt::format("{} is in phase {}: its DKIM records are left as they are.", name,
                                  to_text(phase)));
  }
  if (phase < Phase::Monitor) {
    remarks.push_back(
        fmt::format("{} is in phase {}: its DMARC record is left as it is.", name, to_text(phase)));
  }
  if (!domain.mta_sts) {
    remarks.push_back(fmt::format("{} declares no mta_sts: `_mta-sts` is left as it is.", name));
  }
  if (!domain.tls_rpt) {
    remarks.push_back(fmt::format("{} declares no tls_rpt: `_smtp._tls` is left as it is.", name));
  }
  return remarks;
}

// Two domains may name one key with the same value (report authorizations), never with two values.
void add_record(const Domain& domain, const DesiredRecord& desired, const World& world,
                RenderDraft& draft) {
  if (!desired.value) return;
  const auto zones = world.zones_for(domain, desired.key.name);
  if (zones.empty()) return;
  RenderedZone& zone = zone_at(draft, zones.front()->apex);
  const std::chrono::seconds ttl = desired.ttl.value_or(desired.new_ttl.value_or(kNewTtl));
  const auto same = std::ranges::find(zone.sets, desired.key, &RenderedSet::key);
  if (same == zone.sets.end()) {
    zone.sets.push_back({desired.key, {ttl, {desired.value->text()}}, {desired.reason}});
    return;
  }
  if (!same->set.values.contains(desired.value->text())) {
    draft.faults.push_back(
        finding_of(domain, Severity::Error, "wanted-twice",
                   fmt::format("{} and another domain need different records at {}",
                               domain.name.text(), desired.key.name.text()),
                   "let one of them own the name"));
    return;
  }
  same->set.ttl = std::min(same->set.ttl, ttl);
  same->reasons.push_back(desired.reason);
}

// Without the hosts no policy can be written, and a record without a policy would stop mail to the
// domain.
void require_mta_sts(const Domain& domain, const PolicyResult& policy_result, RenderDraft& draft) {
  const bool desired_records = domain.state == DomainState::Managed && domain.mta_sts &&
                               domain.dmarc.position.phase != Phase::Discovery;
  const bool there = std::ranges::find(policy_result.desired_records, RecordKind::MtaSts,
                                       &DesiredRecord::kind) != policy_result.desired_records.end();
  if (!desired_records || there) return;
  draft.faults.push_back(finding_of(
      domain, Severity::Error, "mta-sts-no-mx",
      fmt::format("the MX hosts of {}, which its MTA-STS policy is to name, are not known",
                  domain.name.text()),
      "name them in `mx:`, or pass a resolver with --resolver"));
}

// The same policies as in a plan: what is rendered is what apply would write.
void render_domain(const Domain& domain, const World& world, RenderDraft& draft) {
  PolicyResult policy_result = evaluate_policies(domain, world);
  keep_all_past(domain, world, policy_result);
  std::ranges::copy_if(policy_result.findings, std::back_inserter(draft.faults), counts);
  require_mta_sts(domain, policy_result, draft);
  for (const DesiredRecord& desired : policy_result.desired_records)
    add_record(domain, desired, world, draft);
}

std::set<std::string> types_of(const Domain& domain, const Config& config) {
  std::set<std::string> types;
  for (const std::string& provider : domain.providers) {
    const auto spec = config.providers.find(provider);
    if (spec != config.providers.end()) types.insert(spec->second.type);
  }
  return types;
}

}  // namespace

Name zone_of(const Name& name, const std::vector<Name>& zones) {
  for (Name at = name; !at.is_root(); at = at.parent()) {
    if (std::ranges::find(zones, at) != zones.end()) return at;
  }
  return dmarc::org_domain_psl(name);
}

Config for_rendering(Config config) {
  for (auto& [name, domain] : config.domains) domain.providers = {std::string(kNobody)};
  return config;
}

// Without live records every TTL and id is the default one, so that the output depends on the YAML
// alone.
World empty_world(const Config& config, const std::vector<Name>& zones, Time now) {
  World world{.now = now};
  std::map<Name, LiveZone> made;
  const auto add = [&](const Name& apex) -> LiveZone& {
    LiveZone fresh{.apex = apex, .provider = std::string(kNobody), .complete = true};
    return made.emplace(apex, std::move(fresh)).first->second;
  };
  for (const Name& zone : zones) add(zone);
  for (const auto& [name, domain] : config.domains) {
    // The MX records are others' and are queried if a policy names them.
    LiveZone& zone = add(zone_of(name, zones));
    zone.sets[{name, RecordType::MX}] = {LiveState::Unobservable, {}, "it is not asked here"};
  }
  for (auto& [apex, zone] : made) world.zones.push_back(std::move(zone));
  return world;
}

// Fewer than a plan asks: findings that need DNS belong to the plan.
std::vector<Question> rendering_questions(const Config& config, const World& world) {
  std::set<Question> wanted;
  for (const auto& [name, domain] : config.domains) {
    if (domain.state != DomainState::Managed) continue;
    std::vector<Question> unknown = transport_policy(domain, world).unknown;
    if (domain.spf && domain.spf->flatten != Flatten::Never) {
      std::ranges::move(spf_policy(domain, world).unknown, std::back_inserter(unknown));
    }
    for (Question& question : unknown) {
      if (!world.answers.contains(question)) wanted.insert(std::move(question));
    }
  }
  return {wanted.begin(), wanted.end()};
}

// Remarks come from the original configuration, since for_rendering has replaced the providers.
Rendering render(const Config& original, const World& world) {
  const Config config = for_rendering(original);
  RenderDraft draft;
  for (const auto& [name, domain] : config.domains) render_domain(domain, world, draft);
  for (const auto& [name, domain] : original.domains) {
    const auto zones = world.zones_for(config.domains.at(name), name);
    if (zones.empty()) continue;
    RenderedZone& zone = zone_at(draft, zones.front()->apex);
    std::ranges::move(remarks_on(domain), std::back_inserter(zone.remarks));
    zone.provider_types.merge(types_of(domain, original));
  }
  Rendering rendering{{}, std::move(draft.faults)};
  for (auto& [apex, zone] : draft.zones) {
    std::ranges::sort(zone.sets, {}, &RenderedSet::key);
    rendering.zones.push_back(std::move(zone));
  }
  return rendering;
}

// Mode none needs no MX: the policy withdraws itself (RFC 8461 section 8.3).
RenderedPolicies render_policies(const Config& original, const World& world) {
  const Config config = for_rendering(original);
  RenderedPolicies rendered;
  RenderDraft draft;
  for (const auto& [name, domain] : config.domains) {
    if (!domain.mta_sts || domain.state != DomainState::Managed) continue;
    std::vector<Question> unknown;
    std::vector<std::string> mx = domain.mta_sts->mx;
    if (mx.empty()) mx = live_mx(domain, world, unknown);
    const bool known = unknown.empty() && (!mx.empty() || domain.mta_sts->mode == "none");
    if (known) {
      rendered.policies.emplace_back(name, mta_sts_policy(*domain.mta_sts, mx));
    } else {
      require_mta_sts(domain, {}, draft);
    }
  }
  rendered.faults = std::move(draft.faults);
  return rendered;
}

}  // namespace rampart
