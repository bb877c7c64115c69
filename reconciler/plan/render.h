/// Renders the desired records of whole zones, for another tool that writes them.
#pragma once

#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// One desired RRset, and why.
struct RenderedSet {
  RecordKey key;
  RecordSet set;
  std::vector<std::string> reasons;
};

/// The desired records of one zone.
struct RenderedZone {
  Name apex;
  std::set<std::string> provider_types;  ///< Of the domains within: route53, cloudflare, ...
  std::vector<RenderedSet> sets;         ///< Sorted by key.
  std::vector<std::string> remarks;      ///< What is deliberately left out, a sentence each.
};

/// All zones, sorted by apex. Nothing may be written while there are faults: the other tool would
/// delete the records that are missing here.
struct Rendering {
  std::vector<RenderedZone> zones;
  std::vector<Finding> faults;
};

/// A World without live records, for a `config` that for_rendering() returned. A domain is in the
/// longest of `zones` that contains it, else in a zone of its organizational domain.
World empty_world(const Config& config, const std::vector<Name>& zones, Time now);

/// `config` with every domain at one nameless provider: no provider is read, and no credential.
Config for_rendering(Config config);

/// The questions that the rendering depends on and `world` does not answer yet: the MX records for
/// `mx: auto`, and the SPF records for `flatten:`. Answers may lead to further questions.
std::vector<Question> rendering_questions(const Config& config, const World& world);

/// The desired records of the configuration in a World that empty_world() returned.
Rendering render(const Config& original, const World& world);

/// MTA-STS policy files, and faults for the domains whose policy is not known.
struct RenderedPolicies {
  std::vector<std::pair<Name, std::string>> policies;  ///< Domain and text.
  std::vector<Finding> faults;
};
/// The MTA-STS policy of each managed domain that declares one (RFC 8461 section 3.2).
RenderedPolicies render_policies(const Config& original, const World& world);

}  // namespace rampart
