/// The JSON of PowerDNS' API v1.
#pragma once

#include <map>
#include <optional>
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
  std::string comments = {};          ///< As the API gives them, a JSON list; empty for none.
  /// How the contents of a value of `set` are spelled; a TXT may be cut into strings anywhere.
  std::map<std::string, std::vector<std::string>> spellings = {};

  bool operator==(const ApiSet&) const = default;
};

/// A zone's sets.
using ApiSets = std::map<RecordKey, ApiSet>;

/// A zone as the API gives it.
struct ApiZone {
  std::string kind;  ///< "Native", "Master", "Slave", ...
  ApiSets sets;
  std::optional<std::string> soa_edit_api = {};  ///< How the serial is raised; empty: not at all.
};

/// A zone, and the names of all zones. An Error, retryable, where the body is something else.
Result<ApiZone> read_zone(std::string_view body);
Result<std::vector<Name>> read_zone_names(std::string_view body);

/// Whether a server can change single values of a set.
enum class Editing { WholeSets, SingleValues };

/// The body of one PATCH; empty where nothing changes. Removals come before what replaces them;
/// disabled values and comments are kept, so that `live` must have them: it is read from the whole
/// zone. With SingleValues, one value added or removed is sent alone.
std::string patch_body(std::span<const SetChange> changes, const ApiSets& live, Editing editing);

/// The reason that a response body gives, or its text; printable and short.
std::string reason_of(std::string_view body);

}  // namespace rampart::powerdns
