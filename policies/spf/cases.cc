/// Gathering what the guardrails on SPF compare.
#include "policies/spf/cases.h"

#include <algorithm>

#include "policies/spf/flatten.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

const Change* change_at(const Plan& plan, const LiveZone& zone, const RecordKey& key) {
  const auto found = std::ranges::find_if(plan.changes, [&](const Change& change) {
    return change.zone == zone.apex && change.provider == zone.provider &&
           change.name() == key.name && change.type() == key.type;
  });
  return found == plan.changes.end() ? nullptr : &*found;
}

std::set<std::string> values_after(const Change* change, const LiveSet& live) {
  if (change == nullptr) return live.set.values;
  const auto& after = change->set.after;
  return after && after->type == RecordType::TXT ? after->set.values : std::set<std::string>{};
}

std::size_t octets_of(const Name& name, const std::set<std::string>& values) {
  std::size_t octets = name.text().size();
  for (const std::string& value : values) octets += value.size();
  return octets;
}

/// All SPF terms among the values as one record; nullopt where none can be read.
std::optional<spf::Record> record_in(const std::set<std::string>& values) {
  std::optional<spf::Record> joined;
  for (const std::string& value : values) {
    const auto record = spf::is_spf(value) ? spf::parse(value) : Error{};
    if (!record) continue;
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

/// The fragments of `domain` in the zone, as they stand and as the plan leaves them.
struct LocalSides {
  LocalTxt before;
  LocalTxt after;
};

LocalSides fragments_in(const Domain& domain, const LiveZone& zone, const Plan& plan) {
  LocalSides sides;
  for (const auto& [key, live] : zone.sets) {
    if (key.type != RecordType::TXT || fragment_number(domain.name, key.name) == 0) continue;
    sides.before[key.name] = live.set.values;
  }
  sides.after = sides.before;
  for (const Change& change : plan.changes) {
    const bool here = change.zone == zone.apex && change.provider == zone.provider;
    if (!here || fragment_number(domain.name, change.name()) == 0) continue;
    sides.after[change.name()] = values_after(&change, {});
  }
  return sides;
}

SpfCase case_of(const Domain& domain, const LiveZone& zone, const Plan& plan, const World& world) {
  SpfCase item{domain, zone};
  const RecordKey key = spf_key(domain);
  const LiveSet live = zone.at(key);
  const Change* change = change_at(plan, zone, key);
  const auto after = values_after(change, live);
  const LocalSides local = fragments_in(domain, zone, plan);
  item.before = spf_view(domain.name, record_in(live.set.values), world.answers, local.before);
  item.after = spf_view(domain.name, record_in(after), world.answers, local.after);
  item.changes = change != nullptr;
  item.octets_before = octets_of(key.name, live.set.values);
  item.octets_after = octets_of(key.name, after);
  for (const std::string& value : after) {
    if (spf::is_spf(value)) item.spf_octets_after += value.size();
  }
  return item;
}

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

}  // namespace

std::vector<SpfCase> spf_cases(const Plan& plan, const Config& config, const World& world) {
  std::vector<SpfCase> cases;
  for (const Name& name : plan.domains) {
    const auto found = config.domains.find(name);
    if (found == config.domains.end() || !manages_spf(found->second)) continue;
    for (const LiveZone* zone : world.zones_for(found->second, name)) {
      SpfCase item = case_of(found->second, *zone, plan, world);
      if (item.before.record || item.after.record) cases.push_back(std::move(item));
    }
  }
  return cases;
}

std::map<Name, SpfDelta> authority_of_spf(const Plan& plan, const Config& config,
                                          const World& world) {
  std::map<Name, SpfDelta> deltas;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    SpfDelta delta = compare_spf(item.domain.name, item.before, item.after);
    // Two hosts of one zone tell the same story; the first that changes is told.
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

const Sender* sender_of_term(const std::string& term, const Config& config) {
  for (const auto& [id, sender] : config.senders) {
    if (std::ranges::find(sender->spf, term) != sender->spf.end()) return sender.get();
  }
  return nullptr;
}

Finding spf_finding(const SpfCase& item, Fault fault, std::string code, std::string message) {
  Finding finding;
  finding.severity = fault == Fault::New ? Severity::Error : Severity::Warning;
  finding.code = std::move(code);
  finding.domain = item.domain.name;
  finding.message = std::move(message);
  finding.mark = item.domain.spf ? item.domain.spf->mark : item.domain.mark;
  if (fault == Fault::New) finding.withholds = {spf_key(item.domain)};
  return finding;
}

}  // namespace rampart
