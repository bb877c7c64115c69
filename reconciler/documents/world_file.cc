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
using document::Reader;

/// A state and its word in the document.
template <class State>
struct Word {
  State state;
  const char* text;
};

constexpr std::array<Word<LiveState>, 4> kLiveWords = {{{LiveState::Present, "present"},
                                                        {LiveState::Absent, "absent"},
                                                        {LiveState::Unobservable, "unobservable"},
                                                        {LiveState::Disagree, "disagree"}}};
constexpr std::array<Word<AnswerStatus>, 4> kAnswerWords = {{{AnswerStatus::Data, "data"},
                                                             {AnswerStatus::NoData, "nodata"},
                                                             {AnswerStatus::NxDomain, "nxdomain"},
                                                             {AnswerStatus::Failed, "failed"}}};

template <class State, std::size_t N>
const char* word(const std::array<Word<State>, N>& words, State state) {
  return std::ranges::find(words, state, &Word<State>::state)->text;
}

template <class State, std::size_t N>
State state(const std::array<Word<State>, N>& words, const Reader& reader) {
  const std::string text = reader.text();
  for (const Word<State>& candidate : words) {
    if (text == candidate.text) return candidate.state;
  }
  reader.fail(fmt::format("\"{}\" is unknown here", text));
  return words.front().state;
}

Json key_to_json(const RecordKey& key) {
  Json json;
  json["name"] = key.name.text();
  json["type"] = to_text(key.type);
  return json;
}

RecordKey read_key(const Reader& reader) {
  return {reader.at("name").name(), reader.at("type").type()};
}

Json live_to_json(const RecordKey& key, const LiveSet& live) {
  Json json = key_to_json(key);
  json["state"] = word(kLiveWords, live.state);
  if (live.set != ParsedSet{}) json["set"] = document::set_to_json(text_of(live.set));
  if (!live.detail.empty()) json["detail"] = live.detail;
  return json;
}

LiveSet read_live(const RecordKey& key, const Reader& reader) {
  LiveSet live;
  live.state = state(kLiveWords, reader.at("state"));
  if (reader.has("set")) live.set = parse_set(key, document::set_from_json(reader.at("set")));
  if (reader.has("detail")) live.detail = reader.at("detail").text();
  return live;
}

Json zone_to_json(const LiveZone& zone) {
  Json json;
  json["apex"] = zone.apex.text();
  json["provider"] = zone.provider;
  json["from_provider"] = zone.from_provider;
  json["complete"] = zone.complete;
  json["error"] = zone.error;
  json["max_txt_octets"] = zone.max_txt_octets ? Json(*zone.max_txt_octets) : Json(nullptr);
  json["sets"] = Json::array();
  for (const auto& [key, live] : zone.sets) json["sets"].push_back(live_to_json(key, live));
  json["wildcards"] = Json::array();
  for (const RecordKey& key : zone.wildcards) json["wildcards"].push_back(key_to_json(key));
  return json;
}

LiveZone read_zone(const Reader& reader) {
  LiveZone zone{.apex = reader.at("apex").name(),
                .provider = reader.at("provider").text(),
                .from_provider = reader.at("from_provider").truth(),
                .complete = reader.at("complete").truth(),
                .sets = {},
                .wildcards = {},
                .error = reader.at("error").text(),
                .max_txt_octets = {}};
  if (reader.has("max_txt_octets")) {
    zone.max_txt_octets = static_cast<int>(reader.at("max_txt_octets").integer());
  }
  for (const Reader& set : reader.at("sets").items()) {
    RecordKey key = read_key(set);
    LiveSet live = read_live(key, set);
    zone.sets.insert_or_assign(std::move(key), std::move(live));
  }
  for (const Reader& key : reader.at("wildcards").items()) zone.wildcards.insert(read_key(key));
  return zone;
}

Json answer_to_json(const Question& question, const Answer& answer) {
  Json json = key_to_json(question);
  json["status"] = word(kAnswerWords, answer.status);
  json["ttl"] = answer.ttl.count();
  json["values"] = Json::array();
  for (const std::string& value : answer.values) {
    json["values"].push_back(document::octets_to_json(value));
  }
  json["cnames"] = Json::array();
  for (const Name& cname : answer.cnames) json["cnames"].push_back(cname.text());
  if (!answer.detail.empty()) json["detail"] = answer.detail;
  return json;
}

Answer read_answer(const Reader& reader) {
  Answer answer;
  answer.status = state(kAnswerWords, reader.at("status"));
  answer.ttl = std::chrono::seconds(reader.at("ttl").integer());
  for (const Reader& value : reader.at("values").items()) {
    answer.values.push_back(document::octets_from_json(value));
  }
  for (const Reader& cname : reader.at("cnames").items()) answer.cnames.push_back(cname.name());
  if (reader.has("detail")) answer.detail = reader.at("detail").text();
  return answer;
}

