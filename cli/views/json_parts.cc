#include "cli/views/json_parts.h"

namespace rampart {

// DNS and reports contain octets that are not UTF-8; `replace` makes them U+FFFD instead of
// throwing.
std::string document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string document_row(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Consumers test for null; an empty string would look like a value.
Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json date_json(const std::optional<Date>& date) { return date ? Json(to_text(*date)) : Json(); }

// A pair and not a text such as "quarantine:10": programs compare positions.
Json position_json(RampPosition position) {
  return {{"phase", to_text(position.phase)}, {"pct", position.pct}};
}

Json position_json(const std::optional<RampPosition>& position) {
  return position ? position_json(*position) : Json();
}

// `asked` is the contract's word for the threshold.
Json gate_json(const Gate& gate) {
  return {{"name", to_text(gate.kind)},
          {"met", gate.met},
          {"figure", gate.figure},
          {"asked", gate.asked}};
}

// `explain` and `timeline` print the same events.
Json event_json(const TimelineEvent& event) {
  return {{"date", to_text(event.date)},
          {"domain", event.domain.text()},
          {"kind", to_text(event.kind)},
          {"what", event.what},
          {"overdue_days", event.overdue_days}};
}

}  // namespace rampart
