/// Parts that the JSON documents share.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "policies/model/policy.h"
#include "policies/ramp/step.h"
#include "policies/ramp/timeline.h"

namespace rampart {

/// Members keep the order in which they are written, as the contract shows them.
using Json = nlohmann::ordered_json;

/// A whole document as it is printed: indented by two, octets that are not UTF-8 replaced.
std::string document(const Json& json);

/// The same on one line, for a row of a longer document.
std::string document_row(const Json& json);

/// A JSON array with one element for each element of `items`.
template <class Items, class ToJson>
Json array_of(const Items& items, ToJson to_json) {
  Json rows = Json::array();
  for (const auto& one : items) rows.push_back(std::invoke(to_json, one));
  return rows;
}

/// The text, or null if it is empty.
Json text_or_null(const std::string& text);

/// The value, or null if there is none.
template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

/// "2026-11-21", or null.
Json date_json(const std::optional<Date>& date);

/// {"phase", "pct"}, or null.
Json position_json(RampPosition position);
Json position_json(const std::optional<RampPosition>& position);

/// One gate of a step: {name, met, figure, asked}.
Json gate_json(const Gate& gate);

/// One event of a timeline: {date, domain, kind, what, overdue_days} (contract section 3).
Json event_json(const TimelineEvent& event);

}  // namespace rampart
