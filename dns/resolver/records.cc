#include "dns/resolver/records.h"

#include <arpa/inet.h>
#include <fmt/format.h>
// ldns redefines bool, true and false unless this header came first.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "dns/escape.h"

namespace rampart {
namespace {

std::string_view octets(const ldns_rdf* rdf) {
  return {reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf)};
}

// Presentation form of an uncompressed wire name; nullopt where its labels overrun it.
std::optional<std::string> name_text(std::string_view wire) {
  std::string text;
  // Our own loop and not ldns_rdf2str: Name must get its own spelling, and hostile lengths are
  // checked.
  while (!wire.empty()) {
    const std::size_t length = static_cast<unsigned char>(wire.front());
    if (length == 0) return text.empty() ? "." : text;
    if (length > 63 || length + 1 > wire.size()) return std::nullopt;
    if (!text.empty()) text += '.';
    text += spell_label(wire.substr(1, length));
    wire.remove_prefix(length + 1);
  }
  return std::nullopt;
}

std::optional<std::string> address(const ldns_rr* rr, int family) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string_view raw = octets(ldns_rr_rdf(rr, 0));
  if (raw.size() != (family == AF_INET ? 4U : 16U)) return std::nullopt;
  if (inet_ntop(family, raw.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  return std::string(text.data());
}

std::optional<std::string> joined_strings(const ldns_rr* rr) {
  std::string joined;
  for (std::size_t index = 0; index < ldns_rr_rd_count(rr); ++index) {
    const std::string_view raw = octets(ldns_rr_rdf(rr, index));
    if (raw.empty()) return std::nullopt;
    // Without the length octet. RFC 7208 section 3.3 and RFC 6376 section 3.6.2.2: strings are
    // joined without blanks.
    joined += raw.substr(1);
  }
  return joined;
}

std::optional<std::string> rdf_text(const ldns_rdf* rdf) {
  // ldns writes names with a final dot and in the case received; values have neither.
  if (ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME) {
    const auto name = name_of(rdf);
    return name ? std::optional(name->text()) : std::nullopt;
  }
  const std::unique_ptr<char, decltype(&free)> text(ldns_rdf2str(rdf), &free);
  return text ? std::optional<std::string>(text.get()) : std::nullopt;
}

// The fields of any other type; names in Name's spelling.
std::optional<std::string> fields(const ldns_rr* rr) {
  std::string text;
  for (std::size_t index = 0; index < ldns_rr_rd_count(rr); ++index) {
    const auto field = rdf_text(ldns_rr_rdf(rr, index));
    if (!field) return std::nullopt;
    if (index > 0) text += ' ';
    text += *field;
  }
  return text;
}

}  // namespace

std::string wire_name(const ldns_rdf* rdf) { return ascii_lower(octets(rdf)); }

std::optional<Name> name_of(const ldns_rdf* rdf) {
  const auto text = name_text(octets(rdf));
  if (!text) return std::nullopt;
  if (*text == ".") return Name::root();
  const auto name = Name::parse(*text);
  return name.ok() ? std::optional(name.value()) : std::nullopt;
}

// The values of RecordSet, not ldns's own text: answers are compared with what providers return.
std::optional<std::string> value_of(const ldns_rr* rr) {
  // RDLENGTH 0 is legal only in dynamic updates (RFC 2136 section 2.4).
  if (ldns_rr_rd_count(rr) == 0) return std::nullopt;
  switch (ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_A:
      return address(rr, AF_INET);
    case LDNS_RR_TYPE_AAAA:
      return address(rr, AF_INET6);
    case LDNS_RR_TYPE_TXT:
    case LDNS_RR_TYPE_SPF:
      return joined_strings(rr);
    default:
      return fields(rr);
  }
}

}  // namespace rampart
