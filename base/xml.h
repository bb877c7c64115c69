/// XML as the APIs of DNS hosts return it: a small tree of elements and text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart {

/// An element by its local name; attributes and namespaces are left out.
struct XmlElement {
  std::string name;
  std::string text;  ///< All character data directly within it.
  std::vector<XmlElement> children;

  /// The first child of that name, or null.
  const XmlElement* child(std::string_view child_name) const;

  /// The text of the first child of that name, or "".
  std::string_view text_of(std::string_view child_name) const;
};

/// Reads a whole document. An Error for anything malformed, for a document type (no entity is ever
/// expanded or fetched) and for more than 64 levels.
Result<XmlElement> parse_xml(std::string_view document);

/// `text` as character data: `&`, `<`, `>` and quotes as entities.
std::string xml_escaped(std::string_view text);

}  // namespace rampart
