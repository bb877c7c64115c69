/// From changes of whole sets to the single records that Cloudflare keeps, each by its id.
#include "providers/cloudflare/edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "dns/txt.h"

namespace rampart::cloudflare {
namespace {

using std::chrono::seconds;
using Records = std::vector<const Record*>;
using RecordsByValue = std::map<std::string, Records>;

// The API writes 1 for "automatic", which is served as five minutes.
seconds in_seconds(seconds wire) { return wire == kAutomaticTtl ? kMeantByAutomatic : wire; }

std::string shown(const RecordKey& key) {
  return fmt::format("{} {}", key.name.text(), to_text(key.type));
}

/// The records of one set, by value: the host may keep one value twice, spelled differently.
/// Duplicates must be edited together, or the API refuses the second one as identical.
RecordsByValue by_value(const RecordKey& key, std::span<const Record> records) {
  RecordsByValue found;
  for (const Record& record : records) {
    if (record.key == key) found[record.value].push_back(&record);
  }
  return found;
}

/// The first word, which identifies the kind of a text: "v=spf1" or "site-verification".
std::string_view first_word(std::string_view value) {
  return value.substr(0, value.find_first_of(value.starts_with("v=") ? " ;" : " ;="));
}

struct Pair {
  std::string from;
  std::string to;
};

/// Which removed value becomes which added one, so that a record is changed and never deleted and
/// created: values with the same first word, then the last one of each side. The rest is removed or
/// added. An id that survives keeps the comments and tags that people attached to it.
struct Pairing {
  std::vector<Pair> changed;
  std::vector<std::string> removed;
  std::vector<std::string> added;
};

// Two SPF records, say, are one record before and after for a person, whatever their text.
Pairing pair_up(std::vector<std::string> removed, std::vector<std::string> added) {
  Pairing pairing;
  for (const std::string& value : added) {
    const auto twin = std::ranges::find(removed, first_word(value), first_word);
    if (twin == removed.end()) {
      pairing.added.push_back(value);
      continue;
    }
    pairing.changed.push_back({*twin, value});
    removed.erase(twin);
  }
  pairing.removed = std::move(removed);
  // One left on each side: a change keeps the record's id, where a pair of edits would not.
  if (pairing.removed.size() == 1 && pairing.added.size() == 1) {
    pairing.changed.push_back({pairing.removed.front(), pairing.added.front()});
    pairing.removed.clear();
    pairing.added.clear();
  }
  return pairing;
}

Edit removal(const Record& record) {
  return Edit{.kind = EditKind::Delete, .id = record.id, .key = record.key};
}

Edit addition(const RecordKey& key, const std::string& value, seconds ttl) {
  return Edit{.kind = EditKind::Post, .key = key, .value = value, .ttl = ttl};
}

// A member that is left out keeps its value, so that an automatic TTL is not turned into a number.
std::optional<seconds> ttl_if_new(const Record& record, seconds wanted) {
  return in_seconds(record.ttl) == wanted ? std::nullopt : std::optional(wanted);
}

/// One set's edits while its type stays. A set is edited record by record, since the API knows no
/// sets.
class SetEditor {
 public:
  SetEditor(const RecordKey& key, const RecordSet& before, const RecordSet& after,
            std::span<const Record> records)
      : key_(key), before_(before), after_(after), live_(by_value(key, records)) {}

  /// Deletes first: the host applies them first too, and refuses duplicates.
  std::vector<Edit> edits() {
    std::vector<std::string> removed;
    for (const auto& [value, records] : live_) {
      if (!after_.values.contains(value)) removed.push_back(value);
    }
    std::vector<std::string> added;
    for (const std::string& value : after_.values) {
      if (!live_.contains(value)) added.push_back(value);
    }
    const Pairing pairing = pair_up(std::move(removed), std::move(added));
    for (const std::string& value : pairing.removed) remove(live_[value]);
    for (const Pair& pair : pairing.changed) change(live_[pair.from], pair.to);
    keep_values();
    for (const std::string& value : pairing.added) {
      edits_.push_back(addition(key_, value, ttl_of_new_value()));
    }
    return std::move(edits_);
  }

