/// Reads the responses of an IMAP server (RFC 3501 section 7): lines with literals in them, split
/// into words. The server is not trusted: every size is limited.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::reports {

/// Limits on the size of a response, in octets except where noted.
struct ImapLimits {
  std::size_t line = 32U << 20U;         ///< Text; a search lists every mail in one line.
  std::uint64_t literal = 64ULL << 20U;  ///< A literal that is kept; larger ones are skipped.
  std::uint64_t skipped = 4ULL << 30U;   ///< A literal that is skipped.
  std::size_t words = 100'000;           ///< Words of a response other than SEARCH.
};

/// A word of a response.
struct ImapWord {
  enum class Kind { Atom, Quoted, Literal, Open, Close };
  Kind kind = Kind::Atom;
  std::string text;
  bool too_large = false;  ///< A literal above the limit: its text is empty.

  bool operator==(const ImapWord&) const = default;
};

/// One response, "* 3 FETCH (UID 7 BODY[] {5}" and so on.
struct ImapResponse {
  std::string line;             ///< Without literals; for messages and response codes.
  std::vector<ImapWord> words;  ///< Empty for a SEARCH response.
};

/// Assembles responses from octets that arrive in any pieces.
class ImapReader {
 public:
  using Receive = std::function<Result<std::string_view>()>;
  /// `receive` returns at least one octet, or an Error.
  ImapReader(Receive receive, ImapLimits limits) : receive_(std::move(receive)), limits_(limits) {}

  /// The next complete response.
  Result<ImapResponse> next();

  /// Octets received so far.
  std::uint64_t octets() const { return octets_; }

 private:
  Result<Ok> fill();
  Result<std::string> read_line(std::size_t most);
  Result<ImapWord> read_literal(std::uint64_t size);

  Receive receive_;
  ImapLimits limits_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t octets_ = 0;
};

/// The mail in a FETCH response.
struct ImapMail {
  std::uint32_t uid = 0;
  std::string octets;
  bool too_large = false;
};

/// The mail of a FETCH response; nothing for another response or one without a UID and a body.
std::optional<ImapMail> mail_of(ImapResponse&& response);

/// The UIDs of a response such as "* SEARCH 3 5 8"; none for another response.
std::vector<std::uint32_t> search_result(const ImapResponse& response);

/// The number after "[UIDVALIDITY " or another response code, anywhere in the line.
std::optional<std::uint32_t> code_number(const ImapResponse& response, std::string_view code);

/// A sequence set, "1:3,7", of the first `uids`, which are sorted: as many as fit into `most`
/// octets. Their number is written to `taken`.
std::string uid_set(const std::vector<std::uint32_t>& uids, std::size_t most, std::size_t& taken);

}  // namespace rampart::reports
