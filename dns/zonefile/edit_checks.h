/// Checks of an edit of a zone file: what may be edited, and whether the outcome is as desired.
#pragma once

#include <span>
#include <string>

#include "dns/zonefile/parser.h"

namespace rampart {

/// An Error where an edit is outside the zone, about the SOA, or one of two at the same key.
Result<Ok> check_edits(const Name& apex, std::span<const ZoneEdit> edits);

/// An Error where an edit would change a record of $INCLUDE or $GENERATE.
Result<Ok> check_borrowed(const ZoneParts& parts, std::span<const ZoneEdit> edits);

/// The texts that `file` included, for reading it again; `file` must outlive the result.
ZoneIncludes includes_of(const ZoneFile& file);

/// `text`, if it reads as `before` after `edits`, with `serial`; else an Error.
Result<std::string> proven(const ZoneFile& before, std::span<const ZoneEdit> edits,
                           std::uint32_t serial, std::string text);

}  // namespace rampart
