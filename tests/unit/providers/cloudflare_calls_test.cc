// Cloudflare: which requests the host gets, in how many calls, and what its answers come to.
#include "providers/cloudflare/cloudflare.h"

#include <catch2/catch.hpp>
#include <deque>
#include <nlohmann/json.hpp>

using rampart::Name;
using rampart::RecordSet;
using rampart::RecordType;
using rampart::SetChange;
using rampart::TypedSet;
using std::chrono::seconds;
using Json = nlohmann::json;

namespace {

const Name kZone = Name::literal("example.com");
const Name kDmarc = Name::literal("_dmarc.example.com");

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, RecordSet{seconds(ttl), std::move(values)}};
}

/// A host that gives prepared answers in turn and keeps the requests it received.
struct Script {
  std::deque<rampart::Exchange> answers;
  std::vector<rampart::HttpRequest> asked;

  rampart::Exchange next(const rampart::HttpRequest& request) {
    asked.push_back(request);
    if (answers.empty()) return rampart::NoAnswer{"the script is over", true, false};
    rampart::Exchange answer = answers.front();
    answers.pop_front();
    return answer;
  }

  Script& add(const Json& body, int status = 200) {
    answers.emplace_back(rampart::HttpResponse{status, {}, body.dump()});
    return *this;
  }

  /// A page of a list.
  Script& list(const std::vector<Json>& items, int per_page = 5000, int total = -1) {
    const int count = static_cast<int>(items.size());
    return add(
        {{"success", true},
         {"result", items},
         {"result_info", {{"per_page", per_page}, {"total_count", total < 0 ? count : total}}}});
  }

  Script& zone(const std::string& plan = "free") {
    return list({Json{{"id", "z1"},
                      {"name", "example.com"},
                      {"status", "active"},
                      {"plan", {{"legacy_id", plan}}}}});
  }

  Script& refuse(int status, int code, const std::string& message) {
    return add(
        {{"success", false}, {"errors", Json::array({Json{{"code", code}, {"message", message}}})}},
        status);
  }

  Script& accept() { return add({{"success", true}, {"result", Json::object()}}); }
};

constexpr const char* kToken = "secret-token-0123456789";

rampart::ProviderSettings settings(std::map<std::string, std::string> environment) {
  rampart::ProviderSettings out;
  out.name = "cf";
  out.environment = std::move(environment);
  return out;
}

std::unique_ptr<rampart::Provider> provider(Script& script) {
  rampart::HttpSettings http;
  http.exchange = [&script](const rampart::HttpRequest& request) { return script.next(request); };
  http.attempts = 2;
  const auto now = std::make_shared<std::chrono::system_clock::time_point>();
  rampart::Clock clock{[now] { return *now; },
                       [now](std::chrono::nanoseconds time) {
                         *now +=
                             std::chrono::duration_cast<std::chrono::system_clock::duration>(time);
                       }};
  auto made = rampart::make_cloudflare_provider(settings({{"CLOUDFLARE_API_TOKEN", kToken}}), clock,
                                                std::move(http));
  REQUIRE(made.ok());
  return std::move(made).value();
}

Json item(const std::string& id, const std::string& content, const std::string& type = "TXT",
          const std::string& name = "example.com") {
  return {{"id", id}, {"name", name}, {"type", type}, {"content", content}, {"ttl", 3600}};
}

const SetChange kAddSpf{kZone, txt({"site=1"}), txt({"site=1", "v=spf1 -all"})};

std::string path_of(const rampart::HttpRequest& request) {
  return request.method + " " + request.url.substr(request.url.find("/v4") + 3);
}

void check_asked(const Script& script, const std::vector<std::string>& wanted) {
  std::vector<std::string> asked;
  for (const rampart::HttpRequest& request : script.asked) asked.push_back(path_of(request));
  CHECK(asked == wanted);
}

}  // namespace

TEST_CASE("one name is queried by name, after one look-up of its zone") {
  Script script;
  script.zone().list({item("1", "\"site=1\"")}).list({});
  const auto host = provider(script);
  const auto read = host->read(kZone, std::vector{kZone});
  REQUIRE(read.ok());
  CHECK_FALSE(read->complete);
  CHECK(read->sets.at({kZone, RecordType::TXT}) == txt({"site=1"}).set);
  REQUIRE(host->read(kZone, std::vector{kDmarc}).ok());
  check_asked(script, {"GET /zones?name=example.com&page=1&per_page=50",
                       "GET /zones/z1/dns_records?name=example.com&page=1&per_page=5000",
                       "GET /zones/z1/dns_records?name=_dmarc.example.com&page=1&per_page=5000"});
}

