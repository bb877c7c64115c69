#include "cli/views/json_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace rampart {
namespace {

/// "\u202E", or a surrogate pair (RFC 8259 section 7).
std::string escape_of(char32_t c) {
  if (c < 0x10000) return fmt::format("\\u{:04X}", static_cast<unsigned>(c));
  const auto rest = static_cast<unsigned>(c - 0x10000);
  return fmt::format("\\u{:04X}\\u{:04X}", 0xD800 + (rest >> 10U), 0xDC00 + (rest & 0x3FFU));
}

/// The same document, with characters escaped that hide or reorder text on a screen: mail and DNS
/// contain them, and people look at JSON in terminals. Outside of strings JSON is ASCII.
std::string with_escapes(std::string json) {
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) < 0x7F; };
  if (std::ranges::all_of(json, is_plain)) return json;
  std::string out;
  std::string_view rest = json;
  while (!rest.empty()) {
    const auto point = is_plain(rest.front()) ? std::nullopt : first_code_point(rest);
    const std::size_t length = point ? point->octets : 1;
    if (point && is_unsafe_to_show(point->value)) {
      out += escape_of(point->value);
    } else {
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace

// DNS and reports contain octets that are not UTF-8; `replace` makes them U+FFFD instead of
// throwing.
std::string document(const Json& json) {
  return with_escapes(json.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string document_row(const Json& json) {
  return with_escapes(json.dump(-1, ' ', false, Json::error_handler_t::replace));
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