 private:
  void remove(std::span<const Record* const> records) {
    for (const Record* record : records) edits_.push_back(removal(*record));
  }

  /// Changes the first record and removes its duplicates, so that the id, comments and tags stay.
  void change(std::span<const Record* const> records, const std::string& value) {
    edits_.push_back(Edit{.kind = EditKind::Patch,
                          .id = records.front()->id,
                          .key = key_,
                          .value = value,
                          .ttl = ttl_if_new(*records.front(), after_.ttl)});
    remove(records.subspan(1));
  }

  /// Values that stay are changed only for a new TTL.
  void keep_values() {
    if (after_.ttl == before_.ttl) return;
    for (const auto& [value, records] : live_) {
      if (!after_.values.contains(value)) continue;
      for (const Record* record : records) {
        const std::optional<seconds> ttl = ttl_if_new(*record, after_.ttl);
        if (!ttl) continue;
        edits_.push_back(
            Edit{.kind = EditKind::Patch, .id = record->id, .key = key_, .value = {}, .ttl = ttl});
      }
    }
  }

  /// A new value beside siblings that all have the automatic TTL gets it too.
  seconds ttl_of_new_value() const {
    const auto automatic = [](const Record* record) { return record->ttl == kAutomaticTtl; };
    const bool all = !live_.empty() && std::ranges::all_of(live_, [&](const auto& one) {
      return std::ranges::all_of(one.second, automatic);
    });
    return all && after_.ttl == kMeantByAutomatic ? kAutomaticTtl : after_.ttl;
  }

