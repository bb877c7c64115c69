/// The desired records as a whole, for a tool that owns the zone already.
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

/// All zones, sorted by apex, and what keeps the whole from being rendered: the other tool would
/// take a record that is missing here for one to be deleted.
struct Rendering {
  std::vector<RenderedZone> zones;
  std::vector<Finding> faults;
};

/// The zone that each domain's records belong to: the longest of `zones` above it, else its
/// organizational domain.
Name zone_of(const Name& name, const std::vector<Name>& zones);

/// A World without live records, for `config` as `for_rendering` made it.
World empty_world(const Config& config, const std::vector<Name>& zones, Time now);

/// `config` with every domain at one nameless provider, so that no credentials are needed.
Config for_rendering(Config config);

/// The questions that the rendering depends on: the MX of `mx: auto`, and what `flatten: auto`
/// weighs.
std::vector<Question> rendering_questions(const Config& config, const World& world);

/// The desired records in a World without live records. `original` names the types of providers.
Rendering render(const Config& original, const World& world);

/// Policy files, and the domains whose policy cannot be written.
struct RenderedPolicies {
  std::vector<std::pair<Name, std::string>> policies;  ///< Domain and text.
  std::vector<Finding> faults;
};
/// The MTA-STS policy of each domain that declares one (RFC 8461 section 3.2).
RenderedPolicies render_policies(const Config& original, const World& world);

}  // namespace rampart
