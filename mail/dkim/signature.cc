#include "mail/dkim/signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/decimal.h"
#include "mail/dkim/key.h"
#include "mail/syntax/tags.h"

namespace rampart::dkim {
namespace {

using Tags = std::vector<Tag>;

// RFC 8616 section 5: the values of d=, s= and i= in an internationalized header.
constexpr std::string_view kUtf8Tags = "dsi";

Result<std::string> required(const Tags& tags, std::string_view name) {
  auto value = find_tag(tags, name);
  if (!value) return Error{fmt::format("`{}=` is missing", name)};
  return std::move(*value);
}

Result<Algorithm> parse_algorithm(const std::string& text) {
  // RFC 6376 section 3.2: values are case-sensitive.
  for (const auto algorithm :
       {Algorithm::RsaSha256, Algorithm::Ed25519Sha256, Algorithm::RsaSha1}) {
    if (text == to_text(algorithm)) return algorithm;
  }
  return Error{fmt::format("`a={}` is not an algorithm in use", text)};
}

Result<Canonicalization> parse_method(std::string_view text) {
  if (text == "simple") return Canonicalization::Simple;
  if (text == "relaxed") return Canonicalization::Relaxed;
  return Error{fmt::format("`{}` is not a canonicalization", text)};
}

Result<Ok> read_methods(const Tags& tags, Signature& signature) {
  const auto text = find_tag(tags, "c");
  if (!text) return Ok{};
  const auto slash = text->find('/');
  TRY(signature.header, parse_method(std::string_view(*text).substr(0, slash)));
  // RFC 6376 section 3.5: where only one is named, the body's is simple.
  if (slash == std::string::npos) return Ok{};
  TRY(signature.body, parse_method(std::string_view(*text).substr(slash + 1)));
  return Ok{};
}

// RFC 6376 section 3.5 allows 12 digits for t= and x=, and 76 for l=: more than any body has.
Result<std::optional<std::uint64_t>> parse_number(const Tags& tags, std::string_view name,
                                                  std::size_t most_digits) {
  const auto text = find_tag(tags, name);
  if (!text) return std::optional<std::uint64_t>();
  std::string_view digits = *text;
  // Signs and blanks are malformed, not ignored.
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) {
    return Error{fmt::format("`{}={}` is not a number", name, *text)};
  }
  // Leading zeros are legal and do not count against the limit.
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (digits.size() > most_digits) return Error{fmt::format("`{}=` is too large", name)};
  return parse_decimal<std::uint64_t>(digits);
}

Result<Ok> read_numbers(const Tags& tags, Signature& signature) {
  TRY(const auto time, parse_number(tags, "t", 12));
  TRY(const auto expires, parse_number(tags, "x", 12));
  TRY(signature.length, parse_number(tags, "l", 18));
  if (time) signature.time = static_cast<std::int64_t>(*time);
  if (expires) signature.expires = static_cast<std::int64_t>(*expires);
  if (time && expires && *expires <= *time) {
    return Error{"`x=` is not later than `t=` (RFC 6376 section 3.5)"};
  }
  return Ok{};
}

Result<Name> parse_name(const Tags& tags, std::string_view tag) {
  TRY(const auto text, required(tags, tag));
  auto name = Name::parse(text);
  if (!name) return Error{fmt::format("`{}={}` is not a domain name", tag, text)};
  return name;
}

Result<Ok> read_identity(const Tags& tags, Signature& signature) {
  const auto text = find_tag(tags, "i");
  // RFC 6376 section 3.5: the default of i= is `@` and d=.
  signature.identity = text ? *text : "@" + signature.domain.text();
  const auto at = signature.identity.rfind('@');
  if (at == std::string::npos) return Error{"`i=` has no `@`"};
  const auto domain = Name::parse(std::string_view(signature.identity).substr(at + 1));
  if (!domain) return Error{fmt::format("`i={}` has no domain", signature.identity)};
  signature.identity_domain = *domain;
  return Ok{};
}

Result<Ok> read_headers(const Tags& tags, Signature& signature) {
  TRY(const auto text, required(tags, "h"));
  bool gap = false;
  for (const std::string_view name : split(text, ':')) {
    // No field has an empty name, so that it adds nothing to what is signed.
    gap = gap || name.empty();
    // Field names compare without case (RFC 5322 section 1.2.2).
    if (!name.empty()) signature.headers.push_back(ascii_lower(name));
  }
  if (signature.headers.empty()) return Error{"`h=` names no field"};
  if (gap) signature.slips.emplace_back("`h=` has an empty name");
  return Ok{};
}

Result<std::string> parse_octets(const Tags& tags, std::string_view name) {
  TRY(const auto text, required(tags, name));
  auto octets = decode_base64(without_spaces(text));
  if (!octets) return Error{fmt::format("`{}=` is not base64: {}", name, octets.error().what)};
  if (octets->empty()) return Error{fmt::format("`{}=` is empty", name)};
  return octets;
}

// RFC 8617 section 4.2.1: 1 to 50.
Result<Ok> read_instance(const Tags& tags, Signature& signature) {
  TRY(const auto number, parse_number(tags, "i", 2));
  if (!number) return Error{"`i=` is missing"};
  if (*number < 1 || *number > 50) return Error{"`i=` is not between 1 and 50"};
  signature.instance = static_cast<int>(*number);
  return Ok{};
}

// The tags of every signature: signer, algorithm, and the signature itself.
Result<Signature> parse_common(const TagReading& reading) {
  const Tags& tags = reading.tags;
  Signature signature;
  signature.slips = reading.slips;
  TRY(const auto algorithm_text, required(tags, "a"));
  TRY(signature.algorithm, parse_algorithm(algorithm_text));
  TRY(signature.domain, parse_name(tags, "d"));
  TRY(signature.selector, parse_name(tags, "s"));
  TRY(signature.octets, parse_octets(tags, "b"));
  // RFC 6008 section 4: reports name a signature by the beginning of its b=, of at least eight
  // characters.
  signature.beginning = without_spaces(*find_tag(tags, "b")).substr(0, 8);
  TRY_OK(read_numbers(tags, signature));
  return signature;
}

// The further tags of a signature over a message.
// What DKIM and ARC message signatures share; seals have none of it.
Result<Ok> read_message_tags(const Tags& tags, Signature& signature) {
  TRY_OK(read_methods(tags, signature));
  TRY_OK(read_headers(tags, signature));
  TRY(signature.body_hash, parse_octets(tags, "bh"));
  // RFC 6376 section 3.5: unknown methods are skipped, dns/txt is the default and the only one in
  // use.
  const auto query = find_tag(tags, "q");
  if (!query) return Ok{};
  const auto methods = split(*query, ':');
  if (std::ranges::find(methods, "dns/txt") != methods.end()) return Ok{};
  return Error{fmt::format("`q={}` names no supported way to find the key", *query)};
}

}  // namespace

