/// Fragments: read from the zone, wanted, and removed in order.
#include "policies/spf/fragments.h"

#include <fmt/format.h>

#include <algorithm>

#include "policies/spf/record.h"

namespace rampart {
namespace {

std::optional<spf::Record> sole_record(const std::vector<std::string>& texts) {
  if (texts.size() != 1) return std::nullopt;
  auto record = spf::parse(texts.front());
  return record ? std::optional(std::move(record).value()) : std::nullopt;
}

std::vector<std::string> networks_in(const std::string& text) {
  std::vector<std::string> terms;
  const auto record = spf::parse(text);
  if (!record) return terms;
  for (const spf::Directive& directive : record->directives) {
    if (!directive.network.empty()) terms.push_back(spf::print(directive));
  }
  return terms;
}

std::optional<std::chrono::seconds> ttl_of(const Domain& domain) {
  return domain.spf && domain.spf->ttl ? domain.spf->ttl : domain.ttl;
}

Stage stage_of(const Name& name, const std::string* live, const spf::Record& wanted) {
  if (live == nullptr) return Stage::Publish;  // Nobody names it yet.
  const auto before = sole_record({*live});
  const Answers none;
  return spf_stage(name, spf_view(name, before, none), spf_view(name, wanted, none));
}

}  // namespace

LiveFragments live_fragments(const Domain& domain, const LiveZone& zone) {
  LiveFragments live;
  for (const auto& [key, set] : zone.sets) {
    const int number = fragment_number(domain.name, key.name);
    if (number == 0 || key.type != RecordType::TXT || set.state != LiveState::Present) continue;
    for (const std::string& value : set.set.values) {
      if (spf::is_spf(value)) live.all[number] = value;
    }
  }
  for (const std::string& text : live_spf(zone, domain)) {
    const auto record = spf::parse(text);
    if (!record) continue;
    for (const spf::Directive& directive : record->directives) {
      const auto name = Name::parse(directive.domain);
      const int number = name ? fragment_number(domain.name, *name) : 0;
      if (live.all.contains(number)) live.standing[number] = networks_in(live.all.at(number));
    }
  }
  return live;
}

LocalTxt local_txt(const Name& domain, const std::map<int, std::string>& fragments) {
  LocalTxt local;
  for (const auto& [number, value] : fragments) local[fragment_name(domain, number)] = {value};
  return local;
}

void desire_fragments(const Domain& domain, const LiveFragments& live, const FlatSpf& flat,
                      PolicyResult& policy_result) {
  for (const auto& [number, record] : flat.fragments) {
    const Name name = fragment_name(domain.name, number);
    const bool named = live.standing.contains(number);
    DesiredRecord desired{{name, RecordType::TXT}, RecordKind::Spf, spf::print(record)};
    desired.ttl = ttl_of(domain);
    desired.stage = stage_of(name, named ? &live.all.at(number) : nullptr, record);
    desired.reason = "because the networks of flattened senders do not fit into one record";
    policy_result.desired_records.push_back(std::move(desired));
  }
  for (const auto& [number, value] : live.all) {
    if (flat.fragments.contains(number)) continue;
    const Name name = fragment_name(domain.name, number);
    if (live.standing.contains(number)) {
      policy_result.holds.push_back(
          {domain.name, "spf-fragment-in-use",
           fmt::format("{} stays until no standing record includes it", name.text())});
      continue;
    }
    DesiredRecord desired{{name, RecordType::TXT}, RecordKind::Spf, std::nullopt};
    desired.stage = Stage::Retire;
    desired.reason = "because no record includes this fragment any more";
    policy_result.desired_records.push_back(std::move(desired));
  }
}

}  // namespace rampart
