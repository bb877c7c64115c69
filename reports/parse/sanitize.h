/// Mends the bytes of a report before an XML parser sees them: any encoding becomes UTF-8, stray
/// `<` and `&` become text, and whatever could make a parser fetch or expand is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::reports {

/// Turns a byte stream into UTF-8: UTF-16 by its mark or its zeros, Latin-1 where it is declared,
/// and else UTF-8, in which an octet that cannot be is read as Latin-1.
class Decoder {
 public:
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  enum class Encoding { Unknown, Utf8, Latin1, Utf16Little, Utf16Big };

  void decide(std::string& out);
  void decode(std::string_view octets, std::string& out);
  void decode8(std::string_view octets, std::string& out);
  void decode16(std::string_view octets, std::string& out);

  Encoding encoding_ = Encoding::Unknown;
  std::string head_;        ///< What came before the encoding was known, or half a character.
  std::uint32_t high_ = 0;  ///< The first half of a surrogate pair.
};

/// Passes tags and text on, and drops comments, processing instructions and junk outside the root.
/// A document type declaration is an Error.
class XmlSanitizer {
 public:
  /// Appends what the parser shall see. `ends` receives the offsets in `out` at which a root
  /// element ended; what follows one is another report.
  Result<Ok> feed(std::string_view text, std::string& out, std::vector<std::size_t>& ends);

  /// Within the root, with nothing unfinished: what comes next is read as it stands.
  bool is_between() const { return state_ == State::Inside && pending_.empty(); }

  /// The end of the stream: a root whose last `>` is missing is closed; any other cut is an Error.
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
  State outer_ = State::Before;  ///< Where a comment or an instruction leads back to.
  bool any_root_ = false;
  bool after_tag_ = false;  ///< Blanks between two tags mean nothing and are dropped.
  std::string pending_;     ///< An unfinished token.
};

}  // namespace rampart::reports
