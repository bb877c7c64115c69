#include "cli/views/json_parts.h"

namespace rampart {

std::string document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json date_json(const std::optional<Date>& date) { return date ? Json(to_text(*date)) : Json(); }

Json rung_json(Rung rung) { return {{"phase", to_text(rung.phase)}, {"pct", rung.pct}}; }

Json rung_json(const std::optional<Rung>& rung) { return rung ? rung_json(*rung) : Json(); }

}  // namespace rampart
