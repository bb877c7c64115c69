/// Fragments: read from the zone, desired, and removed in order.
#include "policies/spf/fragments.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policies/spf/cases.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

// Only networks are packed again; another kind of term in a fragment was written by somebody else.
std::vector<std::string> network_terms(const ParsedValue& value) {
  std::vector<std::string> terms;
  if (value.spf() == nullptr) return terms;
  for (const spf::Directive& directive : value.spf()->directives) {
    if (!directive.network.empty()) terms.push_back(spf::print(directive));
  }
  return terms;
}

// Compared like a record of its own, because it is read by an include that passes. The earliest
// stage of all zones counts: where a record does not include it yet, it is written before that.
Stage fragment_stage(const Name& name, int number, const std::vector<ZoneSpf>& published,
                     const spf::Record& wanted) {
  const Answers none;
  Stage stage = Stage::Retire;
  for (const ZoneSpf& live : published) {
    if (!live.included.contains(number)) return Stage::Publish;
    const spf::Record* record = live.fragments.at(number).spf();
    const auto before = record != nullptr ? std::optional(*record) : std::nullopt;
    stage = std::min(stage,
                     spf_stage(name, spf_view(name, before, none), spf_view(name, wanted, none)));
  }
  return stage;
}

// Adds the fragments that the node and those below it include. False where a record there is not
// known, which may include any of them.
bool add_included(const Name& domain, const spf::TreeNode& node, std::set<int>& numbers) {
  if (opens_record(node) && node.temporary) return false;
  if (node.domain.starts_with("_spf")) {
    if (const auto name = Name::parse(node.domain)) {
      numbers.insert(fragment_number(domain, *name));
    }
  }
  return std::ranges::all_of(node.children, [&](const spf::TreeNode& child) {
    return add_included(domain, child, numbers);
  });
}

}  // namespace

// Names are sorted by their text, so that the fragments of a zone are neighbours. The numbers come
// from the names, not from a count: what a cancelled run left behind is found as well.
std::map<int, const LiveSet*> fragment_sets(const Name& domain, const LiveZone& zone) {
  static const RecordKey kFirst{Name::literal("_spf"), RecordType{}};
  std::map<int, const LiveSet*> sets;
  for (auto row = zone.sets.lower_bound(kFirst);
       row != zone.sets.end() && row->first.name.text().starts_with("_spf"); ++row) {
    const int number = fragment_number(domain, row->first.name);
    if (number > 0 && row->first.type == RecordType::TXT) sets.emplace(number, &row->second);
  }
  return sets;
}

// Local values replace the resolver's, which may still hold the old fragments.
LocalTxt local_txt(const Name& domain, const std::map<int, ParsedValue>& fragments) {
  LocalTxt local;
  for (const auto& [number, value] : fragments) local[fragment_name(domain, number)] = {value};
  return local;
}

ZoneSpf zone_spf(const Domain& domain, const LiveZone& zone, const Answers& answers) {
  const std::vector<ParsedValue> records = live_spf(zone, domain);
  std::optional<spf::Record> only;
  ZoneSpf published;
  published.zone = &zone;
  published.count = records.size();
  for (const auto& [number, set] : fragment_sets(domain.name, zone)) {
    if (set->state != LiveState::Present) continue;
    for (const ParsedValue& value : set->set.values) {
      if (value.kind() == RecordKind::Spf) published.fragments.insert_or_assign(number, value);
    }
  }
  for (const ParsedValue& value : records) {
    if (value.spf() == nullptr) continue;
    if (records.size() == 1) only = *value.spf();
    for (const spf::Directive& directive : value.spf()->directives) {
      const auto fragment = published.fragments.find(included_fragment(domain.name, directive));
      if (fragment == published.fragments.end()) continue;
      published.included[fragment->first] = network_terms(fragment->second);
    }
  }
  published.view =
      spf_view(domain.name, only, answers, local_txt(domain.name, published.fragments));
  return published;
}

// A fragment is never removed while a live record includes it: receivers would return permerror
// (RFC 7208 section 5.2) until the new record reaches them. The next plan removes it. A fragment
// that only another record includes was not written by flattening, and stays.
void desire_fragments(const Domain& domain, const std::vector<ZoneSpf>& published,
                      const FlatSpf& flat, const std::vector<spf::Tree>& trees,
                      PolicyResult& policy_result) {
  for (const auto& [number, record] : flat.fragments) {
    const Name name = fragment_name(domain.name, number);
    DesiredRecord desired =
        publication({name, RecordType::TXT}, ParsedValue(RecordKind::Spf, spf::print(record)),
                    "because the networks of flattened senders do not fit into one record");
    desired.ttl = spf_ttl(domain);
    desired.stage = fragment_stage(name, number, published, record);
    policy_result.desired_records.push_back(std::move(desired));
  }
  std::set<int> left, in_use, included;
  for (const ZoneSpf& live : published) {
    for (const auto& [number, value] : live.fragments) left.insert(number);
    for (const auto& [number, terms] : live.included) in_use.insert(number);
  }
  const bool all_known = std::ranges::all_of(trees, [&](const spf::Tree& tree) {
    return tree.unknown.empty() && add_included(domain.name, tree.root, included);
  });
  for (const int number : left) {
    if (flat.fragments.contains(number)) continue;
    const Name name = fragment_name(domain.name, number);
    if (in_use.contains(number)) {
      policy_result.holds.push_back(
          {domain.name, "spf-fragment-in-use",
           fmt::format("the removal of {} is held until no published record includes it",
                       name.text())});
    } else if (all_known && !included.contains(number)) {
      policy_result.desired_records.push_back(
          removal({name, RecordType::TXT}, RecordKind::Spf,
                  "because no record includes this fragment any more"));
    }
  }
}

}  // namespace rampart
