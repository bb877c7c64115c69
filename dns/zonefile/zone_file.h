/// Zone files (RFC 1035 section 5): parsed with positions, edited line by line.
#pragma once

#include <chrono>
#include <functional>
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
  /// Empty for a record on lines of its own in the file. Else where it comes from, for a person:
  /// "mail.inc line 3" or "$GENERATE on line 7"; such a record is read and never edited.
  std::string from;
};

/// A parsed zone file.
struct ZoneFile {
  Name apex;
  std::string text;                             ///< The octets as read, CRLF and comments included.
  std::vector<ZoneEntry> entries;               ///< In file order.
  std::uint32_t serial = 0;                     ///< The SOA's.
  std::map<std::string, std::string> included;  ///< The texts of $INCLUDE, by the names written.

  /// The file's RRsets; where the TTLs of a set differ, the smallest (RFC 2181 section 5.2).
  std::map<RecordKey, RecordSet> sets() const;
};

/// The text of a file that $INCLUDE names.
using ZoneIncludes = std::function<Result<std::string>(const std::string& name)>;

/// Reads a zone file whose origin is `apex`, the records of $INCLUDE (RFC 1035 section 5.1) and of
/// BIND's $GENERATE with it. Errors name the line and what to do: no SOA, a record outside the
/// zone, a signed file (RRSIG, NSEC, NSEC3), bad syntax, a CNAME with other data at its name,
/// $INCLUDE without `includes`.
Result<ZoneFile> parse_zone_file(const Name& apex, std::string_view text,
                                 const ZoneIncludes& includes = {});

/// One RRset as the file should have it; without `set` it is removed.
struct ZoneEdit {
  RecordKey key;
  std::optional<RecordSet> set;
};

/// The file's text after `edits`: only the lines of values that change are touched, comments and
/// layout elsewhere survive byte for byte, new records go next to their siblings (or to the end),
/// and the serial is increased once: YYYYMMDDnn of `today` where it has that style already,
/// otherwise by one (RFC 1982); without `today` it stays. An Error where an edit is outside the
/// zone, or would change a record of $INCLUDE or $GENERATE.
Result<std::string> edit_zone_file(const ZoneFile& file, std::span<const ZoneEdit> edits,
                                   std::optional<std::chrono::sys_days> today);

}  // namespace rampart
