// Route 53's text, answers, batches and walks, and the adapter against scripted answers.
#include "providers/route53/route53.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "providers/route53/answers.h"
#include "providers/route53/batches.h"
#include "providers/route53/text.h"
#include "providers/route53/walk.h"

using namespace rampart;
using namespace rampart::route53;
using namespace std::chrono_literals;

namespace {

const Name kZone = Name::literal("example.com");

void check_name(const std::string& name, const std::string& text) {
  CHECK(name_text(Name::literal(name)) == text);
  const auto read = read_name(text);
  REQUIRE(read.ok());
  CHECK(read->text() == name);
}

void check_value(RecordType type, const std::string& value, const std::string& text) {
  CHECK(value_text(type, value) == text);
  const auto read = read_value(type, text);
  REQUIRE(read.ok());
  CHECK(*read == value);
}

void check_read(RecordType type, const std::string& text, const std::string& value) {
  CAPTURE(text);
  const auto read = read_value(type, text);
  REQUIRE(read.ok());
  CHECK(*read == value);
}

SetChange change(const std::string& name, std::optional<std::string> before,
                 std::optional<std::string> after) {
  const auto side = [](const std::optional<std::string>& value) {
    return value ? std::optional(TypedSet{RecordType::TXT, {300s, {*value}}}) : std::nullopt;
  };
  return {Name::literal(name), side(before), side(after)};
}

Replacement replacement(const SetChange& change) {
  Replacement one{.change = change};
  if (change.before) {
    one.stored = StoredSet{.key = {change.name, change.before->type}, .set = change.before->set};
    for (const std::string& value : change.before->set.values) {
      one.stored->texts.push_back(value_text(RecordType::TXT, value));
    }
  }
  return one;
}

std::vector<std::size_t> packed_sizes(const std::vector<Replacement>& replacements) {
  const auto batches = pack(replacements);
  REQUIRE(batches.ok());
  std::vector<std::size_t> sizes;
  for (const Batch& batch : *batches) sizes.push_back(batch.size());
  return sizes;
}

std::string set_xml(const std::string& name, const std::string& type, const std::string& inner) {
  return fmt::format("<ResourceRecordSet><Name>{}</Name><Type>{}</Type>{}</ResourceRecordSet>",
                     name, type, inner);
}

std::string values_xml(const std::string& value) {
  return "<TTL>300</TTL><ResourceRecords><ResourceRecord><Value>" + value +
         "</Value></ResourceRecord></ResourceRecords>";
}

std::string zone_xml(const std::string& id, const std::string& name, const std::string& kept) {
  return fmt::format(
      "<HostedZone><Id>/hostedzone/{}</Id><Name>{}</Name><Config><PrivateZone>{}</PrivateZone>"
      "</Config><ResourceRecordSetCount>5</ResourceRecordSetCount></HostedZone>",
      id, name, kept);
}

HttpResponse ok(const std::string& body) { return {.status = 200, .body = body}; }

/// A host whose zones and sets are fixed texts; every batch is refused as invalid.
struct Host {
  std::string zones;
  std::string sets = {};
  std::map<std::string, std::string> sets_by_zone = {};
  std::map<Name, std::string> zone_ids = {};
  std::vector<std::string> asked = {};

  Result<std::unique_ptr<Provider>> provider() {
    ProviderSettings settings;
    settings.name = "aws";
    settings.zone_ids = zone_ids;
    settings.environment = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}};
    const Clock clock{.now = [] { return std::chrono::system_clock::time_point(); },
                      .sleep_for = [](std::chrono::nanoseconds) {}};
    return make_route53_provider(settings, clock,
                                 [this](const HttpRequest& request) { return answer(request); });
  }

  Exchange answer(const HttpRequest& request) {
    asked.push_back(request.method + " " + request.url);
    if (request.url.ends_with("/hostedzone")) {
      return ok("<ListHostedZonesResponse><HostedZones>" + zones +
                "</HostedZones><IsTruncated>false</IsTruncated></ListHostedZonesResponse>");
    }
    if (request.method == "GET") {
      for (const auto& [id, own] : sets_by_zone) {
        if (request.url.find("/" + id + "/rrset") != std::string::npos) sets = own;
      }
      return ok("<ListResourceRecordSetsResponse><ResourceRecordSets>" + sets +
                "</ResourceRecordSets><IsTruncated>false</IsTruncated>"
                "</ListResourceRecordSetsResponse>");
    }
    return HttpResponse{.status = 400,
                        .body =
                            "<InvalidChangeBatch><Messages><Message>no S here</Message>"
                            "</Messages></InvalidChangeBatch>"};
  }
};

/// A zone of `count` names n0000..., in pages of 300, counting the pages fetched.
struct LongList {
  int count = 0;
  int fetched = 0;

