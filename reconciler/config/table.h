/// The form of the table that describes domains.yaml: every key with its type, bounds, sentence and
/// target. The reader and the JSON Schema both follow it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/yaml.h"

namespace rampart::config {

class Loader;
struct Object;

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
  Object,     ///< The keys of `object`.
  Either,     ///< `item` where a scalar stands, else `other`.
  AnyOf,      ///< One of the `objects`: the first whose first key is there.
};

/// A word of a Choice, and the number that it is stored as.
struct Choice {
  std::string_view word;
  int value = 0;
};

/// What a value may be.
struct Shape {
  Kind kind = Kind::Text;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::vector<Choice> choices;
  const Shape* item = nullptr;
  const Shape* other = nullptr;
  const Object* (*object)() = nullptr;
  std::vector<const Object* (*)()> objects;
  std::string_view pattern;  ///< For the schema: what `check` asks, as far as a pattern can say it.
  bool (*check)(Loader&, const Node&) = nullptr;  ///< Reports what is wrong; false then.
  bool unique = false;                            ///< A list in which nothing stands twice.
  bool nullable = false;  ///< Nothing at all is as good as an empty map or list.
};

enum class Need {
  Optional,
  Required,        ///< In the place itself.
  RequiredMerged,  ///< Once `defaults:` are merged in.
};

/// The maps that one object is read from: `defaults:` first, the object's own last.
using Layers = std::vector<const Node*>;

/// Stores a valid value: `layers` holds one node, or for an Object every layer's.
using Store = void (*)(Loader&, const Layers& layers, const Shape& shape, void* target);

/// One key of an object.
struct Field {
  std::string_view name;
  const Shape* shape = nullptr;
  std::string_view doc;
  Store store = nullptr;
  Need need = Need::Optional;
};

/// One form of map: its keys, and what must hold among them.
struct Object {
  std::string_view name;  ///< As in "unknown key in a sender".
  std::vector<Field> fields;
  std::string_view shorthand;                        ///< The field that a lone scalar stands for.
  void (*place)(void* target, Mark mark) = nullptr;  ///< Stores where the object stands.
  void (*check)(Loader&, const Layers&, void* target) = nullptr;  ///< After all fields are read.
  std::vector<std::string_view> one_of;  ///< Keys of which exactly one must be there.
};

/// What a file says at its top: the sections that are read one after another, and small lists.
struct Sections {
  const Node* include = nullptr;
  const Node* providers = nullptr;
  const Node* senders = nullptr;
  const Node* ramps = nullptr;
  const Node* defaults = nullptr;
  const Node* domains = nullptr;
  std::vector<std::string> resolvers;
  std::vector<std::string> recipients;
};

/// The forms of domains.yaml, and of the files that it includes (into Sections).
const Object* file_object();
const Object* included_object();

/// The form of the embedded files: the catalogue and the ramps.
const Object* builtin_object();

/// The forms of one row of `senders:`, `ramps:` and `domains:` (into Sender, Ramp, Domain).
const Object* sender_object();
const Object* ramp_object();
const Object* domain_object();

/// The forms of one item of `dkim:`: a selector, or a rotation with its state beside it.
const Object* selector_object();
const Object* rotation_object();

/// What must hold within a merged domain, a merged `dmarc:` and a ramp.
void check_domain(Loader& loader, const Layers& layers, void* domain);
void check_dmarc(Loader& loader, const Layers& layers, void* dmarc);
void check_ramp_steps(Loader& loader, const Layers& layers, void* ramp);
void check_selector_source(Loader& loader, const Layers& layers, void* selector);
void check_sender_use(Loader& loader, const Layers& layers, void* use);

}  // namespace rampart::config
