/// Reading JSON that a host sent: nothing in it is certain to be there or of its documented type.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_depth.h"

namespace rampart {

/// The body as JSON; a discarded value where it is none, or is nested too deep.
inline nlohmann::json parse_body(std::string_view body) {
  if (nests_too_deep(body)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(body, nullptr, false);
}

/// The member `key` as text; empty where `json` is no object or the member is missing or no text.
inline std::string text_at(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace rampart
