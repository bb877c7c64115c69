/// Zone files (RFC 1035 section 5): parsed with positions, edited line by line.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/record.h"

namespace rampart {

/// One record of a zone file and the lines that it covers.
struct ZoneEntry {
  RecordKey key;
  std::chrono::seconds ttl;  ///< The effective TTL: written, $TTL, or the SOA's minimum.
  std::string value;         ///< As in RecordSet.
  int first_line;            ///< 1-based, inclusive.
  int last_line;
};

/// A parsed zone file.
struct ZoneFile {
  Name apex;
  std::string text;                ///< The octets as read, CRLF and comments included.
  std::vector<ZoneEntry> entries;  ///< In file order.
  std::uint32_t serial = 0;        ///< The SOA's.

  /// The file's RRsets; where the TTLs of a set differ, the smallest (RFC 2181 section 5.2).
  std::map<RecordKey, RecordSet> sets() const;
};

/// Reads a zone file whose origin is `apex`. Errors name the line and what to do: no SOA, a record
/// outside the zone, $INCLUDE, $GENERATE, a signed file (RRSIG, NSEC, NSEC3), bad syntax,
/// a CNAME with other data at its name.
Result<ZoneFile> parse_zone_file(const Name& apex, std::string_view text);

/// One RRset as the file should have it; without `set` it is removed.
struct ZoneEdit {
  RecordKey key;
  std::optional<RecordSet> set;
};

/// The file's text after `edits`: only the lines of values that change are touched, comments and
/// layout elsewhere survive byte for byte, new records go next to their siblings (or to the end),
/// and the serial is increased once: YYYYMMDDnn of `today` where it has that style already,
/// otherwise by one (RFC 1982); without `today` it stays. An Error where an edit is outside the
/// zone.
Result<std::string> edit_zone_file(const ZoneFile& file, std::span<const ZoneEdit> edits,
                                   std::optional<std::chrono::sys_days> today);

}  // namespace rampart
