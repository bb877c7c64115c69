/// Decides for each key whether a change is possible, and which values it writes.
#include "reconciler/plan/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "policies/model/lookup.h"
#include "reconciler/plan/change_reasons.h"
#include "reconciler/plan/occlusion.h"

namespace rampart {
namespace {

// How much of a foreign value a message shows: it may be a long key.
constexpr std::size_t kShownOctets = 80;

// A foreign value at a name whose whole set is ours, or nullopt. At the name of an SPF record other
// TXT values are common, and only the SPF value is ours.
std::optional<std::string> foreign_at(const LiveSet& live, RecordKind kind) {
  if (live.state != LiveState::Present || kind == RecordKind::Spf) return std::nullopt;
  const auto found = std::ranges::find(live.set.values, RecordKind::Foreign, &ParsedValue::kind);
  return found == live.set.values.end() ? std::nullopt : std::optional(found->text());
}

// Compares the desired records of one key with a zone.
class KeyDiff {
 public:
  KeyDiff(const Domain& domain, const LiveZone& zone, const World& world, const RecordKey& key,
          std::span<const DesiredRecord> desired_records)
      : domain_(domain), zone_(zone), world_(world), key_(key), desired_records_(desired_records) {}

  // First whether the live state is known, then what occupies the name, then the values.
  void run(DiffResult& out) {
    out_ = &out;
    const RecordKey cname_key{key_.name, RecordType::CNAME};
    const LiveSet live = zone_.at(key_);
    if (!decidable(key_, live)) return;
    // Without a CNAME in its answer, a server has shown that no DNAME is above the name.
    const auto above = unknown_redirection(zone_, key_.name);
    if (above && zone_.at(cname_key).state != LiveState::Absent) {
      const RecordKey dname{*above, RecordType::DNAME};
      if (!decidable(dname, zone_.at(dname))) return;
    }
    if (key_.type == RecordType::CNAME) return desire_cname();
    const LiveSet cname = zone_.at(cname_key);
    // A server that answers for the key itself has confirmed that no CNAME exists there.
    if (cname.state == LiveState::Disagree && !decidable(cname_key, cname)) return;
    // Where it was queried and got no answer, it may exist, unless the key itself does.
    const bool asked = zone_.sets.contains(cname_key);
    if (asked && live.state != LiveState::Present && !decidable(cname_key, cname)) return;
    if (cname.state == LiveState::Present) return replace_cname(cname);
    if (any_value() && has_program()) return report_program();
    const std::optional<std::string> foreign = foreign_at(live, desired_records_.front().kind);
    // The policy of parked domains reports a live MX (parked-has-mail), and withholds all records.
    if (foreign && key_.type == RecordType::MX) return;
    if (foreign && any_value()) return report_foreign(key_.type, *foreign);
    change_values(live);
  }

 private:
  bool any_value() const {
    return std::ranges::any_of(desired_records_,
                               [](const DesiredRecord& one) { return one.value.has_value(); });
  }

  // Nothing is written at the desired key until a person acts, whatever is in the way there.
  void report(CodeName code, std::string message, std::string hint) {
    out_->findings.push_back(withholding(
        finding_of(domain_, Severity::Error, code, std::move(message), std::move(hint)), {key_}));
  }

  // Whether it is known what is live at `key`; else it is reported. A name that cannot be read is
  // an error of the whole domain. Servers that disagree only hold the desired key, since they
  // usually agree after a zone transfer.
  bool decidable(const RecordKey& key, const LiveSet& live) {
    if (live.state == LiveState::Unobservable) {
      report("unobservable",
             fmt::format("{} {} cannot be observed: {}", key.name.text(), to_text(key.type),
                         live.detail),
             "nothing of this domain is changed until it can be read: check the name servers, or "
             "plan with --live provider");
      return false;
    }
    if (live.state == LiveState::Disagree) {
      out_->holds.push_back(
          {domain_.name, "ns-disagree",
           fmt::format("{} {} is held: its name servers give different answers: {}",
                       key.name.text(), to_text(key.type), live.detail)});
      return false;
    }
    return true;
  }

