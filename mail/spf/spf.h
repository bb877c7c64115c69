/// The SPF record as RFC 7208 section 12 writes it: parsed into terms, printed again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::spf {

enum class Qualifier : char { Pass = '+', Fail = '-', SoftFail = '~', Neutral = '?' };

enum class Mechanism { All, Include, A, Mx, Ptr, Ip4, Ip6, Exists };

/// A directive: `-ip4:192.0.2.0/24`.
struct Directive {
  Qualifier qualifier = Qualifier::Pass;
  Mechanism mechanism = Mechanism::All;
  std::string domain{};        ///< The domain-spec, macros kept; empty where none is written.
  std::string network{};       ///< ip4/ip6: the address, canonical text; else empty.
  std::optional<int> cidr4{};  ///< a, mx, ip4: the prefix length where written.
  std::optional<int> cidr6{};  ///< a, mx, ip6.

  bool operator==(const Directive&) const = default;
};

/// `redirect=`, `exp=` or an unknown modifier, which is kept.
struct Modifier {
  std::string name;  ///< Lower case.
  std::string value;

  bool operator==(const Modifier&) const = default;
};

/// A parsed record. The order of directives is their order in the text.
struct Record {
  std::vector<Directive> directives;
  std::vector<Modifier> modifiers;

  bool operator==(const Record&) const = default;
  const Modifier* find_modifier(std::string_view name) const;
};

/// Whether `text` is an SPF record at all: version `v=spf1`, in any case, then a space or the end
/// (RFC 7208 section 4.5).
bool is_spf(std::string_view text);

/// Reads a whole record; a syntax error anywhere is an Error, even after a match (section 4.6). The
/// Error names the term and, where it can be guessed, the intended one.
Result<Record> parse(std::string_view text);

/// Reads terms without a version, as in `extra:` of the YAML.
Result<Record> parse_terms(std::string_view text);

/// The term that a modifier with the name of a mechanism was meant to be: "include:x" of
/// "include=x". Legal, ignored by receivers (RFC 7208 section 6) and never meant. Empty for every
/// other modifier.
std::string mechanism_meant_by(const Modifier& modifier);

/// Canonical text: lower-case names, `+` left out, single blanks, modifiers last.
std::string print(const Record& record);
std::string print(const Directive& directive);

/// Whether two records mean the same: the same terms per qualifier group in the same group order,
/// prefix lengths and addresses normalised, what follows `all` ignored, unknown modifiers equal.
bool same_meaning(const Record& a, const Record& b);

/// Whether this term costs one of the ten DNS lookups (section 4.6.4).
bool costs_lookup(const Directive& directive);

}  // namespace rampart::spf
