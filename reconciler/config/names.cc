/// Which names and selectors domains.yaml accepts.
#include "reconciler/config/names.h"

#include <algorithm>

#include "base/text.h"
#include "mail/dmarc/org_domain.h"

namespace rampart {
namespace {

// A name has 253 octets: this leaves room for `._domainkey.` and a domain.
constexpr std::size_t kMostSelectorOctets = 200;
constexpr std::size_t kMostLabelOctets = 63;

// Lower case only: Name has folded the case already (RFC 4343 section 3).
bool is_host_label(std::string_view label) {
  return label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == label.npos &&
         !label.starts_with('-') && !label.ends_with('-');
}

// Stricter than DNS, which allows any octet: signers put the selector into a header field, where
// RFC 6376 section 3.1 allows these alone.
bool is_selector_label(std::string_view label) {
  const bool plain = std::ranges::all_of(
      label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
  return plain && !same_ignoring_case(label, "_domainkey") && !label.empty() &&
         label.size() <= kMostLabelOctets && label.front() != '-' && label.back() != '-';
}

}  // namespace

// A public suffix is refused because its mail policy is not one organization's to decide; RFC 9989
// section 4.10 treats its records differently as well.
std::optional<NameRefusal> refusal_of(const Name& name) {
  const auto labels = name.labels();
  // RFC 3696 section 2: no top-level domain is all digits, so that an address is never a name.
  const bool address =
      !labels.empty() && labels.back().find_first_not_of("0123456789") == std::string_view::npos;
  if (name.is_root() || address || !std::ranges::all_of(labels, is_host_label)) {
    return NameRefusal{
        "bad-name", "is not a mail domain",
        "write a mail domain, such as example.com; Rampart adds _dmarc and the like itself"};
  }
  if (!dmarc::is_public_suffix(name)) return std::nullopt;
  return NameRefusal{"public-suffix", "is a public suffix",
                     "write a domain that is registered under it"};
}

bool is_selector(std::string_view text) {
  if (text.size() > kMostSelectorOctets) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_selector_label(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace rampart
