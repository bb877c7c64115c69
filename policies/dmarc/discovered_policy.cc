/// DMARC discovery over one table of answers, which a planned change can alter.
#include "policies/dmarc/discovered_policy.h"

#include <algorithm>
#include <iterator>

#include "policies/model/lookup.h"
#include "policies/model/wildcards.h"

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

Answer data_of(const LiveSet& live) {
  return {.status = AnswerStatus::Data,
          .values = std::vector<std::string>(live.set.values.begin(), live.set.values.end()),
          .ttl = live.set.ttl};
}

bool has_dmarc(const LiveSet& live) {
  return std::ranges::any_of(
      live.set.values, [](const ParsedValue& value) { return dmarc::is_dmarc(value.text()); });
}

// What the wildcard at `owner` answers to a question about a name that does not exist; nullopt
// where the zone does not show it. A name that a wildcard answers for exists for receivers,
// whatever type they query (RFC 4592 section 2.2.1): sp applies to it, and not np.
std::optional<Answer> answer_of_wildcard(const Question& question, const Name& owner,
                                         const LiveZone& zone) {
  if (has_wildcard({owner, RecordType::CNAME}, zone)) return std::nullopt;
  const bool at_dmarc = name_kind(question.name) == NameKind::Dmarc;
  const RecordKey key{owner, question.type};
  const LiveSet live = zone.at(key);
  const bool present = live.state == LiveState::Present;
  // Whatever else the zone contains, none of this wildcard's values is a DMARC record.
  const bool no_record = at_dmarc && (present ? !has_dmarc(live) : !has_wildcard(key, zone));
  if (no_record) return Answer{.status = AnswerStatus::NoData};
  if (!zone.complete) return std::nullopt;
  if (present) return data_of(live);
  if (has_wildcard(key, zone)) return std::nullopt;
  return Answer{.status = AnswerStatus::NoData};
}

// The zone's own answer; nullopt where it was not read, or where a CNAME exists or may exist, whose
// target only the resolver can follow. Only a complete listing proves that a name is missing:
// single queries do not show whether a name below it exists.
std::optional<Answer> answer_of_zone(const Question& question, const LiveZone& zone) {
  const LiveSet live = zone.at(question);
  if (live.state == LiveState::Present) return data_of(live);
  const LiveState alias = zone.at({question.name, RecordType::CNAME}).state;
  // A CNAME that was queried without an answer may exist; one that was not queried counts as
  // missing.
  const bool queried = zone.sets.contains({question.name, RecordType::CNAME});
  const bool may_be_alias = alias == LiveState::Present || (queried && alias != LiveState::Absent);
  if (live.state != LiveState::Absent || may_be_alias) return std::nullopt;
  if (const auto owner = wildcard_for(question.name, zone)) {
    return answer_of_wildcard(question, *owner, zone);
  }
  // Discovery treats NODATA and NXDOMAIN at a `_dmarc` name alike.
  if (name_kind(question.name) == NameKind::Dmarc) return Answer{.status = AnswerStatus::NxDomain};
  if (exists_in(question.name, zone)) return Answer{.status = AnswerStatus::NoData};
  if (!zone.complete) return std::nullopt;
  return Answer{.status = AnswerStatus::NxDomain};
}

// Whether the question is about a public suffix's own record, for its organizational domain
// `name`. That domain is governed by its own record once it has one, so that no policy asks this
// question, and it counts as missing.
bool needs_no_answer(const Question& question, const Name& name) {
  return name_kind(question.name) == NameKind::Dmarc &&
         dmarc::is_public_suffix(question.name.parent()) && dmarc::org_domain_psl(name) == name;
}

// Adds the answer to `question`, and the question itself where neither the zone nor the World
// answers it: it is then queried in the next round. An answer that failed stays one, for a public
// suffix too: the tree walk ignores it where a name below has a record.
void look_up(const Question& question, const Name& name, const World& world,
             DmarcLookups& lookups) {
  const LiveZone* zone = zone_holding(question.name, world);
  auto answer = zone == nullptr ? std::nullopt : answer_of_zone(question, *zone);
  if (answer) {
    lookups.answers.emplace(question, *answer);
    return;
  }
  const auto asked = world.answers.find(question);
  if (asked != world.answers.end()) {
    lookups.answers.insert(*asked);
  } else if (needs_no_answer(question, name)) {
    lookups.answers[question] = {.status = AnswerStatus::NxDomain};
  } else {
    lookups.unknown.push_back(question);
  }
}

}  // namespace

DmarcLookups dmarc_lookups_of(const Name& name, const World& world) {
  DmarcLookups lookups;
  std::vector<Name> names = dmarc::walk_names(name);
  if (const auto org = dmarc::org_domain_psl(name).child("_dmarc")) names.push_back(*org);
  sort_unique(names);
  for (const Name& at : names) look_up({at, RecordType::TXT}, name, world, lookups);
  look_up({name, RecordType::TXT}, name, world, lookups);
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
