/// Evaluates the policies in a World without live records, and sorts the desired records by zone.
#include "reconciler/plan/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "mail/dkim/key.h"
#include "mail/dmarc/org_domain.h"
#include "policies/dkim/names.h"
#include "policies/dkim/rotation.h"
#include "policies/model/lookup.h"
#include "policies/records/mta_sts.h"
#include "policies/records/transport.h"
#include "policies/spf/spf.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

// The name of the one provider that all domains have here.
constexpr std::string_view kNoProvider;

using Sets = std::map<RecordKey, RenderedSet>;

/// A rendering that is being built.
struct RenderDraft {
  std::map<Name, Sets> sets;  ///< By apex.
  std::vector<Finding> faults;
};

/// Whether a finding is an error without live records too. A weak key may be a live one that stays,
/// and what is published is not queried, such as the policy that a sub-domain inherits: the plan
/// reports both. That no MX is known is a fault of its own.
bool is_fault(const Finding& finding) {
  return finding.severity == Severity::Error && finding.code != "dkim-key-weak" &&
         finding.code != "unobservable";
}

/// Adds the record of a past selector. The other tool deletes what the file lacks, but mail in
/// transit may still need the key: it stays until the YAML lists it as revoked, and then an empty
/// p= stays for `revoke:` (RFC 6376 section 3.6.1).
void keep_past(const Domain& domain, const World& world, const RotationSpec& spec,
               const std::string& selector, PolicyResult& policy_result) {
  const auto name = selector_name(domain, selector);
  if (!name) return;
  const RecordKey key{*name, RecordType::TXT};
  if (contains(policy_result.desired_records, key, &DesiredRecord::key)) return;
  const PublicKey* file = find_value(world.keys, rotation_key_path(domain.name, selector));
  const bool known = file && file->record && file->record->key();
  DesiredRecord desired{.key = key, .kind = RecordKind::DkimKey, .ttl = domain.ttl};
  if (const Date* revoked = find_value(spec.revoked, selector)) {
    if (add(Time(*revoked), spec.revoke) <= world.now) return;
    dkim::KeyRecord empty;
    empty.version = "DKIM1";
    if (known) empty.type = file->record->key()->record.type;
    desired.value = ParsedValue(RecordKind::DkimKey, dkim::print_key(empty));
    desired.reason = fmt::format("because {} was revoked on {}", selector, to_text(*revoked));
  } else if (known) {
    desired.value = file->record;
    desired.reason = fmt::format("because mail signed with {} may still be in transit", selector);
  } else {
    return;  // Its key is not in the key folder, so that nothing can be rendered.
  }
  policy_result.desired_records.push_back(std::move(desired));
}

// Below phase dkim, the YAML leaves all DKIM records alone.
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

/// The records that the YAML does not manage, a sentence each: a reader of the output could take
/// their absence for an oversight.
std::vector<std::string> remarks_on(const Domain& domain) {
  const std::string& name = domain.name.text();
  const Phase phase = domain.dmarc.position.phase;
  if (domain.state == DomainState::Absent) {
    return {fmt::format("{} is declared absent: it has no desired records.", name)};
  }
  if (domain.state == DomainState::Parked) return {};
  if (phase == Phase::Discovery) {
    return {fmt::format("{} is in phase discovery: all its records are left as they are.", name)};
  }
  std::vector<std::string> remarks;
  const auto add = [&](std::string_view why, std::string_view what) {
    remarks.push_back(fmt::format("{} {}: {}.", name, why, what));
  };
  const std::string in_phase = fmt::format("is in phase {}", to_text(phase));
  if (domain.leaves_spf()) {
    add("declares `spf: unmanaged`", "its SPF record is left as it is");
  } else if (!domain.declares_spf()) {
    add("declares neither senders nor spf", "its SPF record is left as it is");
  }
  if (domain.dkim == Upkeep::Unmanaged) {
    add("declares `dkim: unmanaged`", "its DKIM records are left as they are");
  } else if (phase < Phase::Dkim) {
    add(in_phase, "its DKIM records are left as they are");
  }
  if (phase < Phase::Monitor) add(in_phase, "its DMARC record is left as it is");
  if (!domain.mta_sts) add("declares no mta_sts", "`_mta-sts` is left as it is");
  if (!domain.tls_rpt) add("declares no tls_rpt", "`_smtp._tls` is left as it is");
  return remarks;
}

// Two domains may desire one record with the same value (a report authorization), never two values.
// The smaller TTL counts: then changes are seen as early as both domains require.
void add_record(const Domain& domain, const DesiredRecord& desired, const World& world,
                RenderDraft& draft) {
  // A record that must not exist is left out: the other tool deletes it.
  if (!desired.value) return;
  const auto zones = world.zones_for(domain, desired.key.name);
  if (zones.empty()) return;
  const std::string& text = desired.value->text();
  const std::chrono::seconds ttl = desired.ttl.value_or(desired.new_ttl.value_or(kNewTtl));
  const RenderedSet first{desired.key, {ttl, {text}}, {}};
  RenderedSet& set = draft.sets[zones.front()->apex].try_emplace(desired.key, first).first->second;
  if (!set.set.values.contains(text)) {
    draft.faults.push_back(
        finding_of(domain, Severity::Error, "wanted-twice",
                   fmt::format("{} and another domain need different records at {}",
                               domain.name.text(), desired.key.name.text()),
                   "let one of them own the name"));
    return;
  }
  set.set.ttl = std::min(set.set.ttl, ttl);
  set.reasons.push_back(desired.reason);
}

