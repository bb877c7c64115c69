#include "reconciler/plan/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "mail/dkim/key.h"
#include "mail/dmarc/dmarc.h"
#include "mail/spf/spf.h"
#include "mail/transport/transport.h"

namespace rampart {
namespace {

// The comparison for records that are parsed into a struct with `==`.
template <class Parse, class Same>
bool parsed_same(const std::string& a, const std::string& b, Parse parse, Same same) {
  const auto left = parse(a);
  const auto right = parse(b);
  return left.ok() && right.ok() && same(left.value(), right.value());
}

// Ownership: at an apex only the SPF value is ours; elsewhere the whole set is.
bool shares_its_set(RecordKind kind) { return kind == RecordKind::Spf; }

// One name of one zone, with what is wanted there.
struct Place {
  const Domain& domain;
  const LiveZone& zone;
  const World& world;
  const Name& name;
};

Finding error_at(const Place& place, RecordType type, std::string code, std::string message,
                 std::string hint) {
  return {Severity::Error, std::move(code),   place.domain.name,   std::move(message),
          std::move(hint), place.domain.mark, {{place.name, type}}};
}

Change change_of(const Place& place, std::optional<TypedSet> before, std::optional<TypedSet> after,
                 std::span<const DesiredRecord> desired_records) {
  Change change{place.domain.name,
                place.zone.apex,
                place.zone.provider,
                {place.name, std::move(before), std::move(after)},
                desired_records.front().stage,
                {}};
  for (const DesiredRecord& desired : desired_records) {
    change.stage = std::min(change.stage, desired.stage);
    change.reasons.push_back(desired.reason);
  }
  return change;
}

std::chrono::seconds ttl_for(const DesiredRecord& desired, const LiveSet& live) {
  if (desired.ttl) return *desired.ttl;
  if (live.state == LiveState::Present) return live.set.ttl;
  return desired.new_ttl.value_or(kNewTtl);
}

// Whether the live state lets anything be decided at this key; says why not in `out`.
bool decidable(const Place& place, const RecordKey& key, const LiveSet& live, DiffResult& out) {
  if (live.state == LiveState::Unobservable) {
    out.findings.push_back(
        error_at(place, key.type, "unobservable",
                 fmt::format("{} {} cannot be observed: {}", key.name.text(), to_text(key.type),
                             live.detail),
                 "nothing of this domain is changed until it can be read; check the name servers, "
                 "or plan with --live provider"));
    ++out.unplaced;
    return false;
  }
  if (live.state == LiveState::Disagree) {
    out.holds.push_back({place.domain.name, "ns-disagree",
                         fmt::format("{} {}: its name servers disagree: {}", key.name.text(),
                                     to_text(key.type), live.detail)});
    return false;
  }
  return true;
}

// A stranger's value at a name whose whole set is ours, or nullopt.
std::optional<std::string> stranger_at(const RecordKey& key, const LiveSet& live, RecordKind kind) {
  if (live.state != LiveState::Present || shares_its_set(kind)) return std::nullopt;
  for (const std::string& value : live.set.values) {
    const RecordKind found = kind_of(key, value);
    if (found == RecordKind::Foreign) return value;
  }
  return std::nullopt;
}

void report_stranger(const Place& place, const RecordKey& key, const std::string& value,
                     DiffResult& out) {
  const std::optional<std::string> miss = near_miss(key, value);
  std::string hint = miss ? *miss + "; correct or remove that value by hand"
                          : "remove that value by hand, or choose another name";
  out.findings.push_back(
      error_at(place, key.type, "occupied",
               fmt::format("{} {} holds a value that is not ours: \"{}\"; nothing is written there",
                           key.name.text(), to_text(key.type), value.substr(0, 80)),
               std::move(hint)));
  ++out.unplaced;
}

// The wants of one type at one name against a live set of the same type.
void diff_same_type(const Place& place, const RecordKey& key, const LiveSet& live,
                    std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const bool present = live.state == LiveState::Present;
  const std::set<std::string> none;
  const std::set<std::string>& before = present ? live.set.values : none;
  const std::set<std::string> after = merge(key, before, desired_records, place.world);
  const std::chrono::seconds ttl = ttl_for(desired_records.front(), live);
  if (after == before && (!present || after.empty() || ttl == live.set.ttl)) return;
  std::optional<TypedSet> old;
  if (present) old = TypedSet{key.type, live.set};
  std::optional<TypedSet> now;
  if (!after.empty()) now = TypedSet{key.type, {ttl, after}};
  out.changes.push_back(change_of(place, std::move(old), std::move(now), desired_records));
}

// The wants at one name replace a set of another type: one change with both sides.
void diff_type_change(const Place& place, const RecordKey& key, RecordType old_type,
                      std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const LiveSet old = place.zone.at({place.name, old_type});
  const std::set<std::string> after = merge(key, {}, desired_records, place.world);
  out.changes.push_back(change_of(
      place, TypedSet{old_type, old.set},
      TypedSet{key.type, {ttl_for(desired_records.front(), old), after}}, desired_records));
}

// A CNAME stands where another type is wanted (RFC 1034 section 3.6.2: nothing may stand beside
// it).
void diff_over_cname(const Place& place, const RecordKey& key, const LiveSet& cname,
                     std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const bool wanted = std::ranges::any_of(
      desired_records, [](const DesiredRecord& w) { return w.value.has_value(); });
  if (!wanted) return;
  if (place.domain.take_over)
    return diff_type_change(place, key, RecordType::CNAME, desired_records, out);
  const std::string target = cname.set.values.empty() ? "" : *cname.set.values.begin();
  out.findings.push_back(error_at(
      place, key.type, "hosted-elsewhere",
      fmt::format("{} is a CNAME to {}: its {} record is kept elsewhere and stays as it is",
                  place.name.text(), target, to_text(desired_records.front().kind)),
      "leave it out of the YAML, or set `take_over: true` to replace the CNAME"));
  ++out.unplaced;
}

// A CNAME is wanted where records of another type stand: only our own may give way.
void diff_cname_over(const Place& place, const RecordKey& key,
                     std::span<const DesiredRecord> desired_records, DiffResult& out) {
  std::vector<RecordType> others;
  for (const auto& [at, live] : place.zone.sets) {
    const bool here = at.name == place.name && at.type != RecordType::CNAME;
    if (here && live.state == LiveState::Present) others.push_back(at.type);
  }
  if (others.empty()) {
    return diff_same_type(place, key, place.zone.at(key), desired_records, out);
  }
  if (!desired_records.front().value) return;
  const RecordKey txt{place.name, RecordType::TXT};
  const bool only_txt = others == std::vector{RecordType::TXT};
  const std::optional<std::string> stranger =
      only_txt ? stranger_at(txt, place.zone.at(txt), RecordKind::DkimKey) : std::nullopt;
  if (only_txt && !stranger)
    return diff_type_change(place, key, RecordType::TXT, desired_records, out);
  report_stranger(place, {place.name, others.front()},
                  stranger.value_or(fmt::format("a {} record", to_text(others.front()))), out);
}

void diff_key(const Place& place, const RecordKey& key,
              std::span<const DesiredRecord> desired_records, DiffResult& out) {
  const RecordKey cname_key{key.name, RecordType::CNAME};
  const LiveSet live = place.zone.at(key);
  if (!decidable(place, key, live, out)) return;
  if (key.type == RecordType::CNAME) return diff_cname_over(place, key, desired_records, out);
  const LiveSet cname = place.zone.at(cname_key);
  // A server that answers for the key itself has said that no CNAME stands there.
  if (cname.state == LiveState::Disagree && !decidable(place, cname_key, cname, out)) return;
  if (cname.state == LiveState::Present)
    return diff_over_cname(place, key, cname, desired_records, out);
  const bool wanted = std::ranges::any_of(
      desired_records, [](const DesiredRecord& w) { return w.value.has_value(); });
  const std::optional<std::string> stranger = stranger_at(key, live, desired_records.front().kind);
  if (stranger && wanted) return report_stranger(place, key, *stranger, out);
  diff_same_type(place, key, live, desired_records, out);
}

/// The delegation at or above `name` within the zone: what is written below it is never served.
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
  const std::string message =
      fmt::format("{} is delegated away from {} at {}: what is written below it is never served",
                  cut.text(), zone.apex.text(), zone.provider);
  const auto told = std::ranges::find(out.findings, message, &Finding::message);
  if (told != out.findings.end()) {
    told->withholds.push_back(key);
    return;
  }
  out.findings.push_back({Severity::Error,
                          "zone-missing",
                          domain.name,
                          message,
                          fmt::format("name the provider that holds the zone {}", cut.text()),
                          domain.mark,
                          {key}});
}

}  // namespace

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

