/// Redacting credentials from text.
#include "providers/http/secrets.h"

#include <algorithm>

#include "base/base64.h"
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

std::string in_hex(std::string_view text, std::string_view digits) {
  std::string out;
  for (const char c : text) {
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 0xFU];
  }
  return out;
}

// The octets beside the secret decide only the outer characters of its base64: what is left is the
// same whatever surrounds it, `Bearer ` for example. One of three forms, by the octets before it.
std::string base64_within(std::string_view secret, std::size_t octets_before) {
  const std::string whole = encode_base64(std::string(octets_before, ' ') + std::string(secret));
  const std::size_t octets = octets_before + secret.size();
  const std::size_t first = (octets_before * 8 + 5) / 6;
  const std::size_t end = octets * 8 / 6;
  return end > first ? whole.substr(first, end - first) : std::string();
}

std::string in_url_alphabet(std::string base64) {
  std::ranges::replace(base64, '+', '-');
  std::ranges::replace(base64, '/', '_');
  return base64;
}

// As percent_encoded(), with "/" as it is, which many libraries leave.
std::string percent_encoded_path(std::string_view secret) {
  std::string out;
  for (std::size_t at = 0; at <= secret.size();) {
    const std::size_t slash = std::min(secret.find('/', at), secret.size());
    out += percent_encoded(secret.substr(at, slash - at));
    if (slash < secret.size()) out += '/';
    at = slash + 1;
  }
  return out;
}

// Shorter ones are in too many words.
constexpr std::size_t kShortestEncoded = 8;

}  // namespace

// Longest first, so that a secret which contains another one is replaced as a whole.
void Secrets::add(std::string_view secret) {
  if (secret.empty()) return;
  // A host quotes a request in whatever its response is written in.
  std::vector<std::string> spellings = {
      std::string(secret),
      percent_encoded(secret),
      escaped(secret, {{'"', "\\\""}, {'\\', "\\\\"}}),
      escaped(secret, {{'"', "\\\""}, {'\\', "\\\\"}, {'/', "\\/"}}),
      escaped(secret, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}}),
      percent_encoded_path(secret)};
  std::vector<std::string> encoded = {in_hex(secret, "0123456789abcdef"),
                                      in_hex(secret, "0123456789ABCDEF")};
  for (const std::size_t before : {0, 1, 2}) {
    encoded.push_back(base64_within(secret, before));
    encoded.push_back(in_url_alphabet(encoded.back()));
  }
  std::erase_if(encoded, [](const std::string& one) { return one.size() < kShortestEncoded; });
  spellings.insert(spellings.end(), encoded.begin(), encoded.end());
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
