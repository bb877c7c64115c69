/// Redacting credentials from text.
#include "providers/http/secrets.h"

#include <algorithm>
#include <array>

#include "base/percent.h"
#include "base/printable.h"

namespace rampart {
namespace {

constexpr std::string_view kRedacted = "[redacted]";

using EscapePair = std::pair<char, std::string_view>;

// Enough for JSON and XML, the two formats in which hosts quote.
std::string escaped(std::string_view text, std::initializer_list<EscapePair> replacements) {
  std::string out;
  for (const char c : text) {
    const auto found = std::ranges::find(replacements, c, &EscapePair::first);
    if (found == replacements.end()) {
      out += c;
    } else {
      out += found->second;
    }
  }
  return out;
}

}  // namespace

// Longest first, so that a secret which contains another one is replaced as a whole.
void Secrets::add(std::string_view secret) {
  if (secret.empty()) return;
  // A host quotes a request in whatever its response is written in.
  const std::array<std::string, 5> spellings = {
      std::string(secret), percent_encoded(secret),
      escaped(secret, {{'"', "\\\""}, {'\\', "\\\\"}}),
      escaped(secret, {{'"', "\\\""}, {'\\', "\\\\"}, {'/', "\\/"}}),
      escaped(secret, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}})};
  for (const std::string& spelling : spellings) {
    if (std::ranges::find(spellings_, spelling) == spellings_.end()) spellings_.push_back(spelling);
  }
  std::ranges::stable_sort(spellings_, std::ranges::greater{}, &std::string::size);
}

// A single pass, since a replacement must not be searched again.
std::string Secrets::redact(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::ranges::find_if(spellings_, [&](const std::string& spelling) {
      return text.substr(at).starts_with(spelling);
    });
    if (found == spellings_.end()) {
      out += text[at++];
    } else {
      out += kRedacted;
      at += found->size();
    }
  }
  return without_userinfo(out);
}

}  // namespace rampart
