/// Gathering what the guardrails on SPF compare.
#include "policies/spf/cases.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "policies/model/lookup.h"
#include "policies/model/sender_pattern.h"
#include "policies/spf/flatten.h"
#include "policies/spf/fragments.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

// The changes of one domain in one zone at one provider. Found by key, because a search through a
// whole plan for each domain would be quadratic.
using Changes = std::vector<const Change*>;
using ChangesByCase = std::map<std::tuple<Name, std::string, Name>, Changes>;

// A change to another type leaves no TXT.
ParsedValues values_after(const Change& change) {
  const auto& after = change.set.after;
  return after && after->type == RecordType::TXT ? after->set.values : ParsedValues{};
}

// All TXT at a name is returned together, so that its size is one figure.
std::size_t octets_of(const Name& name, const ParsedValues& values) {
  std::size_t octets = name.text().size();
  for (const ParsedValue& value : values) octets += value.text().size();
  return octets;
}

/// All SPF terms among the values as one record; nullopt where none can be read.
std::optional<spf::Record> record_in(const ParsedValues& values) {
  std::optional<spf::Record> joined;
  for (const ParsedValue& value : values) {
    const spf::Record* record = value.spf();
    if (record == nullptr) continue;
    if (!joined) joined.emplace();
    // Behind the first record's `all` the second one's terms would not count.
    std::vector<spf::Directive>& all = joined->directives;
    all.insert(std::ranges::find(all, spf::Mechanism::All, &spf::Directive::mechanism),
               record->directives.begin(), record->directives.end());
    std::ranges::copy(record->modifiers, std::back_inserter(joined->modifiers));
  }
  return joined;
}

// Read from the zone, because a resolver would answer with what it has cached. What could not be
// read is left to the resolver.
LocalTxt fragments_in(const Domain& domain, const LiveZone& zone) {
  LocalTxt fragments;
  for (const auto& [number, live] : fragment_sets(domain.name, zone)) {
    if (live->state == LiveState::Unobservable) continue;
    fragments[fragment_name(domain.name, number)] = live->set.values;
  }
  return fragments;
}

SpfCase case_of(const Domain& domain, const LiveZone& zone, const Changes& changes,
                const World& world) {
  SpfCase item{domain, zone};
  const RecordKey key = spf_key(domain);
  const ParsedValues before = zone.at(key).set.values;
  ParsedValues after = before;
  const LocalTxt fragments_before = fragments_in(domain, zone);
  LocalTxt fragments_after = fragments_before;
  for (const Change* change : changes) {
    const bool own = RecordKey{change->name(), change->type()} == key;
    if (!own && fragment_number(domain.name, change->name()) == 0) continue;
    item.changes.push_back(change);
    (own ? after : fragments_after[change->name()]) = values_after(*change);
  }
  item.before = spf_view(domain.name, record_in(before), world.answers, fragments_before);
  item.after = spf_view(domain.name, record_in(after), world.answers, fragments_after);
  item.octets_before = octets_of(key.name, before);
  item.octets_after = octets_of(key.name, after);
  for (const ParsedValue& value : after) {
    if (value.kind() == RecordKind::Spf) item.spf_octets_after += value.text().size();
  }
  return item;
}

// A failing include would count as one lookup. With the catalogue's figure a record does not stay
// within the limit just because a vendor's name server fails.
void add_node(const spf::TreeNode& node, const Config& config, SpfCost& cost) {
  const bool opens = opens_record(node);
  if (opens && !node.problem.empty()) {
    const Sender* sender = sender_of_term(node.term, config);
    const bool known = sender != nullptr && sender->lookups.has_value();
    if (known) cost.lookups += std::max(*sender->lookups - 1, 0);
    cost.lower_bound = cost.lower_bound || !known;
    if (!node.domain.empty()) cost.broken.push_back(&node);
  }
  if (!opens && node.children.empty()) cost.voids += node.void_lookups;
  for (const spf::TreeNode& child : node.children) add_node(child, config, cost);
}

// A record that another tool keeps is evaluated like one of ours, though no change of a plan
// touches it.
bool evaluates_spf(const Domain& domain) {
  return domain.state == DomainState::Managed && domain.leaves_spf() &&
         domain.dmarc.position.phase >= Phase::Spf;
}

}  // namespace

// A domain at two providers has two cases: the zones may differ until both are written.
std::vector<SpfCase> spf_cases(const Plan& plan, const Config& config, const World& world) {
  ChangesByCase changes;
  for (const Change& change : plan.changes) {
    changes[{change.zone, change.provider, change.domain}].push_back(&change);
  }
  std::vector<SpfCase> cases;
  for (const Name& name : plan.domains) {
    const Domain* domain = find_value(config.domains, name);
    if (domain == nullptr || (!manages_spf(*domain) && !evaluates_spf(*domain))) continue;
    for (const LiveZone* zone : world.zones_for(*domain, name)) {
      SpfCase item = case_of(*domain, *zone, changes[{zone->apex, zone->provider, name}], world);
      if (item.before.record || item.after.record) cases.push_back(std::move(item));
    }
  }
  return cases;
}

// One row for each domain, since people decide about domains and not about providers. Where the
// providers differ, each of them may gain or lose somebody.
std::map<Name, SpfDelta> authority_of_spf(const Plan& plan, const Config& config,
                                          const World& world) {
  std::map<Name, SpfDelta> deltas;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    const SpfDelta delta = compare_spf(item.domain.name, item.before, item.after);
    SpfDelta& sum = deltas[item.domain.name];
    std::ranges::copy(delta.gains, std::back_inserter(sum.gains));
    std::ranges::copy(delta.loses, std::back_inserter(sum.loses));
    sort_unique(sum.gains);
    sort_unique(sum.loses);
  }
  return deltas;
}

SpfCost cost_of(const spf::Tree& tree, const Config& config) {
  SpfCost cost;
  cost.lookups = tree.lookups;
  for (const spf::TreeNode& child : tree.root.children) add_node(child, config, cost);
  return cost;
}

// An include may have a qualifier.
bool opens_record(const spf::TreeNode& node) {
  return node.term.starts_with("redirect=") || node.term.find("include:") != std::string::npos;
}

// Several services send through another one and use its include.
std::vector<const Sender*> senders_of_term(const std::string& term, const Config& config) {
  std::vector<const Sender*> senders;
  for (const auto& [id, sender] : config.senders) {
    if (owns_term(*sender, term)) senders.push_back(sender.get());
  }
  std::ranges::stable_partition(senders, [](const Sender* one) { return one->spf_shared.empty(); });
  return senders;
}

const Sender* sender_of_term(const std::string& term, const Config& config) {
  const auto senders = senders_of_term(term, config);
  return senders.empty() ? nullptr : senders.front();
}

}  // namespace rampart
