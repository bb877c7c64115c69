/// The table-driven reader: what is wrong with a value, and where it goes.
#include "reconciler/config/loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/closest.h"
#include "reconciler/config/secrets.h"

namespace rampart::config {
namespace {

std::string_view kind_name(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null:
      return "nothing";
    case NodeKind::Scalar:
      return "text";
    case NodeKind::List:
      return "a list";
    case NodeKind::Map:
      return "a map";
  }
  return "";
}

// What a value of this shape is called in "expected ...".
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
      return "a range of dates";
    case Kind::Choice: {
      std::vector<std::string_view> words;
      for (const Choice& choice : shape.choices) words.push_back(choice.word);
      return fmt::format("{}{}", words.size() > 1 ? "one of " : "", fmt::join(words, ", "));
    }
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

std::string shape_hint(const Node& node, const Shape& shape) {
  if (node.kind == NodeKind::Null) return "write the value, or remove the key";
  if (shape.kind == Kind::List && node.kind == NodeKind::Scalar) {
    return fmt::format("write [{}]", node.text);
  }
  if (shape.kind == Kind::Map || shape.kind == Kind::Object)
    return "write `key: value` pairs below";
  return "";
}

std::string scalar_hint(const Node& node, const Shape& shape) {
  switch (shape.kind) {
    case Kind::Integer:
    case Kind::Number:
      if (!node.quoted && parse_number(node.text)) return "";
      return "write plain decimal digits: no quotes, no 0x, no leading zero, no _";
    case Kind::Duration:
      return "write 12h, 14d, 6w or 3mo";
    case Kind::Date:
      return "write year-month-day, such as 2026-11-21";
    case Kind::DateRange:
      return "write first/last, such as 2026-12-15/2027-01-05";
    case Kind::Choice: {
      std::vector<std::string_view> words;
      for (const Choice& choice : shape.choices) words.push_back(choice.word);
      return did_you_mean(node.text, words);
    }
    default:
      return "";
  }
}

bool is_date_range(Loader& loader, const Node& node, bool& reported) {
  const auto slash = node.text.find('/');
  if (slash == std::string::npos) return false;
  const auto first = parse_date(std::string_view(node.text).substr(0, slash));
  const auto last = parse_date(std::string_view(node.text).substr(slash + 1));
  if (!first || !last) return false;
  if (*first <= *last) return true;
  loader.fail(node, "date-range-reversed", "this range of dates ends before it begins",
              fmt::format("write {}/{}", to_text(*last), to_text(*first)));
  reported = true;
  return false;
}

}  // namespace

void Loader::fail(const Node& node, std::string code, std::string message, std::string hint) {
  errors_.push_back(
      node.source->error(node.mark(), std::move(code), std::move(message), std::move(hint)));
}

std::vector<ConfigError> Loader::errors() && {
  std::ranges::stable_sort(errors_, {}, [](const ConfigError& e) {
    return std::tie(e.file, e.line, e.column, e.code, e.message);
  });
  const auto again = std::ranges::unique(errors_);
  errors_.erase(again.begin(), again.end());
  return std::move(errors_);
}

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

bool Loader::check_scalar(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (value.kind != NodeKind::Scalar) {
    fail(node, "wrong-type", fmt::format("expected {}, got {}", expected(shape), kind_name(value)),
         shape_hint(value, shape));
    return false;
  }
  bool good = true;
  bool reported = false;
  switch (shape.kind) {
    case Kind::Integer: {
      const auto number = parse_integer(value.text);
      good = number && !value.quoted && *number >= shape.min && *number <= shape.max;
      break;
    }
    case Kind::Number: {
      const auto number = parse_number(value.text);
      good = number && !value.quoted && *number >= static_cast<double>(shape.min) &&
             *number <= static_cast<double>(shape.max);
      break;
    }
    case Kind::Boolean:
      good = !value.quoted && (value.text == "true" || value.text == "false");
      break;
    case Kind::Duration:
      good = parse_duration(value.text).has_value();
      break;
    case Kind::Date:
      good = parse_date(value.text).has_value();
      break;
    case Kind::DateRange:
      good = is_date_range(*this, value, reported);
      break;
    case Kind::Choice:
      good = std::ranges::find(shape.choices, std::string_view(value.text), &Choice::word) !=
             shape.choices.end();
      break;
    default:
      break;
  }
  if (!good && !reported) {
    const std::string_view quote = value.quoted ? "\"" : "";
    fail(node, "wrong-value",
         fmt::format("expected {}, got `{}{}{}`", expected(shape), quote, value.text, quote),
         scalar_hint(value, shape));
  }
  return good && (!shape.check || shape.check(*this, node));
}

