/// Gathers what `rampart explain` shows of one domain.
#include "reconciler/plan/explain.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/counted.h"
#include "policies/dkim/names.h"
#include "policies/dkim/rotation.h"
#include "policies/dkim/vendor_rotation.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/ramp/ramp.h"
#include "policies/spf/cases.h"
#include "policies/spf/record.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

// --- SPF -----------------------------------------------------------------------------------------

// The cost of each term is computed as if it were the whole record: that is what removing it saves.
SpfBudget budget_of(const DesiredSpf& desired, const Name& domain, const SpfView& view,
                    const Config& config) {
  const spf::Record& record = *view.record;
  const spf::Tree tree = spf::tree_of(domain, record, *view.answers);
  const SpfCost all = cost_of(tree, config);
  SpfBudget budget{spf::print(record), all.lookups, all.voids, all.lower_bound, {}};
  for (const spf::TreeNode& child : tree.root.children) {
    spf::Tree alone;
    alone.root.children = {child};
    alone.lookups = child.lookups;
    const int lookups = cost_of(alone, config).lookups;
    if (lookups == 0) continue;  // ip4, ip6 and all (RFC 7208 section 4.6.4).
    budget.terms.push_back(
        {child.term, fmt::format("{}", fmt::join(senders_of(child.term, desired), ", ")), lookups});
  }
  return budget;
}

// The record after the plan where the plan changes it, else the live one. `config` and the plan
// have this domain alone.
SpfBudget spf_budget(const Domain& domain, const Plan& plan, const Config& config,
                     const World& world) {
  const DesiredSpf desired = desired_spf(domain, world.now);
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    const SpfView& view = item.after.record ? item.after : item.before;
    if (view.record) return budget_of(desired, domain.name, view, config);
  }
  const RecordKey key{domain.name, RecordType::TXT};
  for (const ParsedValue& value : live_values(domain, world, key, RecordKind::Spf)) {
    if (value.spf() == nullptr) continue;
    const SpfView view = spf_view(domain.name, *value.spf(), world.answers);
    return budget_of(desired, domain.name, view, config);
  }
  return {};
}

// --- DKIM ----------------------------------------------------------------------------------------

// The last day on which reports show a passing signature with the selector: until it is long past,
// the key must stay.
std::optional<Date> last_seen(const std::string& selector, const Name& domain, const World& world) {
  std::optional<Date> last;
  if (!world.evidence) return last;
  for (const EvidenceRow* row : rows_of(*world.evidence, domain)) {
    // The rows are sorted by day.
    if (contains(row->selectors, selector)) last = row->day;
  }
  return last;
}

// In the order of LiveKey.
constexpr std::array<std::string_view, 4> kLiveKeyWords = {"absent", "published", "revoked",
                                                           "unclear"};

// A live CNAME delegates the selector: the key is its target's, and is not read here.
std::string state_at(const Domain& domain, const Name& name, const std::string& selector,
                     const World& world) {
  for (const LiveZone* zone : world.zones_for(domain, name)) {
    const LiveSet live = zone->at({name, RecordType::CNAME});
    if (live.state != LiveState::Present || live.set.values.empty()) continue;
    return "published at " + live.set.values.begin()->text();
  }
  return std::string(word_of(kLiveKeyWords, live_key(domain, world, selector)));
}

// The rotation's next action is shown at its first selector, which is the one in use.
std::vector<SelectorNow> rotated_selectors(const Domain& domain, const World& world) {
  std::vector<SelectorNow> all;
  for (const RotationSpec& spec : domain.rotations) {
    const RotationStep step = rotation_step(facts_for(domain, spec, world));
    for (const SelectorState& state : step.selectors) {
      all.push_back(
          {.selector = state.selector,
           .state = std::string(to_text(state.state)),
           .made = date_of(state.selector),
           .why = state.why,
           .rotated_by = fmt::format("rotation {}, every {}", spec.name, to_text(spec.every))});
      if (state.changes) all.back().next = utc_day(*state.changes);
    }
    // A rotation that has no key yet has no selector either.
    if (step.due && !step.selectors.empty() && !step.what.empty()) {
      SelectorNow& first = all[all.size() - step.selectors.size()];
      first.next = utc_day(*step.due);
      first.what = step.what;
    }
  }
  return all;
}

std::string selector_in(const Name& name) {
  return name.text().substr(0, name.text().find("._domainkey."));
}

// Adds a selector, unless it is in the list already: of a rotation, with a more exact state than
// DNS alone can give.
void add_selector(const Domain& domain, const World& world, const Name& name,
                  std::string rotated_by, std::vector<SelectorNow>& all) {
  const std::string selector = selector_in(name);
  if (contains(all, selector, &SelectorNow::selector)) return;
  all.push_back({.selector = selector,
                 .state = state_at(domain, name, selector, world),
                 .made = date_of(selector),
                 .rotated_by = std::move(rotated_by)});
}

