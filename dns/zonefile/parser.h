/// A zone file's records, each with the places of its parts: what reading and editing share.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "dns/presentation_lexer.h"
#include "dns/zonefile/zone_file.h"

namespace rampart {

/// One record and where its parts stand among its statement's words.
struct ZoneRecord {
  std::size_t statement;
  std::optional<std::size_t> owner;  ///< Word 0 where the owner is written, else inherited.
  std::optional<std::size_t> ttl;
  std::optional<std::size_t> zone_class;
  std::size_t type;  ///< The data follows.
  ZoneEntry entry;
};

/// What holds at the end of a statement.
struct ZoneContext {
  Name origin;
  std::optional<std::chrono::seconds> default_ttl;  ///< $TTL, or the SOA's minimum in its place.
};

/// A file taken apart; it refers to the text that was parsed.
struct ZoneParts {
  std::string_view text;
  std::vector<ZoneStatement> statements;
  std::vector<ZoneContext> contexts;  ///< One a statement.
  std::vector<ZoneRecord> records;    ///< In file order.
};

/// Takes a file apart, with the checks of parse_zone_file.
Result<ZoneParts> parse_zone_parts(const Name& apex, std::string_view text);

}  // namespace rampart
