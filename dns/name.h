/// A DNS name: absolute, lower case, A-labels, within the limits of RFC 1035.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart {

/// An absolute DNS name, held as text without the final dot ("_dmarc.example.com"; the root is
/// "."). Always lower case and at most 255 octets on the wire, 63 a label (RFC 1035 section 2.3.4).
/// Octets outside [a-z0-9_-*/+=] are escaped as `\.`, `\\` or `\DDD` (RFC 1035 section 5.1).
/// U-labels become A-labels when parsed (RFC 5891).
class Name {
 public:
  /// Reads presentation form, with or without the final dot; "@" and "" are errors.
  static Result<Name> parse(std::string_view text);

  /// For literals in code, tables and tests; aborts where `text` is not a name.
  static Name literal(std::string_view text);

  static Name root() { return Name("."); }

  const std::string& text() const { return text_; }
  bool is_root() const { return text_ == "."; }
  bool is_wildcard() const { return text_.starts_with("*."); }

  /// The labels from left to right, escapes kept; none for the root.
  std::vector<std::string_view> labels() const;

  /// The name without its leftmost label; the root's parent is the root.
  Name parent() const;

  /// `prefix` (one or more labels, such as "s1._domainkey") in front of this name;
  /// an Error where the result would not be a valid name.
  Result<Name> child(std::string_view prefix) const;

  /// Whether this name is `ancestor` or below it.
  bool is_within(const Name& ancestor) const;

  /// The text left of `zone`: "@" at the zone's apex, "_dmarc" below it.
  /// Must be called only where is_within(zone).
  std::string relative_to(const Name& zone) const;

  /// Uncompressed wire form (RFC 1035 section 3.1).
  std::string wire() const;

  /// The name for display: A-labels as Unicode where that is safe (dns/display.h).
  std::string unicode() const;

  bool operator==(const Name&) const = default;
  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace rampart
