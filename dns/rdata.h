/// RDATA between presentation form and the one spelling that a RecordSet keeps.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dns/presentation_lexer.h"
#include "dns/record.h"

namespace rampart {

/// The value, as in RecordSet, of RDATA written as `words`; relative names are below `origin`.
/// Types whose fields are unknown here are kept as text.
Result<std::string> canonical_rdata(RecordType type, std::span<const ZoneWord> words,
                                    const Name& origin);

/// As above for one line of presentation form in which every name is absolute.
Result<std::string> canonical_rdata(RecordType type, std::string_view text);

/// Presentation form of a value as in RecordSet: names end in a dot, TXT is cut and quoted.
std::string print_rdata(RecordType type, std::string_view value);

/// Reads a zone file's word as a name: "@", relative or absolute. Octets beyond ASCII are kept
/// unchanged, as name servers do.
Result<Name> read_zone_name(const ZoneWord& word, const Name& origin);

/// A period in seconds, plain or with units as in "1h30m".
std::optional<std::uint32_t> read_period(std::string_view text);

}  // namespace rampart
