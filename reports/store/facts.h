/// A row without its address and its count, with DMARC alignment computed from the raw results.
/// Most rows of a sender repeat the same facts every day, so a store keeps each once, as one text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/evidence.h"
#include "reports/parse/report.h"

namespace rampart::reports {

/// A record's results and what follows from them under the report's alignment modes.
struct Facts {
  /// As the reporter wrote them; `header_from` is filled in with the policy domain where the
  /// reporter left it out.
  RecordResults results;
  bool dkim_aligned = false;  ///< A passing signature's domain is aligned with the author domain.
  bool spf_aligned = false;   ///< SPF passed for a domain aligned with the author domain.
  bool contradicts = false;   ///< `policy_evaluated` disagrees with the record's raw results.

  bool operator==(const Facts&) const = default;
};

/// Organizational domains by the public suffix list, each looked up once. Text that is no domain
/// is its own organizational domain.
class OrgDomains {
 public:
  /// The organizational domain of `domain`; valid until the next call.
  const std::string& of(const std::string& domain);
  /// Identifier alignment (RFC 7489 section 3.1); an empty domain aligns with nothing.
  bool aligned(const std::string& a, const std::string& b, dmarc::Alignment mode);

 private:
  std::map<std::string, std::string, std::less<>> known_;
};

/// The facts of a record under the header's alignment modes (RFC 7489 section 3.1).
Facts facts_of(const RecordResults& results, const Header& header, OrgDomains& domains);

/// The passing signatures whose domain is aligned (relaxed) with the author domain; none where
/// DKIM is not aligned. They point into `facts`.
std::vector<const DkimAuth*> aligned_signatures(const Facts& facts, OrgDomains& domains);

/// The domains for which the record's mail passed and that are aligned (relaxed) with the author
/// domain, whatever the report's alignment modes; none of a mechanism without raw results.
PassedDomains passed_domains(const Facts& facts, OrgDomains& domains);

/// Writes to `key` all that facts_of depends on: equal keys have equal facts. Quicker than
/// encoding the facts.
void facts_key(const RecordResults& results, const Header& header, std::string& key);

/// The stored form of facts. Databases hold it: it may be extended, never changed.
std::string encode(const Facts& facts);
/// The facts that `text` encodes; nothing where it is no such text.
std::optional<Facts> decode(std::string_view text);

/// The flags at the front of encoded facts, also a column of the store's daily sums.
constexpr std::int64_t kDkimAligned = 1;
constexpr std::int64_t kSpfAligned = 2;
constexpr std::int64_t kContradicts = 4;

/// The flags of encoded facts without decoding the rest; nothing where there are none.
std::optional<std::int64_t> decode_flags(std::string_view text);

/// The published DMARC record as one text: policies, alignment modes, testing, pct.
std::string encode_policy(const Header& header);
/// What evidence needs of it; the defaults where the text is too short.
Published decode_policy(std::string_view text);

}  // namespace rampart::reports
