#include "reconciler/plan/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace rampart {
namespace {

// Ownership: at an apex only the SPF value is ours; elsewhere the whole set is.
bool shares_its_set(RecordKind kind) { return kind == RecordKind::Spf; }

// One name of one zone, with the domain whose records are desired there.
struct DiffNode {
  const Domain& domain;
  const LiveZone& zone;
  const World& world;
  const Name& name;
};

Finding error_at(const DiffNode& node, RecordType type, CodeName code, std::string message,
                 std::string hint) {
  Finding finding =
      finding_of(node.domain, Severity::Error, code, std::move(message), std::move(hint));
  finding.withholds = {{node.name, type}};
  return finding;
}

// The loosest stage wins: a change that both loosens and adds must not wait for the later one.
Change change_of(const DiffNode& node, std::optional<ParsedTypedSet> before,
                 std::optional<ParsedTypedSet> after,
                 std::span<const DesiredRecord> desired_records) {
  Change change{node.domain.name,
                node.zone.apex,
                node.zone.provider,
                {node.name, std::move(before), std::move(after)},
                desired_records.front().stage,
                {}};
  for (const DesiredRecord& desired : desired_records) {
    change.stage = std::min(change.stage, desired.stage);
    change.reasons.push_back(desired.reason);
  }
  return change;
}

// A TTL that the YAML leaves open stays as it is: changing it would be a change that nobody asked
// for.
std::chrono::seconds ttl_for(const DesiredRecord& desired, const LiveSet& live) {
  if (desired.ttl) return *desired.ttl;
  if (live.state == LiveState::Present) return live.set.ttl;
  return desired.new_ttl.value_or(kNewTtl);
}

// Whether the live state permits a decision at this key; else `out` holds the reason.
bool decidable(const DiffNode& node, const RecordKey& key, const LiveSet& live, DiffResult& out) {
  if (live.state == LiveState::Unobservable) {
    out.findings.push_back(
        error_at(node, key.type, "unobservable",
                 fmt::format("{} {} cannot be observed: {}", key.name.text(), to_text(key.type),
                             live.detail),
                 "nothing of this domain is changed until it can be read: check the name servers, "
                 "or plan with --live provider"));
    ++out.unplaced;
    return false;
  }
  if (live.state == LiveState::Disagree) {
    out.holds.push_back({node.domain.name, "ns-disagree",
                         fmt::format("{} {}: its name servers give different answers: {}",
                                     key.name.text(), to_text(key.type), live.detail)});
    return false;
  }
  return true;
}

// A foreign value at a name whose whole set is ours, or nullopt.
std::optional<std::string> foreign_at(const LiveSet& live, RecordKind kind) {
  if (live.state != LiveState::Present || shares_its_set(kind)) return std::nullopt;
  const auto found = std::ranges::find(live.set.values, RecordKind::Foreign, &ParsedValue::kind);
  return found == live.set.values.end() ? std::nullopt : std::optional(found->text());
}

// A value that almost is one of ours (a misspelt `v=DMARC1`) gets a hint of its own.
void report_foreign(const DiffNode& node, const RecordKey& key, const std::string& value,
                    DiffResult& out) {
  const std::optional<std::string> miss = near_miss(key, value);
  std::string hint = miss ? *miss + "; correct or remove that value by hand"
                          : "remove that value by hand, or choose another name";
  out.findings.push_back(
      error_at(node, key.type, "occupied",
               fmt::format("{} {} holds a value that is not ours: \"{}\"; nothing is written there",
                           key.name.text(), to_text(key.type), value.substr(0, 80)),
               std::move(hint)));
  ++out.unplaced;
}

// The desired records of one type at one name against a live set of the same type.
void diff_same_type(const DiffNode& node, const RecordKey& key, const LiveSet& live,
                    std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const bool present = live.state == LiveState::Present;
  const ParsedValues none;
  const ParsedValues& before = present ? live.set.values : none;
  const ParsedValues after = merge(before, desired_records, node.world);
  const std::chrono::seconds ttl = ttl_for(desired_records.front(), live);
  if (after == before && (!present || after.empty() || ttl == live.set.ttl)) return;
  std::optional<ParsedTypedSet> old;
  if (present) old = ParsedTypedSet{key.type, live.set};
  std::optional<ParsedTypedSet> now;
  if (!after.empty()) now = ParsedTypedSet{key.type, {ttl, after}};
  out.changes.push_back(change_of(node, std::move(old), std::move(now), desired_records));
}

// The desired records replace a set of another type: one change with both sides, so that a
// provider can write it in one transaction.
void diff_type_change(const DiffNode& node, const RecordKey& key, RecordType old_type,
                      std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const LiveSet old = node.zone.at({node.name, old_type});
  const ParsedValues after = merge({}, desired_records, node.world);
  out.changes.push_back(change_of(
      node, ParsedTypedSet{old_type, old.set},
      ParsedTypedSet{key.type, {ttl_for(desired_records.front(), old), after}}, desired_records));
}

// A CNAME exists where another type is desired (RFC 1034 section 3.6.2: no other data may exist
// beside it).
void diff_over_cname(const DiffNode& node, const RecordKey& key, const LiveSet& cname,
                     std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const bool wanted = std::ranges::any_of(
      desired_records, [](const DesiredRecord& w) { return w.value.has_value(); });
  if (!wanted) return;
  if (node.domain.take_over)
    return diff_type_change(node, key, RecordType::CNAME, desired_records, out);
  const std::string target = cname.set.values.empty() ? "" : cname.set.values.begin()->text();
  out.findings.push_back(error_at(
      node, key.type, "hosted-elsewhere",
      fmt::format("{} is a CNAME to {}: its {} record is published there and is not changed",
                  node.name.text(), target, to_text(desired_records.front().kind)),
      "leave the record out of the YAML, or set `take_over: true` to replace the CNAME"));
  ++out.unplaced;
}

// A CNAME is desired where records of another type exist: only our own may be replaced.
void diff_cname_over(const DiffNode& node, const RecordKey& key,
                     std::span<const DesiredRecord> desired_records, DiffResult& out) {
  std::vector<RecordType> others;
  for (const auto& [at, live] : node.zone.sets) {
    const bool here = at.name == node.name && at.type != RecordType::CNAME;
    if (here && live.state == LiveState::Present) others.push_back(at.type);
  }
  if (others.empty()) {
    return diff_same_type(node, key, node.zone.at(key), desired_records, out);
  }
  if (!desired_records.front().value) return;
  const RecordKey txt{node.name, RecordType::TXT};
  const bool only_txt = others == std::vector{RecordType::TXT};
  const std::optional<std::string> foreign =
      only_txt ? foreign_at(node.zone.at(txt), RecordKind::DkimKey) : std::nullopt;
  if (only_txt && !foreign)
    return diff_type_change(node, key, RecordType::TXT, desired_records, out);
  report_foreign(node, {node.name, others.front()},
                 foreign.value_or(fmt::format("a {} record", to_text(others.front()))), out);
}

// First whether anything can be decided, then what occupies the name, then the values: the order in
// which a mistake would do most harm.
void diff_key(const DiffNode& node, const RecordKey& key,
              std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const RecordKey cname_key{key.name, RecordType::CNAME};
  const LiveSet live = node.zone.at(key);
  if (!decidable(node, key, live, out)) return;
  if (key.type == RecordType::CNAME) return diff_cname_over(node, key, desired_records, out);
  const LiveSet cname = node.zone.at(cname_key);
  // A server that answers for the key itself has confirmed that no CNAME exists there.
  if (cname.state == LiveState::Disagree && !decidable(node, cname_key, cname, out)) return;
  if (cname.state == LiveState::Present)
    return diff_over_cname(node, key, cname, desired_records, out);
  const bool wanted = std::ranges::any_of(
      desired_records, [](const DesiredRecord& w) { return w.value.has_value(); });
  const std::optional<std::string> foreign = foreign_at(live, desired_records.front().kind);
  if (foreign && wanted) return report_foreign(node, key, *foreign, out);
  diff_same_type(node, key, live, desired_records, out);
}

/// The delegation at or above `name` within the zone: what is written below it is never served.
/// Providers accept records below a delegation, but no resolver ever asks for them there.
std::optional<Name> cut_above(const LiveZone& zone, const Name& name) {
  for (Name at = name; at != zone.apex && at.is_within(zone.apex); at = at.parent()) {
    const auto servers = zone.sets.find({at, RecordType::NS});
    if (servers != zone.sets.end() && servers->second.state == LiveState::Present) return at;
  }
  return std::nullopt;
}

/// RFC 1034 section 4.2.1: a zone holds nothing of its own below a cut.
void report_cut(const Domain& domain, const LiveZone& zone, const Name& cut, const RecordKey& key,
                DiffResult& out) {
  const std::string message = fmt::format(
      "{} is delegated from {} (provider {}) to other servers: records written there are never "
      "served",
      cut.text(), zone.apex.text(), zone.provider);
  const auto reported = std::ranges::find(out.findings, message, &Finding::message);
  if (reported != out.findings.end()) {
    reported->withholds.push_back(key);
    return;
  }
  out.findings.push_back(
      finding_of(domain, Severity::Error, "zone-missing", message,
                 fmt::format("set the provider that serves the zone {}", cut.text())));
  out.findings.back().withholds = {key};
}

}  // namespace

