/// Limits a new plan to what a reviewed plan allows: plan.json can never add a change.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "reconciler/apply/apply.h"

namespace rampart {
namespace {

constexpr const char* kHint = "make a plan again, review it, and apply that one";

/// What identifies a change from one plan to the next.
using Identity = std::tuple<std::string, Name, Name, RecordType>;

// Without values: changes at one key are the same change, whose RRsets are then compared.
Identity identity(const Change& change) {
  return {change.provider, change.zone, change.name(), change.type()};
}

std::string location(const Change& change) {
  return fmt::format("{} {} at provider {}", change.name().text(), to_text(change.type()),
                     change.provider);
}

/// The zone of a change as it was read; null where this run reads no such zone.
const LiveZone* read_zone_of(const Change& change, const World& world) {
  const auto where = [](const LiveZone& live) { return std::tie(live.apex, live.provider); };
  const auto zone = std::ranges::lower_bound(world.zones, std::tie(change.zone, change.provider),
                                             std::less<>{}, where);
  const bool found =
      zone != world.zones.end() && where(*zone) == std::tie(change.zone, change.provider);
  return found ? &*zone : nullptr;
}

/// The live sets at the reviewed change's name; nullopt where they are not known for certain.
/// A CNAME is always among the types: one that appeared since the review excludes every other
/// record (RFC 1034 section 3.6.2).
std::optional<std::map<RecordKey, RecordSet>> live_sets_at(const Change& change,
                                                           const World& world) {
  const LiveZone* zone = read_zone_of(change, world);
  if (zone == nullptr || !zone->error.empty()) return std::nullopt;
  std::set<RecordType> types = {RecordType::CNAME};
  if (change.set.before) types.insert(change.set.before->type);
  if (change.set.after) types.insert(change.set.after->type);
  std::map<RecordKey, RecordSet> sets;
  for (const RecordType type : types) {
    const LiveSet live = zone->at({change.name(), type});
    if (live.state == LiveState::Present) {
      sets.emplace(RecordKey{change.name(), type}, text_of(live.set));
    }
    const bool unknown = live.state == LiveState::Unobservable || live.state == LiveState::Disagree;
    // A zone read for a TXT set need not have been read for a CNAME at the same name.
    const bool was_read = type != RecordType::CNAME || zone->sets.contains({change.name(), type});
    if (unknown && was_read) return std::nullopt;
  }
  return sets;
}

/// What is live at a reviewed change's name: its `before`, its `after`, neither, or not known for
/// certain.
enum class ReviewState { Ready, AlreadyLive, Moved, Unknown };

ReviewState review_state(const Change& reviewed, const World& world) {
  const auto sets = live_sets_at(reviewed, world);
  if (!sets) return ReviewState::Unknown;
  const SetChange set = text_of(reviewed.set);
  if (is_live(set, set.after, *sets)) return ReviewState::AlreadyLive;
  return is_live(set, set.before, *sets) ? ReviewState::Ready : ReviewState::Moved;
}

// With --strict the change that is withheld may be in another zone than the record that changed.
std::string withheld_clause(const Change& moved, Strictness strictness) {
  return strictness == Strictness::AllZones
             ? "with --strict, the changes of every zone are withheld"
             : fmt::format("the changes of zone {} are withheld", moved.zone.text());
}

Finding stale(const Change& moved, Strictness strictness) {
  return {.severity = Severity::Error,
          .code = "plan-stale",
          .domain = moved.domain,
          .message = fmt::format("{} has changed since the plan was reviewed: {}", location(moved),
                                 withheld_clause(moved, strictness)),
          .hint = kHint,
          .withholds = {{moved.name(), moved.type()}}};
}

// What was not read may have changed. One finding for all reviewed changes of a zone of which
// nothing was read: they have one message.
Finding unread_since(const Change& change, const World& world, Strictness strictness) {
  const LiveZone* zone = read_zone_of(change, world);
  const std::string zone_text =
      fmt::format("zone {} at provider {}", change.zone.text(), change.provider);
  std::string what;
  if (zone == nullptr) {
    what = fmt::format("no domain of the YAML uses {} any more, so it was not read", zone_text);
  } else {
    what = fmt::format("{} could not be read", zone->error.empty() ? location(change) : zone_text);
  }
  return {.severity = Severity::Error,
          .code = "plan-stale",
          .domain = change.domain,
          .message = fmt::format("{} and may have changed since the plan was reviewed: {}", what,
                                 withheld_clause(change, strictness)),
          .hint = zone == nullptr ? kHint : "apply the same plan again when it can be read",
          .withholds = {{change.name(), change.type()}}};
}

Finding unreviewed(const Change& change) {
  return {.severity = Severity::Error,
          .code = "not-in-plan",
          .domain = change.domain,
          .message = fmt::format("the change of {} is not in the reviewed plan", location(change)),
          .hint = kHint,
          .withholds = {{change.name(), change.type()}}};
}

// A Warning: a reviewed change that the current plan does not need withholds nothing.
Finding outdated(const Change& change) {
  return {
      .severity = Severity::Warning,
      .code = "plan-outdated",
      .domain = change.domain,
      .message = fmt::format("the reviewed change of {} is not written: the current plan no "
                             "longer contains it",
                             location(change)),
      .hint =
          "the YAML, a date, a hold or an option such as `--normalize` differs from the review: "
          "repeat the option, or make a plan again and review it"};
}

// The changes of a plan, withheld ones too, so that these are not reported as outdated.
std::set<Identity> planned(const Plan& plan) {
  std::set<Identity> identities;
  for (const Change& change : plan.changes) identities.insert(identity(change));
  for (const Withheld& withheld : plan.withheld) identities.insert(identity(withheld.change));
  return identities;
}

/// The zones in which a reviewed record changed. Adds to `limited` a finding for each such record,
/// and the reviewed changes that are live already.
/// The whole zone is withheld, not the record alone: a person who edited it by hand may have edited
/// its neighbours as well.
std::set<Name> moved_zones(const Plan& now, const Plan& reviewed, const World& world,
                           Strictness strictness, Limited& limited) {
  std::set<Name> moved;
  const std::set<Identity> still_planned = planned(now);
  for (const Change& change : reviewed.changes) {
    const ReviewState found = review_state(change, world);
    if (found == ReviewState::AlreadyLive) limited.already_live.push_back(change);
    if (found == ReviewState::Ready && !still_planned.contains(identity(change))) {
      limited.plan.findings.push_back(outdated(change));
    }
    if (found != ReviewState::Moved && found != ReviewState::Unknown) continue;
    moved.insert(change.zone);
    Finding finding = found == ReviewState::Moved ? stale(change, strictness)
                                                  : unread_since(change, world, strictness);
    const auto same = std::ranges::find_if(limited.plan.findings, [&](const Finding& one) {
      return one.domain == finding.domain && one.message == finding.message;
    });
    if (same == limited.plan.findings.end()) {
      limited.plan.findings.push_back(std::move(finding));
    } else {
      same->withholds.push_back({change.name(), change.type()});
    }
  }
  return moved;
}

// Whether the change publishes a key, or the SPF terms of a sender.
bool admits(const Change& change) {
  if (!change.set.after) return false;
  if (change.stage != Stage::Publish && change.stage != Stage::Authorize) return false;
  return std::ranges::any_of(change.set.after->set.values, [](const ParsedValue& value) {
    return value.kind() == RecordKind::Spf || value.kind() == RecordKind::DkimKey ||
           value.kind() == RecordKind::DkimCname;
  });
}

/// Withholds the removals of each domain whose new keys or senders the review withholds: in another
/// zone, they would otherwise be written before what replaces them.
void withhold_removals(std::span<const Withheld> unwritten, Limited& limited) {
  std::map<Name, const Withheld*> first;
  for (const Withheld& one : unwritten) {
    if (admits(one.change)) first.emplace(one.change.domain, &one);
  }
  std::vector<Change> written;
  for (Change& change : limited.plan.changes) {
    const auto blocker = first.find(change.domain);
    if (change.stage != Stage::Retire || blocker == first.end()) {
      written.push_back(std::move(change));
      continue;
    }
    const std::string& code = blocker->second->codes.front();
    limited.plan.findings.push_back(
        {.severity = Severity::Error,
         .code = code,
         .domain = change.domain,
         .message =
             fmt::format("{} waits for {}, which is withheld: it would remove a permission first",
                         location(change), location(blocker->second->change)),
         .hint = kHint,
         .withholds = {{change.name(), change.type()}}});
    limited.plan.withheld.push_back({std::move(change), {code}});
  }
  limited.plan.changes = std::move(written);
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

// Every involved RRset at the name must be `side`, so that an additional CNAME or a leftover of the
// other type counts as a difference. What a signer adds beside a CNAME does not.
bool is_live(const SetChange& change, const std::optional<TypedSet>& side,
             const std::map<RecordKey, RecordSet>& sets) {
  const bool about_cname = change.after && change.after->type == RecordType::CNAME;
  bool found = !side;
  for (auto row = sets.lower_bound({change.name, RecordType{0}});
       row != sets.end() && row->first.name == change.name; ++row) {
    const auto& [key, set] = *row;
    const bool involved = key.type == RecordType::CNAME ||
                          (about_cname && !may_join_cname(key.type)) ||
                          (change.before && change.before->type == key.type) ||
                          (change.after && change.after->type == key.type);
    if (!involved) continue;
    if (!side || *side != TypedSet{key.type, set}) return false;
    found = true;
  }
  return found;
}

// Starts without changes and adds those that are allowed: a mistake here withholds too much rather
// than too little.
Limited limit_to(const Plan& now, const Plan& reviewed, const World& world, Strictness strictness) {
  const bool strict = strictness == Strictness::AllZones;
  Limited limited{now, {}};
  limited.plan.changes.clear();
  std::map<Identity, const Change*> allowed;
  for (const Change& change : reviewed.changes) allowed[identity(change)] = &change;
  const std::set<Name> moved = moved_zones(now, reviewed, world, strictness, limited);
  std::vector<Withheld> unwritten;
  for (const Change& change : now.changes) {
    const auto row = allowed.find(identity(change));
    const bool same = row != allowed.end() && row->second->set == change.set;
    std::vector<std::string> codes;
    // A reviewed change that loosens waits for no other change; --strict asks for all or nothing.
    const bool always_allowed = same && change.stage == Stage::Relax && !strict;
    const bool stale_here = strict ? !moved.empty() : moved.contains(change.zone);
    if (stale_here && !always_allowed) codes.push_back("plan-stale");
    // A record that changed since the review has its plan-stale finding already.
    const auto state =
        row == allowed.end() ? ReviewState::Ready : review_state(*row->second, world);
    const bool reported_stale = state == ReviewState::Moved || state == ReviewState::Unknown;
    if (!same && !reported_stale) {
      codes.insert(codes.begin(), "not-in-plan");
      limited.plan.findings.push_back(unreviewed(change));
    }
    if (codes.empty()) {
      limited.plan.changes.push_back(change);
    } else {
      unwritten.push_back({change, std::move(codes)});
    }
  }
  withhold_removals(unwritten, limited);
  std::ranges::move(unwritten, std::back_inserter(limited.plan.withheld));
  std::ranges::stable_sort(limited.plan.findings, {}, finding_order);
  std::ranges::stable_sort(limited.plan.withheld, {}, withheld_order);
  return limited;
}

}  // namespace rampart
