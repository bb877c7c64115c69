/// Sanitizes a report before XML parsing: any encoding becomes UTF-8, stray `<` and `&` are
/// escaped, and whatever could make a parser fetch or expand something is removed or refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::reports {

/// Converts a byte stream to UTF-8: from UTF-16 where it has a byte order mark or zero octets, from
/// Latin-1 where that is declared, else from UTF-8, in which invalid octets are read as Latin-1.
/// Control characters that XML forbids are dropped.
class Decoder {
 public:
  /// Appends the converted octets to `out`.
  void feed(std::string_view octets, std::string& out);
  /// The end of the stream: appends what was held back.
  void finish(std::string& out);

 private:
  enum class Encoding { Unknown, Utf8, Latin1, Utf16Little, Utf16Big };

  void choose_encoding(std::string& out);
  void decode(std::string_view octets, std::string& out);
  void decode8(std::string_view octets, std::string& out);
  void decode16(std::string_view octets, std::string& out);

  Encoding encoding_ = Encoding::Unknown;
  std::string
      head_;  ///< The first octets until the encoding is known, then an incomplete character.
  std::uint32_t high_ = 0;  ///< The first half of a surrogate pair.
};

/// Copies tags and text, and drops comments, processing instructions and junk outside the root. A
/// document type declaration is an Error.
class XmlSanitizer {
 public:
  /// Appends sanitized text to `out`, and to `ends` the offsets in `out` at which a root element
  /// ended; what follows is another report.
  Result<Ok> feed(std::string_view text, std::string& out, std::vector<std::size_t>& ends);

  /// Whether the text so far ends within the root and between two tokens, with nothing held back.
  bool is_between_tokens() const { return state_ == State::Inside && pending_.empty(); }

  /// The end of the stream: a missing last `>` of the root is added; any other truncation is an
  /// Error.
  Result<Ok> finish(std::string& out, std::vector<std::size_t>& ends);

 private:
  enum class State { Before, Inside, After, Comment, Instruction, Cdata };

  Result<std::size_t> step(std::string_view text, std::size_t at, std::string& out,
                           std::vector<std::size_t>& ends);
  Result<std::size_t> markup(std::string_view text, std::size_t at, std::string& out,
                             std::vector<std::size_t>& ends);
  Result<std::size_t> tag(std::string_view text, std::size_t at, std::string& out,
                          std::vector<std::size_t>& ends);
  Result<std::size_t> skip_past(std::string_view text, std::size_t at, std::string_view end);
  Result<std::size_t> cdata(std::string_view text, std::size_t at, std::string& out);

  State state_ = State::Before;
  State outer_ = State::Before;  ///< The state after a comment or an instruction.
  bool any_root_ = false;
  bool after_tag_ = false;  ///< Blanks between two tags are insignificant and dropped.
  std::string pending_;     ///< An incomplete token.
};

}  // namespace rampart::reports
