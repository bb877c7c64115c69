/// Dynamic updates and their answers on the wire (RFC 2136).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/record.h"

namespace rampart {

/// Numbers in network byte order; the caller checks that `at` is within the message.
void append_u16(std::string& out, unsigned value);
void append_u32(std::string& out, std::uint32_t value);
unsigned read_u16(std::string_view wire, std::size_t at);
std::uint32_t read_u32(std::string_view wire, std::size_t at);

/// One record, uncompressed (RFC 1035 section 4.1.3).
void append_record(std::string& out, const RecordKey& key, unsigned dns_class, std::uint32_t ttl,
                   std::string_view rdata);

/// A record's position in a message, in octets from its start.
struct RecordPosition {
  std::size_t start = 0;
  std::string owner;  ///< Wire form, lower case; empty where it is compressed.
  unsigned type = 0;
  std::size_t rdata = 0;
  std::size_t rdata_size = 0;
};

/// The last record of a message; `type` is 0 where it has none. nullopt where it is malformed.
std::optional<RecordPosition> last_record(std::string_view wire);

/// The uncompressed name at `at`, in lower case.
std::optional<std::string> read_plain_name(std::string_view wire, std::size_t at);

/// A value's RDATA; an Error where it is not valid for its type.
Result<std::string> wire_rdata(RecordType type, std::string_view value);

/// An update under construction: prerequisites and changes of one zone.
class Update {
 public:
  explicit Update(const Name& zone) : zone_(zone) {}

  /// Exactly these values exist (RFC 2136 section 2.4.2).
  void require_values(const RecordKey& key, const std::vector<std::string>& rdata);
  /// No set exists (RFC 2136 section 2.4.3).
  void require_absent(const RecordKey& key);
  /// The name has records of its own (RFC 2136 section 2.4.4); a wildcard does not count.
  void require_used(const Name& name);
  /// The name has no records at all (RFC 2136 section 2.4.5).
  void require_unused(const Name& name);
  /// One value is added or removed (RFC 2136 section 2.5.1 and section 2.5.4).
  void add(const RecordKey& key, std::uint32_t ttl, std::string_view rdata);
  void remove(const RecordKey& key, std::string_view rdata);

  /// Adds the prerequisites and changes of `other`, which is of the same zone.
  void append(const Update& other);
  /// Octets of both sections, without header and zone.
  std::size_t size() const { return prerequisites_.size() + changes_.size(); }
  bool empty() const { return prerequisite_count_ + change_count_ == 0; }

  /// The whole message, unsigned.
  std::string message(std::uint16_t id) const;
  /// The message without its changes: the server only checks the prerequisites.
  std::string check(std::uint16_t id) const;

 private:
  void require(const RecordKey& key, unsigned dns_class, std::string_view rdata);
  std::string head(std::uint16_t id, int changes) const;

  Name zone_;
  std::string prerequisites_;
  std::string changes_;
  int prerequisite_count_ = 0;
  int change_count_ = 0;
};

/// A query to an authoritative server: without recursion.
std::string question_message(std::uint16_t id, const Name& name, unsigned type);

/// The query type of a zone transfer (RFC 5936 section 2).
inline constexpr unsigned kAxfr = 252;

/// A received record.
struct WireRecord {
  RecordKey key;
  std::uint32_t ttl = 0;
  std::string rdata;  ///< Uncompressed, as the server stores it.
  std::string value;  ///< As in RecordSet.
};

/// A received message.
struct WireMessage {
  std::uint16_t id = 0;
  unsigned rcode = 0;
  bool authoritative = false;
  bool truncated = false;
  std::vector<WireRecord> answers;  ///< Of class IN and with names that a Name can hold.
  std::vector<WireRecord> authority;
};

/// Parses a response; an Error, retryable, where it is malformed or a query.
Result<WireMessage> parse_message(std::string_view wire);

/// "REFUSED", "NOTAUTH", ... or "response code 23".
std::string rcode_text(unsigned rcode);

}  // namespace rampart
