#include "policies/guardrails/guardrails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policies/guardrails/dmarc.h"
#include "policies/guardrails/spf.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// The names that creating `name` brings into existence: itself and its ancestors that are empty so
// far, up to the apex. An ancestor without records exists once a name below it does (RFC 8020). The
// search ends at the first ancestor that exists: everything above it exists as well.
std::vector<Name> names_created(const Name& name, const LiveZone& zone) {
  std::vector<Name> created;
  for (Name at = name; at != zone.apex && at.is_within(zone.apex); at = at.parent()) {
    const bool exists = std::ranges::any_of(zone.sets, [&](const auto& row) {
      return row.second.state == LiveState::Present && row.first.name.is_within(at);
    });
    if (exists) break;
    created.push_back(at);
  }
  return created;
}

// Whether a wildcard's mail or hosts could be in use at this name: not below an underscore. No host
// name has an underscore (RFC 1123 section 2.1), so no wildcard is missed there.
bool is_host_like(const Name& name) {
  return std::ranges::none_of(name.labels(),
                              [](std::string_view label) { return label.starts_with("_"); });
}

// A zone at two providers has two wildcards' sets, so the provider decides as well.
const LiveZone* zone_of(const Change& change, const World& world) {
  for (const LiveZone& zone :
       std::ranges::equal_range(world.zones, change.zone, {}, &LiveZone::apex)) {
    if (zone.provider == change.provider) return &zone;
  }
  return nullptr;
}

// Several changes that create one name are one fault, which withholds all of them. One finding for
// one wildcard keeps the report short, where a first plan creates dozens of names.
void add_shadow(Findings& found, Finding finding) {
  const auto same = std::ranges::find_if(found, [&](const Finding& other) {
    return other.domain == finding.domain && other.hint == finding.hint;
  });
  if (same == found.end()) return found.push_back(std::move(finding));
  same->withholds.insert(same->withholds.end(), finding.withholds.begin(), finding.withholds.end());
}

// TXT wildcards are left out: their answers concern policies that this plan writes itself.
constexpr std::array kHostTypes = {RecordType::MX, RecordType::A, RecordType::AAAA,
                                   RecordType::CNAME};

Findings shadowed_by(const Change& change, const LiveZone& zone) {
  Findings found;
  for (const Name& created : names_created(change.name(), zone)) {
    if (!is_host_like(created)) continue;
    for (const RecordKey& wildcard : zone.wildcards) {
      const bool covers =
          created.is_within(wildcard.name.parent()) && created != wildcard.name.parent();
      if (!covers || !contains(kHostTypes, wildcard.type)) continue;
      found.push_back(
          {.severity = Severity::Error,
           .code = "shadows-wildcard",
           .domain = change.domain,
           .message = fmt::format("creating {} makes {} exist, so {} {} no longer answers for it",
                                  change.name().text(), created.text(), wildcard.name.text(),
                                  to_text(wildcard.type)),
           .hint =
               fmt::format("give {} its own {} record first", created.text(),
                           wildcard.type == RecordType::CNAME ? "address" : to_text(wildcard.type)),
           .withholds = {{change.name(), change.type()}}});
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

// A value that the host would refuse fails here, before anything is written: a plan that is half
// applied is harder to repair.
Findings too_long_for_host(const Plan& plan, const Config&, const World& world) {
  Findings found;
  for (const Change& change : plan.changes) {
    const LiveZone* zone = zone_of(change, world);
    if (!change.set.after || zone == nullptr || !zone->max_txt_octets) continue;
    if (change.type() != RecordType::TXT) continue;
    for (const std::string& value : change.set.after->set.values) {
      if (value.size() <= static_cast<std::size_t>(*zone->max_txt_octets)) continue;
      found.push_back(
          {.severity = Severity::Error,
           .code = "txt-too-long",
           .domain = change.domain,
           .message = fmt::format("{} TXT has {} octets; {} takes {} at most", change.name().text(),
                                  value.size(), change.provider, *zone->max_txt_octets),
           .hint = "shorten it: a 2048-bit key in place of a 4096-bit one, or a flattened SPF",
           .withholds = {{change.name(), change.type()}}});
    }
  }
  return found;
}

// A server that fails beside others that answer: their answers are used, and it is reported.
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
      found.push_back(
          finding_of(domain, Severity::Warning, "ns-failing",
                     fmt::format("some name servers of {} do not answer: {}", zone->apex.text(),
                                 failing->second.detail),
                     "repair them, or remove them from the zone's NS records and its delegation"));
    }
  }
  return found;
}

// In the order of docs/findings.md, which is also the order in which people meet them.
constexpr std::array kGuardrails = {
    Guardrail{failing_servers},      Guardrail{ramp_jump},        Guardrail{reject_spf_only},
    Guardrail{reject_without_rua},   Guardrail{too_many_domains}, Guardrail{dkim_selector_removed},
    Guardrail{discovery_changes},    Guardrail{shadows_wildcard}, Guardrail{spf_rules},
    Guardrail{spf_fragment_missing}, Guardrail{spf_removed},      Guardrail{spf_wide},
    Guardrail{too_long_for_host},
};

}  // namespace

std::span<const Guardrail> guardrails() { return kGuardrails; }

}  // namespace rampart
