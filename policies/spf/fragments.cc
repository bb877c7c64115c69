/// Fragments: read from the zone, desired, and removed in order.
#include "policies/spf/fragments.h"

#include <fmt/format.h>

#include "policies/spf/record.h"

namespace rampart {
namespace {

// Only networks are packed again; another kind of term in a fragment was written by somebody else.
std::vector<std::string> networks_in(const ParsedValue& value) {
  std::vector<std::string> terms;
  if (value.spf() == nullptr) return terms;
  for (const spf::Directive& directive : value.spf()->directives) {
    if (!directive.network.empty()) terms.push_back(spf::print(directive));
  }
  return terms;
}

// Compared like a record of its own, because it is read by an include that passes.
Stage stage_of(const Name& name, const ParsedValue* live, const spf::Record& wanted) {
  if (live == nullptr) return Stage::Publish;  // No record includes it yet.
  const auto before = live->spf() ? std::optional(*live->spf()) : std::nullopt;
  const Answers none;
  return spf_stage(name, spf_view(name, before, none), spf_view(name, wanted, none));
}

}  // namespace

// The numbers come from the names in the zone, not from a count: fragments that a cancelled run
// left behind are found as well.
LiveFragments live_fragments(const Domain& domain, const LiveZone& zone) {
  LiveFragments live;
  for (const auto& [key, set] : zone.sets) {
    const int number = fragment_number(domain.name, key.name);
    if (number == 0 || key.type != RecordType::TXT || set.state != LiveState::Present) continue;
    for (const ParsedValue& value : set.set.values) {
      if (value.kind() == RecordKind::Spf) live.all.insert_or_assign(number, value);
    }
  }
  for (const ParsedValue& value : live_spf(zone, domain)) {
    if (value.spf() == nullptr) continue;
    for (const spf::Directive& directive : value.spf()->directives) {
      const auto name = Name::parse(directive.domain);
      const int number = name ? fragment_number(domain.name, *name) : 0;
      if (live.all.contains(number)) live.published[number] = networks_in(live.all.at(number));
    }
  }
  return live;
}

// Local values replace the resolver's, which may still hold the old fragments.
LocalTxt local_txt(const Name& domain, const std::map<int, ParsedValue>& fragments) {
  LocalTxt local;
  for (const auto& [number, value] : fragments) local[fragment_name(domain, number)] = {value};
  return local;
}

// A fragment is never removed while the live record includes it: receivers would return permerror
// (RFC 7208 section 5.2) until the new record reaches them. The next plan removes it.
void desire_fragments(const Domain& domain, const LiveFragments& live, const FlatSpf& flat,
                      PolicyResult& policy_result) {
  for (const auto& [number, record] : flat.fragments) {
    const Name name = fragment_name(domain.name, number);
    const bool named = live.published.contains(number);
    DesiredRecord desired =
        publication({name, RecordType::TXT}, ParsedValue(RecordKind::Spf, spf::print(record)),
                    "because the networks of flattened senders do not fit into one record");
    desired.ttl = spf_ttl(domain);
    desired.stage = stage_of(name, named ? &live.all.at(number) : nullptr, record);
    policy_result.desired_records.push_back(std::move(desired));
  }
  for (const auto& [number, value] : live.all) {
    if (flat.fragments.contains(number)) continue;
    const Name name = fragment_name(domain.name, number);
    if (live.published.contains(number)) {
      policy_result.holds.push_back(
          {domain.name, "spf-fragment-in-use",
           fmt::format("the removal of {} is held until no published record includes it",
                       name.text())});
      continue;
    }
    policy_result.desired_records.push_back(
        removal({name, RecordType::TXT}, RecordKind::Spf,
                "because no record includes this fragment any more"));
  }
}

}  // namespace rampart