bool Loader::check_list(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (value.kind == NodeKind::Null && shape.nullable) return true;
  if (value.kind != NodeKind::List) {
    fail(node, "wrong-type", fmt::format("expected a list, got {}", kind_name(value)),
         shape_hint(value, shape));
    return false;
  }
  bool good = true;
  std::set<std::string_view> seen;
  for (const Node& item : value.children) {
    good = check(item, *shape.item) && good;
    if (!shape.unique || item.value().kind != NodeKind::Scalar) continue;
    if (seen.insert(item.value().text).second) continue;
    fail(item, "listed-twice", fmt::format("`{}` stands in this list twice", item.value().text),
         "remove one of them");
    good = false;
  }
  return good && (!shape.check || shape.check(*this, node));
}

bool Loader::check_map(const Node& node, const Shape& shape) {
  const Node& value = node.value();
  if (value.kind == NodeKind::Null && shape.nullable) return true;
  const bool shorthand =
      shape.object && !shape.object()->shorthand.empty() && value.kind == NodeKind::Scalar;
  if (value.kind != NodeKind::Map && !shorthand) {
    fail(node, "wrong-type", fmt::format("expected a map, got {}", kind_name(value)),
         shape_hint(value, shape));
    return false;
  }
  bool good = true;
  if (shape.kind == Kind::Map && shape.item) {
    for (std::size_t i = 1; i < value.children.size(); i += 2) {
      good = check(value.children[i], *shape.item) && good;
    }
  }
  return good && (!shape.check || shape.check(*this, node));
}

void Loader::read(const Layers& layers, const Object& object, void* target) {
  const Node& own = *layers.back();
  if (object.place) object.place(target, own.mark());
  if (own.value().kind == NodeKind::Scalar) {
    const auto field = std::ranges::find(object.fields, object.shorthand, &Field::name);
    if (check(own, *field->shape)) field->store(*this, {&own}, *field->shape, target);
    if (object.check) object.check(*this, layers, target);
    return;
  }
  check_known(own.value(), object);
  for (const Field& field : object.fields) read_field(layers, field, target);
  if (object.check) object.check(*this, layers, target);
}

void Loader::check_known(const Node& map, const Object& object) {
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const Node& key = map.children[i];
    if (!is_plain_key(key)) continue;
    if (std::ranges::find(object.fields, std::string_view(key.text), &Field::name) !=
        object.fields.end()) {
      continue;
    }
    if (looks_secret(key.text)) {
      fail(key, "secret-in-yaml", fmt::format("`{}` does not belong in the YAML", key.text),
           secret_hint(key.text, map));
      continue;
    }
    std::vector<std::string_view> names;
    for (const Field& field : object.fields) names.push_back(field.name);
    std::string hint = did_you_mean(key.text, names);
    if (hint.empty()) hint = fmt::format("known here: {}", fmt::join(names, ", "));
    fail(key, "unknown-key", fmt::format("unknown key `{}` in {}", key.text, object.name),
         std::move(hint));
  }
}

void Loader::read_field(const Layers& layers, const Field& field, void* target) {
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
    const Node& own = *layers.back();
    fail(own, "missing-key", fmt::format("the key `{}` is missing", field.name),
         std::string(field.doc));
    return;
  }
  if (good && field.store) field.store(*this, found, *field.shape, target);
}

const Node* find(const Layers& layers, std::string_view key) {
  const Node* found = nullptr;
  for (const Node* layer : layers) {
    const Node& map = layer->value();
    if (map.kind != NodeKind::Map) continue;
    if (const Node* node = find(map, key)) found = node;
  }
  return found;
}

const Object* pick(const Node& map, const Shape& shape) {
  for (const auto object : shape.objects) {
    if (find(map, object()->fields.front().name)) return object();
  }
  return shape.objects.back()();
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words) {
  const std::string best = closest(word, {words.begin(), words.end()});
  return best.empty() ? "" : fmt::format("did you mean `{}`?", best);
}

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

int choice_value(const Node& node, const Shape& shape) {
  const auto found =
      std::ranges::find(shape.choices, std::string_view(node.value().text), &Choice::word);
  return found == shape.choices.end() ? 0 : found->value;
}

}  // namespace rampart::config
