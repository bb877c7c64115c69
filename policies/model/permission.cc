/// The text of permissions, written and read.
#include "policies/model/permission.h"

#include <utility>

namespace rampart {
namespace {

// These words are part of the plan file's format, so a change here would make old plans unreadable.
constexpr std::string_view kRedirect = "redirect=";
constexpr std::string_view kKey = "key ";
constexpr std::string_view kUnreadableKey = "key that cannot be read";
constexpr std::string_view kKeysAt = "keys at ";

// One text form for JSON, people and comparison: sorting by it groups grants of one kind.
struct Printer {
  std::string operator()(const SpfGrant& grant) const {
    const std::string term = spf::print(grant.term);
    return term == "all" ? "+all" : term;
  }
  std::string operator()(const SpfRedirect& grant) const {
    return std::string(kRedirect) + grant.domain;
  }
  std::string operator()(const SigningKey& grant) const {
    return grant.fingerprint.empty() ? std::string(kUnreadableKey)
                                     : std::string(kKey) + grant.fingerprint;
  }
  std::string operator()(const DelegatedKeys& grant) const {
    return std::string(kKeysAt) + grant.target;
  }
};

// Unknown text becomes a delegation, as plan files of earlier releases wrote bare targets.
Permission::Grant grant_in(const std::string& text) {
  if (text == kUnreadableKey) return SigningKey{};
  if (text.starts_with(kKey)) return SigningKey{text.substr(kKey.size())};
  if (text.starts_with(kRedirect)) return SpfRedirect{text.substr(kRedirect.size())};
  if (text.starts_with(kKeysAt)) return DelegatedKeys{text.substr(kKeysAt.size())};
  // Last, because SPF terms have no prefix of their own to recognize them by.
  const auto term = spf::parse_terms(text);
  if (term && term->directives.size() == 1) return SpfGrant{term->directives.front()};
  return DelegatedKeys{text};
}

}  // namespace

Permission::Permission(Grant grant)
    : grant_(std::move(grant)), text_(std::visit(Printer{}, grant_)) {}

Permission Permission::parse(const std::string& text) {
  Permission permission(grant_in(text));
  // A reviewed plan is compared and shown as it was written.
  permission.text_ = text;
  return permission;
}

}  // namespace rampart
