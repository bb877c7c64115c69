/// How valid nodes become the fields of policies/model/config.h: the words that the table is
/// written in.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "reconciler/config/loader.h"
#include "reconciler/config/shapes.h"

namespace rampart::config {

/// Whether T is a std::optional or a std::vector: these are read by what they contain.
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
/// Whether a T is read from a map with a form of its own.
template <class T>
concept HasForm = requires(T& target) {
  form_of(target);
};

/// The shape of a map with the keys of `form`. The forms of shapes are never read into: their
/// target is a blank T.
template <class T>
Shape object(Form (*form)(T&)) {
  static T blank = [] {
    if constexpr (std::is_same_v<T, Domain>)
      return Domain{.name = Name::root()};
    else
      return T{};
  }();
  const auto over_blank = [form] { return form(blank); };
  return {.kind = Kind::Object, .forms = {over_blank}, .shorthand = !form(blank).shorthand.empty()};
}

/// The shape that values of type T have where the table names no other.
template <class T>
const Shape& shape_of() {
  if constexpr (kIsOptional<T>) {
    return shape_of<typename T::value_type>();
  } else if constexpr (kIsVector<T>) {
    static const Shape shape = list_of(shape_of<typename T::value_type>());
    return shape;
  } else if constexpr (HasForm<T>) {
    static const Shape shape = object<T>(form_of);
    return shape;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return kTextShape;
  } else if constexpr (std::is_same_v<T, bool>) {
    return kBooleanShape;
  } else if constexpr (std::is_same_v<T, Duration>) {
    return kDurationShape;
  } else if constexpr (std::is_same_v<T, Date>) {
    return kDateShape;
  } else {
    static_assert(std::is_same_v<T, std::chrono::seconds>, "name the shape of this field");
    return kTtlShape;
  }
}

/// Converts one valid node to a T.
template <class T>
void convert(Loader& loader, const Node& node, const Shape& shape, T& out) {
  const Node& value = node.value();
  if constexpr (kIsOptional<T>) {
    convert(loader, node, shape, out.emplace());
  } else if constexpr (kIsVector<T>) {
    out.clear();
    if (value.kind == NodeKind::Scalar) {
      // The word of a Choice, such as `mx: auto`, means the empty list.
      if (shape.item->kind != Kind::Choice) {
        convert(loader, node, *shape.item, out.emplace_back());
      }
      return;
    }
    const Shape& list = shape.kind == Kind::Either ? *shape.other : shape;
    for (const Node& item : value.children) convert(loader, item, *list.item, out.emplace_back());
  } else if constexpr (HasForm<T>) {
    loader.read({&node}, form_of(out));
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
  } else if constexpr (std::is_integral_v<T>) {
    out = static_cast<T>(parse_integer(value.text).value_or(0));
  } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
    out = std::chrono::seconds(parse_integer(value.text).value_or(0));
  } else if constexpr (std::is_same_v<T, Duration>) {
    out = parse_duration(value.text).value_or(Duration{});
  } else if constexpr (std::is_same_v<T, Date>) {
    out = parse_date(value.text).value_or(Date{});
  } else if constexpr (std::is_same_v<T, DateRange>) {
    out = parse_date_range(value.text).value_or(DateRange{});
  } else {
    static_assert(std::is_same_v<typename T::key_type, std::string>, "a map with free keys");
    for (std::size_t i = 0; i + 1 < value.children.size(); i += 2) {
      convert(loader, value.children[i + 1], *shape.item, out[value.children[i].text]);
    }
  }
}

/// A row of the table: a key of this shape, stored into `member`.
template <class T>
Field field(std::string_view name, T& member, const Shape& shape, std::string_view doc,
            Need need = Need::Optional) {
  const auto store = [&member, &shape](Loader& loader, const Layers& layers) {
    convert(loader, *layers.back(), shape, member);
  };
  return {name, &shape, doc, store, need};
}

/// A row whose shape follows from the member's type. A struct is read from all layers, so that its
/// keys merge with those of `defaults:`.
template <class T>
Field field(std::string_view name, T& member, std::string_view doc, Need need = Need::Optional) {
  if constexpr (kIsOptional<T>) {
    if constexpr (HasForm<typename T::value_type>) {
      const auto store = [&member](Loader& loader, const Layers& layers) {
        loader.read(layers, form_of(member.emplace()));
      };
      return {name, &shape_of<T>(), doc, store, need};
    }
  } else if constexpr (HasForm<T>) {
    const auto store = [&member](Loader& loader, const Layers& layers) {
      loader.read(layers, form_of(member));
    };
    return {name, &shape_of<T>(), doc, store, need};
  }
  return field(name, member, shape_of<T>(), doc, need);
}

/// A row for a map whose keys are read into `target` itself: a group in the YAML, but no struct.
template <auto kForm, class T>
Field group(std::string_view name, T& target, std::string_view doc, Need need = Need::Optional) {
  static const Shape shape = object<T>(kForm);
  const auto store = [&target](Loader& loader, const Layers& layers) {
    loader.read(layers, kForm(target));
  };
  return {name, &shape, doc, store, need};
}

}  // namespace rampart::config
