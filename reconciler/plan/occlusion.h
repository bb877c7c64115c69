/// Names at which a zone cannot have records of its own: at or below a delegation, and below a
/// DNAME.
#pragma once

#include <optional>
#include <string>

#include "policies/model/plan.h"
#include "policies/model/world.h"

namespace rampart {

/// The record that hides a name.
struct Occlusion {
  Name owner;
  RecordType type;     ///< NS or DNAME.
  std::string target;  ///< What the DNAME redirects to.
};

/// What hides `name` in the zone, nearest to the name first: a delegation at or above it (RFC 1034
/// section 4.2.1), or a DNAME above it (RFC 6672 section 2.4). nullopt where nothing is known to.
std::optional<Occlusion> occlusion_of(const LiveZone& zone, const Name& name);

/// The error for records that are desired at a hidden name; it withholds nothing yet.
Finding occlusion_finding(const Domain& domain, const LiveZone& zone, const Occlusion& occlusion);

/// The nearest name above `name` of which it was queried, but is not known, whether it has a DNAME.
std::optional<Name> unknown_redirection(const LiveZone& zone, const Name& name);

}  // namespace rampart
