/// The conformance suite of openspf.org as amended for RFC 7208, where the shared data is
/// next to the checkout: 203 cases over the answers table.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "mail/spf/compiled.h"
#include "tests/support/places.h"
#include "tests/support/spf_zone.h"

namespace rampart::spf {
namespace {

using nlohmann::json;

json load_suite() {
  const char* folder = std::getenv("RAMPART_SHARED");
  const std::string base = folder ? folder : source_dir() + "/../shared";
  std::ifstream file(base + "/data/spf-openspf-rfc7208.json");
  return file ? json::parse(file) : json::array();
}

std::string text_of(const json& value) {
  if (value.is_string()) return value;
  if (value.is_number()) return value.dump();
  std::string joined;
  for (const json& piece : value) joined += text_of(piece);
  return joined;
}

/// The zone's values of one name and type. SPF records count as TXT where the name has no TXT of
/// its own; what follows "TIMEOUT" is never answered.
struct Published {
  std::vector<std::string> values;
  bool timeout = false;
  std::string alias;
};

std::string value_text(const std::string& type, const json& value) {
  if (type == "MX") return text_of(value[0]) + " " + text_of(value[1]);
  return text_of(value);
}

Published published(const json& entries, const std::string& type) {
  Published found;
  bool own_txt = false;
  for (const json& entry : entries)
    own_txt = own_txt || (entry.is_object() && entry.contains("TXT"));
  for (const json& entry : entries) {
    if (entry.is_string()) {
      found.timeout = found.values.empty();
      return found;
    }
    for (const auto& [own, value] : entry.items()) {
      const bool counts = own == type || (type == "TXT" && own == "SPF" && !own_txt);
      if (own == "CNAME") found.alias = value;
      if (!counts || value == "NONE") continue;
      if (value == "TIMEOUT") {
        found.timeout = true;
        return found;
      }
      found.values.push_back(value_text(type, value));
    }
  }
  return found;
}

/// The suite's names carry raw text that may not be a name at all.
std::map<std::string, json> by_name(const json& zone) {
  std::map<std::string, json> names;
  for (const auto& [name, entries] : zone.items()) {
    if (const auto parsed = name_from_octets(name)) names[parsed->text()] = entries;
  }
  return names;
}

Answer answer_from(const std::map<std::string, json>& names, const Question& question) {
  Answer answer;
  std::string name = question.name.text();
  for (int hops = 0; hops < 10; ++hops) {
    const auto found = names.find(name);
    if (found == names.end()) break;
    const Published there = published(found->second, to_text(question.type));
    answer.values = there.values;
    answer.status = there.timeout ? AnswerStatus::Failed : AnswerStatus::Data;
    if (there.timeout || !there.values.empty()) return answer;
    answer.status = AnswerStatus::NoData;
    if (there.alias.empty()) return answer;
    name = Name::literal(there.alias).text();
  }
  answer.status = AnswerStatus::NxDomain;
  for (const auto& [other, entries] : names) {
    if (other.ends_with("." + name) || other == name) answer.status = AnswerStatus::NoData;
  }
  return answer;
}

Verdict run_case(const json& item, int& rounds) {
  const auto names = by_name(item["zonedata"]);
  Client client{.ip = Ip::parse(item["host"].get<std::string>()).value()};
  client.sender = item["mailfrom"];
  client.helo = item["helo"];
  Answers answers;
  for (rounds = 0; rounds < 40; ++rounds) {
    const Verdict verdict = check_host(client, answers);
    if (verdict.unknown.empty()) return verdict;
    for (const Question& question : verdict.unknown) {
      answers[question] = answer_from(names, question);
    }
  }
  return {};
}

TEST_CASE("the conformance suite of openspf.org agrees, where it is at hand") {
  const json suite = load_suite();
  if (suite.empty()) SUCCEED("the suite is not at hand");
  for (const json& item : suite) {
    int rounds = 0;
    const Verdict verdict = run_case(item, rounds);
    CAPTURE(item["name"], item["description"], verdict.reason, to_text(verdict.outcome));
    const auto& accepted = item["result"];
    CHECK(std::ranges::find(accepted, json(to_text(verdict.outcome))) != accepted.end());
    CHECK(rounds <= 14);
    const json& explanation = item["explanation"];
    const bool compared = explanation.is_string() && explanation != "DEFAULT";
    if (compared && verdict.outcome == Outcome::Fail) {
      CHECK(verdict.explanation.value_or("") == explanation.get<std::string>());
    }
  }
}

}  // namespace
}  // namespace rampart::spf
