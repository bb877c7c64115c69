/// From changes of whole sets to the single records that Cloudflare keeps, each by its id.
#include "providers/cloudflare/edits.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart::cloudflare {
namespace {

using std::chrono::seconds;
using Records = std::vector<const Record*>;
using Standing = std::map<std::string, Records>;

seconds meant(seconds wire) { return wire == kAutomaticTtl ? kMeantByAutomatic : wire; }

std::string shown(const RecordKey& key) {
  return fmt::format("{} {}", key.name.text(), to_text(key.type));
}

/// The records of one set, by value: the host may keep one value twice, spelled differently.
Standing standing_at(const RecordKey& key, std::span<const Record> records) {
  Standing standing;
  for (const Record& record : records) {
    if (record.key == key) standing[record.value].push_back(&record);
  }
  return standing;
}

/// The word by which a text says what it is, "v=spf1" or "site-verification".
std::string_view first_word(std::string_view value) {
  return value.substr(0, value.find_first_of(value.starts_with("v=") ? " ;" : " ;="));
}

struct Pair {
  std::string from;
  std::string to;
};

/// Which value becomes which: those that say the same of themselves, and where one of each is left
/// over, those. The others go or come.
struct Pairing {
  std::vector<Pair> changed;
  std::vector<std::string> removed;
  std::vector<std::string> added;
};

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

std::optional<seconds> ttl_if_new(const Record& record, seconds wanted) {
  return meant(record.ttl) == wanted ? std::nullopt : std::optional(wanted);
}

/// One set's edits while its type stays.
class SetEditor {
 public:
  SetEditor(const RecordKey& key, const RecordSet& before, const RecordSet& after,
            std::span<const Record> records)
      : key_(key), before_(before), after_(after), standing_(standing_at(key, records)) {}