Json key_file_to_json(const std::string& path, const PublicKey& key) {
  Json json;
  json["path"] = path;
  json["record"] = key.record ? key.record->text() : "";
  json["error"] = key.error;
  return json;
}

constexpr std::array<std::string_view, 3> kPolicyWords = {"served", "refused", "unreachable"};

Json policies_to_json(const World& world) {
  Json policies = Json::array();
  for (const auto& [domain, served] : world.served_policies) {
    Json json;
    json["domain"] = domain.text();
    json["state"] = kPolicyWords.at(static_cast<std::size_t>(served.state));
    json["text"] = document::octets_to_json(served.text);
    json["problem"] = served.problem;
    policies.push_back(std::move(json));
  }
  return policies;
}

ServedPolicy read_policy(const Reader& reader) {
  const std::string word = reader.at("state").text();
  const auto found = std::ranges::find(kPolicyWords, word);
  ServedPolicy served;
  if (found != kPolicyWords.end()) {
    served.state = static_cast<ServedPolicy::State>(found - kPolicyWords.begin());
  }
  served.text = document::octets_from_json(reader.at("text"));
  served.problem = reader.at("problem").text();
  return served;
}

World read_world(const Reader& reader) {
  World world;
  world.now = reader.at("now").time();
  world.frozen = reader.at("frozen").truth();
  world.normalize = reader.at("normalize").truth();
  for (const Reader& zone : reader.at("zones").items()) world.zones.push_back(read_zone(zone));
  for (const Reader& missing : reader.at("zone_missing").items()) {
    world.zone_missing.insert_or_assign(missing.at("domain").name(), missing.at("why").text());
  }
  for (const Reader& zone : reader.at("unmanaged_zones").items()) {
    world.unmanaged_zones.push_back(zone.name());
  }
  for (const Reader& answer : reader.at("answers").items()) {
    world.answers.insert_or_assign(read_key(answer), read_answer(answer));
  }
  if (reader.has("served_policies")) {
    for (const Reader& policy : reader.at("served_policies").items()) {
      world.served_policies.insert_or_assign(policy.at("domain").name(), read_policy(policy));
    }
  }
  world.spf_lock_problem = reader.at("spf_lock_problem").text();
  auto locks = parse_spf_locks(reader.at("spf_lock").text());
  if (locks) world.spf_locks = std::move(locks).value();
  for (const Reader& key : reader.at("keys").items()) {
    world.keys[key.at("path").text()] = {key.at("record").text(), key.at("error").text()};
  }
  return world;
}

}  // namespace

std::string world_to_json(const World& world) {
  Json json;
  json["world_version"] = 1;
  json["now"] = to_text(world.now);
  json["frozen"] = world.frozen;
  json["normalize"] = world.normalize;
  json["zones"] = Json::array();
  for (const LiveZone& zone : world.zones) json["zones"].push_back(zone_to_json(zone));
  json["zone_missing"] = Json::array();
  for (const auto& [domain, why] : world.zone_missing) {
    Json missing;
    missing["domain"] = domain.text();
    missing["why"] = why;
    json["zone_missing"].push_back(std::move(missing));
  }
  json["unmanaged_zones"] = Json::array();
  for (const Name& zone : world.unmanaged_zones) json["unmanaged_zones"].push_back(zone.text());
  if (!world.served_policies.empty()) json["served_policies"] = policies_to_json(world);
  json["answers"] = Json::array();
  for (const auto& [question, answer] : world.answers) {
    json["answers"].push_back(answer_to_json(question, answer));
  }
  json["spf_lock"] = print_spf_locks(world.spf_locks);
  json["spf_lock_problem"] = world.spf_lock_problem;
  json["keys"] = Json::array();
  for (const auto& [path, key] : world.keys) json["keys"].push_back(key_file_to_json(path, key));
  if (world.evidence) json["evidence"] = Json::parse(reports::evidence_to_json(*world.evidence));
  return document::print_document(json);
}

// A saved world replays a run exactly: an unknown version is refused, not guessed.
Result<World> world_from_json(std::string_view text) {
  const Result<Json> json = document::parse_document(text, "the world");
  if (!json) return json.error();
  std::string problem;
  const Reader reader(*json, "", problem);
  const std::int64_t version = reader.at("world_version").integer();
  if (problem.empty() && version != 1) {
    return Error{fmt::format("this world has world_version {}; this rampart reads 1", version), "",
                 false, false};
  }
  World world = read_world(reader);
  if (json->contains("evidence")) {
    Result<Evidence> evidence = reports::evidence_from_json((*json)["evidence"].dump());
    if (!evidence) return within("evidence", evidence.error());
    world.evidence = std::move(evidence).value();
  }
  if (problem.empty()) return world;
  return Error{"this is no world: " + problem, "", false, false};
}

}  // namespace rampart
