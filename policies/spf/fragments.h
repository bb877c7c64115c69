/// A domain's SPF record and fragments as its zones hold them, and the desired fragments.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mail/spf/check_host.h"
#include "policies/model/policy.h"
#include "policies/spf/compare.h"
#include "policies/spf/flatten.h"

namespace rampart {

/// The TXT sets at the names of the domain's fragments that were read of the zone: number -> set.
std::map<int, const LiveSet*> fragment_sets(const Name& domain, const LiveZone& zone);

/// What one zone publishes now as the domain's SPF.
struct ZoneSpf {
  const LiveZone* zone = nullptr;
  std::size_t count = 0;                             ///< SPF records at the domain's own name.
  SpfView view;                                      ///< The only record, with the fragments.
  std::map<int, ParsedValue> fragments;              ///< Every `_spf<number>` that holds SPF.
  std::map<int, std::vector<std::string>> included;  ///< Of those that the record includes: terms.
};
/// Reads the domain's SPF from the zone. The view has no record where there are several: receivers
/// use none of them (RFC 7208 section 4.5). `zone` and `answers` must outlive the result.
ZoneSpf zone_spf(const Domain& domain, const LiveZone& zone, const Answers& answers);

/// The fragments as TXT for spf_view.
LocalTxt local_txt(const Name& domain, const std::map<int, ParsedValue>& fragments);

/// Desired records of the fragments: new ones before the record that includes them, changed ones by
/// what they gain or lose. A live one that `flat` lacks is removed where no record of `trees`,
/// those of the live records and of the desired one, includes it or may include it. `published` has
/// each zone of the domain.
void desire_fragments(const Domain& domain, const std::vector<ZoneSpf>& published,
                      const FlatSpf& flat, const std::vector<spf::Tree>& trees,
                      PolicyResult& policy_result);

}  // namespace rampart
