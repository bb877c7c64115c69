/// Packing to both quotas, and the XML of a batch.
#include "providers/route53/batches.h"

#include <fmt/format.h>

#include <map>

#include "base/xml.h"
#include "providers/route53/text.h"

namespace rampart::route53 {
namespace {

// From the Amazon Route 53 Developer Guide's page of quotas, as of 2026.
constexpr std::size_t kMostRecords = 1000;
constexpr std::size_t kMostCharacters = 32000;
constexpr std::size_t kMostValueCharacters = 4000;

// Both quotas are counted together, since either may be the one that is reached.
struct Cost {
  std::size_t records = 0;
  std::size_t characters = 0;

  Cost operator+(const Cost& other) const {
    return {records + other.records, characters + other.characters};
  }
  bool fits() const { return records <= kMostRecords && characters <= kMostCharacters; }
};

std::vector<std::string> texts_of(const TypedSet& set) {
  std::vector<std::string> texts;
  for (const std::string& value : set.set.values) texts.push_back(value_text(set.type, value));
  return texts;
}

/// The texts of the new set. A value that exists keeps the text in which it is stored: another
/// party's TXT may be cut into strings anywhere.
std::vector<std::string> texts_after(const Replacement& one) {
  const TypedSet& after = *one.change.after;
  std::map<std::string, std::vector<std::string>> stored;
  if (one.stored && one.stored->key.type == after.type) {
    for (const std::string& text : one.stored->texts) {
      const Result<std::string> value = read_value(after.type, text);
      stored[value ? *value : text].push_back(text);
    }
  }
  std::vector<std::string> texts;
  for (const std::string& value : after.set.values) {
    const auto found = stored.find(value);
    if (found == stored.end()) {
      texts.push_back(value_text(after.type, value));
    } else {
      texts.insert(texts.end(), found->second.begin(), found->second.end());
    }
  }
  return texts;
}

Cost cost_of(const std::vector<std::string>& texts) {
  Cost cost{.records = texts.size()};
  for (const std::string& text : texts) cost.characters += text.size();
  return cost;
}

// Old and new count, as the host counts a DELETE and a CREATE.
Cost cost_of(const Replacement& one) {
  Cost cost;
  if (one.stored) cost = cost_of(one.stored->texts);
  if (one.change.after) cost = cost + cost_of(texts_after(one));
  return cost;
}

Cost cost_of(const Batch& batch) {
  Cost cost;
  for (const Replacement& one : batch) cost = cost + cost_of(one);
  return cost;
}

// Worded for the record, because a person can only shorten that.
Error too_large(const SetChange& change, const std::string& why) {
  const RecordType type = change.after ? change.after->type : change.before->type;
  return Error{.what = fmt::format("{} {} {}", change.name.text(), to_text(type), why)};
}

Result<Ok> check_cost(const Replacement& one) {
  if (cost_of(one).fits()) return Ok{};
  return too_large(one.change,
                   fmt::format("cannot be replaced at once: Route 53 accepts {} records and {} "
                               "characters in one batch, old and new together",
                               kMostRecords, kMostCharacters));
}

/// Everything of one name together, names in the order in which they first appear.
std::vector<Batch> by_name(std::span<const Replacement> replacements) {
  std::vector<Batch> groups;
  std::map<Name, std::size_t> indices;
  for (const Replacement& one : replacements) {
    const auto [index, added] = indices.emplace(one.change.name, groups.size());
    if (added) groups.emplace_back();
    groups[index->second].push_back(one);
  }
  return groups;
}

// The set is written as a whole, which is the only form that the API has.
std::string change_xml(std::string_view action, const RecordKey& key, std::chrono::seconds ttl,
                       const std::vector<std::string>& texts) {
  std::string records;
  for (const std::string& text : texts) {
    records += fmt::format("<ResourceRecord><Value>{}</Value></ResourceRecord>", xml_escaped(text));
  }
  return fmt::format(
      "<Change><Action>{}</Action><ResourceRecordSet><Name>{}</Name><Type>{}</Type><TTL>{}</TTL>"
      "<ResourceRecords>{}</ResourceRecords></ResourceRecordSet></Change>",
      action, xml_escaped(name_text(key.name)), to_text(key.type), ttl.count(), records);
}

}  // namespace

// Checked before any request: the API's message would not name the value.
Result<Ok> check_values(const SetChange& change) {
  if (!change.after) return Ok{};
  if (change.after->set.values.size() > kMostValues) {
    return too_large(change, fmt::format("has more than {} values", kMostValues));
  }
  for (const std::string& text : texts_of(*change.after)) {
    if (text.size() <= kMostValueCharacters) continue;
    return too_large(change, fmt::format("has a value of {} characters; Route 53 accepts {} (an "
                                         "octet outside ASCII counts four)",
                                         text.size(), kMostValueCharacters));
  }
  return Ok{};
}

// Changes of one name stay together where they fit, since a batch is atomic.
Result<std::vector<Batch>> pack(std::span<const Replacement> replacements) {
  for (const Replacement& one : replacements) TRY_OK(check_cost(one));
  std::vector<Batch> batches;
  Cost filled;
  const auto add = [&](const Batch& group) {
    const Cost cost = cost_of(group);
    if (batches.empty() || !(filled + cost).fits()) {
      batches.emplace_back();
      filled = {};
    }
    filled = filled + cost;
    batches.back().insert(batches.back().end(), group.begin(), group.end());
  };
  for (const Batch& group : by_name(replacements)) {
    // A CNAME and the TXT that replaces it must change together.
    if (cost_of(group).fits()) {
      add(group);
    } else {
      for (const Replacement& one : group) add({one});
    }
  }
  return batches;
}

std::string batch_xml(const Batch& batch) {
  std::string changes;
  // The host applies a batch in order: every DELETE first makes room for what follows.
  for (const Replacement& one : batch) {
    if (!one.stored) continue;
    changes += change_xml("DELETE", one.stored->key, one.stored->set.ttl, one.stored->texts);
  }
  for (const Replacement& one : batch) {
    if (!one.change.after) continue;
    const TypedSet& after = *one.change.after;
    changes += change_xml("CREATE", {one.change.name, after.type}, after.set.ttl, texts_after(one));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
      "<ChangeBatch><Comment>rampart</Comment><Changes>{}</Changes></ChangeBatch>"
      "</ChangeResourceRecordSetsRequest>",
      changes);
}

}  // namespace rampart::route53
