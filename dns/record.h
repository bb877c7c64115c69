/// Record types, the key of an RRset and its content.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "dns/name.h"

namespace rampart {

/// A DNS record type by its IANA number; a type without an enumerator is kept as its number.
enum class RecordType : std::uint16_t {
  A = 1,
  NS = 2,
  CNAME = 5,
  SOA = 6,
  PTR = 12,
  MX = 15,
  TXT = 16,
  SIG = 24,
  KEY = 25,
  AAAA = 28,
  NXT = 30,
  SRV = 33,
  DNAME = 39,
  DS = 43,
  RRSIG = 46,
  NSEC = 47,
  DNSKEY = 48,
  NSEC3 = 50,
  NSEC3PARAM = 51,
  TLSA = 52,
  SPF = 99,
  CAA = 257,
  LUA = 65402,  ///< PowerDNS: "TXT <program>"; the server answers with what the program returns.
  Unknown = 65535,  ///< A host's mnemonic that is not known here (reserved by RFC 6895); kept only.
};

/// "TXT", "MX", ... or "TYPE65280" (RFC 3597 section 5).
std::string to_text(RecordType type);

/// Reads a type's mnemonic or TYPEnnn, in any case.
std::optional<RecordType> parse_record_type(std::string_view text);

/// As `parse_record_type`, of what a host reports: Unknown where it is no type that is known here,
/// so that such a record still counts as one that exists at its name.
RecordType reported_type(std::string_view text);

/// Whether a type's values are character strings, which this program keeps joined.
constexpr bool is_text(RecordType type) {
  return type == RecordType::TXT || type == RecordType::SPF;
}

/// Whether records of this type may exist beside a CNAME, which otherwise excludes all others: what
/// a signer adds (RFC 4035 section 2.5, RFC 5155), and the earlier types of RFC 2181 section 10.1.
constexpr bool may_join_cname(RecordType type) {
  switch (type) {
    case RecordType::RRSIG:
    case RecordType::NSEC:
    case RecordType::NSEC3:
    case RecordType::SIG:
    case RecordType::KEY:
    case RecordType::NXT:
      return true;
    default:
      return false;
  }
}

/// The RRset that a value belongs to: its owner name and type (class IN always).
struct RecordKey {
  Name name;
  RecordType type;

  bool operator==(const RecordKey&) const = default;
  auto operator<=>(const RecordKey&) const = default;
};

/// The content of one RRset.
/// A TXT value is ONE joined string of raw octets; cutting at 255 is done at the wire.
/// Other values are canonical presentation form, names lower case and without the final dot:
/// CNAME "target.example.net", MX "10 mx.example.com", null MX "0 .", A "192.0.2.1".
struct RecordSet {
  std::chrono::seconds ttl{3600};
  std::set<std::string> values;

  bool operator==(const RecordSet&) const = default;
};

/// An RRset's content with its type, so that a change of type (a CNAME becoming a TXT) is one
/// change with both sides.
struct TypedSet {
  RecordType type;
  RecordSet set;

  bool operator==(const TypedSet&) const = default;
};

/// One write: the RRset at `name` as it was read, and as it should become.
struct SetChange {
  Name name;
  std::optional<TypedSet> before;
  std::optional<TypedSet> after;

  bool operator==(const SetChange&) const = default;
};

/// What a host or file shows about a zone that a change must heed, and what a person can do.
struct ZoneNotice {
  enum class Topic {
    Journal,  ///< A name server keeps a journal of the zone file.
    Serial,   ///< The host does not raise the zone's serial.
    Record,   ///< The host cannot write one record.
    Locked,   ///< The host keeps a record for a product of its own and refuses to change it.
  };
  Topic topic;
  bool blocks = false;  ///< The zone is not changed until this is resolved.
  std::string message;
  std::string hint;
  std::optional<RecordKey> written = {};  ///< It concerns only a write of this set; else all.
  /// With `written`: it concerns only a change that removes this value of the set, or its TTL.
  std::optional<std::string> value = {};

  bool operator==(const ZoneNotice&) const = default;
};

}  // namespace rampart
