/// The live records of one domain, as a draft of the YAML reads them.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/model/world.h"

namespace rampart {

inline constexpr std::string_view kKeyInfix = "._domainkey.";

/// The live records of one domain.
class LiveRecords {
 public:
  LiveRecords(const Name& name, const std::string& provider, const World& world)
      : domain_{.name = name, .providers = {provider}, .dmarc = {}}, world_(world) {}

  LiveSet at(const std::string& prefix, RecordType type) const {
    const auto name = prefix.empty() ? Result<Name>(domain_.name) : domain_.name.child(prefix);
    return name ? at(*name, type) : LiveSet{};
  }

  /// The TXT values of one kind of record.
  std::vector<std::string> values(const std::string& prefix, RecordKind kind) const {
    const LiveSet live = at(prefix, RecordType::TXT);
    std::vector<std::string> found;
    if (live.state != LiveState::Present) return found;
    for (const ParsedValue& value : live.set.values) {
      if (value.kind() == kind) found.push_back(value.text());
    }
    return found;
  }

  std::optional<std::string> cname(const std::string& prefix) const {
    const LiveSet live = at(prefix, RecordType::CNAME);
    if (live.state != LiveState::Present || live.set.values.empty()) return std::nullopt;
    return live.set.values.begin()->text();
  }

  /// The records below `_domainkey`, by selector.
  std::map<std::string, LiveSet> selectors(RecordType type) const {
    std::map<std::string, LiveSet> found;
    for (const LiveZone* zone : world_.zones_for(domain_, domain_.name)) {
      for (const auto& [key, live] : zone->sets) {
        const std::string suffix = std::string(kKeyInfix) + domain_.name.text();
        const std::string& text = key.name.text();
        if (key.type != type || live.state != LiveState::Present) continue;
        if (text.ends_with(suffix)) found[text.substr(0, text.size() - suffix.size())] = live;
      }
    }
    return found;
  }

  /// The records of the domain that got no answer, or different ones, and why.
  std::vector<std::pair<RecordKey, std::string>> unread() const {
    std::vector<std::pair<RecordKey, std::string>> open;
    for (const LiveZone* zone : world_.zones_for(domain_, domain_.name)) {
      for (const auto& [key, live] : zone->sets) {
        const bool unknown =
            live.state == LiveState::Unobservable || live.state == LiveState::Disagree;
        if (unknown && key.name.is_within(domain_.name)) open.emplace_back(key, live.detail);
      }
    }
    return open;
  }

  /// Why the domain could not be read; empty where it could. A record that got no answer is enough:
  /// a domain that is drafted without it would look as if it had none.
  std::optional<std::string> failure() const {
    const auto zones = world_.zones_for(domain_, domain_.name);
    if (zones.empty()) return "no zone contains it";
    const LiveZone& zone = *zones.front();
    if (!zone.error.empty()) return zone.error;
    const auto open = unread();
    const auto other = std::ranges::find_if(open, [](const auto& one) {
      return one.first.name.text().find(kKeyInfix) == std::string::npos;
    });
    if (other == open.end()) return std::nullopt;
    return other->first.name.text() + " " + to_text(other->first.type) + ": " + other->second;
  }

 private:
  LiveSet at(const Name& name, RecordType type) const {
    const auto zones = world_.zones_for(domain_, name);
    return zones.empty() ? LiveSet{} : zones.front()->at({name, type});
  }

  Domain domain_;
  const World& world_;
};

}  // namespace rampart
