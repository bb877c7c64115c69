// The JSON of PowerDNS' API.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "providers/powerdns/json.h"
#include "providers/powerdns/powerdns.h"

using rampart::Name;
using rampart::RecordSet;
using rampart::RecordType;
using rampart::SetChange;
using rampart::TypedSet;
using rampart::powerdns::ApiSets;
using rampart::powerdns::Editing;
using Json = nlohmann::json;

namespace {

const Name kZone = Name::literal("example.com");

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, {std::chrono::seconds(ttl), std::move(values)}};
}

ApiSets live(const TypedSet& set, std::vector<std::string> disabled = {}) {
  return {{{kZone, set.type}, {set.set, std::move(disabled)}}};
}

/// The change types of the body, in their order, with the number of records of each.
void check_body(const SetChange& change, const ApiSets& sets, Editing editing,
                const std::vector<std::pair<std::string, std::size_t>>& expected) {
  const std::string body = rampart::powerdns::patch_body(std::span(&change, 1), sets, editing);
  INFO(body);
  std::vector<std::pair<std::string, std::size_t>> found;
  if (!body.empty()) {
    const Json parsed = Json::parse(body);
    for (const Json& rrset : parsed.at("rrsets")) {
      CHECK(rrset.at("name") == "example.com.");
      found.emplace_back(rrset.at("changetype"),
                         rrset.contains("records") ? rrset.at("records").size() : 0);
    }
  }
  CHECK(found == expected);
}

}  // namespace

TEST_CASE("a zone is read, comments' ghosts and unserved values apart") {
  const auto zone = rampart::powerdns::read_zone(R"({"kind": "Native", "rrsets": [
    {"name": "Example.com.", "type": "TXT", "ttl": 60, "records": [
      {"content": "\"a\" \"b\\\"\"", "disabled": false}, {"content": "\"off\"", "disabled": true}]},
    {"name": "ghost.example.com.", "type": "TXT", "ttl": 60, "records": [],
     "comments": [{"content": "x"}]},
    {"name": "example.com.", "type": "MX", "ttl": 5, "records": [{"content": "0 ."}]}]})");
  REQUIRE(zone.ok());
  CHECK(zone->kind == "Native");
  REQUIRE(zone->sets.size() == 2);
  const auto& text = zone->sets.at({kZone, RecordType::TXT});
  CHECK(text.set.values == std::set<std::string>{"ab\""});
  CHECK(text.disabled == std::vector<std::string>{"\"off\""});
  CHECK(zone->sets.at({kZone, RecordType::MX}).set.values == std::set<std::string>{"0 ."});
}

TEST_CASE("what is no zone is refused") {
  for (const char* bad : {"", "{}", "[]", "null", R"({"rrsets": {}})", "\xff"}) {
    CHECK_FALSE(rampart::powerdns::read_zone(bad).ok());
  }
  CHECK_FALSE(rampart::powerdns::read_zone_names("{}").ok());
  CHECK(rampart::powerdns::read_zone_names(R"([{"name": "example.com."}, {"id": 1}])").value() ==
        std::vector<Name>{kZone});
}

TEST_CASE("changes become whole sets, or single values where the server has them") {
  const TypedSet one = txt({"site=1"});
  const TypedSet two = txt({"site=1", "v=spf1 -all"});
  const TypedSet alias{RecordType::CNAME, {std::chrono::seconds(60), {"t.example.net"}}};
  using enum Editing;
  check_body({kZone, one, two}, live(one), WholeSets, {{"REPLACE", 2}});
  check_body({kZone, one, two}, live(one), SingleValues, {{"EXTEND", 1}});
  check_body({kZone, two, one}, live(two), SingleValues, {{"PRUNE", 1}});
  check_body({kZone, one, txt({"site=2"})}, live(one), SingleValues, {{"REPLACE", 1}});
  check_body({kZone, one, txt({"site=1"}, 60)}, live(one), SingleValues, {{"REPLACE", 1}});
  check_body({kZone, std::nullopt, one}, {}, SingleValues, {{"REPLACE", 1}});
  check_body({kZone, one, std::nullopt}, live(one), SingleValues, {{"DELETE", 0}});
  check_body({kZone, one, one}, live(one), WholeSets, {});
  check_body({kZone, one, alias}, live(one), WholeSets, {{"DELETE", 0}, {"REPLACE", 1}});
}