// Grouped by key: several records may be desired in one set, and a provider writes whole sets.
DiffResult diff(const Domain& domain, std::span<const DesiredRecord> desired_records,
                const LiveZone& zone, const World& world) {
  std::map<RecordKey, std::vector<DesiredRecord>> by_key;
  for (const DesiredRecord& desired : desired_records) by_key[desired.key].push_back(desired);
  DiffResult out;
  for (const auto& [key, group] : by_key) {
    if (const std::optional<Name> cut = cut_above(zone, key.name)) {
      report_cut(domain, zone, *cut, key, out);
      continue;
    }
    diff_key({domain, zone, world, key.name}, key, group, out);
  }
  return out;
}

// The live text wins over the desired one of the same meaning: formatting is the owner's.
ParsedValues merge(const ParsedValues& live, std::span<const DesiredRecord> desired_records,
                   const World& world) {
  const auto is_ours = [&](const ParsedValue& value) {
    return std::ranges::find(desired_records, value.kind(), &DesiredRecord::kind) !=
           desired_records.end();
  };
  ParsedValues merged;
  for (const ParsedValue& value : live) {
    if (!is_ours(value)) merged.insert(value);
  }
  for (const DesiredRecord& desired : desired_records) {
    if (!desired.value) continue;
    const auto same = std::ranges::find_if(live, [&](const ParsedValue& value) {
      return is_ours(value) && same_meaning(value, *desired.value);
    });
    merged.insert(same != live.end() && !world.normalize ? *same : *desired.value);
  }
  return merged;
}

