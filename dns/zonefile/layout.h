/// Prints records in the style of the zone file they are added to.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "dns/zonefile/parser.h"

namespace rampart {

/// The conventions of a file, as its majority of records shows them.
struct ZoneStyle {
  std::string line_break;  ///< "\n" or "\r\n".
  bool relative_names;     ///< Owners are written relative to the origin.
  bool long_text_in_rows;  ///< Long TXT is written in parentheses, one string per line.
};

/// Detects a file's style.
ZoneStyle style_of(const ZoneParts& parts);

/// A record to be added, and the context at the position where it is inserted.
struct NewRecord {
  RecordKey key;
  std::string value;
  std::optional<std::chrono::seconds> ttl;  ///< Written only where $TTL does not give it.
  std::optional<Name> owner_before;         ///< The owner that a leading blank inherits.
  Name origin;
};

/// The record's statement with the layout of `model`, line break included.
std::string print_like(const ZoneParts& parts, const ZoneRecord& model, const ZoneStyle& style,
                       const NewRecord& record);

/// The owner as text under `origin`.
std::string print_owner(const Name& name, const Name& origin, const ZoneStyle& style);

/// RDATA that begins at `column`: one line, or several where the style has them.
std::string print_data(RecordType type, std::string_view value, const ZoneStyle& style,
                       std::size_t column);

/// The column (0-based, tabs every 8) after `text`, which begins at column 0.
std::size_t column_after(std::string_view text);

}  // namespace rampart