std::set<std::string> merge(const RecordKey& key, const std::set<std::string>& live,
                            std::span<const DesiredRecord> desired_records, const World& world) {
  const auto kind_in = [&](const std::string& value) {
    const RecordKind kind = kind_of(key, value);
    return std::ranges::find(desired_records, kind, &DesiredRecord::kind) != desired_records.end();
  };
  std::set<std::string> merged;
  for (const std::string& value : live) {
    if (!kind_in(value)) merged.insert(value);
  }
  for (const DesiredRecord& desired : desired_records) {
    if (!desired.value) continue;
    const auto same = std::ranges::find_if(live, [&](const std::string& value) {
      return kind_in(value) && same_meaning(desired.kind, value, *desired.value);
    });
    merged.insert(same != live.end() && !world.normalize ? *same : *desired.value);
  }
  return merged;
}

bool same_meaning(RecordKind kind, const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto equal = [](const auto& left, const auto& right) { return left == right; };
  switch (kind) {
    case RecordKind::Spf:
      return parsed_same(a, b, spf::parse, spf::same_meaning);
    case RecordKind::DkimKey:
      return parsed_same(a, b, dkim::parse_key, dkim::same_meaning);
    case RecordKind::Dmarc:
      return parsed_same(a, b, dmarc::parse, dmarc::same_meaning);
    case RecordKind::MtaSts:
      return parsed_same(a, b, parse_mta_sts, equal);
    case RecordKind::TlsRpt:
      return parsed_same(a, b, parse_tls_rpt, equal);
    case RecordKind::Bimi:
      return parsed_same(a, b, parse_bimi, equal);
    case RecordKind::ReportAuthorization:  // What is wanted is bare; a live rua override stays.
      return true;
    case RecordKind::DkimCname:
    case RecordKind::NullMx:
    case RecordKind::Foreign:
      break;
  }
  return false;
}

bool strangers_survive(const SetChange& change) {
  if (!change.before) return true;
  // A CNAME admits nothing beside it, so that taking its place is asked for in the YAML by name.
  const bool takes_over = change.before->type == RecordType::CNAME && change.after &&
                          change.after->type != RecordType::CNAME;
  if (takes_over) return true;
  const RecordKey key{change.name, change.before->type};
  const bool same_type = change.after && change.after->type == change.before->type;
  return std::ranges::all_of(change.before->set.values, [&](const std::string& value) {
    const bool foreign = kind_of(key, value) == RecordKind::Foreign;
    return !foreign || (same_type && change.after->set.values.contains(value));
  });
}

}  // namespace rampart
