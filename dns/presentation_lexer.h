/// Splits a zone file into words with their positions (RFC 1035 section 5.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart {

/// A word between blanks, or the content of a quoted string; escapes are kept.
struct ZoneWord {
  std::string_view text;
  bool quoted;        ///< Written in quotes, which `text` leaves out.
  bool glued;         ///< Directly behind the previous word, without a blank.
  std::size_t begin;  ///< Offset in the file, quotes included.
  std::size_t end;
  int line;  ///< 1-based.
};

/// One line, or several joined by parentheses; comment lines and empty lines have no words.
/// Concatenated, the statements of a file are all of its octets.
struct ZoneStatement {
  std::size_t begin;
  std::size_t end;  ///< After the line break.
  int first_line;
  int last_line;
  bool indented;  ///< Begins with a blank: the owner is that of the previous record.
  std::vector<ZoneWord> words;
  std::optional<std::size_t> open;   ///< The first parenthesis.
  std::optional<std::size_t> close;  ///< After the last one.
};

/// Splits a file; `text` must outlive the result. Errors name the line.
Result<std::vector<ZoneStatement>> lex_zone(std::string_view text);

/// An Error that names its line.
Error at_line(int line, std::string_view what);

}  // namespace rampart
