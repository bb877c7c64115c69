/// Checks of an edit before it is planned and after it is written.
#include "dns/zonefile/edit_checks.h"

#include <map>
#include <set>

namespace rampart {
namespace {

// What sets() must return after `edits`, without the SOA.
std::map<RecordKey, RecordSet> edited(std::map<RecordKey, RecordSet> sets,
                                      std::span<const ZoneEdit> edits) {
  // The SOA is compared on its own, because its serial changes with each edit.
  std::erase_if(sets, [](const auto& set) { return set.first.type == RecordType::SOA; });
  for (const ZoneEdit& edit : edits) {
    if (edit.set && !edit.set->values.empty()) {
      sets.insert_or_assign(edit.key, *edit.set);
    } else {
      sets.erase(edit.key);
    }
  }
  return sets;
}

// The SOA without its serial, with its TTL.
std::string soa_without_serial(const ZoneFile& file) {
  for (const ZoneEntry& entry : file.entries) {
    if (entry.key.type != RecordType::SOA) continue;
    std::string value = entry.value;
    const std::size_t begin = value.find(' ', value.find(' ') + 1) + 1;
    return value.erase(begin, value.find(' ', begin) - begin) + " " +
           std::to_string(entry.ttl.count());
  }
  return {};
}

}  // namespace

// Mistakes of the caller: without this check an edit would be lost without a message.
Result<Ok> check_edits(const Name& apex, std::span<const ZoneEdit> edits) {
  std::set<RecordKey> seen;
  for (const ZoneEdit& edit : edits) {
    const std::string what = edit.key.name.text() + " " + to_text(edit.key.type);
    if (!edit.key.name.is_within(apex)) return Error{.what = what + " is outside the zone"};
    if (edit.key.type == RecordType::SOA) return Error{.what = what + " cannot be edited"};
    if (!seen.insert(edit.key).second) return Error{.what = what + " is edited twice"};
  }
  return Ok{};
}

// A record of an included file or of $GENERATE has no line here that could be changed.
Result<Ok> check_borrowed(const ZoneParts& parts, std::span<const ZoneEdit> edits) {
  if (parts.borrowed.empty()) return Ok{};
  std::map<RecordKey, const ZoneEdit*> by_key;
  for (const ZoneEdit& edit : edits) by_key.emplace(edit.key, &edit);
  for (const ZoneEntry& entry : parts.borrowed) {
    const auto found = by_key.find(entry.key);
    if (found == by_key.end()) continue;
    const auto& set = found->second->set;
    if (set && set->values.contains(entry.value) && entry.ttl >= set->ttl) continue;
    return Error{.what = entry.key.name.text() + " " + to_text(entry.key.type) + " is set by " +
                         entry.from +
                         ", which is not edited; change it there, or move the "
                         "record into the zone's own file"};
  }
  return Ok{};
}

// The included texts of a file that was read.
ZoneIncludes includes_of(const ZoneFile& file) {
  return [&file](const std::string& name) -> Result<std::string> {
    const auto found = file.included.find(name);
    if (found == file.included.end()) return Error{.what = "it was not read"};
    return found->second;
  };
}

// Parses the edited text and compares: layouts vary without limit, so no edit is trusted until the

// file reads back as exactly the desired RRsets.
Result<std::string> proven(const ZoneFile& before, std::span<const ZoneEdit> edits,
                           std::uint32_t serial, std::string text) {
  const Result<ZoneFile> after = parse_zone_file(before.apex, text, includes_of(before));
  if (!after) return within("the file after the edit would not be valid", after.error());
  const bool as_desired = edited(after->sets(), {}) == edited(before.sets(), edits) &&
                          after->serial == serial &&
                          soa_without_serial(*after) == soa_without_serial(before);
  if (!as_desired) {
    return Error{.what = "the edit cannot be made in this file's layout; nothing was changed"};
  }
  return text;
}

}  // namespace rampart