// Rotations, then declared selectors, then those of senders: the first mention of a selector wins.
std::vector<SelectorNow> selectors_now(const Domain& domain, const World& world) {
  std::vector<SelectorNow> all = rotated_selectors(domain, world);
  for (const SelectorSpec& spec : domain.selectors) {
    const auto name = selector_name(domain, spec.selector);
    const std::string how =
        spec.cname ? "the owner of the CNAME's target" : "no rotation: replace it by hand";
    if (name) add_selector(domain, world, *name, how, all);
  }
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    const Sender& sender = *domain.senders->at(record.sender).sender;
    const std::string how = fmt::format("{}: {}", sender.id, how_keys_rotate(sender));
    add_selector(domain, world, record.name, how, all);
  }
  for (SelectorNow& one : all) one.last_seen = last_seen(one.selector, domain.name, world);
  return all;
}

// --- Records -------------------------------------------------------------------------------------

// The line that declares a selector: its own, its rotation's, or its sender's.
Mark mark_of_selector(const Domain& domain, const Name& name) {
  const std::string selector = selector_in(name);
  for (const SelectorSpec& spec : domain.selectors) {
    if (spec.selector == selector) return spec.mark;
  }
  for (const RotationSpec& spec : domain.rotations) {
    if (contains(selectors_of(spec), selector)) return spec.mark;
  }
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    if (record.name == name) return domain.senders->at(record.sender).mark;
  }
  return domain.mark;
}

// The most exact place in the YAML that declares the record; the domain itself where nothing more
// exact does, as for the records of a parked domain.
Mark mark_of(const Domain& domain, const DesiredRecord& desired) {
  switch (desired.kind) {
    case RecordKind::Spf:
      if (domain.spf) return domain.spf->mark;
      return domain.declared_senders().empty() ? domain.mark : domain.declared_senders()[0].mark;
    case RecordKind::DkimKey:
    case RecordKind::DkimCname:
      return mark_of_selector(domain, desired.key.name);
    case RecordKind::Dmarc:
    case RecordKind::ReportAuthorization:
      return domain.dmarc.mark.line > 0 ? domain.dmarc.mark : domain.mark;
    case RecordKind::MtaSts:
      return domain.mta_sts ? domain.mta_sts->mark : domain.mark;
    case RecordKind::TlsRpt:
      return domain.tls_rpt ? domain.tls_rpt->mark : domain.mark;
    case RecordKind::Bimi:
      return domain.bimi ? domain.bimi->mark : domain.mark;
    default:
      return domain.mark;
  }
}

// Whether every zone of the name shows what it has at the key. Nothing else may be called
// published.
bool is_known(const Domain& domain, const World& world, const RecordKey& key) {
  const auto zones = world.zones_for(domain, key.name);
  return !zones.empty() && std::ranges::all_of(zones, [&key](const LiveZone* zone) {
    const LiveState state = zone->at(key).state;
    return state == LiveState::Present || state == LiveState::Absent;
  });
}

// A step that tightens can wait for other domains, which are not planned here.
std::string to_be_changed(const Change& change, const Domain& domain) {
  const bool tightens =
      change.stage == Stage::Enforce && name_kind(change.name()) == NameKind::Dmarc;
  if (!tightens || domain.state != DomainState::Managed) return "to be changed";
  const Ramp& ramp = *domain.dmarc.ramp;
  return fmt::format("to be changed (ramp {} tightens at most {} per run)", ramp.name,
                     counted(ramp.max_domains_per_run, "domain"));
}

// Whether an error left no change at the key: a foreign value, a CNAME or a DNAME is in the way, or
// other servers serve the name.
bool is_blocked(const Domain& domain, const Plan& plan, const World& world,
                const DesiredRecord& desired) {
  const auto against = [&](const Finding& one) {
    return one.severity == Severity::Error && contains(one.withholds, desired.key);
  };
  const auto cut_off = [&](const Finding& one) {
    return against(one) && (one.code == "occluded" || one.code == "zone-missing");
  };
  if (std::ranges::any_of(plan.findings, cut_off)) return true;
  if (!desired.value || std::ranges::none_of(plan.findings, against)) return false;
  // Many errors concern what is published, or would be: they block nothing that is live already.
  return !std::ranges::all_of(world.zones_for(domain, desired.key.name), [&](const LiveZone* zone) {
    const LiveSet live = zone->at(desired.key);
    return live.state == LiveState::Present &&
           std::ranges::any_of(live.set.values, [&](const ParsedValue& value) {
             return same_meaning(value, *desired.value);
           });
  });
}