  // Nothing is written over another party's value. One that looks like a misspelt record of ours
  // gets a hint of its own.
  void report_foreign(RecordType type, const std::string& value) {
    const std::optional<std::string> miss = near_miss({key_.name, type}, value);
    const NameKind kind = name_kind(key_.name);
    std::string hint = kind == NameKind::DkimSelector
                           ? "remove that value by hand, or declare another selector"
                           : "remove that value by hand";
    if (miss) {
      // At _dmarc a warning of the policy explains the value (dmarc-near-miss).
      hint = (kind == NameKind::Dmarc ? "" : *miss + "; ") + "correct or remove that value by hand";
    }
    report("occupied",
           fmt::format("{} {} holds a foreign value: \"{}\"; nothing is written there",
                       key_.name.text(), to_text(type), value.substr(0, kShownOctets)),
           std::move(hint));
  }

  /// Whether a LUA record of PowerDNS returns records of the desired type here, or a CNAME. The
  /// server adds them to the zone's own; what they are is known to nobody before the program runs.
  bool has_program() const {
    const LiveSet programs = zone_.at({key_.name, RecordType::LUA});
    if (programs.state != LiveState::Present) return false;
    return std::ranges::any_of(programs.set.values, [&](const ParsedValue& program) {
      const std::string& text = program.text();
      const auto type = parse_record_type(text.substr(0, text.find(' ')));
      return type == key_.type || type == RecordType::CNAME;
    });
  }

  void report_program() {
    report("occupied",
           fmt::format("{} has a LUA record that returns {} records; nothing is written beside it",
                       key_.name.text(), to_text(key_.type)),
           "remove the LUA record, or leave this record out of the YAML");
  }

  // The earliest stage wins: a change that both loosens and adds must not wait for the later stage.
  void add_change(std::optional<ParsedTypedSet> before, std::optional<ParsedTypedSet> after) {
    Change change{.domain = domain_.name,
                  .zone = zone_.apex,
                  .provider = zone_.provider,
                  .set = {key_.name, std::move(before), std::move(after)},
                  .stage = std::ranges::min(desired_records_, {}, &DesiredRecord::stage).stage,
                  .reasons = {}};
    change.reasons =
        change_reasons(domain_, change.set.before, change.set.after, desired_records_, world_.now);
    out_->changes.push_back(std::move(change));
  }

  // A TTL that the YAML does not declare stays as it is: nobody requested a change.
  std::chrono::seconds ttl_over(const LiveSet& live) const {
    const DesiredRecord& desired = desired_records_.front();
    if (desired.ttl) return *desired.ttl;
    if (live.state == LiveState::Present) return live.set.ttl;
    return desired.new_ttl.value_or(kNewTtl);
  }

  // The live set has the desired type. A TTL alone may be a reason for a change, but not where
  // nothing is published before or after it.
  void change_values(const LiveSet& live) {
    const bool present = live.state == LiveState::Present;
    const ParsedValues before = present ? live.set.values : ParsedValues();
    const ParsedValues after = merge(before, desired_records_, world_);
    const std::chrono::seconds ttl = ttl_over(live);
    if (after == before && (!present || after.empty() || ttl == live.set.ttl)) return;
    std::optional<ParsedTypedSet> old;
    if (present) old = ParsedTypedSet{key_.type, live.set};
    std::optional<ParsedTypedSet> now;
    if (!after.empty()) now = ParsedTypedSet{key_.type, {ttl, after}};
    add_change(std::move(old), std::move(now));
  }

  // The desired records replace a set of another type: one change with both sides, so that a
  // provider can write it in one transaction.
  void change_type(RecordType old_type) {
    const LiveSet old = zone_.at({key_.name, old_type});
    const ParsedValues after = merge({}, desired_records_, world_);
    add_change(ParsedTypedSet{old_type, old.set},
               ParsedTypedSet{key_.type, {ttl_over(old), after}});
  }

  // A CNAME exists where another type is desired. No other record may exist beside it (RFC 1034
  // section 3.6.2), so that it is replaced as a whole or not at all.
  void replace_cname(const LiveSet& cname) {
    if (!any_value()) return;
    if (domain_.take_over) return change_type(RecordType::CNAME);
    const std::string target = cname.set.values.empty() ? "" : cname.set.values.begin()->text();
    report("hosted-elsewhere",
           fmt::format("{} is a CNAME to {}: its {} record is published there and is not changed",
                       key_.name.text(), target, to_text(desired_records_.front().kind)),
           "leave the record out of the YAML, or set `take_over: true` to replace the CNAME");
  }

