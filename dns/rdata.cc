#include "dns/rdata.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/decimal.h"
#include "dns/escape.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// RFC 1035 section 3.2.1: RDLENGTH has 16 bits.
constexpr std::size_t kMostRdataOctets = 65535;
// RFC 1035 section 3.3: a character string has one octet of length.
constexpr std::size_t kMostStringOctets = 255;

// The kinds of RDATA fields.
enum class Field { Domain, Number, Period, Word, String, Ip4, Ip6, Hex, Rest };

struct Fields {
  RecordType type;
  std::span<const Field> fields;
};

using enum Field;

constexpr std::array kName{Domain};
constexpr std::array kIp4{Ip4};
constexpr std::array kIp6{Ip6};
constexpr std::array kPreferenceName{Number, Domain};
constexpr std::array kSoa{Domain, Domain, Number, Period, Period, Period, Period};
constexpr std::array kSrv{Number, Number, Number, Domain};
constexpr std::array kCaa{Number, Word, String};
constexpr std::array kTlsa{Number, Number, Number, Hex};
constexpr std::array kNaptr{Number, Number, String, String, String, Domain};
constexpr std::array kRp{Domain, Domain};
constexpr std::array kService{Number, Domain, Rest};
constexpr std::array kUnknown{Rest};

constexpr RecordType number(int type) { return static_cast<RecordType>(type); }

// Types that are not listed keep their data as written. Only types whose names or addresses have
// several spellings need an entry; 17, 18, 21, 35, 36, 64 and 65 are RP, AFSDB, RT, NAPTR, KX, SVCB
// and HTTPS.
const std::array kTypes = std::to_array<Fields>({
    {RecordType::A, kIp4},
    {RecordType::NS, kName},
    {RecordType::CNAME, kName},
    {RecordType::SOA, kSoa},
    {RecordType::PTR, kName},
    {RecordType::MX, kPreferenceName},
    {number(17), kRp},
    {number(18), kPreferenceName},
    {number(21), kPreferenceName},
    {RecordType::AAAA, kIp6},
    {RecordType::SRV, kSrv},
    {number(35), kNaptr},
    {number(36), kPreferenceName},
    {RecordType::DNAME, kName},
    {RecordType::TLSA, kTlsa},
    {number(64), kService},
    {number(65), kService},
    {RecordType::CAA, kCaa},
});

std::span<const Field> fields_of(RecordType type) {
  const auto found = std::ranges::find(kTypes, type, &Fields::type);
  return found == kTypes.end() ? std::span<const Field>(kUnknown) : found->fields;
}

// RFC 3597 section 5: `\# LENGTH HEX` is RDATA of any type.
bool is_generic(std::span<const ZoneWord> words) {
  return !words.empty() && !words[0].quoted && words[0].text == "\\#";
}

// Never quotes the word: a zone file can contain secrets, and errors go to logs.
Error bad_field(std::string_view wanted) {
  return Error{.what = "its data is not " + std::string(wanted)};
}

std::string as_written(std::span<const ZoneWord> words) {
  std::string text;
  for (const ZoneWord& word : words) {
    if (!text.empty() && !word.glued) text += ' ';
    text += word.quoted ? "\"" + std::string(word.text) + "\"" : std::string(word.text);
  }
  return text;
}

Result<std::string> read_string(const ZoneWord& word) {
  std::string octets;
  for (std::size_t at = 0; at < word.text.size();) {
    const std::optional<std::size_t> next = read_octet(word.text, at, octets);
    if (!next) return Error{.what = "a string has a bad escape"};
    at = *next;
  }
  if (octets.size() > kMostStringOctets) {
    return Error{.what = "a string has " + std::to_string(octets.size()) +
                         " octets, at most 255 fit; split it into several quoted strings"};
  }
  return octets;
}

Result<std::string> read_number(const ZoneWord& word) {
  const auto value = parse_decimal<std::uint32_t>(word.text);
  if (!value) return bad_field("a number");
  return std::to_string(*value);
}

