/// Names at which a zone cannot have records of its own: at or below a delegation, and below a
/// DNAME.
#pragma once

#include <optional>
#include <string>

#include "policies/model/plan.h"
#include "policies/model/world.h"

namespace rampart {

/// The record that hides a name from resolvers.
struct Occlusion {
  Name owner;
  RecordType type;     ///< NS or DNAME.
  std::string target;  ///< The name that the DNAME redirects to; empty for NS.
};

/// What hides `name` in the zone: a delegation at or above it (RFC 1034 section 4.2.1), or a DNAME
/// above it (RFC 6672 section 2.4); of several the nearest. nullopt where none is known.
std::optional<Occlusion> occlusion_of(const LiveZone& zone, const Name& name);

/// The error for records that are desired at a hidden name; it withholds nothing yet.
Finding occlusion_finding(const Domain& domain, const LiveZone& zone, const Occlusion& occlusion);

/// The nearest name above `name` whose DNAME was queried and is not known: its servers did not
/// answer or disagree.
std::optional<Name> unknown_redirection(const LiveZone& zone, const Name& name);

}  // namespace rampart