  static std::string name(int number) { return fmt::format("n{:04}.example.com.", number); }

  Result<SetPage> page(const std::optional<NextSet>& from) {
    ++fetched;
    SetPage page;
    int at = 0;
    while (at < count && from && name(at) < from->name) ++at;
    for (; at < count && page.sets.size() < 300; ++at) {
      page.sets.push_back(
          {.key = {Name::literal(fmt::format("n{:04}.example.com", at)), RecordType::TXT}});
    }
    if (at < count) page.next = NextSet{name(at), "TXT", ""};
    return page;
  }
};

void check_walk(int count, const std::vector<int>& wanted, WalkFrom from, int pages) {
  LongList list{.count = count};
  std::vector<Name> names;
  for (const int one : wanted) {
    names.push_back(Name::literal(fmt::format("n{:04}.example.com", one)));
  }
  const auto walked = walk(names, from, [&](const auto& place) { return list.page(place); });
  REQUIRE(walked.ok());
  CHECK(list.fetched == pages);
  for (const int one : wanted) {
    const bool found = std::ranges::any_of(walked->sets, [&](const StoredSet& set) {
      return set.key.name.text() == fmt::format("n{:04}.example.com", one);
    });
    CHECK(found == (one < count));
  }
}

}  // namespace

TEST_CASE("Route 53's names are octal beyond the plain octets") {
  check_name("example.com", "example.com.");
  check_name("_dmarc.example.com", "_dmarc.example.com.");
  check_name("a\\032b.example.com", "a\\040b.example.com.");
  check_name("a\\.b.example.com", "a\\056b.example.com.");
  check_name("a\\\\b.example.com", "a\\134b.example.com.");
  check_name("\\195\\169.example.com", "\\303\\251.example.com.");
  CHECK(read_name("\\052.Example.com.")->text() == "*.example.com");
  CHECK(read_name("a\\057b.example.com.")->text() == "a/b.example.com");
}

TEST_CASE("Route 53's values are octal beyond ASCII") {
  using enum RecordType;
  check_value(TXT, "", "\"\"");
  check_value(TXT, "v=spf1 -all", "\"v=spf1 -all\"");
  check_value(TXT, "a\"b\\c", R"("a\"b\\c")");
  check_value(TXT, "\\065", R"("\\065")");
  check_value(TXT, "\xC3\xB6\t", R"("\303\266\011")");
  check_value(TXT, std::string(255, 'x') + "y", "\"" + std::string(255, 'x') + "\" \"y\"");
  check_value(CNAME, "target.example.net", "target.example.net.");
  check_value(MX, "10 mx.example.com", "10 mx.example.com.");
  check_value(MX, "0 .", "0 .");
  check_value(CAA, "0 issue \"ca.example\"", "0 issue \"ca.example\"");
  check_read(TXT, R"("a""b")", "ab");
  check_read(TXT, R"("a" "b" )", "ab");
  check_read(TXT, R"("q\x1")", "qx1");
  check_read(TXT, R"("\8")", "8");
  check_read(TXT, R"("\0041")", "\0041");
  check_read(CNAME, "Target.example.net", "target.example.net");
  check_read(CNAME, "\\052.example.net.", "*.example.net");
  CHECK_FALSE(read_value(TXT, "\"open").ok());
}

TEST_CASE("any octets survive Route 53's text") {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  for (std::size_t from = 0; from < all.size(); ++from) {
    const std::string value = all.substr(from) + all.substr(0, from) + all;
    CHECK(*read_value(RecordType::TXT, value_text(RecordType::TXT, value)) == value);
  }
}

TEST_CASE("both forms of a refusal are read, and show whether to try again") {
  const auto results = [](int status, const std::string& body) {
    const HttpResponse response{.status = status, .body = body};
    const Refusal refusal = read_refusal(response);
    return fmt::format("{}: {} {}", refusal.code, refusal.message,
                       static_cast<int>(evaluate(response)));
  };
  const auto common = [](const std::string& code) {
    return "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>" + code +
           "</Code><Message>m</Message></Error></ErrorResponse>";
  };
  CHECK(results(400, common("Throttling")) == "Throttling: m 1");
  CHECK(results(400, common("PriorRequestNotComplete")) == "PriorRequestNotComplete: m 1");
  CHECK(results(503, common("SlowDown")) == "SlowDown: m 1");
  CHECK(results(500, common("InternalFailure")) == "InternalFailure: m 2");
  CHECK(results(403, common("AccessDenied")) == "AccessDenied: m 0");
  CHECK(results(400,
                "<InvalidChangeBatch><Messages><Message>a</Message><Message>b</Message>"
                "</Messages></InvalidChangeBatch>") == "InvalidChangeBatch: a; b 0");
  CHECK(results(429, "slow down") == ":  1");
  CHECK(results(502, "<html>") == ":  2");
  CHECK(results(200, "garbage") == ":  2");
  CHECK(results(200, "<Cut>") == ":  2");
}

