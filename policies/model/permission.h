/// Ways to send or sign as a domain: what a change of its records grants or revokes.
#pragma once

#include <string>
#include <variant>

#include "mail/spf/spf.h"

namespace rampart {

/// An SPF term that lets its addresses pass. A network of addresses is an ip4 or ip6 term.
struct SpfGrant {
  spf::Directive term;
};

/// Another domain's SPF record in place of the domain's own (`redirect=`).
struct SpfRedirect {
  std::string domain;
};

/// A published DKIM key; the fingerprint is empty where its p= cannot be decoded.
struct SigningKey {
  std::string fingerprint;  ///< "sha256:<16 hex digits>".
};

/// A selector that is a CNAME: its target's owner publishes the keys.
struct DelegatedKeys {
  std::string target;
};

/// One permission. Permissions are compared by their text, which plan.json holds.
class Permission {
 public:
  using Grant = std::variant<SpfGrant, SpfRedirect, SigningKey, DelegatedKeys>;

  explicit Permission(Grant grant);
  /// Reads the text that plan.json holds; text of no known form becomes DelegatedKeys.
  static Permission parse(const std::string& text);

  /// "ip4:192.0.2.0/28", "include:_spf.example.net", "redirect=example.net", "key sha256:...",
  /// "key that cannot be read", "keys at s1.example.net".
  const std::string& text() const { return text_; }

  /// The SPF term; null for every other permission.
  const spf::Directive* spf_term() const {
    const auto* grant = std::get_if<SpfGrant>(&grant_);
    return grant == nullptr ? nullptr : &grant->term;
  }

  friend bool operator==(const Permission& a, const Permission& b) { return a.text_ == b.text_; }
  friend auto operator<=>(const Permission& a, const Permission& b) { return a.text_ <=> b.text_; }

 private:
  Grant grant_;
  std::string text_;
};

}  // namespace rampart
