/// The JSON Schema of domains.yaml, made from the table that the loader reads by.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "providers/catalog.h"
#include "providers/model/provider.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/config.h"
#include "reconciler/config/table.h"

namespace rampart {
namespace config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDuration = "^(0|[1-9][0-9]*)(h|d|w|mo)$";
constexpr std::string_view kDate = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kDateRange = "^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kIdentifier = "^[A-Za-z0-9_.-]{1,64}$";

// Writes shapes down; each named object once, below $defs.
class Writer {
 public:
  Json file(const Object& object) {
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "Rampart's domains.yaml"},
                   {"description", "What should stand in DNS for SPF, DKIM and DMARC."}};
    schema.update(body(object, Merged::No));
    schema["properties"]["providers"] = providers(schema["properties"]["providers"]);
    schema["$defs"] = definitions_;
    return schema;
  }

 private:
  // Whether `defaults:` may bring in what an object lacks: then nothing is required.
  enum class Merged { No, Yes };

  static Json pattern(std::string_view text) { return {{"type", "string"}, {"pattern", text}}; }

  // A selector such as 2026 is a number to other readers, which patterns say nothing about.
  static Json text(std::string_view expression) {
    Json json = pattern(expression);
    const std::regex compiled(expression.begin(), expression.end());
    if (std::regex_search("1", compiled)) json["type"] = Json::array({"string", "number"});
    return json;
  }

  Json words(const Shape& shape) {
    Json list = Json::array();
    for (const Choice& choice : shape.choices) list.push_back(choice.word);
    return {{"enum", list}};
  }

  Json number(const Shape& shape, std::string_view type) {
    return {{"type", type}, {"minimum", shape.min}, {"maximum", shape.max}};
  }

  Json reference(const Object& object, Merged merged) {
    std::string name(object.name);
    std::ranges::replace(name, ' ', '-');
    if (merged == Merged::Yes) name += "-merged";
    if (named_.insert(name).second) definitions_[name] = body(object, merged);
    const Json target = {{"$ref", "#/$defs/" + name}};
    if (object.shorthand.empty()) return target;
    return {{"anyOf", {{{"type", Json::array({"string", "number"})}}, target}}};
  }

  Json list(const Shape& shape) {
    Json json = {{"type", "array"}, {"items", value(*shape.item, Merged::No)}};
    if (shape.unique) json["uniqueItems"] = true;
    return json;
  }

  Json map(const Shape& shape) {
    // Names of domains are checked as DNS names, not by a pattern.
    return {{"type", "object"}, {"additionalProperties", value(*shape.item, Merged::No)}};
  }

  Json any_of(const Shape& shape) {
    Json list = Json::array();
    for (const auto form : shape.objects) list.push_back(reference(*form(), Merged::No));
    return {{"anyOf", list}};
  }

  Json plain(const Shape& shape, Merged merged) {
    switch (shape.kind) {
      case Kind::Text:
        if (!shape.pattern.empty()) return text(shape.pattern);
        return {{"type", Json::array({"string", "number"})}};
      case Kind::Integer:
        return number(shape, "integer");
      case Kind::Number:
        return number(shape, "number");
      case Kind::Boolean:
        return {{"type", "boolean"}};
      case Kind::Duration:
        return pattern(kDuration);
      case Kind::Date:
        return pattern(kDate);
      case Kind::DateRange:
        return pattern(kDateRange);
      case Kind::Choice:
        return words(shape);
      case Kind::List:
        return list(shape);
      case Kind::Map:
        return map(shape);
      case Kind::Object:
        return reference(*shape.object(), merged);
      case Kind::Either:
        return {{"anyOf", {value(*shape.item, merged), value(*shape.other, merged)}}};
      case Kind::AnyOf:
        return any_of(shape);
    }
    return {};
  }

  Json value(const Shape& shape, Merged merged) {
    const Json json = plain(shape, shape.object == domain_object ? Merged::Yes : merged);
    if (!shape.nullable) return json;
    return {{"anyOf", {json, {{"type", "null"}}}}};
  }

  Json body(const Object& object, Merged merged) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field& field : object.fields) {
      Json property = value(*field.shape, merged);
      property["description"] = field.doc;
      properties[std::string(field.name)] = property;
      const bool missing_is_wrong = field.need == Need::Required ||
                                    (field.need == Need::RequiredMerged && merged == Merged::No);
      if (missing_is_wrong) required.push_back(field.name);
    }
    Json json = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) json["required"] = required;
    if (!object.one_of.empty()) json["oneOf"] = one_of(object);
    return json;
  }

  static Json one_of(const Object& object) {
    Json list = Json::array();
    for (const std::string_view key : object.one_of) list.push_back({{"required", {key}}});
    return list;
  }

  // A provider's settings depend on its type, and the catalogue of providers says how.
  Json providers(const Json& described) {
    Json forms = Json::array();
    for (const ProviderType& type : provider_types()) {
      Json properties = {{"type", {{"const", type.name}}}};
      for (const std::string_view setting : type.settings) {
        properties[std::string(setting)] = {{"type", Json::array({"string", "number"})}};
      }
      Json required = {"type"};
      if (!type.required.empty()) required.push_back(type.required);
      forms.push_back({{"type", "object"},
                       {"properties", properties},
                       {"required", required},
                       {"additionalProperties", false}});
    }
    return {{"anyOf",
             {{{"type", "object"},
               {"propertyNames", pattern(kIdentifier)},
               {"additionalProperties", {{"anyOf", forms}}}},
              {{"type", "null"}}}},
            {"description", described["description"]}};
  }

  Json definitions_ = Json::object();
  std::set<std::string> named_;
};

}  // namespace
}  // namespace config

std::string config_schema() { return config::Writer().file(*config::file_object()).dump(2) + "\n"; }

}  // namespace rampart