TEST_CASE("batches are packed to both quotas, a name's changes together") {
  std::vector<Replacement> many;
  for (int number = 0; number < 1001; ++number) {
    many.push_back(replacement(change(fmt::format("n{}.example.com", number), {}, "x")));
  }
  CHECK(packed_sizes(many) == std::vector<std::size_t>{1000, 1});
  many.pop_back();
  CHECK(packed_sizes(many) == std::vector<std::size_t>{1000});
  many.erase(many.begin() + 998, many.end());
  for (const char* name : {"a.example.com", "b.example.com"}) {
    many.push_back(replacement(change(name, "old", "new")));
  }
  CHECK(packed_sizes(many) == std::vector<std::size_t>{999, 1});
  const std::string large(248, 'x');
  std::vector<Replacement> wide;
  for (int number = 0; number < 128; ++number) {
    wide.push_back(replacement(change(fmt::format("n{}.example.com", number), {}, large)));
  }
  CHECK(packed_sizes(wide) == std::vector<std::size_t>{128});
  wide.back() = replacement(change("n127.example.com", {}, large + "y"));
  CHECK(packed_sizes(wide) == std::vector<std::size_t>{127, 1});
  CHECK(packed_sizes({}).empty());
}

TEST_CASE("what no batch can hold is an Error before anything is sent") {
  SetChange wide = change("a.example.com", {}, "x");
  for (int number = 0; number < 160; ++number) {
    wide.after->set.values.insert(fmt::format("{:0200}", number));
  }
  CHECK(check_values(wide).ok());
  CHECK_FALSE(pack(std::vector{replacement(wide)}).ok());
  CHECK(check_values(change("a.example.com", {}, std::string(3953, 'x'))).ok());
  CHECK_FALSE(check_values(change("a.example.com", {}, std::string(3954, 'x'))).ok());
  CHECK_FALSE(check_values(change("a.example.com", {}, std::string(1000, '\xC3'))).ok());
}

TEST_CASE("a batch deletes what is stored, as it is stored, before it creates") {
  Replacement one = replacement(change("_dmarc.example.com", "old <&>", "new"));
  one.stored->texts = {"\"old\" \" <&>\""};
  const std::string xml = batch_xml({one});
  const auto contains = [&](const std::string& text) {
    return xml.find(text) != std::string::npos;
  };
  CHECK(contains("<Value>&quot;old&quot; &quot; &lt;&amp;&gt;&quot;</Value>"));
  CHECK(xml.find("DELETE") < xml.find("CREATE"));
  CHECK_FALSE(contains("UPSERT"));
}

TEST_CASE("a walk takes no more pages than names, nor than the zone has") {
  check_walk(10, {3}, WalkFrom::Start, 1);
  check_walk(900, {5, 6, 7}, WalkFrom::FirstName, 1);
  check_walk(900, {5, 899}, WalkFrom::FirstName, 2);
  check_walk(900, {5, 304, 305, 899}, WalkFrom::FirstName, 3);
  check_walk(900, {0, 150, 299, 300, 599, 600, 899}, WalkFrom::FirstName, 3);
  check_walk(900, {9999}, WalkFrom::FirstName, 1);
  check_walk(300, {1, 299, 300}, WalkFrom::Start, 1);
  check_walk(301, {1, 299, 300}, WalkFrom::Start, 2);
  check_walk(900, {}, WalkFrom::FirstName, 3);
  LongList stuck{.count = 900};
  CHECK_FALSE(walk({}, WalkFrom::Start, [&](const auto&) { return stuck.page({}); }).ok());
}

TEST_CASE("private zones are left out, and twins are refused by their ids") {
  Host host{
      .zones = zone_xml("Z1", "example.com.", "false") + zone_xml("Z2", "example.com.", "true") +
               zone_xml("Z3", "inner.example.com.", "true") +
               zone_xml("Z4", "twin.example.", "false") + zone_xml("Z5", "twin.example.", "false")};
  const auto provider = host.provider();
  REQUIRE(provider.ok());
  const auto zones = provider.value()->zones();
  REQUIRE(zones.ok());
  CHECK(*zones == std::vector{kZone, Name::literal("twin.example")});
  CHECK(provider.value()->read(kZone, {}).ok());
  const auto twins = provider.value()->read(Name::literal("twin.example"), {});
  REQUIRE(!twins.ok());
  CHECK(twins.error().what.find("Z4 and Z5") != std::string::npos);
  CHECK(twins.error().what.find("zone_ids") != std::string::npos);
  CHECK(provider.value()->ambiguous_zones() == std::vector{Name::literal("twin.example")});
  CHECK_FALSE(provider.value()->read(Name::literal("inner.example.com"), {}).ok());
}

