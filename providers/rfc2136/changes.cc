/// From changes of sets to the prerequisites and single values of dynamic updates.
#include "providers/rfc2136/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rampart {
namespace {

/// Common types, none of which may exist beside a CNAME: servers silently ignore a CNAME that is
/// added to them (RFC 2136 section 3.4.2.2).
constexpr std::array kCommonTypes = {RecordType::A,   RecordType::AAAA, RecordType::MX,
                                     RecordType::NS,  RecordType::TXT,  RecordType::SRV,
                                     RecordType::CAA, RecordType::DS,   RecordType::DNAME};

// Null and not an empty set, since the two mean different prerequisites.
const StoredSet* find(const StoredSets& stored, const RecordKey& key) {
  const auto found = stored.find(key);
  return found == stored.end() ? nullptr : &found->second;
}

/// Requires the old set as the server stores it, value by value. All values are named, so that any
/// change by somebody else makes the server refuse the update.
Result<Ok> require_before(Update& update, const SetChange& change, const StoredSets& stored) {
  const RecordKey key{change.name, change.before->type};
  const StoredSet* set = find(stored, key);
  if (set == nullptr || plain(*set) != change.before->set) return conflict_at(key);
  std::vector<std::string> all;
  for (const auto& [value, rdata] : set->rdata) all.insert(all.end(), rdata.begin(), rdata.end());
  update.require_values(key, all);
  return Ok{};
}

/// Requires that nothing at the name excludes `type`. The server does not check this itself: it
/// ignores the CNAME and reports success.
Result<Ok> require_room(Update& update, const SetChange& change, RecordType type,
                        const StoredSets& stored) {
  const bool same_type = change.before && change.before->type == type;
  const RecordKey key{change.name, type};
  if (!same_type) {
    if (find(stored, key) != nullptr) return conflict_at(key);
    update.require_absent(key);
  }
  // The old CNAME leaves in the same message, so it cannot be required to be absent.
  const bool from_alias = change.before && change.before->type == RecordType::CNAME;
  if (type != RecordType::CNAME) {
    if (!from_alias) update.require_absent({change.name, RecordType::CNAME});
    return Ok{};
  }
  for (const auto& [other, set] : stored) {
    const bool ours = change.before && change.before->type == other.type;
    if (other.name == change.name && other.type != type && !ours && !may_join_cname(other.type)) {
      return Error{.what = fmt::format("a CNAME cannot exist at {} beside {}", other.name.text(),
                                       to_text(other.type))};
    }
  }
  if (!change.before) {
    update.require_unused(change.name);
  } else if (!from_alias) {
    for (const RecordType other : kCommonTypes) {
      if (other != change.before->type) update.require_absent({change.name, other});
    }
  }
  return Ok{};
}

// Removed by RDATA and not as a set, so that a value which was added meanwhile stays.
void remove_values(Update& update, const RecordKey& key, const StoredSet& set,
                   const std::set<std::string>& kept) {
  for (const auto& [value, spellings] : set.rdata) {
    if (kept.contains(value)) continue;
    for (const std::string& rdata : spellings) update.remove(key, rdata);
  }
}

// Values that stay are not sent, since an update with them would only be larger.
Result<Ok> add_values(Update& update, const RecordKey& key, const RecordSet& after,
                      const StoredSet* kept) {
  for (const std::string& value : after.values) {
    const auto ttl = static_cast<std::uint32_t>(after.ttl.count());
    if (kept != nullptr && kept->rdata.contains(value)) continue;
    TRY(const std::string rdata, wire_rdata(key.type, value));
    update.add(key, ttl, rdata);
  }
  return Ok{};
}

}  // namespace

// Spellings are kept, because RFC 2136 section 2.5.4 removes a value by its exact RDATA.
StoredSets stored_sets(std::span<const WireRecord> records) {
  StoredSets sets;
  for (const WireRecord& record : records) {
    const auto [place, added] = sets.try_emplace(record.key, StoredSet{record.ttl, {}});
    place->second.ttl = std::min(place->second.ttl, record.ttl);
    std::vector<std::string>& spellings = place->second.rdata[record.value];
    if (std::ranges::find(spellings, record.rdata) == spellings.end()) {
      spellings.push_back(record.rdata);
    }
  }
  return sets;
}

RecordSet plain(const StoredSet& set) {
  RecordSet out{std::chrono::seconds(set.ttl), {}};
  for (const auto& [value, rdata] : set.rdata) out.values.insert(value);
  return out;
}

// Prerequisites come from what was read, so that the server itself does the compare-and-swap.
Result<Update> update_for(const Name& zone, const SetChange& change, const StoredSets& stored) {
  Update update(zone);
  if (change.before == change.after) return update;
  if (change.before) TRY_OK(require_before(update, change, stored));
  if (change.after) TRY_OK(require_room(update, change, change.after->type, stored));
  const StoredSet* kept = nullptr;
  if (change.before) {
    const RecordKey key{change.name, change.before->type};
    const StoredSet* set = find(stored, key);
    // A TTL belongs to the whole set: for a new one every value is written again.
    const bool stays = change.after && change.after->type == key.type &&
                       change.after->set.ttl == change.before->set.ttl;
    remove_values(update, key, *set, stays ? change.after->set.values : std::set<std::string>{});
    kept = stays ? set : nullptr;
  }
  if (change.after) {
    const RecordKey key{change.name, change.after->type};
    TRY_OK(add_values(update, key, change.after->set, kept));
  }
  return update;
}

/// By name, since prerequisites are checked before any change of their message: a second message
/// for the same name would find the first one's changes.
std::vector<Update> packed(const Name& zone, std::span<const SetChange> changes,
                           std::span<const Update> updates, std::size_t most) {
  std::map<Name, Update> by_name;
  for (std::size_t index = 0; index < changes.size(); ++index) {
    by_name.try_emplace(changes[index].name, zone).first->second.append(updates[index]);
  }
  std::vector<Update> messages;
  for (const auto& [name, update] : by_name) {
    if (update.empty()) continue;
    if (messages.empty() || messages.back().size() + update.size() > most) {
      messages.emplace_back(zone);
    }
    messages.back().append(update);
  }
  return messages;
}

}  // namespace rampart
