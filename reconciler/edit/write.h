/// The octets that an edit puts into a YAML text, in the style of what stands around them. What
/// comes out must be read again: odd forms of YAML may not come out as meant.
#pragma once

#include <string>

#include "reconciler/edit/edit.h"
#include "reconciler/edit/layout.h"

namespace rampart::config {

/// `value` on one line in flow style; `json` quotes every text that is no whole number.
enum class Quotes { AsNeeded, Json };
std::string flow_text(const YamlValue& value, Quotes quotes);

/// The text with the value of the parent's `index`-th child replaced; a scalar's quotes stay.
Result<std::string> replace_value(const Layout& layout, const Place& parent, std::size_t index,
                                  const YamlValue& value);

/// The text with `key: value` added to the map, beside the keys that it belongs to.
Result<std::string> insert_entry(const Layout& layout, const Place& map, const std::string& key,
                                 const YamlValue& value);

/// The text with `value` behind the last item of `list`, the parent's `index`-th child.
Result<std::string> append_item(const Layout& layout, const Place& list, const Place& parent,
                                std::size_t index, const YamlValue& value);

/// The text without the map's `index`-th entry, its line with it where it has one of its own.
Result<std::string> remove_entry(const Layout& layout, const Place& map, std::size_t index);

}  // namespace rampart::config