  std::vector<Edit> edits() {
    std::vector<std::string> removed;
    for (const auto& [value, records] : standing_) {
      if (!after_.values.contains(value)) removed.push_back(value);
    }
    std::vector<std::string> added;
    for (const std::string& value : after_.values) {
      if (!standing_.contains(value)) added.push_back(value);
    }
    const Pairing pairing = pair_up(std::move(removed), std::move(added));
    for (const std::string& value : pairing.removed) remove(standing_[value]);
    for (const Pair& pair : pairing.changed) change(standing_[pair.from], pair.to);
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

  void change(std::span<const Record* const> records, const std::string& value) {
    edits_.push_back(Edit{.kind = EditKind::Patch,
                          .id = records.front()->id,
                          .key = key_,
                          .value = value,
                          .ttl = ttl_if_new(*records.front(), after_.ttl)});
    remove(records.subspan(1));
  }

  /// Values that stay are touched only for a new TTL.
  void keep_values() {
    if (after_.ttl == before_.ttl) return;
    for (const auto& [value, records] : standing_) {
      if (!after_.values.contains(value)) continue;
      for (const Record* record : records) {
        const std::optional<seconds> ttl = ttl_if_new(*record, after_.ttl);
        if (!ttl) continue;
        edits_.push_back(
            Edit{.kind = EditKind::Patch, .id = record->id, .key = key_, .value = {}, .ttl = ttl});
      }
    }
  }

  /// Among siblings that are all automatic a new value is automatic too.
  seconds ttl_of_new_value() const {
    const auto automatic = [](const Record* record) { return record->ttl == kAutomaticTtl; };
    const bool all = !standing_.empty() && std::ranges::all_of(standing_, [&](const auto& one) {
      return std::ranges::all_of(one.second, automatic);
    });
    return all && after_.ttl == kMeantByAutomatic ? kAutomaticTtl : after_.ttl;
  }

  const RecordKey& key_;
  const RecordSet& before_;
  const RecordSet& after_;
  Standing standing_;
  std::vector<Edit> edits_;
};

Error conflict(const RecordKey& key) {
  return Error{.what = shown(key) + " is not as it was read; plan again", .conflict = true};
}

/// Whether exactly what `change` was made for still stands.
Result<Ok> check_before(const SetChange& change, const std::map<RecordKey, RecordSet>& sets) {
  for (const std::optional<TypedSet>& side : {change.before, change.after}) {
    if (!side) continue;
    const RecordKey key{change.name, side->type};
    const auto found = sets.find(key);
    const bool expected = change.before && change.before->type == side->type;
    const bool same =
        expected ? found != sets.end() && found->second == change.before->set : found == sets.end();
    if (!same) return conflict(key);
  }
  return Ok{};
}

/// A CNAME that is kept at its name and not served as one.
bool is_hidden(const Record& record, const Name& zone) {
  return record.key.type == RecordType::CNAME && (record.proxied || record.key.name == zone);
}

/// RFC 1034 section 3.6.2: beside a CNAME nothing may stand; except at the apex, where the host
/// never serves it.
Result<Ok> check_neighbours(const SetChange& change, std::span<const Record> records,
                            const Name& zone) {
  if (!change.after || change.after->type == RecordType::CNAME) return Ok{};
  const bool leaves = change.before && change.before->type == RecordType::CNAME;
  const auto in_the_way = std::ranges::find_if(records, [&](const Record& record) {
    return record.key == RecordKey{change.name, RecordType::CNAME} && change.name != zone;
  });
  if (in_the_way == records.end() || (leaves && !in_the_way->proxied)) return Ok{};
  return Error{.what =
                   fmt::format("{}: a {}CNAME stands at that name, and nothing may stand beside "
                               "it; remove it first",
                               shown({change.name, change.after->type}),
                               in_the_way->proxied ? "proxied " : "")};
}

/// What goes with a set that leaves altogether.
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

/// What comes with a set that is new. A proxied CNAME at the name becomes the one that is wanted.
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

std::map<RecordKey, RecordSet> sets_of(std::span<const Record> records, const Name& zone) {
  std::map<RecordKey, RecordSet> sets;
  for (const Record& record : records) {
    if (is_hidden(record, zone)) continue;
    const auto [place, first] = sets.emplace(record.key, RecordSet{meant(record.ttl), {}});
    place->second.ttl = std::min(place->second.ttl, meant(record.ttl));
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
    return refused(fmt::format("Cloudflare takes a TTL of {} to {} seconds, not {}",
                               kMinTtl.count(), kMaxTtl.count(), set.ttl.count()));
  }
  for (const std::string& value : set.values) {
    if (type != RecordType::TXT) break;
    if (value.empty())
      return refused("Cloudflare keeps no empty text");  // Seen by others, 2026-01.
    const bool stands = change.before && change.before->set.values.contains(value);
    if (!stands && std::ssize(value) > kMostTxtOctets) {
      return refused(fmt::format("a text of {} octets, and Cloudflare takes at most {}",
                                 value.size(), kMostTxtOctets));
    }
  }
  return Ok{};
}

Result<std::vector<Edit>> edits_for(const SetChange& change, std::span<const Record> records,
                                    const Name& zone) {
  const std::map<RecordKey, RecordSet> sets = sets_of(records, zone);
  const Result<Ok> as_read = check_before(change, sets);
  if (!as_read) return as_read.error();
  const Result<Ok> possible = check_neighbours(change, records, zone);
  if (!possible) return possible.error();
  if (change.before && change.after && change.before->type == change.after->type) {
    const RecordKey key{change.name, change.after->type};
    return SetEditor(key, change.before->set, change.after->set, records).edits();
  }
  std::vector<Edit> edits = removals(change, records, zone);
  const std::vector<Edit> made = additions(change, records, zone);
  edits.insert(edits.end(), made.begin(), made.end());
  return edits;
}

bool stands(const SetChange& change, std::span<const Record> records, const Name& zone) {
  const std::map<RecordKey, RecordSet> sets = sets_of(records, zone);
  for (const std::optional<TypedSet>& side : {change.before, change.after}) {
    if (!side) continue;
    const auto found = sets.find({change.name, side->type});
    const bool wanted = change.after && change.after->type == side->type;
    const bool same =
        wanted ? found != sets.end() && found->second == change.after->set : found == sets.end();
    if (!same) return false;
  }
  return true;
}

Result<std::vector<std::vector<Edit>>> pack(std::span<const std::vector<Edit>> groups,
                                            std::size_t most) {
  std::vector<std::vector<Edit>> batches;
  for (const std::vector<Edit>& group : groups) {
    if (group.empty()) continue;
    if (group.size() > most) {
      return Error{.what = fmt::format("{} needs {} edits, and a batch takes at most {}",
                                       shown(group.front().key), group.size(), most)};
    }
    if (batches.empty() || batches.back().size() + group.size() > most) batches.emplace_back();
    batches.back().insert(batches.back().end(), group.begin(), group.end());
  }
  return batches;
}

}  // namespace rampart::cloudflare
