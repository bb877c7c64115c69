/// The table-driven reader: checks values against shapes and stores the valid ones.
#include "reconciler/config/loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "base/closest.h"
#include "base/text.h"
#include "reconciler/config/shapes.h"

namespace rampart::config {
namespace {

/// In the order of NodeKind.
constexpr std::array<std::string_view, 4> kKindNames = {"nothing", "text", "a list", "a map"};

std::string_view kind_name(const Node& node) {
  return kKindNames.at(static_cast<std::size_t>(node.kind));
}

std::vector<std::string_view> words_of(const Shape& shape) {
  std::vector<std::string_view> words;
  for (const Choice& choice : shape.choices) words.push_back(choice.word);
  return words;
}

// A key's sentence inside of another one: without its end, and in lower case where it begins with a
// word and no abbreviation.
std::string in_brackets(std::string_view doc) {
  std::string text(doc.substr(0, doc.find_last_not_of('.') + 1));
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z') text[0] = to_lower(text[0]);
  return text;
}

// What a value of this shape is called in "expected ...".
// One wording for all keys of a type: people who have read one message know the others.
std::string expected(const Shape& shape) {
  switch (shape.kind) {
    case Kind::Text:
      return "text";
    case Kind::Integer:
      if (shape.min == shape.max) return fmt::format("{}", shape.min);
      return fmt::format("a whole number from {} to {}", shape.min, shape.max);
    case Kind::Number:
      return fmt::format("a number from {} to {}", shape.min, shape.max);
    case Kind::Boolean:
      return "true or false";
    case Kind::Duration:
      return "a duration";
    case Kind::Date:
      return "a date";
    case Kind::DateRange:
      return "a date range";
    case Kind::Choice:
      return fmt::format("{}{}", shape.choices.size() > 1 ? "one of " : "",
                         fmt::join(words_of(shape), ", "));
    case Kind::List:
      return "a list";
    case Kind::Map:
    case Kind::Object:
    case Kind::AnyOf:
      return "a map";
    case Kind::Either:
      return fmt::format("{} or {}", expected(*shape.item), expected(*shape.other));
  }
  return "";
}

// What to write instead of a value of the wrong kind.
// The commonest slip is a lone scalar where a list is expected; the hint shows it with brackets.
std::string shape_hint(const Node& node, const Shape& shape) {
  if (node.kind == NodeKind::Null) return "write the value, or remove the key";
  if (shape.kind == Kind::List && node.kind == NodeKind::Scalar) {
    return fmt::format("write [{}]", node.text);
  }
  const bool map = shape.kind == Kind::Map || shape.kind == Kind::Object;
  return map ? "write `key: value` pairs under this key" : "";
}

// What to write instead of a scalar with the wrong value.
// YAML readers disagree about 010, 1_000 and 0x10, so numbers are taken in one notation only and
// the hint says which.
std::string scalar_hint(const Node& node, const Shape& shape) {
  // A duration, or an SPF record as a text, is what people try first.
  const auto duration = parse_duration(node.text);
  switch (shape.kind) {
    case Kind::Boolean:
      return "write true or false in lower case, without quotes";
    case Kind::Integer:
      if (duration && shape.max == kTtlShape.max) {
        return fmt::format("write the number alone: {} is {} seconds", node.text,
                           std::chrono::seconds(add(Time{}, *duration) - Time{}).count());
      }
      [[fallthrough]];
    case Kind::Number:
      // A plain number that is out of range: the message names the range already.
      if (!node.quoted && parse_number(node.text)) return "";
      return "write plain decimal digits, without quotes, 0x, leading zeros or _";
    case Kind::Duration:
      return "write a number with a unit, such as 12h, 14d, 6w or 3mo";
    case Kind::Date:
      return "write year-month-day, such as 2026-11-21";
    case Kind::DateRange:
      return "write first/last, such as 2026-12-15/2027-01-05";
    case Kind::Choice:
      if (node.text.starts_with("v=spf1")) {
        return "Rampart writes the record: declare `senders:`, or the terms alone, such as `spf: "
               "{extra: [mx], all: fail}`";
      }
      return did_you_mean(node.text, words_of(shape));
    default:
      return "";
  }
}

// A reversed range gets a message of its own; `reported` keeps the general one away.
// Both dates are valid then, so the hint can write them in the right order.
bool is_date_range(Loader& loader, const Node& node, bool& reported) {
  const auto slash = node.text.find('/');
  if (slash == std::string::npos) return false;
  const auto first = parse_date(std::string_view(node.text).substr(0, slash));
  const auto last = parse_date(std::string_view(node.text).substr(slash + 1));
  if (!first || !last) return false;
  if (*first <= *last) return true;
  loader.fail(node, "date-range-reversed", "this date range ends before it begins",
              fmt::format("write {}/{}", to_text(*last), to_text(*first)));
  reported = true;
  return false;
}

}  // namespace

// The position is that of the node itself, not of an alias' anchor: the line to change is where the
// value is used.
bool Loader::fail(const Node& node, std::string code, std::string message, std::string hint) {
  errors_.push_back(
      node.source->error(node.mark(), std::move(code), std::move(message), std::move(hint)));
  return false;
}

// A value behind an alias, or in `defaults:`, may be checked several times: one message is enough.
std::vector<ConfigError> Loader::errors() && {
  std::ranges::stable_sort(errors_, {}, [](const ConfigError& e) {
    return std::tie(e.file, e.line, e.column, e.code, e.message);
  });
  const auto again = std::ranges::unique(errors_);
  errors_.erase(again.begin(), again.end());
  return std::move(errors_);
}

// Null is no scalar: it falls through to the shape's own check, which names what is missing.
bool Loader::check(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (shape.kind == Kind::Either && value.kind != NodeKind::Null) {
    return check(node, value.kind == NodeKind::Scalar ? *shape.item : *shape.other);
  }
  switch (shape.kind) {
    case Kind::List:
      return check_list(node, shape);
    case Kind::Map:
    case Kind::Object:
    case Kind::AnyOf:
      return check_map(node, shape);
    default:
      return check_scalar(node, shape);
  }
}

// Quoted numbers and booleans are refused: other YAML readers, and the JSON Schema in an editor,
// take them for text.
bool Loader::has_value(const Node& value, const Shape& shape, bool& reported) {
  switch (shape.kind) {
    case Kind::Integer: {
      const auto number = parse_integer(value.text);
      return number && !value.quoted && *number >= shape.min && *number <= shape.max;
    }
    case Kind::Number: {
      const auto number = parse_number(value.text);
      return number && !value.quoted && *number >= static_cast<double>(shape.min) &&
             *number <= static_cast<double>(shape.max);
    }
    case Kind::Boolean:
      // Other YAML readers take `yes` and `True` as well, which do not agree among themselves.
      return !value.quoted && (value.text == "true" || value.text == "false");
    case Kind::Duration:
      return parse_duration(value.text).has_value();
    case Kind::Date:
      return parse_date(value.text).has_value();
    case Kind::DateRange:
      return is_date_range(*this, value, reported);
    case Kind::Choice:
      return std::ranges::find(shape.choices, std::string_view(value.text), &Choice::word) !=
             shape.choices.end();
    default:
      return true;
  }
}

// The shape's own check runs only on values of the right kind, so that it need not repeat that
// test.
bool Loader::check_scalar(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (value.kind != NodeKind::Scalar) {
    return fail(node, "wrong-type",
                fmt::format("expected {}, got {}", expected(shape), kind_name(value)),
                shape_hint(value, shape));
  }
  bool reported = false;
  const bool good = has_value(value, shape, reported);
  if (!good && !reported) {
    const std::string_view quote = value.quoted ? "\"" : "";
    fail(node, "wrong-value",
         fmt::format("got `{}{}{}`, expected {}", quote, value.text, quote, expected(shape)),
         scalar_hint(value, shape));
  }
  return good && (!shape.check || shape.check(*this, node));
}

// Checks every item even after a mistake, so that one run reports them all.
bool Loader::check_list(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (value.kind == NodeKind::Null && shape.nullable) return true;
  if (value.kind != NodeKind::List) {
    return fail(node, "wrong-type", fmt::format("expected a list, got {}", kind_name(value)),
                shape_hint(value, shape));
  }
  bool good = true;
  std::set<std::string_view> seen;
  for (const Node& item : value.children) {
    good = check(item, *shape.item) && good;
    if (!shape.unique || item.value().kind != NodeKind::Scalar) continue;
    if (seen.insert(item.value().text).second) continue;
    good = fail(item, "listed-twice", fmt::format("`{}` is in this list twice", item.value().text),
                "remove one of them");
  }
  return good && (!shape.check || shape.check(*this, node));
}

// The keys of an Object are checked when it is read, with its layers; only free keys are here.
bool Loader::check_map(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (value.kind == NodeKind::Null && shape.nullable) return true;
  const bool shorthand = shape.shorthand && value.kind == NodeKind::Scalar;
  if (value.kind != NodeKind::Map && !shorthand) {
    return fail(node, "wrong-type", fmt::format("expected a map, got {}", kind_name(value)),
                shape_hint(value, shape));
  }
  bool good = true;
  if (shape.kind == Kind::Map && shape.item) {
    for (std::size_t i = 1; i < value.children.size(); i += 2) {
      good = check(value.children[i], *shape.item) && good;
    }
  }
  return good && (!shape.check || shape.check(*this, node));
}

// The check among keys comes last and sees every layer: `phase` may be the domain's and `pct` from
// `defaults:`.
void Loader::read(const Layers& layers, const Form& form) {
  const Node& own = *layers.back();
  if (form.mark) *form.mark = own.mark();
  if (own.value().kind == NodeKind::Scalar) {
    const auto field = std::ranges::find(form.fields, form.shorthand, &Field::name);
    if (check(own, *field->shape)) field->store(*this, {&own});
  } else {
    check_known(own.value(), form);
    for (const Field& field : form.fields) read_field(layers, field);
  }
  if (form.check) form.check(*this, layers);
}

// Only the map itself is checked: `defaults:` were, when they were read by themselves.
void Loader::check_known(const Node& map, const Form& form) {
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const Node& key = map.children[i];
    if (!is_plain_key(key)) continue;
    std::vector<std::string_view> names;
    for (const Field& field : form.fields) names.push_back(field.name);
    if (std::ranges::find(names, key.text) != names.end()) continue;
    if (looks_secret(key.text)) {
      fail_secret(*this, key, map);
      continue;
    }
    fail(key, "unknown-key", fmt::format("unknown key `{}` in {}", key.text, form.name),
         did_you_mean(key.text, names, fmt::format("allowed here: {}", fmt::join(names, ", "))));
  }
}

