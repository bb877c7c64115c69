/// A zone file's records, each with the positions of its parts; used to read and to edit.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/presentation_lexer.h"
#include "dns/zonefile/zone_file.h"

namespace rampart {

/// One record and the indices of its parts among its statement's words.
struct ZoneRecord {
  std::size_t statement;
  std::optional<std::size_t> owner;  ///< 0 where the owner is written; empty where it is inherited.
  std::optional<std::size_t> ttl;
  std::optional<std::size_t> zone_class;
  std::size_t type;  ///< The data is in the words that follow.
  ZoneEntry entry;
};

/// Origin and default TTL as they are after a statement.
struct ZoneContext {
  Name origin;
  std::optional<std::chrono::seconds> default_ttl;  ///< $TTL, or the SOA's minimum instead.
  std::string unclear_after;  ///< The directive after which servers differ on the TTL, or empty.
};

/// A parsed file; it refers to the text that was parsed.
struct ZoneParts {
  std::string_view text;
  std::vector<ZoneStatement> statements;
  std::vector<ZoneContext> contexts;            ///< One per statement.
  std::vector<ZoneRecord> records;              ///< In file order.
  std::vector<ZoneEntry> borrowed;              ///< Of $INCLUDE and $GENERATE, in order.
  std::map<std::string, std::string> included;  ///< As in ZoneFile.
};

/// Parses a file, with the checks of parse_zone_file.
Result<ZoneParts> parse_zone_parts(const Name& apex, std::string_view text,
                                   const ZoneIncludes& includes);

}  // namespace rampart