TEST_CASE("values that are not served survive") {
  const TypedSet one = txt({"site=1"});
  using enum Editing;
  check_body({kZone, one, txt({"site=2"})}, live(one, {"\"off\""}), WholeSets, {{"REPLACE", 2}});
  check_body({kZone, one, txt({"site=1", "b"})}, live(one, {"\"off\""}), SingleValues,
             {{"REPLACE", 3}});
  check_body({kZone, one, std::nullopt}, live(one, {"\"off\""}), WholeSets, {{"REPLACE", 1}});
}

TEST_CASE("a disabled record that is desired is enabled, since the API refuses a record twice") {
  const TypedSet one = txt({"site=1"});
  const ApiSets sets = live(one, {"\"off\"", "\"si\" \"te=2\""});
  check_body({kZone, one, txt({"site=2"})}, sets, Editing::WholeSets, {{"REPLACE", 2}});
  check_body({kZone, one, txt({"site=3"})}, sets, Editing::WholeSets, {{"REPLACE", 3}});
}

TEST_CASE("comments survive the last record of their set") {
  const auto zone = rampart::powerdns::read_zone(R"({"kind": "Master", "soa_edit_api": "",
    "rrsets": [{"name": "example.com.", "type": "TXT", "ttl": 3600,
      "records": [{"content": "\"site=1\"", "disabled": false}],
      "comments": [{"content": "ask Bob", "account": "bob", "modified_at": 1700000000}]}]})");
  REQUIRE(zone.ok());
  CHECK(zone->soa_edit_api == "");
  const TypedSet one = txt({"site=1"});
  const SetChange removal{kZone, one, std::nullopt};
  check_body(removal, zone->sets, Editing::SingleValues, {{"REPLACE", 0}});
  const Json body = Json::parse(
      rampart::powerdns::patch_body(std::span(&removal, 1), zone->sets, Editing::WholeSets));
  CHECK(body["rrsets"][0]["comments"].dump() ==
        R"([{"account":"bob","content":"ask Bob","modified_at":1700000000}])");
  // Where a record stays, the server keeps the comments of itself.
  const SetChange edit{kZone, one, txt({"site=2"})};
  CHECK_FALSE(Json::parse(rampart::powerdns::patch_body(std::span(&edit, 1), zone->sets,
                                                        Editing::WholeSets))["rrsets"][0]
                  .contains("comments"));
}

TEST_CASE("a refusal's reason is the API's own, made safe to show") {
  CHECK(rampart::powerdns::reason_of(R"({"error": "RRset conflict"})") == "RRset conflict");
  CHECK(rampart::powerdns::reason_of("Unauthorized\x1b[0m") == "Unauthorized\\027[0m");
}

TEST_CASE("calls of a plan and an apply") {
  std::vector<std::string> calls;
  rampart::HttpSettings http;
  http.exchange = [&](const rampart::HttpRequest& request) -> rampart::Exchange {
    calls.push_back(request.method + " " + request.url);
    CHECK(request.headers.front().value == "the-key");
    if (request.method == "PATCH") return rampart::HttpResponse{.status = 204};
    if (request.url.ends_with("dnssec=false")) {
      return rampart::HttpResponse{.status = 200, .body = R"([{"name": "example.com."}])"};
    }
    return rampart::HttpResponse{.status = 200, .body = R"({"kind": "Native", "rrsets": []})"};
  };
  rampart::ProviderSettings settings;
  settings.name = "pdns";
  settings.environment = {{"PDNS_API_URL", "http://127.0.0.1:8081/api/v1/"}};
  CHECK_FALSE(rampart::make_powerdns_provider(settings, rampart::real_clock(), http).ok());
  settings.environment["PDNS_API_KEY_PDNS"] = "the-key";
  const auto made = rampart::make_powerdns_provider(settings, rampart::real_clock(), http);
  REQUIRE(made.ok());
  const std::string base = "http://127.0.0.1:8081/api/v1/servers/localhost/zones";
  CHECK(made.value()->zones().value() == std::vector<Name>{kZone});
  const SetChange change{Name::literal("_dmarc.example.com"), std::nullopt, txt({"v=DMARC1"})};
  REQUIRE(made.value()->write(kZone, std::span(&change, 1)).ok());
  CHECK(calls == std::vector<std::string>{"GET " + base + "?dnssec=false",
                                          "GET " + base + "/example.com.",
                                          "PATCH " + base + "/example.com.",
                                          "GET " + base + "/example.com.?rrsets=false"});
}

