/// How valid nodes become the fields of policies/model/policy.h, and the words to write the table
/// with.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "reconciler/config/loader.h"

namespace rampart::config {

/// The table of a struct that lists hold; specialised beside the tables.
template <class T>
const Object* object_of();

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsNumber = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

/// Turns one valid value into a T.
template <class T>
void convert(Loader& loader, const Node& node, const Shape& shape, T& out) {
  const Node& value = node.value();
  if constexpr (kIsOptional<T>) {
    convert(loader, node, shape, out.emplace());
  } else if constexpr (kIsVector<T>) {
    out.clear();
    if (value.kind == NodeKind::Scalar) {
      if (shape.kind == Kind::Either && shape.item->kind == Kind::Choice) return;  // "auto"
      convert(loader, node, *shape.item, out.emplace_back());
      return;
    }
    const Shape& list = shape.kind == Kind::Either ? *shape.other : shape;
    for (const Node& item : value.children) convert(loader, item, *list.item, out.emplace_back());
  } else if constexpr (std::is_same_v<T, const Node*>) {
    out = &node;
  } else if constexpr (std::is_same_v<T, std::string>) {
    out = value.text;
  } else if constexpr (std::is_same_v<T, bool>) {
    out = value.text == "true";
  } else if constexpr (std::is_enum_v<T> || std::is_same_v<T, char>) {
    out = static_cast<T>(choice_value(node, shape));
  } else if constexpr (std::is_same_v<T, std::chrono::weekday>) {
    out = std::chrono::weekday(static_cast<unsigned>(choice_value(node, shape)));
  } else if constexpr (std::is_same_v<T, double>) {
    out = parse_number(value.text).value_or(0);
  } else if constexpr (kIsNumber<T>) {
    out = static_cast<T>(parse_integer(value.text).value_or(0));
  } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
    out = std::chrono::seconds(parse_integer(value.text).value_or(0));
  } else if constexpr (std::is_same_v<T, Duration>) {
    out = parse_duration(value.text).value_or(Duration{});
  } else if constexpr (std::is_same_v<T, Date>) {
    out = parse_date(value.text).value_or(Date{});
  } else if constexpr (std::is_same_v<T, DateRange>) {
    out = parse_date_range(value.text).value_or(DateRange{});
  } else if constexpr (std::is_same_v<T, std::map<std::string, std::string>>) {
    for (std::size_t i = 0; i + 1 < value.children.size(); i += 2) {
      out[value.children[i].text] = value.children[i + 1].value().text;
    }
  } else if constexpr (std::is_same_v<T, std::map<std::string, Date>>) {
    for (std::size_t i = 0; i + 1 < value.children.size(); i += 2) {
      const auto date = parse_date(value.children[i + 1].value().text);
      out[value.children[i].text] = date.value_or(Date{});
    }
  } else {
    loader.read({&node}, *object_of<T>(), &out);
  }
}

template <class Member>
struct MemberOf;
template <class T, class C>
struct MemberOf<T C::*> {
  using Value = T;
  using Class = C;
};

/// Stores into the member that `kMember` points to.
template <auto kMember>
void into(Loader& loader, const Layers& layers, const Shape& shape, void* target) {
  using Class = typename MemberOf<decltype(kMember)>::Class;
  auto& member = static_cast<Class*>(target)->*kMember;
  if (shape.kind == Kind::Object && layers.size() > 1) {
    using Value = typename MemberOf<decltype(kMember)>::Value;
    if constexpr (kIsOptional<Value>) {
      loader.read(layers, *shape.object(), &member.emplace());
    } else {
      loader.read(layers, *shape.object(), &member);
    }
    return;
  }
  convert(loader, *layers.back(), shape, member);
}

/// Reads a sub-object into the same target: its keys are grouped in the YAML, not in the struct.
inline void through(Loader& loader, const Layers& layers, const Shape& shape, void* target) {
  loader.read(layers, *shape.object(), target);
}

/// Stores where an object stands, for structs that keep it.
template <class T>
void place(void* target, Mark mark) {
  static_cast<T*>(target)->mark = std::move(mark);
}

/// One row of the table; its value goes to `kMember`.
template <auto kMember>
Field field(std::string_view name, const Shape& shape, std::string_view doc,
            Need need = Need::Optional) {
  return {name, &shape, doc, into<kMember>, need};
}

/// A row with a store of its own.
inline Field field(std::string_view name, const Shape& shape, std::string_view doc, Store store,
                   Need need = Need::Optional) {
  return {name, &shape, doc, store, need};
}

}  // namespace rampart::config