// Whether the change writes or removes the set at the key. A change of type concerns two keys.
bool concerns_key(const Change& change, const RecordKey& key) {
  const auto has_type = [&](const std::optional<ParsedTypedSet>& set) {
    return set && set->type == key.type;
  };
  return change.name() == key.name && (has_type(change.set.before) || has_type(change.set.after));
}

// A Hold has no key; of one that replaces a change, the reason begins with it. A CNAME that is not
// known holds the records of other types at its name.
bool is_held(const Plan& plan, const RecordKey& key) {
  return std::ranges::any_of(plan.holds, [&](const Hold& hold) {
    return std::ranges::any_of(std::array{key.type, RecordType::CNAME}, [&](RecordType type) {
      return hold.reason.starts_with(fmt::format("{} {} is held", key.name.text(), to_text(type)));
    });
  });
}

std::string state_in(const Plan& plan, const Domain& domain, const RecordKey& key) {
  const auto change =
      std::ranges::find_if(plan.changes, [&](const Change& one) { return concerns_key(one, key); });
  if (change != plan.changes.end()) {
    if (!change->set.before) return "to be created";
    return change->set.after ? to_be_changed(*change, domain) : "to be removed";
  }
  const bool withheld = std::ranges::any_of(
      plan.withheld, [&](const Withheld& one) { return concerns_key(one.change, key); });
  if (withheld) return "withheld";
  return is_held(plan, key) ? "held" : "published";
}

// A record that must not exist and does not is listed too, to show why nothing is there.
std::vector<RecordWhy> records_of(const Domain& domain, const Plan& plan, const World& world) {
  std::vector<RecordWhy> records;
  for (const DesiredRecord& desired : evaluate_policies(domain, world).desired_records) {
    RecordWhy record{desired.key, state_in(plan, domain, desired.key), desired.reason,
                     mark_of(domain, desired)};
    if (record.state == "published" && !is_known(domain, world, desired.key)) {
      record.state = "unknown";
    }
    if (record.state == "published" && is_blocked(domain, plan, world, desired)) {
      record.state = "blocked";
    }
    if (!desired.value && record.state == "published") record.state = "absent";
    records.push_back(std::move(record));
  }
  return records;
}

// The policy in DNS, where it is not that of the YAML's step: the YAML may be ahead of DNS.
std::string policy_in_dns(const Domain& domain, const World& world) {
  const auto at = domain.name.child("_dmarc");
  const bool on_ramp =
      domain.state == DomainState::Managed && domain.dmarc.position.phase >= Phase::Monitor;
  if (!on_ramp || !at || !is_known(domain, world, {*at, RecordType::TXT})) return "";
  const dmarc::Record planned = record_for(domain.dmarc);
  const auto values = live_values(domain, world, {*at, RecordType::TXT}, RecordKind::Dmarc);
  if (values.empty()) return "no DMARC record";
  for (const ParsedValue& value : values) {
    if (value.dmarc() == nullptr) continue;
    const dmarc::Record& live = value.dmarc()->lenient.record;
    const dmarc::Policy policy = live.p.value_or(dmarc::Policy::None);
    const bool same = policy == planned.p && live.pct.value_or(100) == planned.pct.value_or(100) &&
                      live.testing.value_or(false) == planned.testing.value_or(false);
    if (same) continue;
    std::string text = fmt::format("p={}", dmarc::to_text(policy));
    if (live.pct) text += fmt::format("; pct={}", *live.pct);
    if (live.testing.value_or(false)) text += "; t=y";
    return text;
  }
  return "";
}

}  // namespace

// The plan is made for this domain alone, since other domains' changes are not shown.
Explanation explain(const Domain& domain, const Config& config, const World& world) {
  Config alone = config;
  std::erase_if(alone.domains, [&](const auto& row) { return row.first != domain.name; });
  const Plan plan = make_plan(alone, world);
  Explanation all{.domain = domain, .other_policy = policy_in_dns(domain, world)};
  all.step.domain = domain.name;
  all.step.from = domain.dmarc.position;
  if (domain.state == DomainState::Managed) all.step = step_of(domain, config, world);
  all.spf = spf_budget(domain, plan, alone, world);
  all.selectors = selectors_now(domain, world);
  all.records = records_of(domain, plan, world);
  all.holds = plan.holds;
  std::ranges::copy_if(plan.findings, std::back_inserter(all.findings),
                       [&](const Finding& one) { return one.domain == domain.name; });
  // A year ahead has the next review of every sender and the next rotations.
  const Date year = utc_day(add(world.now, {12, Duration::Unit::Months}));
  all.coming = events_of(domain, all.step, world, year);
  return all;
}

}  // namespace rampart
