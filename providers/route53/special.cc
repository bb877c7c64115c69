/// Sets that are more than plain ones: weighted, routed, health-checked, aliases.
#include "providers/route53/special.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rampart::route53 {
namespace {

/// The record types that Rampart writes.
constexpr std::array kOurTypes = {RecordType::TXT, RecordType::CNAME, RecordType::MX,
                                  RecordType::SPF};

std::string special_text(const StoredSet& stored) {
  return fmt::format("{} {} is {}: such a set is never overwritten", stored.key.name.text(),
                     to_text(stored.key.type), stored.special);
}

constexpr std::string_view kSpecialAdvice =
    "replace it by a plain one, or leave this name out of the YAML";

}  // namespace

// Overwriting one would remove routing that somebody configured on purpose.
Error special_set(const StoredSet& stored) {
  return Error{.what = fmt::format("{}; {}", special_text(stored), kSpecialAdvice)};
}

std::vector<ZoneNotice> special_notices(const StoredSet& stored) {
  std::vector<ZoneNotice> notices;
  for (const RecordType type : kOurTypes) {
    const bool alias = stored.key.type == RecordType::CNAME || type == RecordType::CNAME;
    if (type != stored.key.type && !alias) continue;
    notices.push_back({.topic = ZoneNotice::Topic::Record,
                       .blocks = true,
                       .message = special_text(stored),
                       .hint = std::string(kSpecialAdvice),
                       .written = RecordKey{stored.key.name, type}});
  }
  return notices;
}

// A plan compares with what any of them may answer.
std::map<RecordKey, StoredSet> joined(const std::vector<StoredSet>& sets) {
  std::map<RecordKey, StoredSet> all;
  for (const StoredSet& set : sets) {
    const auto [place, added] = all.emplace(set.key, set);
    if (added) continue;
    StoredSet& first = place->second;
    first.set.ttl = std::min(first.set.ttl, set.set.ttl);
    first.set.values.insert(set.set.values.begin(), set.set.values.end());
    first.texts.insert(first.texts.end(), set.texts.begin(), set.texts.end());
  }
  return all;
}

}  // namespace rampart::route53
