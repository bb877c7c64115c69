/// Writing values into a YAML text, in the style of the text around them. The caller must read the
/// result again: unusual forms of YAML may come out wrong.
#pragma once

#include <string>

#include "reconciler/edit/edit.h"
#include "reconciler/edit/layout.h"

namespace rampart::config {

/// How scalars are quoted: where YAML needs it, or as in JSON, all but whole numbers.
enum class Quotes { AsNeeded, Json };

/// `value` on one line in flow style.
std::string flow_text(const YamlValue& value, Quotes quotes);

/// The text with the value of the parent's `index`-th child replaced; a scalar's quotes stay.
Result<std::string> replace_value(const Layout& layout, const Place& parent, std::size_t index,
                                  const YamlValue& value);

/// The text with `key: value` added to the map, after the keys that it belongs to.
Result<std::string> insert_entry(const Layout& layout, const Place& map, const std::string& key,
                                 const YamlValue& value);

/// The text with `value` after the last item of `list`, the parent's `index`-th child.
Result<std::string> append_item(const Layout& layout, const Place& list, const Place& parent,
                                std::size_t index, const YamlValue& value);

/// The text without the map's `index`-th entry, and without its line if it has one of its own.
Result<std::string> remove_entry(const Layout& layout, const Place& map, std::size_t index);

}  // namespace rampart::config