TEST_CASE("a listing of zones spares the look-up") {
  Script script;
  script.zone().list({});
  const auto host = provider(script);
  const auto zones = host->zones();
  REQUIRE(zones.ok());
  CHECK(*zones == std::vector{kZone});
  REQUIRE(host->read(kZone, {}).ok());
  check_asked(script,
              {"GET /zones?page=1&per_page=50", "GET /zones/z1/dns_records?page=1&per_page=5000"});
}

TEST_CASE("several names are read in the way that takes fewer calls") {
  const std::vector names = {kZone, kDmarc};
  Script small;
  small.zone().list({item("1", "a"), item("2", "b", "TXT", "_dmarc.example.com")});
  const auto whole = provider(small)->read(kZone, names);
  REQUIRE(whole.ok());
  CHECK(whole->complete);
  CHECK(small.asked.size() == 2);

  Script large;
  large.zone().list({item("1", "a")}, 100, 401).list({item("1", "a")}, 100).list({}, 100);
  const auto narrow = provider(large)->read(kZone, names);
  REQUIRE(narrow.ok());
  CHECK_FALSE(narrow->complete);
  CHECK(large.asked.size() == 4);

  Script middle;
  middle.zone().list({item("1", "a")}, 1, 3).list({item("2", "b")}, 1, 3);
  middle.list({item("3", "c")}, 1, 3);
  const auto paged = provider(middle)->read(kZone, names);
  REQUIRE(paged.ok());
  CHECK(paged->sets.at({kZone, RecordType::TXT}).values == std::set<std::string>{"a", "b", "c"});
}

TEST_CASE("pages end where the list does") {
  Script silent;  // Neither page size nor total: asked until a page is empty.
  silent.zone().list({item("1", "a")}, 0, 0).list({item("2", "b")}, 0, 0).list({}, 0, 0);
  REQUIRE(provider(silent)->read(kZone, {}).ok());
  CHECK(silent.asked.size() == 4);

  Script repeating;  // A host that knows no pages gives the same one for ever.
  repeating.zone().list({item("1", "a")}, 0, 0).list({item("1", "a")}, 0, 0);
  REQUIRE(provider(repeating)->read(kZone, {}).ok());

  Script moving;  // A record that slipped to an earlier page meanwhile was not seen.
  moving.zone().list({item("1", "a")}, 1, 3).list({item("2", "a")}, 1, 3);
  moving.list({item("2", "a")}, 1, 3);
  const auto read = provider(moving)->read(kZone, {});
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().retryable);
}

TEST_CASE("records of every type are read") {
  Json mx = item("1", "MX.example.net", "MX");
  mx["priority"] = 10;
  Json caa = item("2", "0 issue \"ca.example\"", "CAA");
  Json proxied = item("3", "k.example.net", "CNAME", "s1._domainkey.example.com");
  proxied["proxied"] = true;  // Served as addresses, so that no CNAME is seen.
  Json srv = item("4", "", "SRV", "_sip._tcp.example.com");
  srv.erase("content");
  srv["data"] = {{"port", 5060}};
  Script script;
  script.zone().list({mx, caa, proxied, srv, item("5", "1 . alpn=h2", "HTTPS")});
  const auto read = provider(script)->read(kZone, {});
  REQUIRE(read.ok());
  std::vector<std::string> shown;
  for (const auto& [key, set] : read->sets) {
    shown.push_back(key.name.text() + " " + to_text(key.type) + " " + *set.values.begin());
  }
  CHECK(shown == std::vector<std::string>{R"(_sip._tcp.example.com SRV {"port":5060})",
                                          "example.com MX 10 mx.example.net",
                                          "example.com HTTPS 1 . alpn=h2",
                                          R"(example.com CAA 0 issue "ca.example")"});
}

TEST_CASE("a write is one look and one batch") {
  Script script;
  script.zone().list({item("1", "\"site=1\"")}).accept();
  const auto written = provider(script)->write(kZone, std::vector{kAddSpf});
  REQUIRE(written.ok());
  check_asked(script, {"GET /zones?name=example.com&page=1&per_page=50",
                       "GET /zones/z1/dns_records?name=example.com&page=1&per_page=5000",
                       "POST /zones/z1/dns_records/batch"});
  CHECK(Json::parse(script.asked.back().body).at("posts").size() == 1);
}