// A policy names the MX hosts, so that none can be written without them. A record without a policy
// has no use: senders would only fail to fetch it (RFC 8461 section 3.3).
void require_mta_sts(const Domain& domain, const PolicyResult& policy_result,
                     std::vector<Finding>& faults) {
  const bool declared = domain.state == DomainState::Managed && domain.mta_sts &&
                        domain.dmarc.position.phase != Phase::Discovery;
  const bool known =
      contains(policy_result.desired_records, RecordKind::MtaSts, &DesiredRecord::kind);
  if (!declared || known) return;
  faults.push_back(finding_of(
      domain, Severity::Error, "mta-sts-no-mx",
      fmt::format("the MX hosts of {}, which its MTA-STS policy is to name, are not known",
                  domain.name.text()),
      "name them in `mx:`, or pass a resolver with --resolver"));
}

// The MX hosts of a rendered policy; nullopt where they are not known. A policy of mode none needs
// no hosts: it withdraws MTA-STS (RFC 8461 section 8.3).
std::optional<std::vector<std::string>> rendered_mx(const Domain& domain, const World& world) {
  using Hosts = std::optional<std::vector<std::string>>;
  if (!domain.mta_sts->mx.empty()) return domain.mta_sts->mx;
  std::vector<Question> unknown;
  return live_mx(domain, world, unknown)
      .match([](const std::vector<std::string>& hosts) { return Hosts(hosts); },
             [&] {
               const bool withdrawn = domain.mta_sts->mode == MtaStsMode::None;
               return withdrawn ? Hosts(std::in_place) : Hosts();
             },
             [](const Unanswered&) { return Hosts(); });
}

// The same policies as in a plan: what is rendered is what apply would write.
void render_domain(const Domain& domain, const World& world, RenderDraft& draft) {
  PolicyResult policy_result = evaluate_policies(domain, world);
  keep_all_past(domain, world, policy_result);
  std::ranges::copy_if(policy_result.findings, std::back_inserter(draft.faults), is_fault);
  require_mta_sts(domain, policy_result, draft.faults);
  for (const DesiredRecord& desired : policy_result.desired_records) {
    add_record(domain, desired, world, draft);
  }
}

// The output for Terraform differs by provider.
std::set<std::string> types_of(const Domain& domain, const Config& config) {
  std::set<std::string> types;
  for (const std::string& provider : domain.providers) {
    if (const auto* spec = find_value(config.providers, provider)) types.insert(spec->type);
  }
  return types;
}

Name zone_of(const Name& name, const std::set<Name>& zones) {
  for (Name at = name; !at.is_root(); at = at.parent()) {
    if (zones.contains(at)) return at;
  }
  return dmarc::org_domain_psl(name);
}

}  // namespace

Config for_rendering(Config config) {
  for (auto& [name, domain] : config.domains) domain.providers = {std::string(kNoProvider)};
  return config;
}

// Without live records all TTLs and ids are the default ones: the output depends on the YAML alone.
World empty_world(const Config& config, const std::vector<Name>& zones, Time now) {
  World world{.now = now};
  std::map<Name, LiveZone> made;
  const auto add = [&](const Name& apex) -> LiveZone& {
    LiveZone fresh{.apex = apex, .provider = std::string(kNoProvider), .complete = true};
    return made.emplace(apex, std::move(fresh)).first->second;
  };
  const std::set<Name> known(zones.begin(), zones.end());
  for (const Name& zone : known) add(zone);
  for (const auto& [name, domain] : config.domains) {
    // MX records are not Rampart's, so that their absence here proves nothing: where a policy needs
    // the hosts, they are resolved.
    LiveZone& zone = add(zone_of(name, known));
    zone.sets[{name, RecordType::MX}] = {LiveState::Unobservable, {}, "it is not queried here"};
  }
  for (auto& [apex, zone] : made) world.zones.push_back(std::move(zone));
  return world;
}

// Fewer questions than a plan has: findings that need DNS belong to the plan.
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

// Records are computed for the nameless provider; the types of providers come from the original
// configuration. A zone without a record and a domain is not rendered.
Rendering render(const Config& original, const World& world) {
  const Config config = for_rendering(original);
  RenderDraft draft;
  for (const auto& [name, domain] : config.domains) render_domain(domain, world, draft);
  std::map<Name, RenderedZone> rendered;
  const auto zone_at = [&](const Name& apex) -> RenderedZone& {
    return rendered.try_emplace(apex, RenderedZone{.apex = apex}).first->second;
  };
  for (const auto& [name, domain] : original.domains) {
    const auto zones = world.zones_for(config.domains.at(name), name);
    if (zones.empty()) continue;
    RenderedZone& zone = zone_at(zones.front()->apex);
    std::ranges::move(remarks_on(domain), std::back_inserter(zone.remarks));
    zone.provider_types.merge(types_of(domain, original));
  }
  for (auto& [apex, sets] : draft.sets) {
    for (auto& [key, set] : sets) zone_at(apex).sets.push_back(std::move(set));
  }
  Rendering rendering{{}, std::move(draft.faults)};
  for (auto& [apex, zone] : rendered) rendering.zones.push_back(std::move(zone));
  return rendering;
}

RenderedPolicies render_policies(const Config& original, const World& world) {
  const Config config = for_rendering(original);
  RenderedPolicies rendered;
  for (const auto& [name, domain] : config.domains) {
    if (!domain.mta_sts || domain.state != DomainState::Managed) continue;
    if (const auto mx = rendered_mx(domain, world)) {
      rendered.policies.emplace_back(name, mta_sts_policy(*domain.mta_sts, *mx));
    } else {
      require_mta_sts(domain, {}, rendered.faults);
    }
  }
  return rendered;
}

}  // namespace rampart
