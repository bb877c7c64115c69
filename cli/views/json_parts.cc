#include "cli/views/json_parts.h"

namespace rampart {

std::string document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json date_json(const std::optional<Date>& date) { return date ? Json(to_text(*date)) : Json(); }

Json position_json(RampPosition position) {
  return {{"phase", to_text(position.phase)}, {"pct", position.pct}};
}

Json position_json(const std::optional<RampPosition>& position) {
  return position ? position_json(*position) : Json();
}

}  // namespace rampart
