/// Gathering what the guardrails on SPF compare.
#include "policies/spf/cases.h"

#include <algorithm>

#include "policies/model/lookup.h"
#include "policies/model/sender_pattern.h"
#include "policies/spf/flatten.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

// The changes of one zone at one provider. A plan has as many as its domains have records, so that
// cases must not search all of it.
using ZoneChanges = std::vector<const Change*>;
using ChangesByZone = std::map<std::pair<Name, std::string>, ZoneChanges>;

const Change* change_at(const ZoneChanges& changes, const RecordKey& key) {
  const auto found = std::ranges::find_if(changes, [&](const Change* change) {
    return change->name() == key.name && change->type() == key.type;
  });
  return found == changes.end() ? nullptr : *found;
}

// A change to another type leaves no TXT, which differs from no change at all.
ParsedValues values_after(const Change* change, const LiveSet& live) {
  if (change == nullptr) return live.set.values;
  const auto& after = change->set.after;
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
    std::ranges::copy(record->directives, std::back_inserter(joined->directives));
    std::ranges::copy(record->modifiers, std::back_inserter(joined->modifiers));
  }
  if (joined) {
    // Behind the first record's `all` the second one's terms would not count.
    std::ranges::stable_partition(joined->directives, [](const spf::Directive& directive) {
      return directive.mechanism != spf::Mechanism::All;
    });
  }
  return joined;
}

/// The fragments of `domain` in the zone, live and after the plan.
struct LocalSides {
  LocalTxt before;
  LocalTxt after;
};

// Fragments are read from the zone, because a resolver would answer with what it has cached.
LocalSides fragments_in(const Domain& domain, const LiveZone& zone, const ZoneChanges& changes) {
  LocalSides sides;
  for (const auto& [key, live] : zone.sets) {
    if (key.type != RecordType::TXT || fragment_number(domain.name, key.name) == 0) continue;
    sides.before[key.name] = live.set.values;
  }
  sides.after = sides.before;
  for (const Change* change : changes) {
    if (fragment_number(domain.name, change->name()) == 0) continue;
    sides.after[change->name()] = values_after(change, {});
  }
  return sides;
}

// `after` equals `before` where the plan leaves the record alone, so that guardrails can tell a new
// fault from an existing one.
SpfCase case_of(const Domain& domain, const LiveZone& zone, const ZoneChanges& changes,
                const World& world) {
  SpfCase item{domain, zone};
  const RecordKey key = spf_key(domain);
  const LiveSet live = zone.at(key);
  const Change* change = change_at(changes, key);
  const auto after = values_after(change, live);
  const LocalSides local = fragments_in(domain, zone, changes);
  item.before = spf_view(domain.name, record_in(live.set.values), world.answers, local.before);
  item.after = spf_view(domain.name, record_in(after), world.answers, local.after);
  item.changes = change != nullptr;
  item.octets_before = octets_of(key.name, live.set.values);
  item.octets_after = octets_of(key.name, after);
  for (const ParsedValue& value : after) {
    if (value.kind() == RecordKind::Spf) item.spf_octets_after += value.text().size();
  }
  return item;
}

// A failing include would count as one lookup; the catalogue's figure keeps a record from passing
// while a vendor is down.
void add_node(const spf::TreeNode& node, const Config& config, SpfCost& cost) {
  const bool opens =
      node.term.starts_with("redirect=") || node.term.find("include:") != std::string::npos;
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

// A record that another tool keeps is evaluated like one of ours; no change can touch it.
bool evaluates_spf(const Domain& domain) {
  return domain.state == DomainState::Managed && domain.leaves_spf() &&
         domain.dmarc.position.phase >= Phase::Spf;
}

}  // namespace

// A domain at two providers has two cases: the zones may differ until both are written.
std::vector<SpfCase> spf_cases(const Plan& plan, const Config& config, const World& world) {
  ChangesByZone changes;
  for (const Change& change : plan.changes) {
    changes[{change.zone, change.provider}].push_back(&change);
  }
  std::vector<SpfCase> cases;
  for (const Name& name : plan.domains) {
    const auto found = config.domains.find(name);
    if (found == config.domains.end()) continue;
    if (!manages_spf(found->second) && !evaluates_spf(found->second)) continue;
    for (const LiveZone* zone : world.zones_for(found->second, name)) {
      SpfCase item = case_of(found->second, *zone, changes[{zone->apex, zone->provider}], world);
      if (item.before.record || item.after.record) cases.push_back(std::move(item));
    }
  }
  return cases;
}

// Shown once for each domain, since people decide about domains and not about providers.
std::map<Name, SpfDelta> authority_of_spf(const Plan& plan, const Config& config,
                                          const World& world) {
  std::map<Name, SpfDelta> deltas;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    SpfDelta delta = compare_spf(item.domain.name, item.before, item.after);
    // Two providers of one zone give the same delta; the first that changes anything is reported.
    if (deltas.contains(item.domain.name) && delta == SpfDelta{}) continue;
    deltas.insert_or_assign(item.domain.name, std::move(delta));
  }
  return deltas;
}

SpfCost cost_of(const spf::Tree& tree, const Config& config) {
  SpfCost cost;
  cost.lookups = tree.lookups;
  for (const spf::TreeNode& child : tree.root.children) add_node(child, config, cost);
  return cost;
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
