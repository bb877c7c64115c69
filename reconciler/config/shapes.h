/// The shapes that several rows of the table share.
#pragma once

#include "reconciler/config/checks.h"
#include "reconciler/config/table.h"

namespace rampart::config {

/// Text that `check` looks at; `pattern` expresses the same for the schema, as far as it can.
inline Shape text_like(bool (*check)(Loader&, const Node&), std::string_view pattern = "") {
  return {.kind = Kind::Text, .pattern = pattern, .check = check};
}

/// A whole number within these bounds.
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

/// A list of any such items.
inline Shape list_of(const Shape& item) { return {.kind = Kind::List, .item = &item}; }

/// A list without duplicates.
inline Shape set_of(const Shape& item) {
  return {.kind = Kind::List, .item = &item, .unique = true};
}

/// A map with free keys.
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

/// The shapes themselves; a list named here takes each item once.
inline const Shape kTextShape{.kind = Kind::Text};
inline const Shape kBooleanShape{.kind = Kind::Boolean};
inline const Shape kDurationShape{.kind = Kind::Duration};
inline const Shape kDateShape{.kind = Kind::Date};
inline const Shape kRateShape{.kind = Kind::Number, .min = 0, .max = 1};
/// RFC 2181 section 8: a TTL has 31 bits.
inline const Shape kTtlShape = integer(0, 2147483647);
inline const Shape kPercentShape = integer(1, 100);
/// Of messages: more than any domain gets in a window, so that a slip of the keyboard is an error.
inline const Shape kCountShape = integer(0, 1'000'000'000);
/// A file under the YAML's folder.
inline const Shape kPathShape = text_like(check_path, R"(^(?!/)(?!(.*/)?\.\.(/|$))[^\\]+$)");
inline const Shape kPaths = set_of(kPathShape);
/// The name of a sender, provider, ramp or rotation.
inline const Shape kIdentifierShape = text_like(check_identifier, "^[A-Za-z0-9_.-]+$");
inline const Shape kSelectorShape = text_like(
    check_selector,
    "^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$");
inline const Shape kSelectors = set_of(kSelectorShape);
/// A sender that exists.
inline const Shape kSenderId = text_like(check_sender);
inline const Shape kPhaseShape = choice<Phase>({{"discovery", Phase::Discovery},
                                                {"spf", Phase::Spf},
                                                {"dkim", Phase::Dkim},
                                                {"monitor", Phase::Monitor},
                                                {"quarantine", Phase::Quarantine},
                                                {"reject", Phase::Reject}});
inline const Shape kReasonShape = text_like(check_reason, R"(\S)");
inline const Shape kSpfTerm = text_like(check_spf_term, R"(^[^\s]+$)");
inline const Shape kSpfTerms = set_of(kSpfTerm);
inline const Shape kMailto = text_like(check_mailto, "^mailto:[^,;! ]+@[^,;! ]+$");
inline const Shape kMailtoList = set_of(kMailto);

}  // namespace rampart::config
