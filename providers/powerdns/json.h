/// The JSON of PowerDNS' API v1.
#pragma once

#include <cstdint>
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
  std::optional<std::uint32_t> serial = {};
};

/// A zone. An Error, retryable, where the body is something else.
Result<ApiZone> read_zone(std::string_view body);

/// The serial of a zone that was read without its RRsets.
std::optional<std::uint32_t> read_serial(std::string_view body);

/// Whether `after` is what `writes` of our own make of the serial `before`. True also where the
/// server raises it in a way that does not tell, such as by the time (SOA-EDIT-API EPOCH).
bool is_own_serial(const ApiZone& before, std::uint32_t after, std::uint32_t writes);

/// The names of all zones.
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