// The last line of defence, independent of the comparison above: apply checks it again just before
// it writes.
bool foreign_values_survive(const ParsedChange& change) {
  if (!change.before) return true;
  // Nothing can exist beside a CNAME, so that replacing it must be requested by `take_over`.
  const bool takes_over = change.before->type == RecordType::CNAME && change.after &&
                          change.after->type != RecordType::CNAME;
  if (takes_over) return true;
  const bool same_type = change.after && change.after->type == change.before->type;
  return std::ranges::all_of(change.before->set.values, [&](const ParsedValue& value) {
    return value.kind() != RecordKind::Foreign ||
           (same_type && change.after->set.values.contains(value));
  });
}

void add_changes(std::vector<Change> changes, const Domain& domain, Plan& plan) {
  for (Change& change : changes) {
    if (foreign_values_survive(change.set)) {
      plan.changes.push_back(std::move(change));
      continue;
    }
    plan.findings.push_back(
        finding_of(domain, Severity::Error, "occupied",
                   fmt::format("the change of {} {} would remove values that are not ours",
                               change.name().text(), to_text(change.type())),
                   "this is a fault of Rampart: nothing is written there; please report it"));
    plan.findings.back().withholds = {{change.name(), change.type()}};
    // Withheld at once: a change that loosens enforcement is blocked by no finding.
    plan.withheld.push_back({std::move(change), {"occupied"}});
  }
}

}  // namespace rampart
