/// Dynamic updates and their answers on the wire (RFC 2136).
#include "providers/rfc2136/wire.h"

#include <fmt/format.h>
// ldns redefines bool, true and false unless this header came first.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "dns/rdata.h"
#include "dns/resolver/records.h"
#include "dns/txt.h"
#include "providers/model/sets.h"

namespace rampart {
namespace {

constexpr std::size_t kHeader = 12;
constexpr unsigned kIn = 1;
constexpr unsigned kNone = 254;
constexpr unsigned kAny = 255;
constexpr unsigned kUpdateFlags = 5U << 11U;
constexpr auto kAnyType = static_cast<RecordType>(255);

using Packet = std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)>;
using Record = std::unique_ptr<ldns_rr, decltype(&ldns_rr_free)>;

// Fields are joined uncompressed, the form that a prerequisite must have.
std::string rdata_of(const ldns_rr* rr) {
  std::string out;
  for (std::size_t index = 0; index < ldns_rr_rd_count(rr); ++index) {
    const ldns_rdf* field = ldns_rr_rdf(rr, index);
    out.append(reinterpret_cast<const char*>(ldns_rdf_data(field)), ldns_rdf_size(field));
  }
  return out;
}

// Names of other values are made canonical, because servers return them in the case that they were
// sent in.
std::vector<WireRecord> records_of(const ldns_rr_list* list) {
  std::vector<WireRecord> records;
  for (std::size_t index = 0; index < ldns_rr_list_rr_count(list); ++index) {
    const ldns_rr* rr = ldns_rr_list_rr(list, index);
    if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) continue;
    // Names that a Name cannot hold are another party's, and no concern of ours.
    const std::optional<Name> owner = name_of(ldns_rr_owner(rr));
    std::optional<std::string> value = value_of(rr);
    if (!owner) continue;
    if (!value) value = "\\# 0";  // RFC 3597 section 5: no data, and yet a record.
    const auto type = static_cast<RecordType>(ldns_rr_get_type(rr));
    if (type != RecordType::TXT && type != RecordType::SPF) {
      if (const auto canonical = canonical_rdata(type, *value)) *value = *canonical;
    }
    const auto ttl = static_cast<std::uint32_t>(sound_ttl(ldns_rr_ttl(rr)).count());
    records.push_back({{*owner, type}, ttl, rdata_of(rr), std::move(*value)});
  }
  return records;
}

/// The octet after the name at `at`; nullopt where it runs over the end. Pointers are skipped and
/// never followed, so that no loop is possible.
std::optional<std::size_t> after_name(std::string_view wire, std::size_t at) {
  while (at < wire.size()) {
    const auto length = static_cast<unsigned char>(wire[at]);
    if (length == 0) return at + 1;
    if (length >= 0xc0) return at + 2;  // A compression pointer ends the name.
    if (length > 63) return std::nullopt;
    at += length + 1U;
  }
  return std::nullopt;
}

}  // namespace

void append_u16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8U & 0xffU);
  out += static_cast<char>(value & 0xffU);
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, value >> 16U);
  append_u16(out, value & 0xffffU);
}

unsigned read_u16(std::string_view wire, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(wire[at])) << 8U |
         static_cast<unsigned char>(wire[at + 1]);
}

std::uint32_t read_u32(std::string_view wire, std::size_t at) {
  return read_u16(wire, at) << 16U | read_u16(wire, at + 2);
}

void append_record(std::string& out, const RecordKey& key, unsigned dns_class, std::uint32_t ttl,
                   std::string_view rdata) {
  out += key.name.wire();
  append_u16(out, static_cast<unsigned>(key.type));
  append_u16(out, dns_class);
  append_u32(out, ttl);
  append_u16(out, static_cast<unsigned>(rdata.size()));
  out += rdata;
}

// Compression is refused: a TSIG record's names must not be compressed (RFC 8945 section 4.2).
std::optional<std::string> read_plain_name(std::string_view wire, std::size_t at) {
  std::string name;
  while (at < wire.size()) {
    const auto length = static_cast<unsigned char>(wire[at]);
    if (length > 63 || at + length + 1U > wire.size()) return std::nullopt;
    name += wire[at];
    name += ascii_lower(wire.substr(at + 1, length));
    if (length == 0) return name;
    at += length + 1U;
  }
  return std::nullopt;
}

/// Found in the octets rather than by ldns: a MAC covers the message exactly as it was sent.
std::optional<RecordPosition> last_record(std::string_view wire) {
  if (wire.size() < kHeader) return std::nullopt;
  std::size_t at = kHeader;
  for (unsigned question = read_u16(wire, 4); question > 0; --question) {
    const auto end = after_name(wire, at);
    if (!end || *end + 4 > wire.size()) return std::nullopt;
    at = *end + 4;
  }
  RecordPosition position;
  const unsigned records = read_u16(wire, 6) + read_u16(wire, 8) + read_u16(wire, 10);
  for (unsigned record = 0; record < records; ++record) {
    const auto fields = after_name(wire, at);
    if (!fields || *fields + 10 > wire.size()) return std::nullopt;
    position = {.start = at,
                .type = read_u16(wire, *fields),
                .rdata = *fields + 10,
                .rdata_size = read_u16(wire, *fields + 8)};
    at = position.rdata + position.rdata_size;
    if (at > wire.size()) return std::nullopt;
  }
  if (records > 0) position.owner = read_plain_name(wire, position.start).value_or("");
  return position;
}