// RFC 8659 section 4.1: a tag is letters and digits, and its case does not matter.
Result<std::string> read_tag(const ZoneWord& word) {
  const std::string tag = ascii_lower(word.text);
  if (tag.empty() || !std::ranges::all_of(tag, is_alnum))
    return bad_field("a tag of letters and digits");
  return tag;
}

Result<std::string> read_address(const ZoneWord& word, int family) {
  // Through binary and back: equal addresses get the same text, RFC 5952's form for IPv6.
  std::array<unsigned char, 16> octets{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string address(word.text);
  if (inet_pton(family, address.c_str(), octets.data()) != 1 ||
      inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr) {
    return bad_field(family == AF_INET ? "an IPv4 address" : "an IPv6 address");
  }
  return std::string(text.data());
}

Result<std::string> read_field(Field field, const ZoneWord& word, const Name& origin) {
  switch (field) {
    case Field::Domain: {
      TRY(const Name name, read_zone_name(word, origin));
      return name.text();
    }
    case Field::Number:
      return read_number(word);
    case Field::Period: {
      const std::optional<std::uint32_t> period = read_period(word.text);
      if (!period) return bad_field("a period of time");
      return std::to_string(*period);
    }
    case Field::Word:
      return read_tag(word);
    case Field::String: {
      TRY(const std::string octets, read_string(word));
      return quote_txt(octets);
    }
    case Field::Ip4:
      return read_address(word, AF_INET);
    case Field::Ip6:
      return read_address(word, AF_INET6);
    case Field::Hex:
    case Field::Rest:
      break;
  }
  return std::string(word.text);
}

// Canonical form is what makes RRsets comparable: providers and files write the same record with
// other case, relative names, units of time or spellings of an address.
Result<std::string> read_fields(std::span<const Field> fields, std::span<const ZoneWord> words,
                                const Name& origin) {
  std::string value;
  for (const Field field : fields) {
    if (field == Rest || field == Hex) {
      std::string rest = as_written(words);
      // Digits may be broken into groups and written in either case (RFC 6698 section 2.2).
      if (field == Hex) {
        std::erase(rest, ' ');
        rest = ascii_lower(rest);
      }
      if (!value.empty() && !rest.empty()) value += ' ';
      return value + rest;
    }
    if (words.empty()) return Error{.what = "the record's data is incomplete"};
    TRY(const std::string text, read_field(field, words.front(), origin));
    if (!value.empty()) value += ' ';
    value += text;
    words = words.subspan(1);
  }
  if (!words.empty()) return Error{.what = "the record's data continues after its last field"};
  return value;
}

// The octets of `\# LENGTH HEX`; nullopt where the length or a digit is wrong.
std::optional<std::string> generic_octets(std::span<const ZoneWord> words) {
  if (words.size() < 2) return std::nullopt;
  std::string hex;
  for (const ZoneWord& word : words.subspan(2)) hex += word.text;
  std::string octets;
  // An odd last digit is not read here; the comparison of lengths below refuses it.
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    unsigned char octet = 0;
    const char* const end = hex.data() + at + 2;
    if (std::from_chars(hex.data() + at, end, octet, 16).ptr != end) return std::nullopt;
    octets += static_cast<char>(octet);
  }
  const Result<std::string> length = read_number(words[1]);
  if (!length || *length != std::to_string(octets.size()) || hex.size() % 2 != 0) {
    return std::nullopt;
  }
  return octets;
}

// The joined strings of a TXT's wire form.
Result<std::string> read_generic_text(std::span<const ZoneWord> words) {
  const std::optional<std::string> octets = generic_octets(words);
  if (!octets || octets->empty())
    return Error{.what = R"(the \# form of this record is malformed)"};
  std::string joined;
  for (std::size_t at = 0; at < octets->size();) {
    const std::size_t length = static_cast<unsigned char>((*octets)[at]);
    if (at + 1 + length > octets->size()) {
      return Error{.what = R"(a string of the \# form is incomplete)"};
    }
    joined += octets->substr(at + 1, length);
    at += 1 + length;
  }
  return joined;
}

