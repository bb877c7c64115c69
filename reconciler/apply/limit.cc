/// What a reviewed plan allows of a plan made anew. plan.json only limits: it never adds.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "reconciler/apply/apply.h"

namespace rampart {
namespace {

constexpr const char* kHint = "make a plan again, review it, and apply that one";

/// What identifies a change from one plan to the next.
using Identity = std::tuple<std::string, Name, Name, RecordType>;

Identity identity(const Change& change) {
  return {change.provider, change.zone, change.name(), change.type()};
}

std::string location(const Change& change) {
  return fmt::format("{} {} at {}", change.name().text(), to_text(change.type()), change.provider);
}

/// What stands at the reviewed change's name, or nothing where that is not known for certain.
std::optional<std::map<RecordKey, RecordSet>> truth_at(const Change& change, const World& world) {
  const auto where = [](const LiveZone& live) { return std::tie(live.apex, live.provider); };
  const auto zone = std::ranges::lower_bound(world.zones, std::tie(change.zone, change.provider),
                                             std::less<>{}, where);
  const bool known =
      zone != world.zones.end() && where(*zone) == std::tie(change.zone, change.provider);
  if (!known || !zone->error.empty()) return std::nullopt;
  std::set<RecordType> types = {RecordType::CNAME};
  if (change.set.before) types.insert(change.set.before->type);
  if (change.set.after) types.insert(change.set.after->type);
  std::map<RecordKey, RecordSet> sets;
  for (const RecordType type : types) {
    const LiveSet live = zone->at({change.name(), type});
    if (live.state == LiveState::Present) sets.emplace(RecordKey{change.name(), type}, live.set);
    const bool unknown = live.state == LiveState::Unobservable || live.state == LiveState::Disagree;
    // Readers that found a TXT had no reason to ask for a CNAME too.
    const bool asked = type != RecordType::CNAME || zone->sets.contains({change.name(), type});
    if (unknown && asked) return std::nullopt;
  }
  return sets;
}

/// How a reviewed change relates to what stands now.
enum class Standing { Ready, AlreadyLive, Moved };

Standing standing(const Change& reviewed, const World& world) {
  const auto sets = truth_at(reviewed, world);
  if (!sets) return Standing::Moved;
  if (stands(reviewed.set, reviewed.set.after, *sets)) return Standing::AlreadyLive;
  return stands(reviewed.set, reviewed.set.before, *sets) ? Standing::Ready : Standing::Moved;
}

Finding stale(const Change& moved) {
  return {Severity::Error,
          "plan-stale",
          moved.domain,
          fmt::format("{} is no longer as it was when the plan was reviewed: zone {} is withheld",
                      location(moved), moved.zone.text()),
          kHint,
          {},
          {{moved.name(), moved.type()}}};
}

Finding unreviewed(const Change& change) {
  return {Severity::Error,
          "not-in-plan",
          change.domain,
          fmt::format("the change of {} is not in the reviewed plan", location(change)),
          kHint,
          {},
          {{change.name(), change.type()}}};
}

Finding outdated(const Change& change) {
  return {Severity::Warning,
          "plan-outdated",
          change.domain,
          fmt::format("the reviewed change of {} is not made: the plan made now has none there",
                      location(change)),
          "the YAML or the time has changed since the review; make a plan again",
          {},
          {}};
}

std::set<Identity> planned(const Plan& plan) {
  std::set<Identity> identities;
  for (const Change& change : plan.changes) identities.insert(identity(change));
  for (const Withheld& withheld : plan.withheld) identities.insert(identity(withheld.change));
  return identities;
}

/// The zones in which something moved, each told once per record.
std::set<Name> moved_zones(const Plan& now, const Plan& reviewed, const World& world,
                           Limited& limited) {
  std::set<Name> moved;
  const std::set<Identity> still_planned = planned(now);
  for (const Change& change : reviewed.changes) {
    const Standing found = standing(change, world);
    if (found == Standing::AlreadyLive) limited.already_live.push_back(change);
    if (found == Standing::Ready && !still_planned.contains(identity(change))) {
      limited.plan.findings.push_back(outdated(change));
    }
    if (found != Standing::Moved) continue;
    moved.insert(change.zone);
    limited.plan.findings.push_back(stale(change));
  }
  return moved;
}

auto finding_order(const Finding& finding) {
  return std::tuple(finding.domain, finding.code, finding.mark.file, finding.mark.line,
                    finding.message);
}

auto withheld_order(const Withheld& withheld) {
  const Change& change = withheld.change;
  return std::tuple(change.zone, change.name(), to_text(change.type()), change.provider);
}

}  // namespace

bool stands(const SetChange& change, const std::optional<TypedSet>& side,
            const std::map<RecordKey, RecordSet>& sets) {
  const bool about_cname = change.after && change.after->type == RecordType::CNAME;
  bool found = !side;
  for (auto row = sets.lower_bound({change.name, RecordType{0}});
       row != sets.end() && row->first.name == change.name; ++row) {
    const auto& [key, set] = *row;
    const bool involved = key.type == RecordType::CNAME || about_cname ||
                          (change.before && change.before->type == key.type) ||
                          (change.after && change.after->type == key.type);
    if (!involved) continue;
    if (!side || *side != TypedSet{key.type, set}) return false;
    found = true;
  }
  return found;
}

Limited limit_to(const Plan& now, const Plan& reviewed, const World& world, bool strict) {
  Limited limited{now, {}};
  limited.plan.changes.clear();
  std::map<Identity, const Change*> allowed;
  for (const Change& change : reviewed.changes) allowed[identity(change)] = &change;
  const std::set<Name> moved = moved_zones(now, reviewed, world, limited);
  for (const Change& change : now.changes) {
    const auto row = allowed.find(identity(change));
    const bool same = row != allowed.end() && row->second->set == change.set;
    std::vector<std::string> codes;
    // Loosening that was reviewed waits for no sibling; --strict asks for all or nothing.
    const bool stays_free = same && change.stage == Stage::Relax && !strict;
    const bool stale_here = strict ? !moved.empty() : moved.contains(change.zone);
    if (stale_here && !stays_free) codes.push_back("plan-stale");
    const bool told = row != allowed.end() && standing(*row->second, world) == Standing::Moved;
    if (!same && !told) {
      codes.insert(codes.begin(), "not-in-plan");
      limited.plan.findings.push_back(unreviewed(change));
    }
    if (codes.empty())
      limited.plan.changes.push_back(change);
    else
      limited.plan.withheld.push_back({change, std::move(codes)});
  }
  std::ranges::stable_sort(limited.plan.findings, {}, finding_order);
  std::ranges::stable_sort(limited.plan.withheld, {}, withheld_order);
  return limited;
}

}  // namespace rampart
