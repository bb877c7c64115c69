/// The shapes that several rows of the table share.
#pragma once

#include "reconciler/config/checks.h"
#include "reconciler/config/store.h"

namespace rampart::config {

/// Any text, and text that `check` looks at; `pattern` says the same to the schema.
const Shape& text();
inline Shape text_like(bool (*check)(Loader&, const Node&), std::string_view pattern = "") {
  Shape shape{.kind = Kind::Text};
  shape.check = check;
  shape.pattern = pattern;
  return shape;
}

inline Shape integer(std::int64_t min, std::int64_t max) {
  return {.kind = Kind::Integer, .min = min, .max = max};
}

inline Shape choice(std::vector<Choice> choices) {
  return {.kind = Kind::Choice, .choices = std::move(choices)};
}

inline Shape list_of(const Shape& item) { return {.kind = Kind::List, .item = &item}; }

/// A list in which nothing stands twice.
inline Shape set_of(const Shape& item) {
  return {.kind = Kind::List, .item = &item, .unique = true};
}

inline Shape map_of(const Shape& item) { return {.kind = Kind::Map, .item = &item}; }

inline Shape either(const Shape& scalar, const Shape& other) {
  return {.kind = Kind::Either, .item = &scalar, .other = &other};
}

inline Shape object(const Object* (*of)()) { return {.kind = Kind::Object, .object = of}; }

/// `shape` where nothing at all is as good as an empty one.
inline Shape nullable(Shape shape) {
  shape.nullable = true;
  return shape;
}

// The tables of the structs that stand in lists.
template <>
const Object* object_of<DkimTemplate>();
template <>
const Object* object_of<RampStep>();
template <>
const Object* object_of<Gates>();
template <>
const Object* object_of<SenderUse>();
template <>
const Object* object_of<SpfSpec>();
template <>
const Object* object_of<DmarcSpec>();
template <>
const Object* object_of<IgnoredSource>();
template <>
const Object* object_of<Waiver>();
template <>
const Object* object_of<MtaStsSpec>();
template <>
const Object* object_of<TlsRptSpec>();
template <>
const Object* object_of<BimiSpec>();
template <>
const Object* object_of<RotationSpec>();

const Shape& boolean();
const Shape& duration();
const Shape& date();
const Shape& rate();  ///< 0 to 1.
const Shape& ttl();
const Shape& percent();  ///< 1 to 100.
const Shape& path();
const Shape& selector();
const Shape& phase();
const Shape& spf_terms();
const Shape& mailto_list();

}  // namespace rampart::config