  const RecordKey& key_;
  const RecordSet& before_;
  const RecordSet& after_;
  RecordsByValue live_;
  std::vector<Edit> edits_;
};

/// A CNAME that the host stores but serves as addresses. Such a record must not be reported as a
/// CNAME: DNS never shows one there.
bool is_hidden(const Record& record, const Name& zone) {
  return record.key.type == RecordType::CNAME && (record.proxied || record.key.name == zone);
}

/// RFC 1034 section 3.6.2: a CNAME excludes every other type. Not at the apex, where the host
/// flattens it and never serves it. Checked here, because the API's own message does not name the
/// record in the way.
Result<Ok> check_neighbours(const SetChange& change, std::span<const Record> records,
                            const Name& zone) {
  if (!change.after || change.after->type == RecordType::CNAME) return Ok{};
  const bool leaves = change.before && change.before->type == RecordType::CNAME;
  const auto obstacle = std::ranges::find_if(records, [&](const Record& record) {
    return record.key == RecordKey{change.name, RecordType::CNAME} && change.name != zone;
  });
  if (obstacle == records.end() || (leaves && !obstacle->proxied)) return Ok{};
  return Error{.what = fmt::format("{}: a {}CNAME exists at that name, and a CNAME excludes other "
                                   "records; remove it first",
                                   shown({change.name, change.after->type}),
                                   obstacle->proxied ? "proxied " : "")};
}

std::string_view keeper_of(Lock lock) {
  return lock == Lock::EmailRouting ? "Email Routing" : "another product of Cloudflare";
}

/// Checked here, because the API's own message names no record. Few records are locked, so that
/// they are what the edits are looked up in.
Result<Ok> check_locks(std::span<const Edit> edits, std::span<const Record> records) {
  std::unordered_map<std::string_view, const Record*> locked;
  for (const Record& record : records) {
    if (is_locked(record.lock)) locked.emplace(record.id, &record);
  }
  for (const Edit& edit : edits) {
    const auto found = locked.find(edit.id);
    if (edit.id.empty() || found == locked.end()) continue;
    const Record& record = *found->second;
    return Error{.what = fmt::format("{}: {} keeps this record and locks it; nothing is written",
                                     shown(record.key), keeper_of(record.lock))};
  }
  return Ok{};
}

ZoneNotice locked_notice(const Record& record) {
  const bool routing = record.lock == Lock::EmailRouting;
  return {
      .topic = ZoneNotice::Topic::Locked,
      .blocks = true,
      .message = fmt::format("{}: {} keeps \"{}\" and locks it, so Cloudflare refuses to "
                             "change it",
                             shown(record.key), keeper_of(record.lock), printable(record.value)),
      .hint = routing ? "unlock its DNS records in the dashboard (Email > Email Routing > "
                        "Settings) or disable it, then plan again; or leave the record to "
                        "Cloudflare with `spf: unmanaged` or `dkim: unmanaged`"
                      : "change or remove it in that product (Workers, R2, a tunnel, ...), or "
                        "leave this name out of the YAML",
      .written = record.key,
      .value = record.value};
}

/// While its own MX records are locked, Email Routing refuses every other one at their name.
ZoneNotice routed_notice(const RecordKey& key) {
  return {.topic = ZoneNotice::Topic::Locked,
          .blocks = true,
          .message = fmt::format("Email Routing manages the MX records of {}, so Cloudflare "
                                 "accepts no others there",
                                 key.name.text()),
          .hint =
              "unlock its DNS records in the dashboard (Email > Email Routing > Settings) or "
              "disable it, then plan again",
          .written = key};
}

/// `type` is what cannot be written at the name of the proxied CNAME.
ZoneNotice proxied_notice(const Record& record, RecordType type) {
  return {.topic = ZoneNotice::Topic::Record,
          .blocks = true,
          .message = fmt::format("{} has a proxied CNAME, and a CNAME excludes every other record; "
                                 "no {} is written there",
                                 record.key.name.text(), to_text(type)),
          .hint = "replace the CNAME by A and AAAA records, or leave this name out of the YAML",
          .written = RecordKey{record.key.name, type}};
}

/// The edits that remove the whole old set. Hidden CNAMEs are never removed: what they serve is not
/// part of any change.
std::vector<Edit> removals(const SetChange& change, std::span<const Record> records,
                           const Name& zone) {
  std::vector<Edit> edits;
  for (const Record& record : records) {
    const bool leaves = change.before && !is_hidden(record, zone) &&
                        record.key == RecordKey{change.name, change.before->type};
    if (leaves) edits.push_back(removal(record));
  }
  return edits;
}

/// The edits that create the new set. A proxied CNAME at the name is changed into the desired one.
/// Taking the hidden record over avoids a moment without any.
std::vector<Edit> additions(const SetChange& change, std::span<const Record> records,
                            const Name& zone) {
  std::vector<Edit> edits;
  if (!change.after) return edits;
  const auto& [type, set] = *change.after;
  const auto hidden = std::ranges::find_if(records, [&](const Record& record) {
    return record.key.name == change.name && is_hidden(record, zone) && change.name != zone;
  });
  const bool taken = type == RecordType::CNAME && hidden != records.end();
  for (const std::string& value : set.values) {
    Edit edit = addition({change.name, type}, value, set.ttl);
    if (taken && edits.empty()) {
      edit.kind = EditKind::Patch;
      edit.id = hidden->id;
    }
    edits.push_back(std::move(edit));
  }
  return edits;
}

}  // namespace

// The API keeps a TTL for each record, DNS one for each set (RFC 2181 section 5.2).
RecordSets sets_of(std::span<const Record> records, const Name& zone) {
  RecordSets sets;
  for (const Record& record : records) {
    if (is_hidden(record, zone) || record.key.name.is_root()) continue;
    const auto [place, first] = sets.emplace(record.key, RecordSet{in_seconds(record.ttl), {}});
    place->second.ttl = std::min(place->second.ttl, in_seconds(record.ttl));
    place->second.values.insert(record.value);
  }
  return sets;
}

Result<Ok> check_change(const SetChange& change, const Name& zone) {
  const auto refused = [&](const std::string& why) {
    const RecordKey key{change.name, change.after ? change.after->type : change.before->type};
    return Error{.what = shown(key) + ": " + why};
  };
  // The host would append the zone to such a name.
  if (!change.name.is_within(zone)) return refused("the name is outside the zone");
  if (!change.after) return Ok{};
  const auto& [type, set] = *change.after;
  const bool kept = change.before && change.before->set.ttl == set.ttl;
  if (!kept && (set.ttl < kMinTtl || set.ttl > kMaxTtl)) {
    return refused(fmt::format("Cloudflare accepts a TTL of {} to {} seconds, not {}",
                               kMinTtl.count(), kMaxTtl.count(), set.ttl.count()));
  }
  for (const std::string& value : set.values) {
    if (type != RecordType::TXT) break;
    if (value.empty()) return refused("Cloudflare accepts no empty text");  // As of 2026-01.
    // A longer value that exists already may stay beside ours.
    const bool exists = change.before && change.before->set.values.contains(value);
    if (!exists && std::ssize(value) > kMostTxtOctets) {
      return refused(fmt::format("the text has {} octets; Cloudflare accepts at most {}",
                                 value.size(), kMostTxtOctets));
    }
  }
  return Ok{};
}

Result<std::vector<Edit>> edits_for(const SetChange& change, std::span<const Record> records,
                                    const Name& zone) {
  const RecordSets sets = sets_of(records, zone);
  TRY_OK(check_before(lookup_in(sets), change));
  TRY_OK(check_neighbours(change, records, zone));
  if (change.before && change.after && change.before->type == change.after->type) {
    const RecordKey key{change.name, change.after->type};
    std::vector<Edit> edits =
        SetEditor(key, change.before->set, change.after->set, records).edits();
    TRY_OK(check_locks(edits, records));
    return edits;
  }
  std::vector<Edit> edits = removals(change, records, zone);
  const std::vector<Edit> made = additions(change, records, zone);
  edits.insert(edits.end(), made.begin(), made.end());
  TRY_OK(check_locks(edits, records));
  return edits;
}

std::vector<ZoneNotice> notices_of(std::span<const Record> records, const Name& zone) {
  std::vector<ZoneNotice> notices;
  std::set<RecordKey> routed;
  for (const Record& record : records) {
    if (record.key.type == RecordType::MX && record.lock == Lock::EmailRouting) {
      routed.insert(record.key);
    }
    if (is_hidden(record, zone)) {
      // A plan sees no CNAME there and would take the record over, or put another one beside it.
      if (record.key.name == zone) continue;
      for (const RecordType type : {RecordType::TXT, RecordType::MX}) {
        notices.push_back(proxied_notice(record, type));
      }
      if (!is_locked(record.lock)) continue;
      notices.push_back(locked_notice(record));
      notices.back().value.reset();
    } else if (is_locked(record.lock)) {
      notices.push_back(locked_notice(record));
    }
  }
  for (const RecordKey& key : routed) notices.push_back(routed_notice(key));
  return notices;
}

bool is_live(const SetChange& change, std::span<const Record> records, const Name& zone) {
  const RecordSets sets = sets_of(records, zone);
  return holds(lookup_in(sets), change, change.after);
}

// The order is kept, so that removals reach the host before the additions that need their room.
Result<std::vector<std::vector<Edit>>> pack(std::span<const std::vector<Edit>> groups,
                                            std::size_t most) {
  std::vector<std::vector<Edit>> batches;
  for (const std::vector<Edit>& group : groups) {
    if (group.empty()) continue;
    if (group.size() > most) {
      return Error{.what = fmt::format("{} needs {} edits; a batch holds at most {}",
                                       shown(group.front().key), group.size(), most)};
    }
    if (batches.empty() || batches.back().size() + group.size() > most) batches.emplace_back();
    batches.back().insert(batches.back().end(), group.begin(), group.end());
  }
  return batches;
}

}  // namespace rampart::cloudflare
