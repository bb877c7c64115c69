/// Observing through name servers: from answers to live records.
#include <fmt/format.h>

#include <algorithm>

#include "dns/txt.h"
#include "reconciler/observe/dns.h"

namespace rampart {
namespace {

LiveSet unobservable(std::string why) { return {LiveState::Unobservable, {}, std::move(why)}; }

/// The live set at one key by one answer.
/// A failed server proves nothing, and is kept apart from one that returns no record.
LiveSet set_in(const RecordKey& key, const Answer& answer) {
  return answer.match(
      [&](const std::vector<std::string>& values) {
        // Records at a CNAME's target are not records here.
        if (key.type != RecordType::CNAME && !answer.cnames.empty()) return LiveSet{};
        LiveSet live;
        live.state = LiveState::Present;
        live.set = parse_set(key, {answer.ttl, {values.begin(), values.end()}});
        return live;
      },
      [] { return LiveSet{}; }, unobservable);
}

// TTLs are left out: a cache in front of a server counts them down.
bool same(const LiveSet& a, const LiveSet& b) {
  return a.state == b.state && a.set.values == b.set.values;
}

/// The wildcard's answer that would be synthesised at `key`, or null.
/// Wildcards apply to the closest encloser only (RFC 4592 section 3.3.1); names deeper than that
/// are not probed.
const Answer* synthesised(const ServedZone& zone, const RecordKey& key) {
  if (key.name == zone.apex) return nullptr;
  // A wildcard's own name is answered by the wildcard above, where it does not exist itself.
  const Name encloser = key.name.is_wildcard() ? key.name.parent().parent() : key.name.parent();
  if (!encloser.is_within(zone.apex)) return nullptr;
  const auto owner = encloser.child("*");
  if (!owner.ok()) return nullptr;
  const auto found = zone.probes.find({*owner, key.type});
  return found == zone.probes.end() ? nullptr : &found->second;
}

/// As `set_in`, with an answer that a wildcard synthesised counted as absence (RFC 4592 section 4):
/// no record exists at the name itself. Where the probe for a wildcard got no answer, a record that
/// is seen may be the wildcard's, so nothing is known.
LiveSet evaluated(const ServedZone& zone, const RecordKey& key, const Answer& answer) {
  const LiveSet live = set_in(key, answer);
  const Answer* wildcard = synthesised(zone, key);
  if (live.state != LiveState::Present || wildcard == nullptr) return live;
  const LiveSet from_wildcard = set_in(key, *wildcard);
  if (from_wildcard.state == LiveState::Unobservable) {
    return unobservable(fmt::format("it cannot be seen whether a wildcard answers for {}: {}",
                                    key.name.text(), from_wildcard.detail));
  }
  return same(live, from_wildcard) ? LiveSet{} : live;
}

std::string shown(const LiveSet& live) {
  if (live.state != LiveState::Present) return "nothing";
  std::string text;
  for (const std::string& value : live.set.values) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", printable(value));
  }
  return text;
}

void append(std::string& text, const std::string& piece) {
  text += (text.empty() ? "" : "; ") + piece;
}

/// The live set at one key by all servers together.
/// One server that answers is enough to know the records, but two that differ are not: which of
/// them is right cannot be seen from outside.
LiveSet merged(const ServedZone& zone, const RecordKey& key) {
  std::optional<LiveSet> first;
  std::string failures;
  std::string all;
  bool differ = false;
  for (const ServerView& server : zone.servers) {
    const Answer& answer = server.answers.at(key);
    const LiveSet live = evaluated(zone, key, answer);
    if (live.state == LiveState::Unobservable) {
      // The detail names the address only.
      append(failures, server.label.ends_with(')')
                           ? server.label.substr(0, server.label.find(' ')) + " " + live.detail
                           : live.detail);
      continue;
    }
    append(all, fmt::format("{}: {}", server.label, shown(live)));
    if (!first) first = live;
    differ = differ || !same(*first, live);
    if (live.state == LiveState::Present) first->set.ttl = std::min(first->set.ttl, live.set.ttl);
  }
  if (!first) return unobservable(failures);
  if (differ) {
    first->state = LiveState::Disagree;
    if (!failures.empty()) append(all, failures);
    first->detail = all;
    return *first;
  }
  first->detail = failures;
  return *first;
}

/// The wildcards that are known to exist. An answer that a wildcard further up gives too comes from
/// that one.
std::set<RecordKey> wildcards(const ServedZone& zone) {
  std::set<RecordKey> found;
  for (const auto& [key, answer] : zone.probes) {
    if (answer.status != AnswerStatus::Data) continue;
    const Name above = key.name.parent().parent();
    const auto owner = above.child("*");
    if (owner.ok() && above.is_within(zone.apex)) {
      const auto other = zone.probes.find({*owner, key.type});
      if (other != zone.probes.end() && other->second.values == answer.values) continue;
    }
    // A CNAME wildcard answers for every type; only the CNAME is one that exists.
    if (key.type != RecordType::CNAME && !answer.cnames.empty()) continue;
    found.insert(key);
  }
  return found;
}

LiveZone empty_view(const ServedZone& zone) {
  LiveZone view{.apex = zone.apex};
  view.error = zone.error;
  view.wildcards = wildcards(zone);
  return view;
}

}  // namespace

LiveZone merged_view(const ServedZone& zone) {
  LiveZone view = empty_view(zone);
  if (zone.servers.empty()) return view;
  for (const RecordKey& key : zone.keys) view.sets.emplace(key, merged(zone, key));
  return view;
}

// verify compares each server by itself, so nothing is merged or forgiven here.
LiveZone single_view(const ServedZone& zone, const ServerView& server) {
  LiveZone view = empty_view(zone);
  for (const RecordKey& key : zone.keys) {
    const Answer& answer = server.answers.at(key);
    view.sets.emplace(key, evaluated(zone, key, answer));
  }
  return view;
}

}  // namespace rampart