// The value of the last layer counts; maps of all layers merge. A wrong value in `defaults:` is
// left out here, since it was reported when they were read by themselves.
void Loader::read_field(const Layers& layers, const Field& field) {
  Layers found;
  bool good = true;
  for (const Node* layer : layers) {
    const Node& map = layer->value();
    if (map.kind != NodeKind::Map) continue;
    const Node* node = find(map, field.name);
    if (!node) continue;
    const bool valid = check(*node, *field.shape);
    if (layer == layers.back() || valid) {
      good = valid;
      if (field.shape->kind != Kind::Object) found.clear();
      found.push_back(node);
    }
  }
  if (found.empty()) {
    if (field.need == Need::Optional) return;
    if (field.need == Need::RequiredMerged && partial) return;
    fail(*layers.back(), "missing-key", fmt::format("the key `{}` is missing", field.name),
         fmt::format("add `{}:` ({})", field.name, in_brackets(field.doc)));
    return;
  }
  if (good && field.store) field.store(*this, found);
}

// The last layer wins, as it does when a field is stored.
const Node* find(const Layers& layers, std::string_view key) {
  const Node* found = nullptr;
  for (const Node* layer : layers) {
    const Node& map = layer->value();
    if (map.kind != NodeKind::Map) continue;
    if (const Node* node = find(map, key)) found = node;
  }
  return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words,
                         std::string otherwise) {
  const std::string best = closest(word, {words.begin(), words.end()});
  return best.empty() ? otherwise : fmt::format("did you mean `{}`?", best);
}

// from_chars alone would take "-0" and leading zeros; both are legal YAML with different meanings
// in versions 1.1 and 1.2.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos ||
      (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// No exponent: nobody writes a rate as 5e-1, and a slip such as 9e9 would pass unnoticed.
std::optional<double> parse_number(std::string_view text) {
  const auto point = text.find('.');
  if (!parse_integer(text.substr(0, point))) return std::nullopt;
  if (point != std::string_view::npos) {
    const std::string_view fraction = text.substr(point + 1);
    if (fraction.empty() || fraction.find_first_not_of("0123456789") != std::string_view::npos) {
      return std::nullopt;
    }
  }
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The word was checked before, so the fallback is never used; it keeps the function total.
int choice_value(const Node& node, const Shape& shape) {
  const auto found =
      std::ranges::find(shape.choices, std::string_view(node.value().text), &Choice::word);
  return found == shape.choices.end() ? 0 : found->value;
}

}  // namespace rampart::config
