/// The flattened SPF fragments that a domain's zone holds, and the desired ones.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policies/model/policy.h"
#include "policies/spf/compare.h"
#include "policies/spf/flatten.h"

namespace rampart {

/// The domain's fragments in a zone: every `_spf<number>` that holds an SPF record.
struct LiveFragments {
  std::map<int, ParsedValue> all;                     ///< Number -> value.
  std::map<int, std::vector<std::string>> published;  ///< Those that the live record includes.
};
/// Reads the fragments of `domain` that the zone holds.
LiveFragments live_fragments(const Domain& domain, const LiveZone& zone);

/// The fragments as TXT for spf_view.
LocalTxt local_txt(const Name& domain, const std::map<int, ParsedValue>& fragments);

/// Desired records of the fragments: new ones before the record that names them, changed ones by
/// what they gain or lose, and those that neither record names any more removed.
void desire_fragments(const Domain& domain, const LiveFragments& live, const FlatSpf& flat,
                      PolicyResult& policy_result);

}  // namespace rampart
