#include "dns/record.h"

#include <algorithm>
#include <array>

#include "base/decimal.h"
namespace rampart {
namespace {

struct Mnemonic {
  std::string_view text;
  std::uint16_t number;
};

// The types of the IANA registry that occur in zones; no queries or pseudo types;
// and the two of PowerDNS' own.
constexpr auto kMnemonics = std::to_array<Mnemonic>({
    {"A", 1},       {"NS", 2},      {"MD", 3},         {"MF", 4},          {"CNAME", 5},
    {"SOA", 6},     {"MB", 7},      {"MG", 8},         {"MR", 9},          {"NULL", 10},
    {"WKS", 11},    {"PTR", 12},    {"HINFO", 13},     {"MINFO", 14},      {"MX", 15},
    {"TXT", 16},    {"RP", 17},     {"AFSDB", 18},     {"X25", 19},        {"ISDN", 20},
    {"RT", 21},     {"NSAP", 22},   {"NSAP-PTR", 23},  {"SIG", 24},        {"KEY", 25},
    {"PX", 26},     {"GPOS", 27},   {"AAAA", 28},      {"LOC", 29},        {"NXT", 30},
    {"EID", 31},    {"NIMLOC", 32}, {"SRV", 33},       {"ATMA", 34},       {"NAPTR", 35},
    {"KX", 36},     {"CERT", 37},   {"A6", 38},        {"DNAME", 39},      {"SINK", 40},
    {"APL", 42},    {"DS", 43},     {"SSHFP", 44},     {"IPSECKEY", 45},   {"RRSIG", 46},
    {"NSEC", 47},   {"DNSKEY", 48}, {"DHCID", 49},     {"NSEC3", 50},      {"NSEC3PARAM", 51},
    {"TLSA", 52},   {"SMIMEA", 53}, {"HIP", 55},       {"NINFO", 56},      {"RKEY", 57},
    {"TALINK", 58}, {"CDS", 59},    {"CDNSKEY", 60},   {"OPENPGPKEY", 61}, {"CSYNC", 62},
    {"ZONEMD", 63}, {"SVCB", 64},   {"HTTPS", 65},     {"DSYNC", 66},      {"HHIT", 67},
    {"BRID", 68},   {"SPF", 99},    {"NID", 104},      {"L32", 105},       {"L64", 106},
    {"LP", 107},    {"EUI48", 108}, {"EUI64", 109},    {"URI", 256},       {"CAA", 257},
    {"AVC", 258},   {"DOA", 259},   {"AMTRELAY", 260}, {"RESINFO", 261},   {"WALLET", 262},
    {"CLA", 263},   {"IPN", 264},   {"TA", 32768},     {"DLV", 32769},     {"ALIAS", 65401},
    {"LUA", 65402},
});

}  // namespace

std::string to_text(RecordType type) {
  const auto number = static_cast<std::uint16_t>(type);
  // RFC 3597 section 5: an unknown type is written by its number, and so survives a round trip.
  const auto found = std::ranges::find(kMnemonics, number, &Mnemonic::number);
  if (found != kMnemonics.end()) return std::string(found->text);
  return "TYPE" + std::to_string(number);
}

std::optional<RecordType> parse_record_type(std::string_view text) {
  const auto found = std::ranges::find_if(
      kMnemonics, [text](const Mnemonic& one) { return same_ignoring_case(one.text, text); });
  if (found != kMnemonics.end()) return static_cast<RecordType>(found->number);
  if (!same_ignoring_case(text.substr(0, 4), "TYPE")) return std::nullopt;
  const auto number = parse_decimal<std::uint16_t>(text.substr(4));
  return number ? std::optional(static_cast<RecordType>(*number)) : std::nullopt;
}

RecordType reported_type(std::string_view text) {
  return parse_record_type(text).value_or(RecordType::Unknown);
}

}  // namespace rampart