// Z10: of two zones of one name, the YAML or the delegation chooses.
TEST_CASE("one of several zones of a name is chosen by zone_ids, else by the name's servers") {
  const Name twin = Name::literal("twin.example");
  const auto ns = [](const char* server) {
    return set_xml("twin.example.", "NS", values_xml(server));
  };
  const auto read_zone = [&](Host& host, const std::vector<const char*>& servers) {
    const auto provider = std::move(host.provider()).value();
    REQUIRE(provider->zones().ok());
    std::vector<Name> names;
    for (const char* server : servers) names.push_back(Name::literal(server));
    provider->choose_zone(twin, names);
    const auto read = provider->read(twin, {});
    if (!read) return std::string("none: ") + read.error().what;
    return host.asked.back().substr(host.asked.back().find("/hostedzone/") + 12, 2);
  };
  Host apart{
      .zones = zone_xml("Z4", "twin.example.", "false") + zone_xml("Z5", "twin.example.", "false"),
      .sets_by_zone = {{"Z4", ns("ns-1.awsdns-01.com.")}, {"Z5", ns("ns-2.awsdns-02.com.")}}};
  CHECK(read_zone(apart, {"ns-2.awsdns-02.com"}) == "Z5");
  CHECK(read_zone(apart, {"ns-1.awsdns-01.com", "other.example"}) == "Z4");
  // In a migration: neither, or both.
  CHECK_THAT(read_zone(apart, {"ns.elsewhere.example"}), Catch::StartsWith("none: "));
  CHECK_THAT(read_zone(apart, {"ns-1.awsdns-01.com", "ns-2.awsdns-02.com"}),
             Catch::Contains("zone_ids: {twin.example: Z4}"));
  apart.zone_ids = {{twin, "Z5"}};
  CHECK(read_zone(apart, {}) == "Z5");
}

TEST_CASE("special sets are read, noticed and never overwritten") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"<SetIdentifier>blue</SetIdentifier><Weight>1</Weight>", "weighted (\"blue\")"},
      {"<SetIdentifier>e</SetIdentifier><Region>eu-west-1</Region>", "routed by latency (\"e\")"},
      {"<SetIdentifier>g</SetIdentifier><GeoLocation/>", "routed by location (\"g\")"},
      {"<SetIdentifier>f</SetIdentifier><Failover>PRIMARY</Failover>", "a failover set (\"f\")"},
      {"<SetIdentifier>m</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer>",
       "a multi-value set (\"m\")"},
      {"<AliasTarget><DNSName>other.example.com.</DNSName></AliasTarget>",
       "an alias of other.example.com."}};
  const Name name = Name::literal("_dmarc.example.com");
  for (const auto& [inner, words] : cases) {
    CAPTURE(words);
    const bool alias = words.starts_with("an alias");
    Host host{
        .zones = zone_xml("Z1", "example.com.", "false"),
        .sets = set_xml("_dmarc.example.com.", "TXT", inner + (alias ? "" : values_xml("\"x\""))) +
                (alias ? "" : set_xml("_dmarc.example.com.", "TXT", inner + values_xml("\"y\"")))};
    const auto provider = host.provider();
    const auto read = provider.value()->read(kZone, std::span(&name, 1));
    REQUIRE(read.ok());
    CHECK(read->sets.at({name, RecordType::TXT}).values ==
          (alias ? std::set<std::string>{words} : std::set<std::string>{"x", "y"}));
    REQUIRE(read->notices.size() == 2);  // No TXT is written there, and no CNAME.
    CHECK(read->notices[0].blocks);
    CHECK(read->notices[0].written == RecordKey{name, RecordType::TXT});
    CHECK(read->notices[0].message.find("_dmarc.example.com TXT is " + words) == 0);
    const SetChange create = change("_dmarc.example.com", {}, "v=DMARC1; p=none");
    const auto written = provider.value()->write(kZone, std::span(&create, 1));
    REQUIRE(!written.ok());
    CHECK(written.error().what.find(words) != std::string::npos);
    CHECK(std::ranges::none_of(host.asked,
                               [](const std::string& one) { return one.starts_with("POST"); }));
  }
}

TEST_CASE("a batch that is refused though nothing moved is no conflict, and shows no secret") {
  Host host{.zones = zone_xml("Z1", "example.com.", "false")};
  const auto provider = host.provider();
  const SetChange create = change("a.example.com", {}, "x");
  const auto written = provider.value()->write(kZone, std::span(&create, 1));
  REQUIRE(!written.ok());
  CHECK_FALSE(written.error().conflict);
  CHECK(sentence(written.error()) == "route53: InvalidChangeBatch (400): no [redacted] here");
}
