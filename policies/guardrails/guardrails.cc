#include "policies/guardrails/guardrails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policies/guardrails/dmarc.h"
#include "policies/guardrails/spf.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// The names that come into being with `name`: itself and its ancestors that hold nothing yet, up to
// `apex`. An ancestor without records exists as soon as something stands below it (RFC 8020).
std::vector<Name> names_created(const Name& name, const LiveZone& zone) {
  std::vector<Name> born;
  for (Name at = name; at != zone.apex && at.is_within(zone.apex); at = at.parent()) {
    bool exists = false;
    for (const auto& [key, live] : zone.sets) {
      exists = exists || (live.state == LiveState::Present && key.name.is_within(at));
    }
    if (exists) break;
    born.push_back(at);
  }
  return born;
}

// Whether mail or hosts could have lived at this name through a wildcard: not below an underscore.
bool is_host_like(const Name& name) {
  return std::ranges::none_of(name.labels(),
                              [](std::string_view label) { return label.starts_with("_"); });
}

const LiveZone* zone_of(const Change& change, const World& world) {
  for (const LiveZone& zone :
       std::ranges::equal_range(world.zones, change.zone, {}, &LiveZone::apex)) {
    if (zone.provider == change.provider) return &zone;
  }
  return nullptr;
}

// Another record that creates the same name is one more reason, not one more fault.
void add_shadow(Findings& found, Finding finding) {
  const auto told = std::ranges::find_if(found, [&](const Finding& other) {
    return other.domain == finding.domain && other.hint == finding.hint;
  });
  if (told == found.end()) return found.push_back(std::move(finding));
  told->withholds.insert(told->withholds.end(), finding.withholds.begin(), finding.withholds.end());
}

Findings shadowed_by(const Change& change, const LiveZone& zone) {
  Findings found;
  for (const Name& born : names_created(change.name(), zone)) {
    if (!is_host_like(born)) continue;
    for (const RecordKey& wildcard : zone.wildcards) {
      const bool covers = born.is_within(wildcard.name.parent()) && born != wildcard.name.parent();
      const bool hosts = wildcard.type == RecordType::MX || wildcard.type == RecordType::A ||
                         wildcard.type == RecordType::AAAA || wildcard.type == RecordType::CNAME;
      if (!covers || !hosts) continue;
      found.push_back(
          {Severity::Error,
           "shadows-wildcard",
           change.domain,
           fmt::format("creating {} makes {} exist, so {} {} no longer answers for it",
                       change.name().text(), born.text(), wildcard.name.text(),
                       to_text(wildcard.type)),
           fmt::format("give {} its own {} record first", born.text(),
                       wildcard.type == RecordType::CNAME ? "address" : to_text(wildcard.type)),
           {},
           {{change.name(), change.type()}}});
    }
  }
  return found;
}

// RFC 4592 section 2.2: a wildcard answers only for names that do not exist.
Findings shadows_wildcard(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Change& change : plan.changes) {
    const LiveZone* zone = zone_of(change, world);
    if (change.set.before || zone == nullptr || zone->wildcards.empty()) continue;
    const auto domain = config.domains.find(change.domain);
    for (Finding& finding : shadowed_by(change, *zone)) {
      if (domain != config.domains.end()) finding.mark = domain->second.mark;
      add_shadow(found, std::move(finding));
    }
  }
  return found;
}

// What a host would refuse fails here, before anything is written.
Findings too_long_for_host(const Plan& plan, const Config&, const World& world) {
  Findings found;
  for (const Change& change : plan.changes) {
    const LiveZone* zone = zone_of(change, world);
    if (!change.set.after || zone == nullptr || !zone->max_txt_octets) continue;
    for (const std::string& value : change.set.after->set.values) {
      if (change.type() != RecordType::TXT) continue;
      if (value.size() <= static_cast<std::size_t>(*zone->max_txt_octets)) continue;
      found.push_back(
          {Severity::Error,
           "txt-too-long",
           change.domain,
           fmt::format("{} TXT has {} octets; {} takes {} at most", change.name().text(),
                       value.size(), change.provider, *zone->max_txt_octets),
           "shorten it: a 2048-bit key in place of a 4096-bit one, or a flattened SPF",
           {},
           {{change.name(), change.type()}}});
    }
  }
  return found;
}

// A server that fails beside others that answer is outvoted, and named.
Findings failing_servers(const Plan&, const Config& config, const World& world) {
  Findings found;
  for (const auto& [name, domain] : config.domains) {
    for (const LiveZone* zone : world.zones_for(domain, name)) {
      if (zone->from_provider) continue;
      const auto failing = std::ranges::find_if(zone->sets, [&](const auto& entry) {
        const LiveState state = entry.second.state;
        const bool answered = state == LiveState::Present || state == LiveState::Absent;
        return answered && !entry.second.detail.empty() && entry.first.name.is_within(name);
      });
      if (failing == zone->sets.end()) continue;
      found.push_back({Severity::Warning,
                       "ns-failing",
                       name,
                       fmt::format("of the name servers of {}, not all answer: {}",
                                   zone->apex.text(), failing->second.detail),
                       "repair it, or take it out of the zone's NS records and its delegation",
                       domain.mark,
                       {}});
    }
  }
  return found;
}

constexpr std::array kGuardrails = {
    Guardrail{failing_servers},   Guardrail{ramp_jump},
    Guardrail{reject_spf_only},   Guardrail{reject_without_rua},
    Guardrail{too_many_domains},  Guardrail{dkim_selector_removed},
    Guardrail{discovery_changes}, Guardrail{shadows_wildcard},
    Guardrail{spf_all},           Guardrail{spf_fragment_missing},
    Guardrail{spf_length},        Guardrail{spf_lookups},
    Guardrail{spf_ptr},           Guardrail{spf_removed},
    Guardrail{spf_unresolved},    Guardrail{spf_voids},
    Guardrail{spf_wide},          Guardrail{too_long_for_host},
};

}  // namespace

std::span<const Guardrail> guardrails() { return kGuardrails; }

}  // namespace rampart
