/// How records are written into a zone file in the file's own style.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "dns/zonefile/parser.h"

namespace rampart {

/// The habits of a whole file.
struct ZoneStyle {
  std::string line_break;  ///< "\n" or "\r\n".
  bool relative_names;     ///< Owners are written below the origin.
  bool long_text_in_rows;  ///< Long TXT stands in parentheses, one string a row.
};

ZoneStyle style_of(const ZoneParts& parts);

/// A record to be written, and what the reader of the file knows at that place.
struct NewRecord {
  RecordKey key;
  std::string value;
  std::optional<std::chrono::seconds> ttl;  ///< Written only where it must be.
  std::optional<Name> owner_before;         ///< The owner that a blank would inherit.
  Name origin;
};

/// The record's statement laid out like `model`, line break included.
std::string print_like(const ZoneParts& parts, const ZoneRecord& model, const ZoneStyle& style,
                       const NewRecord& record);

/// The owner's text where `origin` holds.
std::string print_owner(const Name& name, const Name& origin, const ZoneStyle& style);

/// RDATA for a place that begins at `column`: one line, or rows where the style has them.
std::string print_data(RecordType type, std::string_view value, const ZoneStyle& style,
                       std::size_t column);

/// The column (0-based, tabs every 8) after `text`, which begins at column 0.
std::size_t column_after(std::string_view text);

}  // namespace rampart
