/// Pieces that the JSON documents share.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// Members keep the order in which they are written, as the contract shows them.
using Json = nlohmann::ordered_json;

/// A whole document as it is printed: indented by two, octets that are not UTF-8 replaced.
std::string document(const Json& json);

Json text_or_null(const std::string& text);

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json date_json(const std::optional<Date>& date);

Json position_json(RampPosition position);
Json position_json(const std::optional<RampPosition>& position);

}  // namespace rampart