TEST_CASE("a change of somebody else between reading and writing shows in the serial") {
  using rampart::powerdns::ApiZone;
  using rampart::powerdns::is_own_serial;
  struct Row {
    const char* name;
    const char* how;
    std::optional<std::uint32_t> before;
    std::uint32_t after;
    std::uint32_t writes;
    bool own;
  };
  const Row rows[] = {
      {"one write", "DEFAULT", 2026113001, 2026113002, 1, true},
      {"two writes", "DEFAULT", 2026113001, 2026113003, 2, true},
      {"one more than ours", "DEFAULT", 2026113001, 2026113003, 1, false},
      {"the first of a day", "DEFAULT", 2026112907, 2026113001, 1, true},
      {"the second of a day, the first being another's", "DEFAULT", 2026112907, 2026113002, 1,
       false},
      {"a serial of today's future", "DEFAULT", 2026120501, 2026120502, 1, true},
      {"a small serial", "INCREASE", 7, 8, 1, true},
      {"a small serial, one more", "INCREASE", 7, 9, 1, false},
      {"a jump that INCREASE does not make", "INCREASE", 2026112907, 2026113001, 1, false},
      {"the time tells nothing", "EPOCH", 1796000000, 1796000090, 1, true},
      {"a serial that is not raised", "", 1, 1, 1, true},
      {"no serial", "DEFAULT", std::nullopt, 5, 1, true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const ApiZone zone{.kind = "Native", .sets = {}, .soa_edit_api = row.how, .serial = row.before};
    CHECK(is_own_serial(zone, row.after, row.writes) == row.own);
  }
}

TEST_CASE("a write that may have removed another's value says so") {
  std::uint32_t serial = 2026113001;
  std::uint32_t raised = 1;
  rampart::HttpSettings http;
  http.exchange = [&](const rampart::HttpRequest& request) -> rampart::Exchange {
    if (request.method == "PATCH") {
      serial += raised;
      return rampart::HttpResponse{.status = 204};
    }
    const bool short_form = request.url.ends_with("rrsets=false");
    return rampart::HttpResponse{
        .status = 200,
        .body = R"({"kind": "Native", "soa_edit_api": "DEFAULT", "serial": )" +
                std::to_string(serial) + (short_form ? "}" : R"(, "rrsets": []})")};
  };
  rampart::ProviderSettings settings;
  settings.name = "pdns";
  settings.environment = {{"PDNS_API_URL", "http://127.0.0.1:8081"}, {"PDNS_API_KEY", "k"}};
  const auto made = rampart::make_powerdns_provider(settings, rampart::real_clock(), http);
  REQUIRE(made.ok());
  const SetChange change{Name::literal("_dmarc.example.com"), std::nullopt, txt({"v=DMARC1"})};
  const auto alone = made.value()->write(kZone, std::span(&change, 1));
  REQUIRE(alone.ok());
  CHECK(alone->doubt.empty());
  raised = 2;
  const auto crowded = made.value()->write(kZone, std::span(&change, 1));
  REQUIRE(crowded.ok());
  CHECK(crowded->doubt.find("serial 2026113004 after 2026113002") != std::string::npos);
}

TEST_CASE("another party's text keeps its cuts, and an unknown type is seen") {
  const auto zone = rampart::powerdns::read_zone(R"({"kind": "Native", "rrsets": [
    {"name": "example.com.", "type": "TXT", "ttl": 60, "records": [
      {"content": "\"a\" \"b\""}, {"content": "\"ab\""}]},
    {"name": "example.com.", "type": "TOMORROW", "ttl": "x", "records": [
      {"content": "?", "disabled": "no"}]}]})");
  REQUIRE(zone.ok());
  CHECK(zone->sets.contains({kZone, RecordType::Unknown}));
  const SetChange change{kZone, txt({"ab"}, 60), txt({"ab", "v=spf1 -all"}, 60)};
  const Json body = Json::parse(
      rampart::powerdns::patch_body(std::span(&change, 1), zone->sets, Editing::WholeSets));
  std::vector<std::string> contents;
  for (const Json& record : body.at("rrsets").at(0).at("records")) {
    contents.push_back(record.at("content"));
  }
  CHECK(contents == std::vector<std::string>{R"("a" "b")", R"("ab")", R"("v=spf1 -all")"});
}