TEST_CASE("nothing is sent where a change is not as it was read") {
  Script script;
  script.zone().list({item("1", "site=2")});
  const auto written = provider(script)->write(kZone, std::vector{kAddSpf});
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().conflict);
  CHECK(script.asked.size() == 2);
}

TEST_CASE("batches keep to the plan of the zone") {
  for (const auto& [plan, batches] : {std::pair{"free", 2}, std::pair{"pro", 1}}) {
    std::vector<SetChange> changes;
    for (int number = 0; number < 201; ++number) {
      const Name name = Name::literal("n" + std::to_string(number) + ".example.com");
      changes.push_back({name, std::nullopt, txt({"x"})});
    }
    Script script;
    script.zone(plan).list({}).accept().accept();
    REQUIRE(provider(script)->write(kZone, changes).ok());
    CHECK(static_cast<int>(script.asked.size()) == 2 + batches);
  }
}

TEST_CASE("after a first batch an error no longer says that nothing was written") {
  std::vector<SetChange> changes;
  for (int number = 0; number < 201; ++number) {
    const Name name = Name::literal("n" + std::to_string(number) + ".example.com");
    changes.push_back({name, std::nullopt, txt({"x"})});
  }
  Script script;
  script.zone().list({}).accept().refuse(400, 81058, "An identical record already exists.");
  script.list({item("9", "y", "TXT", "n200.example.com")});
  const auto written = provider(script)->write(kZone, changes);
  REQUIRE_FALSE(written.ok());
  CHECK_FALSE(written.error().conflict);
  CHECK_THAT(written.error().what, Catch::Contains("one batch was already written"));
}

TEST_CASE("a batch that arrived twice is found to have been written") {
  Script script;
  script.zone().list({item("1", "site=1")}).refuse(400, 81058, "An identical record exists.");
  script.list({item("1", "site=1"), item("2", "v=spf1 -all")});
  CHECK(provider(script)->write(kZone, std::vector{kAddSpf}).ok());
}

TEST_CASE("a record that somebody else removed meanwhile is a conflict") {
  const SetChange change{kZone, txt({"a"}), txt({"b"})};
  Script script;
  script.zone().list({item("1", "a")}).refuse(404, 81044, "Record does not exist.").list({});
  const auto written = provider(script)->write(kZone, std::vector{change});
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().conflict);
}

TEST_CASE("a batch whose answer is lost is not sent again") {
  Script script;
  script.zone().list({item("1", "site=1")});
  script.answers.emplace_back(rampart::NoAnswer{"the connection closed", true, true});
  script.accept();
  const auto written = provider(script)->write(kZone, std::vector{kAddSpf});
  REQUIRE_FALSE(written.ok());
  CHECK_FALSE(written.error().conflict);
  CHECK(script.asked.size() == 3);
}

TEST_CASE("refusals say what to do") {
  struct Refused {
    int status;
    int code;
    std::string words;
    bool retryable;
  };
  const auto refused = GENERATE(values<Refused>({
      {403, 10000, "DNS Write", false},
      {403, 9109, "DNS Write", false},
      {400, 6003, "malformed", false},
      {401, 1000, "expired or revoked", false},
      {400, 81053, "CNAME record already exists", false},
      {400, 1004, "invalid", false},
      {404, 7003, "the token cannot reach it", false},
      {429, 971, "too many requests", true},
      {500, 1101, "status 500", true},
  }));
  Script script;
  script.zone().list({item("1", "site=1")});
  for (int time = 0; time < 2; ++time) script.refuse(refused.status, refused.code, "Said so");
  const auto written = provider(script)->write(kZone, std::vector{kAddSpf});
  REQUIRE_FALSE(written.ok());
  CHECK_THAT(written.error().what, Catch::Contains(refused.words) && Catch::Contains("Said so"));
  CHECK(written.error().retryable == refused.retryable);
  CHECK(written.error().where == "cf: writing zone example.com");
}

TEST_CASE("the permission that is missing is named for what was tried") {
  Script listing;
  listing.refuse(403, 9109, "Unauthorized");
  CHECK_THAT(provider(listing)->zones().error().what, Catch::Contains("Zone Read"));
  Script reading;
  reading.zone().refuse(403, 10000, "Authentication error");
  CHECK_THAT(provider(reading)->read(kZone, {}).error().what, Catch::Contains("DNS Read"));
  Script hidden;
  hidden.list({});
  CHECK_THAT(provider(hidden)->read(kZone, {}).error().what, Catch::Contains("Zone Read"));
}

