/// world.json: everything that was observed, so that any run can be replayed.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reconciler/documents/plan_file.h"
#include "reconciler/documents/plan_file_json.h"
#include "reports/analysis/evidence.h"

#include "reconciler/documents/spf_lock_file.h"

namespace rampart {
namespace {

using document::Json;
using document::list;
using document::Reader;

// The words of the document, in the order of the enumerators.
constexpr std::array kLiveWords = {"present", "absent", "unobservable", "disagree"};
constexpr std::array kAnswerWords = {"data", "nodata", "nxdomain", "failed"};
constexpr std::array kTopicWords = {"journal", "serial", "record", "locked"};
constexpr std::array kPolicyWords = {"served", "refused", "unreachable"};

template <class State, std::size_t kCount>
const char* word(const std::array<const char*, kCount>& words, State state) {
  return words.at(static_cast<std::size_t>(state));
}

template <class State, std::size_t kCount>
State state(const std::array<const char*, kCount>& words, const Reader& reader) {
  const std::string text = reader.text();
  const auto found = std::ranges::find(words, text);
  if (found != words.end()) return static_cast<State>(found - words.begin());
  reader.fail(fmt::format("\"{}\" is unknown here", text));
  return State{};
}

Json live_json(const std::pair<const RecordKey, LiveSet>& row) {
  const auto& [key, live] = row;
  Json json = document::key_to_json(key);
  json["state"] = word(kLiveWords, live.state);
  if (live.set != ParsedSet{}) json["set"] = document::set_to_json(text_of(live.set));
  if (!live.detail.empty()) json["detail"] = live.detail;
  return json;
}

// Left out where it is empty, which most answers are: a saved world of many domains is large
// enough.
std::string detail_of(const Reader& reader) {
  return reader.has("detail") ? reader.at("detail").text() : "";
}

std::pair<RecordKey, LiveSet> read_live(const Reader& reader) {
  const RecordKey key = reader.key();
  LiveSet live{.state = state<LiveState>(kLiveWords, reader.at("state"))};
  if (reader.has("set")) live.set = parse_set(key, document::set_from_json(reader.at("set")));
  live.detail = detail_of(reader);
  return {key, live};
}

Json notice_json(const ZoneNotice& notice) {
  Json json = {{"topic", word(kTopicWords, notice.topic)},
               {"blocks", notice.blocks},
               {"message", notice.message},
               {"hint", notice.hint}};
  if (notice.written) json["written"] = document::key_to_json(*notice.written);
  if (notice.value) json["value"] = document::octets_to_json(*notice.value);
  return json;
}

ZoneNotice read_notice(const Reader& reader) {
  ZoneNotice notice{.topic = state<ZoneNotice::Topic>(kTopicWords, reader.at("topic")),
                    .blocks = reader.at("blocks").truth(),
                    .message = reader.at("message").text(),
                    .hint = reader.at("hint").text()};
  if (reader.has("written")) notice.written = reader.at("written").key();
  if (reader.has("value")) notice.value = document::octets_from_json(reader.at("value"));
  return notice;
}

// A limit: a number of octets, values or seconds, or null where the host has none.
Json number_json(const std::optional<int>& number) { return number ? Json(*number) : Json(); }

Json number_json(const std::optional<std::chrono::seconds>& time) {
  return time ? Json(time->count()) : Json();
}

template <class T>
void read_number(const Reader& reader, const char* key, std::optional<T>& number) {
  if (reader.has(key)) number = static_cast<T>(reader.at(key).integer());
}

Json unused_json(const UnusedZoneNote& unused) {
  return {{"provider", unused.provider},
          {"what", unused.what},
          {"why", unused.why},
          {"advice", unused.advice}};
}

UnusedZoneNote read_unused(const Reader& reader) {
  return {.provider = reader.at("provider").text(),
          .what = reader.at("what").text(),
          .why = reader.at("why").text(),
          .advice = reader.at("advice").text()};
}

Json zone_json(const LiveZone& zone) {
  Json json = {{"apex", zone.apex.text()},
               {"provider", zone.provider},
               {"from_provider", zone.from_provider},
               {"complete", zone.complete},
               {"error", zone.error},
               {"max_txt_octets", number_json(zone.limits.max_txt_octets)},
               {"max_name_octets", number_json(zone.limits.max_name_octets)},
               {"max_values", number_json(zone.limits.max_values)},
               {"min_ttl", number_json(zone.limits.min_ttl)},
               {"max_ttl", number_json(zone.limits.max_ttl)},
               {"sets", list(zone.sets, live_json)},
               {"wildcards", list(zone.wildcards, document::key_to_json)}};
  if (!zone.notices.empty()) json["notices"] = list(zone.notices, notice_json);
  return json;
}

// The key of a set decides how its values are parsed, so it is read first.
LiveZone read_zone(const Reader& reader) {
  LiveZone zone{.apex = reader.at("apex").name(),
                .provider = reader.at("provider").text(),
                .from_provider = reader.at("from_provider").truth(),
                .complete = reader.at("complete").truth(),
                .error = reader.at("error").text()};
  read_number(reader, "max_txt_octets", zone.limits.max_txt_octets);
  read_number(reader, "max_name_octets", zone.limits.max_name_octets);
  read_number(reader, "max_values", zone.limits.max_values);
  read_number(reader, "min_ttl", zone.limits.min_ttl);
  read_number(reader, "max_ttl", zone.limits.max_ttl);
  for (auto& [key, live] : reader.list("sets", read_live)) {
    zone.sets.insert_or_assign(key, std::move(live));
  }
  for (const RecordKey& key : reader.list("wildcards", &Reader::key)) zone.wildcards.insert(key);
  zone.notices = reader.list_if_any("notices", read_notice);
  return zone;
}

Json answer_json(const std::pair<const Question, Answer>& row) {
  const auto& [question, answer] = row;
  Json json = document::key_to_json(question);
  json["status"] = word(kAnswerWords, answer.status);
  json["ttl"] = answer.ttl.count();
  json["values"] = list(answer.values_or_none(), document::octets_to_json);
  json["cnames"] = list(answer.cnames, &Name::text);
  if (!answer.detail.empty()) json["detail"] = answer.detail;
  return json;
}

Answer read_answer(const Reader& reader) {
  Answer answer;
  answer.status = state<AnswerStatus>(kAnswerWords, reader.at("status"));
  answer.ttl = std::chrono::seconds(reader.at("ttl").integer());
  answer.values = reader.list("values", document::octets_from_json);
  answer.cnames = reader.list("cnames", &Reader::name);
  answer.detail = detail_of(reader);
  return answer;
}

Json policy_json(const std::pair<const Name, ServedPolicy>& row) {
  const auto& [domain, served] = row;
  return {{"domain", domain.text()},
          {"state", word(kPolicyWords, served.state)},
          {"text", document::octets_to_json(served.text)},
          {"problem", served.problem}};
}

/// An unknown state counts as served: earlier versions wrote no other.
ServedPolicy read_policy(const Reader& reader) {
  const auto found = std::ranges::find(kPolicyWords, reader.at("state").text());
  ServedPolicy served;
  if (found != kPolicyWords.end()) {
    served.state = static_cast<ServedPolicy::State>(found - kPolicyWords.begin());
  }
  served.text = document::octets_from_json(reader.at("text"));
  served.problem = reader.at("problem").text();
  return served;
}

// What a version before did not know yet is optional; everything else is required, since a replay
// with a gap would give another plan.
World read_world(const Reader& reader) {
  World world;
  world.now = reader.at("now").time();
  world.frozen = reader.at("frozen").truth();
  world.normalize = reader.at("normalize").truth();
  world.zones = reader.list("zones", read_zone);
  for (const Reader& missing : reader.at("zone_missing").items()) {
    world.zone_missing.insert_or_assign(
        missing.at("domain").name(),
        ZoneMissing{missing.at("why").text(),
                    missing.has("advice") ? missing.at("advice").text() : ""});
  }
  if (reader.has("unused_zones")) world.unused_zones = reader.list("unused_zones", read_unused);
  world.unmanaged_zones = reader.list("unmanaged_zones", &Reader::name);
  for (const Reader& answer : reader.at("answers").items()) {
    world.answers.insert_or_assign(answer.key(), read_answer(answer));
  }
  const auto row = [](const Reader& policy) {
    return std::pair(policy.at("domain").name(), read_policy(policy));
  };
  for (auto& [domain, policy] : reader.list_if_any("served_policies", row)) {
    world.served_policies.insert_or_assign(domain, std::move(policy));
  }
  world.spf_lock_problem = reader.at("spf_lock_problem").text();
  // A lock that is damaged must not pass for a domain without one.
  const Reader lock = reader.at("spf_lock");
  auto locks = parse_spf_locks(lock.text());
  if (locks) {
    world.spf_locks = std::move(locks).value();
  } else {
    lock.fail(locks.error().what);
  }
  for (const Reader& key : reader.at("keys").items()) {
    world.keys[key.at("path").text()] = {key.at("record").text(), key.at("error").text()};
  }
  return world;
}

}  // namespace

// Without credentials and without the YAML: a saved world can be attached to a bug report.
std::string world_to_json(const World& world) {
  const auto missing_json = [](const auto& row) {
    return Json{
        {"domain", row.first.text()}, {"why", row.second.why}, {"advice", row.second.advice}};
  };
  const auto key_file_json = [](const auto& row) {
    const auto& [path, key] = row;
    return Json{
        {"path", path}, {"record", key.record ? key.record->text() : ""}, {"error", key.error}};
  };
  Json json = {{"world_version", 1},
               {"now", to_text(world.now)},
               {"frozen", world.frozen},
               {"normalize", world.normalize},
               {"zones", list(world.zones, zone_json)},
               {"zone_missing", list(world.zone_missing, missing_json)},
               {"unused_zones", list(world.unused_zones, unused_json)},
               {"unmanaged_zones", list(world.unmanaged_zones, &Name::text)}};
  if (!world.served_policies.empty()) {
    json["served_policies"] = list(world.served_policies, policy_json);
  }
  json["answers"] = list(world.answers, answer_json);
  json["spf_lock"] = print_spf_locks(world.spf_locks);
  json["spf_lock_problem"] = world.spf_lock_problem;
  json["keys"] = list(world.keys, key_file_json);
  if (world.evidence) json["evidence"] = Json::parse(reports::evidence_to_json(*world.evidence));
  return document::print_document(json);
}

// A saved world replays a run exactly: an unknown version is refused, not guessed.
Result<World> world_from_json(std::string_view text) {
  TRY(const Json json, document::parse_document(text, "the world"));
  std::string problem;
  const Reader reader(json, "", problem);
  const std::int64_t version = reader.at("world_version").integer();
  if (problem.empty() && version != 1) {
    return Error{fmt::format("this world has world_version {}; this rampart reads 1", version)};
  }
  World world = read_world(reader);
  if (json.contains("evidence")) {
    TRY(world.evidence,
        within("evidence", reports::evidence_from_json(json.at("evidence").dump())));
  }
  if (!problem.empty()) return Error{"this is not a file of --save-world: " + problem};
  return world;
}

}  // namespace rampart