std::string_view to_text(Algorithm algorithm) {
  constexpr std::array<std::string_view, 3> kNames = {"rsa-sha256", "ed25519-sha256", "rsa-sha1"};
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::string_view to_text(Canonicalization method) {
  return method == Canonicalization::Simple ? "simple" : "relaxed";
}

Result<Signature> parse_signature(std::string_view value) {
  TRY(const auto reading, read_tags(value, kUtf8Tags));
  const Tags& tags = reading.tags;
  TRY(const auto version, required(tags, "v"));
  if (version != "1") return Error{fmt::format("`v={}` is not 1", version)};
  TRY(auto signature, parse_common(reading));
  TRY_OK(read_message_tags(tags, signature));
  TRY_OK(read_identity(tags, signature));
  return signature;
}

Result<Signature> parse_arc_signature(std::string_view value) {
  TRY(const auto reading, read_tags(value, kUtf8Tags));
  const Tags& tags = reading.tags;
  if (find_tag(tags, "v")) return Error{"`v=` does not belong here (RFC 8617 section 4.1.2)"};
  TRY(auto signature, parse_common(reading));
  TRY_OK(read_message_tags(tags, signature));
  TRY_OK(read_instance(tags, signature));
  signature.identity_domain = signature.domain;
  return signature;
}

Result<Signature> parse_arc_seal(std::string_view value) {
  TRY(const auto reading, read_tags(value, kUtf8Tags));
  const Tags& tags = reading.tags;
  // RFC 8617 section 4.1.3: a seal with h= is a failed one.
  for (const std::string_view name : {"h", "bh", "l"}) {
    if (find_tag(tags, name)) return Error{fmt::format("`{}=` does not belong here", name)};
  }
  TRY(auto signature, parse_common(reading));
  TRY_OK(read_instance(tags, signature));
  TRY(signature.chain, required(tags, "cv"));
  // RFC 8617 section 4.1.3: seals always use relaxed.
  signature.header = Canonicalization::Relaxed;
  signature.identity_domain = signature.domain;
  return signature;
}

SignatureOwner owner_of(std::string_view value) {
  const auto reading = read_tags(value, kUtf8Tags);
  if (!reading) return {};
  return {find_tag(reading->tags, "d").value_or(""), find_tag(reading->tags, "s").value_or("")};
}

// By position and not by parsed tags: every other octet must stay as it was signed.
std::string without_signature(std::string_view raw) {
  std::size_t begin = raw.find(':') + 1;
  while (begin < raw.size()) {
    const std::size_t end = std::min(raw.find(';', begin), raw.size());
    const std::size_t equals = raw.substr(0, end).find('=', begin);
    // `bh=` and names that end in b must not match, so the whole name is compared.
    if (equals != std::string_view::npos && trim(raw.substr(begin, equals - begin)) == "b") {
      return std::string(raw.substr(0, equals + 1)) + std::string(raw.substr(end));
    }
    begin = end + 1;
  }
  return std::string(raw);
}

}  // namespace rampart::dkim
