/// Which names the YAML accepts as domains and selectors; for its reader and for `init`.
#pragma once

#include <optional>
#include <string_view>

#include "dns/name.h"

namespace rampart {

/// Why the YAML refuses a name.
struct NameRefusal {
  std::string_view code;    ///< Of docs/findings.md.
  std::string_view reason;  ///< After the name: "is a public suffix".
  std::string_view advice;  ///< What to write instead.
};

/// Why `name` cannot be a key of `domains:`; empty where it can.
std::optional<NameRefusal> refusal_of(const Name& name);

/// Whether `text` is a selector: one or more labels of letters, digits, "-" and "_" (RFC 6376
/// section 3.1), none of them `_domainkey`, which ends the selector in the key's name.
bool is_selector(std::string_view text);

}  // namespace rampart
