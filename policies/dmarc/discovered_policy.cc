/// Which DMARC record governs a domain.
#include "policies/dmarc/discovered_policy.h"

#include <algorithm>
#include <iterator>

#include "policies/model/lookup.h"

namespace rampart {
namespace {

// The closest zone that was read; the first provider's, where two serve it. A provider's zone is
// fresher than any answer of a resolver, which may be cached for a day.
const LiveZone* zone_holding(const Name& name, const World& world) {
  for (Name at = name; !at.is_root(); at = at.parent()) {
    const auto zone = std::ranges::lower_bound(world.zones, at, {}, &LiveZone::apex);
    if (zone != world.zones.end() && zone->apex == at) return &*zone;
  }
  return nullptr;
}

// RFC 8020 section 2: a name exists where a record exists at it or below it.
bool exists_in(const Name& name, const LiveZone& zone) {
  const auto here = zone.sets.lower_bound({name, RecordType{}});
  if (here != zone.sets.end() && here->first.name == name) {
    if (here->second.state == LiveState::Present) return true;
  }
  return std::ranges::any_of(zone.sets, [&name](const auto& row) {
    return row.second.state == LiveState::Present && row.first.name.is_within(name);
  });
}

// The answer from an observed zone; nullopt where it does not know, or has a CNAME, whose target
// only the resolver can follow. A listing can prove that a name is missing; single queries cannot
// prove that nothing is below it.
std::optional<Answer> answer_of_zone(const Question& question, const LiveZone& zone) {
  const LiveSet live = zone.at(question);
  if (live.state == LiveState::Present) {
    return Answer{
        .status = AnswerStatus::Data,
        .values = std::vector<std::string>(live.set.values.begin(), live.set.values.end()),
        .ttl = live.set.ttl};
  }
  const LiveState alias = zone.at({question.name, RecordType::CNAME}).state;
  // A CNAME that was read and not answered for may be there; one that was not read is not asked
  // for.
  const bool read = zone.sets.contains({question.name, RecordType::CNAME});
  const bool hosted = alias == LiveState::Present || (read && alias != LiveState::Absent);
  if (live.state != LiveState::Absent || hosted) return std::nullopt;
  // Discovery treats NODATA and NXDOMAIN at a `_dmarc` name alike.
  if (name_kind(question.name) == NameKind::Dmarc) return Answer{.status = AnswerStatus::NxDomain};
  if (exists_in(question.name, zone)) return Answer{.status = AnswerStatus::NoData};
  if (!zone.complete) return std::nullopt;
  return Answer{.status = AnswerStatus::NxDomain};
}

// Whether the question is about a public suffix's own record. What it decides, the policy of
// domains without any record in their organization, is weaker than every record that is written
// here; and a plan over zone files must be possible where no resolver can be reached.
bool concerns_public_suffix(const Question& question) {
  return name_kind(question.name) == NameKind::Dmarc &&
         dmarc::is_public_suffix(question.name.parent());
}

// What neither the zone nor the World knows is queried in the next round, so that this stays a pure
// function.
void look_up(const Question& question, const World& world, DmarcLookups& around) {
  const LiveZone* zone = zone_holding(question.name, world);
  auto answer = zone == nullptr ? std::nullopt : answer_of_zone(question, *zone);
  if (answer) {
    around.answers.emplace(question, *answer);
    return;
  }
  const auto asked = world.answers.find(question);
  if (asked == world.answers.end()) around.unknown.push_back(question);
  const bool answered =
      asked != world.answers.end() && asked->second.status != AnswerStatus::Failed;
  if (!answered && concerns_public_suffix(question)) {
    around.answers[question] = {.status = AnswerStatus::NxDomain};
  } else if (asked != world.answers.end()) {
    around.answers.insert(*asked);
  }
}

}  // namespace

DmarcLookups dmarc_lookups_of(const Name& name, const World& world) {
  DmarcLookups around;
  std::vector<Name> names = dmarc::walk_names(name);
  if (const auto org = dmarc::org_domain_psl(name).child("_dmarc")) names.push_back(*org);
  sort_unique(names);
  for (const Name& at : names) look_up({at, RecordType::TXT}, world, around);
  look_up({name, RecordType::TXT}, world, around);
  return around;
}

// Discovery runs on a table of answers, so a plan is simulated by changing that table.
Answers with_record(Answers answers, const Name& domain, const std::optional<ParsedValue>& value) {
  const auto name = domain.child("_dmarc");
  if (!name) return answers;
  Answer answer{.status = value ? AnswerStatus::Data : AnswerStatus::NxDomain};
  if (value) answer.values = AnswerValues({value->text()});
  answers[{*name, RecordType::TXT}] = answer;
  // A name with something below it exists.
  const auto own = answers.find({domain, RecordType::TXT});
  if (value && own != answers.end() && own->second.status == AnswerStatus::NxDomain) {
    own->second.status = AnswerStatus::NoData;
  }
  return answers;
}

// Counting several as none mirrors receivers, which would apply no policy at all.
std::optional<ParsedValue> record_in(const std::optional<ParsedTypedSet>& set) {
  if (!set || set->type != RecordType::TXT) return std::nullopt;
  std::vector<ParsedValue> values;
  std::ranges::copy_if(set->set.values, std::back_inserter(values),
                       [&](const ParsedValue& value) { return value.kind() == RecordKind::Dmarc; });
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

// A question that was never answered is as unknown as one whose answer failed.
PolicyByMethod policy_by_method(const Name& name, const Answers& answers) {
  std::vector<Question> unknown;
  return {.by_walk = dmarc::discover_by_walk(name, answers, unknown),
          .by_psl = dmarc::discover_by_psl(name, answers, unknown)};
}

// The inherited sp and np have already decided the policy, so they are left out.
dmarc::Record effective(const dmarc::DiscoveredPolicy& discovered) {
  dmarc::Record record;
  record.p = discovered.policy;
  record.pct = discovered.record.pct;
  record.testing = discovered.record.testing;
  record.adkim = discovered.record.adkim;
  record.aspf = discovered.record.aspf;
  return record;
}

dmarc::Record ungoverned() {
  dmarc::Record record;
  record.p = dmarc::Policy::None;
  return record;
}

}  // namespace rampart