// TXT is built by hand, since ldns' text form would need its own escaping.
Result<std::string> wire_rdata(RecordType type, std::string_view value) {
  if (type == RecordType::TXT || type == RecordType::SPF) {
    std::string out;
    for (const std::string& piece : cut_txt(value)) {
      out += static_cast<char>(piece.size());
      out += piece;
    }
    return out;
  }
  const std::string line = fmt::format(". 0 IN {} {}", to_text(type), print_rdata(type, value));
  ldns_rr* raw = nullptr;
  const Error bad{.what = fmt::format("\"{}\" is not a valid value of type {}", printable(value),
                                      to_text(type))};
  if (ldns_rr_new_frm_str(&raw, line.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK) return bad;
  const Record record(raw, &ldns_rr_free);
  return rdata_of(raw);
}

void Update::require(const RecordKey& key, unsigned dns_class, std::string_view rdata) {
  append_record(prerequisites_, key, dns_class, 0, rdata);
  ++prerequisite_count_;
}

// The class tells the four prerequisites apart: IN for values, ANY for "exists", NONE for "does
// not".
void Update::require_values(const RecordKey& key, const std::vector<std::string>& rdata) {
  for (const std::string& one : rdata) require(key, kIn, one);
}
void Update::require_absent(const RecordKey& key) { require(key, kNone, ""); }
void Update::require_used(const Name& name) { require({name, kAnyType}, kAny, ""); }
void Update::require_unused(const Name& name) { require({name, kAnyType}, kNone, ""); }

void Update::add(const RecordKey& key, std::uint32_t ttl, std::string_view rdata) {
  append_record(changes_, key, kIn, ttl, rdata);
  ++change_count_;
}

void Update::remove(const RecordKey& key, std::string_view rdata) {
  append_record(changes_, key, kNone, 0, rdata);
  ++change_count_;
}

// Both sections grow together, so that a change never loses its prerequisite.
void Update::append(const Update& other) {
  prerequisites_ += other.prerequisites_;
  changes_ += other.changes_;
  prerequisite_count_ += other.prerequisite_count_;
  change_count_ += other.change_count_;
}

// A check sends the same prerequisites with no change, so that both have one form.
std::string Update::head(std::uint16_t id, int changes) const {
  std::string out;
  append_u16(out, id);
  append_u16(out, kUpdateFlags);
  for (const int count : {1, prerequisite_count_, changes, 0}) {
    append_u16(out, static_cast<unsigned>(count));
  }
  out += zone_.wire();
  append_u16(out, static_cast<unsigned>(RecordType::SOA));
  append_u16(out, kIn);
  return out + prerequisites_;
}

std::string Update::message(std::uint16_t id) const { return head(id, change_count_) + changes_; }

std::string Update::check(std::uint16_t id) const { return head(id, 0); }

// No flags: recursion is not wanted of an authoritative server.
std::string question_message(std::uint16_t id, const Name& name, unsigned type) {
  std::string out;
  append_u16(out, id);
  for (const unsigned field : {0U, 1U, 0U, 0U, 0U}) append_u16(out, field);
  out += name.wire();
  append_u16(out, type);
  append_u16(out, kIn);
  return out;
}

// The header is checked by hand, because ldns accepts queries as well.
Result<WireMessage> parse_message(std::string_view wire) {
  const Error bad{.what = "the server's response is malformed", .retryable = true};
  if (wire.size() < kHeader || (read_u16(wire, 2) & 0x8000U) == 0) return bad;
  ldns_pkt* raw = nullptr;
  if (ldns_wire2pkt(&raw, reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size()) !=
      LDNS_STATUS_OK) {
    return bad;
  }
  const Packet packet(raw, &ldns_pkt_free);
  const unsigned flags = read_u16(wire, 2);
  return WireMessage{.id = static_cast<std::uint16_t>(read_u16(wire, 0)),
                     .rcode = flags & 0xfU,
                     .authoritative = (flags & 0x0400U) != 0,
                     .truncated = (flags & 0x0200U) != 0,
                     .answers = records_of(ldns_pkt_answer(raw)),
                     .authority = records_of(ldns_pkt_authority(raw))};
}

std::string rcode_text(unsigned rcode) {
  constexpr std::array kNames = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                 "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
  if (rcode < kNames.size()) return kNames.at(rcode);
  return fmt::format("response code {}", rcode);
}

}  // namespace rampart
