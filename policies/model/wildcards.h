/// Which wildcard of a zone answers for a name that has no record (RFC 4592).
#pragma once

#include <optional>

#include "policies/model/world.h"

namespace rampart {

/// Whether `name` exists by what was read of `zone`: a record is at it or below it (RFC 8020
/// section 2).
bool exists_in(const Name& name, const LiveZone& zone);

/// The owner of the wildcard that answers for `name`, by what was read of `zone`: `*` below the
/// closest encloser, the longest existing name above (RFC 4592 section 3.3.1). nullopt where `name`
/// exists, or no wildcard is there. Where the zone is not complete, a name that was not read may
/// exist and hide the wildcard.
std::optional<Name> wildcard_for(const Name& name, const LiveZone& zone);

/// Whether a wildcard of this owner and type is known to exist, even if its values were not read.
bool has_wildcard(const RecordKey& key, const LiveZone& zone);

}  // namespace rampart
