/// The words of a zone file with their places (RFC 1035 section 5.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart {

/// A word between blanks, or what stands between two quotes; escapes are kept.
struct ZoneWord {
  std::string_view text;
  bool quoted;        ///< `text` stood in quotes, which it leaves out.
  bool glued;         ///< Nothing stands between it and the word before.
  std::size_t begin;  ///< Its place in the file, quotes included.
  std::size_t end;
  int line;  ///< 1-based.
};

/// One line, or several that parentheses join; comment lines and empty ones have no words.
/// The statements of a file, one after the other, are all of its bytes.
struct ZoneStatement {
  std::size_t begin;
  std::size_t end;  ///< After the line break.
  int first_line;
  int last_line;
  bool indented;  ///< It begins with a blank: the owner is that of the record before.
  std::vector<ZoneWord> words;
  std::optional<std::size_t> open;   ///< The first parenthesis.
  std::optional<std::size_t> close;  ///< After the last one.
};

/// Splits a file; `text` must outlive the outcome. Errors name the line.
Result<std::vector<ZoneStatement>> lex_zone(std::string_view text);

/// An Error that names its line.
Error at_line(int line, std::string_view what);

}  // namespace rampart