  // A CNAME is desired where records of another type may exist. Only TXT records that are all ours,
  // such as a key that moves to the vendor, may be replaced.
  void desire_cname() {
    std::vector<RecordType> others;
    for (auto row = zone_.sets.lower_bound({key_.name, RecordType{}});
         row != zone_.sets.end() && row->first.name == key_.name; ++row) {
      const auto& [at, live] = *row;
      if (at.type == RecordType::CNAME || may_join_cname(at.type)) continue;
      // What cannot be read may be a record beside which no CNAME can exist.
      if (!decidable(at, live)) return;
      if (live.state == LiveState::Present) others.push_back(at.type);
    }
    if (others.empty()) return change_values(zone_.at(key_));
    if (!any_value()) return;
    std::string foreign = fmt::format("a {} record", to_text(others.front()));
    if (others == std::vector{RecordType::TXT}) {
      const auto value = foreign_at(zone_.at({key_.name, RecordType::TXT}), RecordKind::DkimKey);
      if (!value) return change_type(RecordType::TXT);
      foreign = *value;
    }
    report_foreign(others.front(), foreign);
  }

  const Domain& domain_;
  const LiveZone& zone_;
  const World& world_;
  const RecordKey& key_;
  std::span<const DesiredRecord> desired_records_;
  DiffResult* out_ = nullptr;
};

// One finding for all keys that one delegation or DNAME hides.
void report_occlusion(Finding finding, const RecordKey& key, DiffResult& out) {
  const auto reported = std::ranges::find(out.findings, finding.message, &Finding::message);
  if (reported != out.findings.end()) {
    reported->withholds.push_back(key);
    return;
  }
  out.findings.push_back(withholding(std::move(finding), {key}));
}

}  // namespace

// By key: several records may be desired in one set, and a provider writes whole sets.
DiffResult diff(const Domain& domain, std::span<const DesiredRecord> desired_records,
                const LiveZone& zone, const World& world) {
  std::map<RecordKey, std::vector<DesiredRecord>> by_key;
  for (const DesiredRecord& desired : desired_records) by_key[desired.key].push_back(desired);
  DiffResult out;
  for (const auto& [key, group] : by_key) {
    const std::optional<Occlusion> occlusion = occlusion_of(zone, key.name);
    const bool removes = std::ranges::none_of(
        group, [](const DesiredRecord& desired) { return desired.value.has_value(); });
    // What exists below a DNAME may be removed where the provider itself shows it. A name server
    // shows the records that the DNAME redirects to instead.
    const bool only_removes_below_dname =
        occlusion && occlusion->type == RecordType::DNAME && removes;
    if (only_removes_below_dname && !zone.from_provider) continue;
    if (occlusion && !only_removes_below_dname) {
      report_occlusion(occlusion_finding(domain, zone, *occlusion), key, out);
      continue;
    }
    KeyDiff(domain, zone, world, key, group).run(out);
  }
  return out;
}

// Where a live value means the same as the desired one, its text stays: the order of tags and the
// spelling are the owner's choice, and a plan shows only changes of meaning.
ParsedValues merge(const ParsedValues& live, std::span<const DesiredRecord> desired_records,
                   const World& world) {
  const auto is_ours = [&](const ParsedValue& value) {
    return contains(desired_records, value.kind(), &DesiredRecord::kind);
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

// Independent of merge(), so that a mistake there cannot remove a foreign value. apply checks it
// again just before it writes.
bool foreign_values_survive(const ParsedChange& change) {
  if (!change.before) return true;
  // Nothing can exist beside a CNAME, so that it is replaced as a whole.
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
    plan.findings.push_back(withholding(
        finding_of(domain, Severity::Error, "occupied",
                   fmt::format("the change of {} {} would remove foreign values",
                               change.name().text(), to_text(change.type())),
                   "this is a fault of Rampart: nothing is written there; please report it"),
        {{change.name(), change.type()}}));
    // Withheld here and not by the finding: no finding withholds a change that loosens enforcement.
    plan.withheld.push_back({std::move(change), {"occupied"}});
  }
}

}  // namespace rampart