TEST_CASE("of two zones of one name the active one counts") {
  const auto twin = [](const char* id, const char* status) {
    return Json{{"id", id}, {"name", "example.com"}, {"status", status}};
  };
  Script one;
  one.list({twin("old", "pending"), twin("new", "active")}).list({});
  REQUIRE(provider(one)->read(kZone, {}).ok());
  CHECK_THAT(one.asked.back().url, Catch::Contains("/zones/new/"));
  Script none;
  none.list({twin("old", "pending"), twin("new", "moved")});
  CHECK_THAT(provider(none)->read(kZone, {}).error().what, Catch::Contains("two accounts"));
}

// Z5: what the token does not reach may exist, and a second zone would be of no use.
TEST_CASE("a zone that is not listed is a matter of the token's permissions") {
  Script script;
  script.list({Json{{"id", "z1"}, {"name", "example.org"}, {"status", "active"}},
               Json{{"id", "z2"}, {"name", "example.net"}, {"type", "partial"}},
               Json{{"id", "z3"}, {"name", "example.info"}, {"type", "secondary"}}});
  const auto host = provider(script);
  CHECK(*host->zones() == std::vector{Name::literal("example.org")});
  const auto missing = host->missing_zone(kZone);
  CHECK_THAT(missing.why, Catch::Contains("its API token reaches 1 zone"));
  CHECK_THAT(missing.advice, Catch::Contains("Zone > Zone > Read and Zone > DNS > Edit"));
  CHECK_THAT(missing.advice, !Catch::Contains("create"));
  CHECK_THAT(host->missing_zone(Name::literal("mail.example.net")).why,
             Catch::Contains("as a partial zone (CNAME setup)"));
  CHECK_THAT(host->missing_zone(Name::literal("example.info")).why,
             Catch::Contains("as a secondary zone"));
  Script none;
  none.list({});
  const auto nothing = provider(none);
  REQUIRE(nothing->zones().ok());
  CHECK_THAT(nothing->missing_zone(kZone).why, Catch::Contains("no zone at all"));
}

TEST_CASE("answers that are no answers are errors") {
  for (const char* body : {"", "<html>", "{", "{}", "[]", R"({"success":true})",
                           R"({"success":true,"result":[{"id":1}]})",
                           R"({"success":true,"result":[{"id":"1","name":"a..b"}]})"}) {
    Script script;
    for (int time = 0; time < 2; ++time) {
      script.answers.emplace_back(rampart::HttpResponse{200, {}, body});
    }
    INFO(body);
    CHECK_FALSE(provider(script)->zones().ok());
  }
}

TEST_CASE("no error holds the token, and it is sent in one header only") {
  Script script;
  script.refuse(403, 9109, std::string("token ") + kToken + "\x1b[31m is not known");
  const auto zones = provider(script)->zones();
  CHECK_THAT(zones.error().what, !Catch::Contains(kToken) && !Catch::Contains("\x1b"));
  const rampart::HttpRequest& request = script.asked.front();
  CHECK(request.headers.front() ==
        rampart::HttpHeader{"Authorization", std::string("Bearer ") + kToken});
  CHECK_THAT(request.url, !Catch::Contains(kToken));
}

TEST_CASE("a token comes from the environment, the account's own first") {
  const auto made = [](std::map<std::string, std::string> environment) {
    return rampart::make_cloudflare_provider(settings(std::move(environment)));
  };
  const auto none = made({});
  REQUIRE_FALSE(none.ok());
  CHECK_THAT(none.error().what,
             Catch::Contains("CLOUDFLARE_API_TOKEN") && Catch::Contains("CLOUDFLARE_API_TOKEN_CF"));
  CHECK(made({{"CLOUDFLARE_API_TOKEN_CF", "a"}}).ok());
  const auto broken = made({{"CLOUDFLARE_API_TOKEN", "fine"}, {"CLOUDFLARE_API_TOKEN_CF", "a\nb"}});
  REQUIRE_FALSE(broken.ok());
  CHECK_THAT(broken.error().what, !Catch::Contains("a\nb"));
}

TEST_CASE("the pace is a setting") {
  for (const auto& [pace, fine] : {std::pair("2.5", true), std::pair("0", false),
                                   std::pair("x", false), std::pair("2 ", false)}) {
    rampart::ProviderSettings wanted = settings({{"CLOUDFLARE_API_TOKEN", kToken}});
    wanted.settings["requests_per_second"] = pace;
    CHECK(rampart::make_cloudflare_provider(wanted).ok() == fine);
  }
}
