/// What a row says besides its address and its count, alignment worked out from the raw results.
/// Rows repeat their facts day after day, so that a store keeps each once, as one text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/evidence.h"
#include "reports/parse/report.h"

namespace rampart::reports {

struct Facts {
  bool dkim_aligned = false;  ///< A passing signature's domain is aligned with the author domain.
  bool spf_aligned = false;
  bool contradicts = false;  ///< The reporter's own verdict is another than its results say.
  Disposition disposition = Disposition::Absent;
  PolicyEvaluated dkim_evaluated = PolicyEvaluated::Absent;
  PolicyEvaluated spf_evaluated = PolicyEvaluated::Absent;
  std::string header_from;
  std::string envelope_from;
  std::string envelope_to;
  std::vector<DkimAuth> dkim;
  std::vector<SpfAuth> spf;
  std::vector<Override> overrides;

  bool operator==(const Facts&) const = default;
};

/// Organizational domains by the public suffix list, each looked up once. Text that is no domain
/// is its own.
class OrgDomains {
 public:
  const std::string& of(const std::string& domain);
  bool aligned(const std::string& a, const std::string& b, dmarc::Alignment mode);

 private:
  std::map<std::string, std::string, std::less<>> known_;
};

/// The facts of a row under the header's alignment modes (RFC 7489 section 3.1).
Facts facts_of(const RecordResults& results, const Header& header, OrgDomains& domains);

/// What facts_of depends on, as a key that is quick to make: equal keys have equal facts.
void facts_key(const RecordResults& results, const Header& header, std::string& key);

std::string encode(const Facts& facts);
std::optional<Facts> decode(std::string_view text);

/// The published record as one text, and back.
std::string encode_policy(const Header& header);
Published decode_policy(std::string_view text);

}  // namespace rampart::reports
