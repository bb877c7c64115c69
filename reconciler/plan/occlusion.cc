/// Delegations and DNAMEs within a zone.
#include "reconciler/plan/occlusion.h"

#include <fmt/format.h>

#include "policies/model/lookup.h"

namespace rampart {
namespace {

const LiveSet* present_at(const LiveZone& zone, const RecordKey& key) {
  const LiveSet* live = find_value(zone.sets, key);
  return live != nullptr && live->state == LiveState::Present ? live : nullptr;
}

// Providers accept records below a delegation, but no resolver ever queries them there.
Finding delegated(const Domain& domain, const LiveZone& zone, const Name& cut) {
  return finding_of(domain, Severity::Error, "zone-missing",
                    fmt::format("{} is delegated from {} (provider {}) to other servers: records "
                                "written there are never served",
                                cut.text(), zone.apex.text(), zone.provider),
                    fmt::format("set the provider that serves the zone {}", cut.text()));
}

// Knot DNS and NSD refuse the whole zone where a record exists below a DNAME, and BIND never serves
// it.
Finding redirected(const Domain& domain, const LiveZone& zone, const Occlusion& dname) {
  const std::string& owner = dname.owner.text();
  return finding_of(
      domain, Severity::Error, "occluded",
      fmt::format("{} in the zone {} (provider {}) is a DNAME to {}: no record can exist below it",
                  owner, zone.apex.text(), zone.provider, dname.target),
      fmt::format("publish these records below {} and set `phase: discovery` for the domain here, "
                  "or replace the DNAME at {}",
                  dname.target, owner));
}

}  // namespace

std::optional<Occlusion> occlusion_of(const LiveZone& zone, const Name& name) {
  for (Name at = name;; at = at.parent()) {
    // The NS set at the apex is the zone's own.
    if (at != zone.apex && present_at(zone, {at, RecordType::NS}) != nullptr) {
      return Occlusion{at, RecordType::NS, ""};
    }
    // At its own name a DNAME redirects nothing (RFC 6672 section 2.3).
    const LiveSet* dname = at == name ? nullptr : present_at(zone, {at, RecordType::DNAME});
    if (dname != nullptr) {
      const bool empty = dname->set.values.empty();
      return Occlusion{at, RecordType::DNAME,
                       empty ? "another name" : dname->set.values.begin()->text()};
    }
    if (at == zone.apex || !at.is_within(zone.apex)) return std::nullopt;
  }
}

Finding occlusion_finding(const Domain& domain, const LiveZone& zone, const Occlusion& occlusion) {
  return occlusion.type == RecordType::NS ? delegated(domain, zone, occlusion.owner)
                                          : redirected(domain, zone, occlusion);
}

std::optional<Name> unknown_redirection(const LiveZone& zone, const Name& name) {
  for (Name at = name; at != zone.apex && at.is_within(zone.apex);) {
    at = at.parent();
    const LiveSet* live = find_value(zone.sets, RecordKey{at, RecordType::DNAME});
    const bool unknown = live != nullptr && (live->state == LiveState::Unobservable ||
                                             live->state == LiveState::Disagree);
    if (unknown) return at;
  }
  return std::nullopt;
}

}  // namespace rampart
