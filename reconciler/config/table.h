/// The form of the table that describes domains.yaml: every key with its type, bounds, description
/// and target. The reader and the JSON Schema are both made from it, so they cannot disagree.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/yaml.h"

namespace rampart::config {

class Loader;
struct Form;

/// The type of a value in the YAML.
enum class Kind {
  Text,       ///< Any scalar, taken as written.
  Integer,    ///< Plain decimal.
  Number,     ///< Plain decimal, with or without a fraction.
  Boolean,    ///< true or false.
  Duration,   ///< 12h, 14d, 6w, 3mo.
  Date,       ///< 2026-11-21.
  DateRange,  ///< 2026-12-15/2027-01-05.
  Choice,     ///< One of a few words.
  List,       ///< Of `item`.
  Map,        ///< Free keys, each with an `item`.
  Object,     ///< A map with the keys of `forms[0]`.
  Either,     ///< `item` for a scalar, else `other`.
  AnyOf,      ///< A map with the keys of one of the `forms`.
};

/// A word of a Choice, and the number that it is stored as.
struct Choice {
  std::string_view word;
  int value = 0;
};

/// What a value may be. Shapes are static: fields and other shapes point to them.
struct Shape {
  Kind kind = Kind::Text;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::vector<Choice> choices;
  const Shape* item = nullptr;
  const Shape* other = nullptr;
  std::vector<std::function<Form()>> forms;  ///< Over a blank target: for keys and descriptions.
  std::string_view pattern;  ///< For the schema: `check`, as far as a pattern can express it.
  bool (*check)(Loader&, const Node&) = nullptr;  ///< Reports what is wrong; false then.
  bool unique = false;                            ///< A list without duplicates.
  bool nullable = false;                          ///< Null means an empty map.
  bool shorthand = false;                         ///< An Object for which a scalar may be written.
};

/// Whether a key must be present.
enum class Need {
  Optional,
  Required,        ///< In the map itself.
  RequiredMerged,  ///< In the map or in `defaults:`.
};

/// The maps that one object is read from: `defaults:` first, the object's own last.
using Layers = std::vector<const Node*>;

/// One key of a map. `store` puts a valid value into its target; it gets one node, or for an Object
/// the nodes of every layer.
struct Field {
  std::string_view name;
  const Shape* shape = nullptr;
  std::string_view doc;
  std::function<void(Loader&, const Layers&)> store;
  Need need = Need::Optional;
};

/// One kind of map, bound to the C++ object that it is read into.
struct Form {
  std::string_view name;  ///< As in "unknown key in a sender".
  std::vector<Field> fields;
  Mark* mark = nullptr;                                         ///< Set to the position of the map.
  std::function<void(Loader&, const Layers&)> check = nullptr;  ///< Runs after all fields.
  std::string_view shorthand = {};            ///< The field that a lone scalar is the value of.
  std::vector<std::string_view> one_of = {};  ///< Keys of which exactly one must be present.
  bool merges = false;                        ///< `defaults:` may supply what is missing.
};

/// The top of a file: the sections that are read one after another, and short lists.
struct Sections {
  const Node* include = nullptr;
  const Node* providers = nullptr;
  const Node* senders = nullptr;
  const Node* ramps = nullptr;
  const Node* defaults = nullptr;
  const Node* domains = nullptr;
  const Node* organizations = nullptr;  ///< `reporters:` of an embedded file.
  ReporterLists reporters;
  std::vector<std::string> resolvers;
  std::vector<std::string> recipients;
};

/// The forms of domains.yaml, of the files that it includes, and of the embedded files (catalogue
/// and ramps).
Form file_form(Sections& sections);
Form included_form(Sections& sections);
Form builtin_form(Sections& sections);

/// The forms of maps that have a struct of their own; overloads, so that templates find them.
Form form_of(Sender& sender);
Form form_of(DkimTemplate& record);
Form form_of(ReportingOrganization& organization);
Form form_of(Ramp& ramp);
Form form_of(RampStep& step);
Form form_of(Gates& gates);
Form form_of(Domain& domain);
Form form_of(SenderUse& use);
Form form_of(SpfSpec& spf);
Form form_of(DmarcSpec& dmarc);
Form form_of(SelectorSpec& selector);
Form form_of(RotationSpec& rotation);
Form form_of(IgnoredSource& source);
Form form_of(Waiver& waiver);
Form form_of(MtaStsSpec& policy);
Form form_of(TlsRptSpec& reporting);
Form form_of(BimiSpec& bimi);

/// The rules among the keys of one object, once all of them are read.
void check_domain(Loader& loader, const Layers& layers, const Domain& domain);
void check_dmarc(Loader& loader, const Layers& layers, const DmarcSpec& dmarc);
void check_ramp(Loader& loader, const Layers& layers, const Ramp& ramp);
void check_selector_source(Loader& loader, const Layers& layers);
void check_sender_use(Loader& loader, const Layers& layers, const SenderUse& use);

}  // namespace rampart::config
