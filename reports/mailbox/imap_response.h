/// Reads what an IMAP server says (RFC 3501 section 7): lines with literals in them, cut into
/// words. The server is not believed: every size is bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::reports {

/// What a response may cost.
struct ImapLimits {
  std::size_t line = 32U << 20U;  ///< Of text; a search names every mail in one line.
  std::uint64_t literal =
      64ULL << 20U;  ///< Of a literal that is kept; larger ones are passed over.
  std::uint64_t passed_over = 4ULL << 30U;  ///< Of a literal that is not.
  std::size_t words = 100'000;              ///< Of one response that is no search.
};

/// A word of a response.
struct ImapWord {
  enum class Kind { Atom, Quoted, Literal, Open, Close };
  Kind kind = Kind::Atom;
  std::string text;
  bool too_large = false;  ///< A literal beyond the limit: its text is empty.

  bool operator==(const ImapWord&) const = default;
};

/// One response, "* 3 FETCH (UID 7 BODY[] {5}" and so on.
struct ImapResponse {
  std::string line;  ///< Without literals; for people and for response codes.
  std::vector<ImapWord> words;
};

/// Puts responses together from octets that come in any pieces.
class ImapReader {
 public:
  using Receive = std::function<Result<std::string_view>()>;
  ImapReader(Receive receive, ImapLimits limits) : receive_(std::move(receive)), limits_(limits) {}

  /// The next whole response.
  Result<ImapResponse> next();

  /// Octets received so far.
  std::uint64_t octets() const { return octets_; }

 private:
  Result<Ok> fill();
  Result<std::string> read_line(std::size_t most);
  Result<ImapWord> read_literal(std::uint64_t size);

  Receive receive_;
  ImapLimits limits_;
  std::string held_;
  std::size_t at_ = 0;
  std::uint64_t octets_ = 0;
};

/// The mail that a FETCH response brings.
struct ImapMail {
  std::uint32_t uid = 0;
  std::string octets;
  bool too_large = false;
};

/// Nothing where the response is no FETCH, or one without a UID and a body.
std::optional<ImapMail> mail_of(ImapResponse&& response);

/// The UIDs that "* SEARCH 3 5 8" names.
std::vector<std::uint32_t> found_by(const ImapResponse& response);

/// The number behind "[UIDVALIDITY " and the like, wherever the line has it.
std::optional<std::uint32_t> code_number(const ImapResponse& response, std::string_view code);

/// UIDs as a set, "1:3,7", of as many of the first as make at most `most` octets; how many is
/// written to `taken`. They are sorted.
std::string uid_set(const std::vector<std::uint32_t>& uids, std::size_t most, std::size_t& taken);

}  // namespace rampart::reports
