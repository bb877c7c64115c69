/// What PowerDNS' API v1 says and is told, as JSON.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/model/provider.h"

namespace rampart::powerdns {

/// A set as the API gives it.
struct ApiSet {
  RecordSet set;                      ///< What is served.
  std::vector<std::string> disabled;  ///< Contents that are kept but not served.

  bool operator==(const ApiSet&) const = default;
};
using ApiSets = std::map<RecordKey, ApiSet>;

/// A zone as the API gives it.
struct ApiZone {
  std::string kind;  ///< "Native", "Master", "Slave", ...
  ApiSets sets;
};

Result<ApiZone> read_zone(std::string_view body);
Result<std::vector<Name>> read_zone_names(std::string_view body);

/// Which changes of single values a server takes beside those of whole sets.
enum class Editing { WholeSets, SingleValues };

/// The body of one PATCH. Removals come before what takes their place; values that are not served
/// are kept. With SingleValues, one value that joins or leaves a set is sent alone.
std::string patch_body(std::span<const SetChange> changes, const ApiSets& live, Editing editing);

/// The reason that an answer's body gives, or its text.
std::string reason_of(std::string_view body);

}  // namespace rampart::powerdns
