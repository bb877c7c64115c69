/// DMARC discovery over one table of answers, which a planned change can alter.
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

// The zone's own answer; nullopt where it was not read, or where a CNAME exists or may exist, whose
// target only the resolver can follow. Only a complete listing proves that a name is missing:
// single queries do not show whether a name below it exists.
std::optional<Answer> answer_of_zone(const Question& question, const LiveZone& zone) {
  const LiveSet live = zone.at(question);
  if (live.state == LiveState::Present) {
    return Answer{
        .status = AnswerStatus::Data,
        .values = std::vector<std::string>(live.set.values.begin(), live.set.values.end()),
        .ttl = live.set.ttl};
  }
  const LiveState alias = zone.at({question.name, RecordType::CNAME}).state;
  // A CNAME that was queried without an answer may exist; one that was not queried counts as
  // missing.
  const bool queried = zone.sets.contains({question.name, RecordType::CNAME});
  const bool may_be_alias = alias == LiveState::Present || (queried && alias != LiveState::Absent);
  if (live.state != LiveState::Absent || may_be_alias) return std::nullopt;
  // Discovery treats NODATA and NXDOMAIN at a `_dmarc` name alike.
  if (name_kind(question.name) == NameKind::Dmarc) return Answer{.status = AnswerStatus::NxDomain};
  if (exists_in(question.name, zone)) return Answer{.status = AnswerStatus::NoData};
  if (!zone.complete) return std::nullopt;
  return Answer{.status = AnswerStatus::NxDomain};
}

// Whether the question is about a public suffix's own record, which governs only domains whose
// organization has no record. A plan over zone files must be possible where no resolver can be
// reached, so that without an answer this record alone counts as missing.
bool concerns_public_suffix(const Question& question) {
  return name_kind(question.name) == NameKind::Dmarc &&
         dmarc::is_public_suffix(question.name.parent());
}

// Adds the answer to `question`, and the question itself where neither the zone nor the World
// answers it: it is then queried in the next round.
void look_up(const Question& question, const World& world, DmarcLookups& lookups) {
  const LiveZone* zone = zone_holding(question.name, world);
  auto answer = zone == nullptr ? std::nullopt : answer_of_zone(question, *zone);
  if (answer) {
    lookups.answers.emplace(question, *answer);
    return;
  }
  const auto asked = world.answers.find(question);
  if (asked == world.answers.end()) lookups.unknown.push_back(question);
  const bool answered =
      asked != world.answers.end() && asked->second.status != AnswerStatus::Failed;
  if (!answered && concerns_public_suffix(question)) {
    lookups.answers[question] = {.status = AnswerStatus::NxDomain};
  } else if (asked != world.answers.end()) {
    lookups.answers.insert(*asked);
  }
}

}  // namespace

DmarcLookups dmarc_lookups_of(const Name& name, const World& world) {
  DmarcLookups lookups;
  std::vector<Name> names = dmarc::walk_names(name);
  if (const auto org = dmarc::org_domain_psl(name).child("_dmarc")) names.push_back(*org);
  sort_unique(names);
  for (const Name& at : names) look_up({at, RecordType::TXT}, world, lookups);
  look_up({name, RecordType::TXT}, world, lookups);
  return lookups;
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

std::optional<ParsedValue> record_in(const std::optional<ParsedTypedSet>& set) {
  if (!set || set->type != RecordType::TXT) return std::nullopt;
  std::vector<ParsedValue> values;
  std::ranges::copy_if(set->set.values, std::back_inserter(values),
                       [&](const ParsedValue& value) { return value.kind() == RecordKind::Dmarc; });
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

// Open questions are not returned: the results that need them are unknown.
PolicyByMethod policy_by_method(const Name& name, const Answers& answers) {
  std::vector<Question> unknown;
  return {.by_walk = dmarc::discover_by_walk(name, answers, unknown),
          .by_psl = dmarc::discover_by_psl(name, answers, unknown)};
}

// sp and np are left out: `discovered.policy` is already the tag that applies.
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
