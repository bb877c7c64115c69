/// The JSON Schema of domains.yaml, made from the table that the loader reads it with.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "providers/catalog.h"
#include "providers/model/provider.h"
#include "reconciler/config/config.h"
#include "reconciler/config/shapes.h"
#include "reconciler/config/table.h"

namespace rampart {
namespace config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDuration = "^(0|[1-9][0-9]*)(h|d|w|mo)$";
constexpr std::string_view kDate = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kDateRange = "^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kIdentifier = "^[A-Za-z0-9_.-]{1,64}$";

// Writes shapes as JSON Schema; each named form once, under $defs.
// A form is named once even where two keys use it; editors then show one description, and the file
// stays small enough to be read.
class SchemaWriter {
 public:
  Json file(const Form& form) {
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "Rampart's domains.yaml"},
                   {"description", "The SPF, DKIM and DMARC records that should exist in DNS."}};
    schema.update(body(form, Merged::No));
    schema["properties"]["providers"] = providers(schema["properties"]["providers"]);
    schema["$defs"] = definitions_;
    return schema;
  }

 private:
  // Whether `defaults:` may supply keys that a map lacks: then none of those is required.
  enum class Merged { No, Yes };

  static Json pattern(std::string_view text) { return {{"type", "string"}, {"pattern", text}}; }

  // What editors accept must be what the loader accepts: a schema that is stricter marks valid
  // files. A selector such as 2026 is a number to other YAML readers, and patterns apply to strings
  // alone.
  static Json any_text() { return {{"type", Json::array({"string", "number"})}}; }

  static Json text(std::string_view expression) {
    // A URI never looks like a number.
    if (expression.find("mailto:") != expression.npos || expression.find("//") != expression.npos) {
      return pattern(expression);
    }
    Json json = any_text();
    if (!expression.empty()) json["pattern"] = expression;
    return json;
  }

  static Json words(const Shape& shape) {
    Json list = Json::array();
    for (const Choice& choice : shape.choices) list.push_back(choice.word);
    return {{"enum", std::move(list)}};
  }

  static Json number(const Shape& shape, std::string_view type) {
    return {{"type", type}, {"minimum", shape.min}, {"maximum", shape.max}};
  }

  static Json any_of(std::initializer_list<Json> forms) {
    Json json;
    json["anyOf"] = Json::array_t(forms);
    return json;
  }

  // A map that merges with `defaults:` needs a second definition without required keys: what is
  // missing may come from there.
  Json reference(const Form& form, Merged merged) {
    if (form.merges) merged = Merged::Yes;
    std::string name(form.name);
    std::ranges::replace(name, ' ', '-');
    if (merged == Merged::Yes) name += "-merged";
    if (named_.insert(name).second) definitions_[name] = body(form, merged);
    Json target = {{"$ref", "#/$defs/" + name}};
    if (form.shorthand.empty()) return target;
    // A lone scalar is the value of that field.
    const auto field = std::ranges::find(form.fields, form.shorthand, &Field::name);
    return any_of({value(*field->shape, Merged::No), std::move(target)});
  }

  Json list(const Shape& shape) {
    Json json = {{"type", "array"}, {"items", value(*shape.item, Merged::No)}};
    if (shape.unique) json["uniqueItems"] = true;
    return json;
  }

  Json map(const Shape& shape) {
    if (!shape.item) return {{"type", "object"}};
    // Free keys have no pattern: names of domains are checked as DNS names.
    return {{"type", "object"}, {"additionalProperties", value(*shape.item, Merged::No)}};
  }

  Json plain(const Shape& shape, Merged merged) {
    switch (shape.kind) {
      case Kind::Text:
        return text(shape.pattern);
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
        return reference(shape.forms.front()(), merged);
      case Kind::Either:
        return any_of({value(*shape.item, merged), value(*shape.other, merged)});
      case Kind::AnyOf:
        return any_of(
            {reference(shape.forms[0](), Merged::No), reference(shape.forms[1](), Merged::No)});
    }
    return {};
  }

  Json value(const Shape& shape, Merged merged) {
    Json json = plain(shape, merged);
    return shape.nullable ? any_of({std::move(json), {{"type", "null"}}}) : json;
  }

  // `additionalProperties` is false everywhere, since the loader refuses unknown keys: an editor
  // should underline a typo at once.
  Json body(const Form& form, Merged merged) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field& field : form.fields) {
      Json property = value(*field.shape, merged);
      property["description"] = field.doc;
      properties[std::string(field.name)] = property;
      const bool missing_is_wrong = field.need == Need::Required ||
                                    (field.need == Need::RequiredMerged && merged == Merged::No);
      if (missing_is_wrong) required.push_back(field.name);
    }
    Json json = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) json["required"] = required;
    for (const std::string_view key : form.one_of) {
      json["oneOf"].push_back({{"required", {key}}});
    }
    return json;
  }

  // A setting's value as the loader takes it, as far as a schema can express that.
  static Json setting_value(const ProviderSetting& setting) {
    switch (setting.form) {
      case SettingForm::Word:
        return {{"enum", setting.words}};
      case SettingForm::Number:
        // A quoted number is one too.
        return {{"type", {"number", "string"}},
                {"exclusiveMinimum", 0},
                {"maximum", 1000},
                {"pattern", R"(^(0|[1-9][0-9]*)(\.[0-9]+)?$)"}};
      case SettingForm::Folder:
        return text(kPathShape.pattern);
      case SettingForm::ZoneIds:
        return {{"type", "object"}, {"additionalProperties", pattern(setting.pattern)}};
      case SettingForm::Text:
        break;
    }
    return text(setting.pattern);
  }

  // A provider's settings depend on its type; the catalogue of providers lists them.
  Json providers(const Json& described) {
    Json forms = Json::array();
    for (const ProviderType& type : provider_types()) {
      Json properties = {{"type", {{"const", type.name}}}};
      for (const ProviderSetting& setting : type.settings) {
        Json property = setting_value(setting);
        property["description"] = setting.doc;
        properties[std::string(setting.name)] = std::move(property);
      }
      Json required = {"type"};
      if (!type.required.empty()) required.push_back(type.required);
      forms.push_back({{"type", "object"},
                       {"properties", properties},
                       {"required", required},
                       {"additionalProperties", false}});
    }
    Json json = any_of({{{"type", "object"},
                         {"propertyNames", pattern(kIdentifier)},
                         {"additionalProperties", {{"anyOf", forms}}}},
                        {{"type", "null"}}});
    json["description"] = described["description"];
    return json;
  }

  Json definitions_ = Json::object();
  std::set<std::string> named_;
};

}  // namespace
}  // namespace config

std::string config_schema() {
  config::Sections blank;
  return config::SchemaWriter().file(config::file_form(blank)).dump(2) + "\n";
}

}  // namespace rampart
