/// The shapes that several rows of the table share.
#pragma once

#include "reconciler/config/checks.h"
#include "reconciler/config/table.h"

namespace rampart::config {

/// Text that `check` looks at; `pattern` expresses the same for the schema, as far as it can.
inline Shape text_like(bool (*check)(Loader&, const Node&), std::string_view pattern = "") {
  return {.kind = Kind::Text, .pattern = pattern, .check = check};
}

inline Shape integer(std::int64_t min, std::int64_t max) {
  return {.kind = Kind::Integer, .min = min, .max = max};
}

/// One of some words, each stored as the enumerator (or character) beside it.
template <class E>
Shape choice(std::initializer_list<std::pair<std::string_view, E>> words) {
  Shape shape{.kind = Kind::Choice};
  for (const auto& [word, value] : words) shape.choices.push_back({word, static_cast<int>(value)});
  return shape;
}

/// One of some words, stored as written.
inline Shape one_of(std::initializer_list<std::string_view> words) {
  Shape shape{.kind = Kind::Choice};
  for (const std::string_view word : words) shape.choices.push_back({word});
  return shape;
}

inline Shape list_of(const Shape& item) { return {.kind = Kind::List, .item = &item}; }

/// A list without duplicates.
inline Shape set_of(const Shape& item) {
  return {.kind = Kind::List, .item = &item, .unique = true};
}

inline Shape map_of(const Shape& item) { return {.kind = Kind::Map, .item = &item}; }

/// `scalar` where a scalar is written, else `other`.
inline Shape either(const Shape& scalar, const Shape& other) {
  return {.kind = Kind::Either, .item = &scalar, .other = &other};
}

/// `shape`, or null in place of an empty map.
inline Shape nullable(Shape shape) {
  shape.nullable = true;
  return shape;
}

const Shape& text();
const Shape& boolean();
const Shape& duration();
const Shape& date();
const Shape& rate();  ///< 0 to 1.
const Shape& ttl();
const Shape& percent();     ///< 1 to 100.
const Shape& count();       ///< Of messages: 0 to 1,000,000,000.
const Shape& path();        ///< Of a file under the YAML's folder.
const Shape& paths();       ///< A list of them, without duplicates.
const Shape& identifier();  ///< The name of a sender, provider, ramp or rotation.
const Shape& selector();
const Shape& selectors();  ///< A list of them, without duplicates.
const Shape& sender_id();  ///< Of a sender that exists.
const Shape& phase();
const Shape& reason();
const Shape& spf_terms();
const Shape& mailto_list();

}  // namespace rampart::config
