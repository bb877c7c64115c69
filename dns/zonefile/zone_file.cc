#include "dns/zonefile/zone_file.h"

#include <algorithm>

#include "dns/rdata.h"
#include "dns/zonefile/parser.h"

namespace rampart {
namespace {

// The third field of a SOA's value.
std::uint32_t soa_serial(std::string_view value) {
  value.remove_prefix(value.find(' ') + 1);
  value.remove_prefix(value.find(' ') + 1);
  return read_period(value.substr(0, value.find(' '))).value_or(0);
}

}  // namespace

std::map<RecordKey, RecordSet> ZoneFile::sets() const {
  std::map<RecordKey, RecordSet> sets;
  for (const ZoneEntry& entry : entries) {
    const auto [at, fresh] = sets.try_emplace(entry.key, RecordSet{entry.ttl, {}});
    // RFC 2181 section 5.2: the TTLs of a set should be equal; where they differ, the smallest is
    // what a resolver may keep.
    at->second.ttl = std::min(at->second.ttl, entry.ttl);
    at->second.values.insert(entry.value);
  }
  return sets;
}

Result<ZoneFile> parse_zone_file(const Name& apex, std::string_view text,
                                 const ZoneIncludes& includes) {
  TRY(ZoneParts parts, parse_zone_parts(apex, text, includes));
  ZoneFile file{.apex = apex,
                .text = std::string(text),
                .entries = {},
                .serial = 0,
                .included = std::move(parts.included)};
  for (ZoneRecord& record : parts.records) {
    if (record.entry.key.type == RecordType::SOA) file.serial = soa_serial(record.entry.value);
    file.entries.push_back(std::move(record.entry));
  }
  std::ranges::move(parts.borrowed, std::back_inserter(file.entries));
  return file;
}

}  // namespace rampart
