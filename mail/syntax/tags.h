/// The tag-list that DKIM, DMARC, MTA-STS, TLS-RPT and BIMI records share: `tag=value; tag=value`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rampart {

/// One tag as written, without blanks around name and value.
struct Tag {
  std::string name;
  std::string value;

  bool operator==(const Tag&) const = default;
};

/// Name and value of `piece` around its first `=`, blanks removed; nullopt without one. Nothing is
/// checked: for texts that receivers read although they break the grammar.
std::optional<std::pair<std::string_view, std::string_view>> split_tag(std::string_view piece);

/// Reads a tag-list in order (RFC 6376 section 3.2): blanks around `=` and `;` are allowed, one
/// final `;` too. An Error for an empty tag, a missing `=`, or a tag name given twice.
Result<std::vector<Tag>> parse_tags(std::string_view text);

/// A tag-list as verifiers read it, and where it breaks the grammar.
struct TagReading {
  std::vector<Tag> tags;
  std::vector<std::string> slips;  ///< What the grammar forbids and verifiers accept.
};

/// Reads a tag-list as DKIM verifiers do: line breaks, names such as `x-y`, characters outside
/// ASCII and blanks after the last `;` are slips. `utf8` lists the names of one letter whose values
/// may hold such characters (RFC 8616 section 5). An Error as in parse_tags() for the rest.
Result<TagReading> read_tags(std::string_view text, std::string_view utf8 = "");

/// "a=1; b=2", without a final `;`.
std::string print_tags(const std::vector<Tag>& tags);

/// The value of the first tag where that tag is `v` (`V` too), blanks removed, whatever follows;
/// nullopt where the text does not begin with a version. Blanks in front are not looked at:
/// receivers discard a record that begins with one.
std::optional<std::string_view> version_of(std::string_view text);

/// The value of `name`, case-sensitively, or nullopt.
std::optional<std::string> find_tag(const std::vector<Tag>& tags, std::string_view name);

}  // namespace rampart