Result<std::string> read_text(std::span<const ZoneWord> words) {
  if (words.empty()) return Error{.what = "the record has no text"};
  if (is_generic(words)) return read_generic_text(words);
  std::string joined;
  for (const ZoneWord& word : words) {
    TRY(const std::string octets, read_string(word));
    joined += octets;
  }
  // Each string takes one octet of length on the wire.
  if (joined.size() + words.size() > kMostRdataOctets) {
    return Error{.what = "the text is longer than a record can be (65535 octets)"};
  }
  return joined;
}

std::optional<std::uint32_t> unit_seconds(char unit) {
  constexpr std::array<std::uint32_t, 5> kSeconds = {1, 60, 3600, 86400, 604800};
  const std::size_t at = std::string_view("smhdw").find(to_lower(unit));
  return at == std::string_view::npos ? std::nullopt : std::optional(kSeconds[at]);
}

}  // namespace

std::optional<std::uint32_t> read_period(std::string_view text) {
  // BIND's `1h30m` as well as plain seconds; the sum must fit into 32 bits.
  constexpr std::uint64_t kMost = 0xFFFFFFFF;
  std::uint64_t total = 0;
  const bool plain = std::ranges::all_of(text, is_digit);
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || stop == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    // `1h30`: a number without its unit, which name servers refuse.
    if (text.empty() && !plain) return std::nullopt;
    const std::optional<std::uint32_t> unit = plain ? 1 : unit_seconds(text.front());
    if (!unit) return std::nullopt;
    if (!plain) text.remove_prefix(1);
    total += std::uint64_t{count} * *unit;
    if (total > kMost) return std::nullopt;
  }
  return static_cast<std::uint32_t>(total);
}

// Relative names get the origin as text before parsing, since only the whole can be checked against
// the length limits. A final dot counts only where it is not escaped.
Result<Name> read_zone_name(const ZoneWord& word, const Name& origin) {
  if (word.quoted) return Error{.what = "a name is in quotes"};
  if (word.text == "@") return origin;
  std::string text;
  for (const char c : word.text) {
    // Octets above ASCII are no U-label here: in a zone file they are the octets of the name
    // itself.
    text += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : decimal_escape(c);
  }
  if (text == ".") return Name::root();
  std::size_t backslashes = 0;
  for (std::size_t at = text.size() - 1; at > 0 && text[at - 1] == '\\'; --at) ++backslashes;
  const bool absolute = text.ends_with('.') && backslashes % 2 == 0;
  if (!absolute) text += "." + (origin.is_root() ? "" : origin.text());
  Result<Name> name = Name::parse(text);
  if (name) return name;
  return Error{.what =
                   "a name is malformed: an empty label, one over 63 octets, more than 255 "
                   "octets in all, or a bad escape"};
}

Result<std::string> canonical_rdata(RecordType type, std::span<const ZoneWord> words,
                                    const Name& origin) {
  if (is_text(type)) return read_text(words);
  if (is_generic(words)) return as_written(words);
  return read_fields(fields_of(type), words, origin);
}

Result<std::string> canonical_rdata(RecordType type, std::string_view text) {
  TRY(const auto statements, lex_zone(text));
  if (statements.size() != 1) return Error{.what = "the record's data is not one line"};
  return canonical_rdata(type, statements.front().words, Name::root());
}

std::string print_rdata(RecordType type, std::string_view value) {
  if (is_text(type)) return quote_txt(value);
  const Result<std::vector<ZoneStatement>> statements = lex_zone(value);
  // A value that cannot be read is printed as it is: it came from a provider and is somebody
  // else's.
  if (!statements || statements->size() != 1) return std::string(value);
  const std::vector<ZoneWord>& words = statements->front().words;
  if (is_generic(words)) return std::string(value);
  std::string text;
  const std::span<const Field> fields = fields_of(type);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!text.empty() && !words[i].glued) text += ' ';
    text += as_written(std::span(&words[i], 1));
    // Values have no final dot, but in a zone file a name without one is relative to the origin.
    if (i < fields.size() && fields[i] == Field::Domain && words[i].text != ".") text += '.';
  }
  return text;
}

}  // namespace rampart
