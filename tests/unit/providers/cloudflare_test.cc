// Cloudflare: how contents are read, and how changes become edits of records.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "providers/cloudflare/edits.h"
#include "providers/cloudflare/json.h"

namespace cf = rampart::cloudflare;
using cf::Edit;
using cf::EditKind;
using cf::Record;
using rampart::Name;
using rampart::RecordKey;
using rampart::RecordSet;
using rampart::RecordType;
using rampart::SetChange;
using rampart::TypedSet;
using std::chrono::seconds;
using Json = nlohmann::json;

namespace {

const Name kZone = Name::literal("example.com");
const Name kSelector = Name::literal("s1._domainkey.example.com");
const std::string kA255(255, 'a');

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, RecordSet{seconds(ttl), std::move(values)}};
}

TypedSet cname(const std::string& target, int ttl = 3600) {
  return {RecordType::CNAME, RecordSet{seconds(ttl), {target}}};
}

Record text(const std::string& id, const std::string& value, int ttl = 3600) {
  return {id, {kZone, RecordType::TXT}, value, seconds(ttl)};
}

Record alias(const std::string& id, const std::string& value, int ttl = 3600) {
  return {id, {kSelector, RecordType::CNAME}, value, seconds(ttl)};
}

/// "- id", "~ id value ttl", "+ type value ttl": what a batch would do.
std::string show(const Edit& edit) {
  const std::string value = edit.value ? " " + *edit.value : "";
  const std::string ttl = edit.ttl ? " " + std::to_string(edit.ttl->count()) : "";
  if (edit.kind == EditKind::Delete) return "- " + edit.id;
  if (edit.kind == EditKind::Patch) return "~ " + edit.id + value + ttl;
  return "+ " + to_text(edit.key.type) + value + ttl;
}

void check_edits(const SetChange& change, const std::vector<Record>& records,
                 const std::vector<std::string>& wanted) {
  const auto edits = cf::edits_for(change, records, kZone);
  INFO((edits ? std::string("made") : edits.error().what));
  REQUIRE(edits.ok());
  std::vector<std::string> shown;
  for (const Edit& edit : *edits) shown.push_back(show(edit));
  CHECK(shown == wanted);
}

void check_refused(const SetChange& change, const std::vector<Record>& records,
                   const std::string& words, bool conflict) {
  const auto edits = cf::edits_for(change, records, kZone);
  REQUIRE_FALSE(edits.ok());
  CHECK_THAT(edits.error().what, Catch::Contains(words));
  CHECK(edits.error().conflict == conflict);
}

std::vector<Edit> posts(int count) {
  return std::vector<Edit>(
      static_cast<std::size_t>(count),
      Edit{.kind = EditKind::Post, .key = {kZone, RecordType::TXT}, .value = "x"});
}

/// The sizes of the batches that groups of these sizes come to; nothing where one is too large.
std::vector<std::size_t> packed(const std::vector<int>& sizes, std::size_t most) {
  std::vector<std::vector<Edit>> groups;
  for (const int size : sizes) groups.push_back(posts(size));
  const auto batches = cf::pack(groups, most);
  std::vector<std::size_t> out;
  if (!batches) return out;
  for (const auto& batch : *batches) out.push_back(batch.size());
  return out;
}

const SetChange kAddSpf{kZone, txt({"site=1"}), txt({"site=1", "v=spf1 -all"})};

}  // namespace

TEST_CASE("content is read as octets, however it is quoted and cut") {
  const auto [content, octets] = GENERATE_COPY(table<std::string, std::string>({
      {R"("v=spf1 -all")", "v=spf1 -all"},
      {"v=spf1 -all", "v=spf1 -all"},
      {R"("")", ""},
      {"", ""},
      {R"("a" "b")", "ab"},
      {R"("a""b")", "ab"},
      {R"("a" "b" )", "ab"},
      {R"( "a")", "a"},
      {R"("q\"u\\o")", R"(q"u\o)"},
      {R"("\195\182")", "\xC3\xB6"},
      {"\"\xC3\xB6\"", "\xC3\xB6"},
      {R"(back\slash)", R"(back\slash)"},
      {R"(v=DKIM1\; p=)", R"(v=DKIM1\; p=)"},
      {" blanks ", " blanks "},
      {"\"", "\""},
      {R"("open)", R"("open)"},
      {R"("a" b)", R"("a" b)"},
      {"\"" + kA255 + "\" \"b\"", kA255 + "b"},
      {kA255 + "b", kA255 + "b"},
  }));
  CHECK(cf::decode_content(content) == octets);
}

TEST_CASE("a changed value is one PATCH, and its siblings are left alone") {
  const std::vector<Record> records = {text("1", "site=1"), text("2", "v=spf1 ~all")};
  check_edits({kZone, txt({"site=1", "v=spf1 ~all"}), txt({"site=1", "v=spf1 -all"})}, records,
              {"~ 2 v=spf1 -all"});
}

TEST_CASE("values come, go and change") {
  const std::vector<Record> three = {text("1", "a"), text("2", "b"), text("3", "v=spf1 ~all")};
  const TypedSet before = txt({"a", "b", "v=spf1 ~all"});
  check_edits({kZone, before, txt({"a", "b", "c", "v=spf1 ~all"})}, three, {"+ TXT c 3600"});
  check_edits({kZone, before, txt({"a", "b"})}, three, {"- 3"});
  check_edits({kZone, before, txt({"a", "b", "new=1", "v=spf1 -all"})}, three,
              {"~ 3 v=spf1 -all", "+ TXT new=1 3600"});
  check_edits({kZone, before, txt({"x", "y", "v=spf1 ~all"})}, three,
              {"- 1", "- 2", "+ TXT x 3600", "+ TXT y 3600"});
  check_edits({kZone, before, std::nullopt}, three, {"- 1", "- 2", "- 3"});
  check_edits({kZone, std::nullopt, txt({"a"}, 300)}, {}, {"+ TXT a 300"});
  check_edits({kZone, before, before}, three, {});
}

TEST_CASE("two SPF records become one: one is changed, the other goes") {
  const std::vector<Record> two = {text("1", "v=spf1 -all"), text("2", "v=spf1 ~all")};
  check_edits({kZone, txt({"v=spf1 -all", "v=spf1 ~all"}), txt({"v=spf1 mx -all"})}, two,
              {"- 2", "~ 1 v=spf1 mx -all"});
}

TEST_CASE("one value kept twice is changed once") {
  const std::vector<Record> twice = {text("1", "a"), text("2", "a")};
  check_edits({kZone, txt({"a"}), txt({"b"})}, twice, {"~ 1 b", "- 2"});
  check_edits({kZone, txt({"a"}), txt({"a"}, 300)}, twice, {"~ 1 300", "~ 2 300"});
}

TEST_CASE("an automatic TTL is 300 seconds and stays automatic") {
  const std::vector<Record> automatic = {text("1", "a", 1), text("2", "v=spf1 ~all", 1)};
  const TypedSet before = txt({"a", "v=spf1 ~all"}, 300);
  CHECK(cf::sets_of(automatic, kZone).at({kZone, RecordType::TXT}) == before.set);
  check_edits({kZone, before, txt({"a", "v=spf1 -all"}, 300)}, automatic, {"~ 2 v=spf1 -all"});
  check_edits({kZone, before, txt({"a", "b", "v=spf1 ~all"}, 300)}, automatic, {"+ TXT b 1"});
  check_edits({kZone, before, txt({"a", "v=spf1 ~all"}, 600)}, automatic, {"~ 1 600", "~ 2 600"});
}

TEST_CASE(
    "where TTLs of one set differ, the smallest counts; a new TTL is written where it differs") {
  const std::vector<Record> mixed = {text("1", "a", 300), text("2", "b", 3600)};
  CHECK(cf::sets_of(mixed, kZone).at({kZone, RecordType::TXT}) == txt({"a", "b"}, 300).set);
  check_edits({kZone, txt({"a", "b"}, 300), txt({"a", "b"})}, mixed, {"~ 1 3600"});
}

TEST_CASE("a type changes in one batch") {
  check_edits({kSelector, cname("k.example.net"), txt({"v=DKIM1; p=x"})},
              {alias("1", "k.example.net")}, {"- 1", "+ TXT v=DKIM1; p=x 3600"});
}

TEST_CASE("a proxied CNAME is none, and becomes the one that is wanted") {
  const std::vector<Record> proxied = {
      {"1", {kSelector, RecordType::CNAME}, "k.example.net", seconds(1), true}};
  CHECK(cf::sets_of(proxied, kZone).empty());
  check_edits({kSelector, std::nullopt, cname("k.example.net")}, proxied,
              {"~ 1 k.example.net 3600"});
  check_refused({kSelector, std::nullopt, txt({"a"})}, proxied, "a proxied CNAME exists", false);
  check_refused({kSelector, cname("k.example.net"), cname("l.example.net")}, proxied,
                "not as it was read", true);
}

TEST_CASE("a flattened CNAME at the apex is not in the way") {
  const std::vector<Record> apex = {{"1", {kZone, RecordType::CNAME}, "w.example.net", seconds(1)}};
  CHECK(cf::sets_of(apex, kZone).empty());
  check_edits({kZone, std::nullopt, txt({"v=spf1 -all"})}, apex, {"+ TXT v=spf1 -all 3600"});
}

TEST_CASE("a set that is not as it was read is a conflict") {
  const std::vector<Record> other = {text("1", "site=2")};
  check_refused(kAddSpf, other, "not as it was read", true);
  check_refused(kAddSpf, {}, "not as it was read", true);
  check_refused(kAddSpf, {text("1", "site=1", 60)}, "not as it was read", true);
  check_refused({kZone, std::nullopt, txt({"a"})}, other, "not as it was read", true);
  check_refused({kSelector, txt({"a"}), cname("b")}, {alias("1", "c")}, "not as it was read", true);
}

TEST_CASE("a CNAME in the way is an error, no conflict") {
  check_refused({kSelector, std::nullopt, txt({"a"})}, {alias("1", "c")}, "a CNAME exists", false);
}

TEST_CASE("what the host would refuse or misread is refused, whatever is live") {
  const Name other = Name::literal("example.net");
  const std::string most(cf::kMostTxtOctets, 'a');
  const auto [change, words] = GENERATE_COPY(table<SetChange, std::string>({
      {{kZone, std::nullopt, txt({"a"}, 59)}, "60 to 86400 seconds"},
      {{kZone, std::nullopt, txt({"a"}, 60)}, ""},
      {{kZone, std::nullopt, txt({"a"}, 86400)}, ""},
      {{kZone, std::nullopt, txt({"a"}, 86401)}, "60 to 86400 seconds"},
      {{kZone, txt({"a"}, 30), txt({"b"}, 30)}, ""},
      {{kZone, txt({"a"}, 30), txt({"b"}, 31)}, "60 to 86400 seconds"},
      {{kZone, std::nullopt, txt({""})}, "no empty text"},
      {{kZone, std::nullopt, txt({most})}, ""},
      {{kZone, std::nullopt, txt({most + "a"})}, "2049 octets"},
      {{kZone, txt({most + "a"}), txt({most + "a", "b"})}, ""},
      {{other, std::nullopt, txt({"a"})}, "outside the zone"},
      {{other, txt({"a"}), std::nullopt}, "outside the zone"},
  }));
  const auto checked = cf::check_change(change, kZone);
  CHECK(checked.ok() == words.empty());
  if (!checked) CHECK_THAT(checked.error().what, Catch::Contains(words));
}

TEST_CASE("groups are packed into batches and never cut") {
  using Sizes = std::vector<std::size_t>;
  CHECK(packed({}, 200) == Sizes{});
  CHECK(packed({0, 0}, 200) == Sizes{});
  CHECK(packed({100, 100}, 200) == Sizes{200});
  CHECK(packed({100, 101}, 200) == Sizes{100, 101});
  CHECK(packed({200, 1, 199, 1}, 200) == Sizes{200, 200, 1});
  CHECK(packed({201}, 200) == Sizes{});
}

TEST_CASE("a batch says what is needed and no more") {
  const std::vector<Edit> edits = {
      {.kind = EditKind::Delete, .id = "1", .key = {kZone, RecordType::TXT}},
      {.kind = EditKind::Patch, .id = "2", .key = {kZone, RecordType::TXT}, .value = "a\"b"},
      {.kind = EditKind::Patch, .id = "3", .key = {kZone, RecordType::TXT}, .ttl = seconds(60)},
      {.kind = EditKind::Patch, .id = "4", .key = {kSelector, RecordType::CNAME}, .value = "k.net"},
      {.kind = EditKind::Post,
       .key = {kZone, RecordType::MX},
       .value = "10 mx.example.com",
       .ttl = seconds(300)},
      {.kind = EditKind::Post,
       .key = {kZone, RecordType::TXT},
       .value = kA255 + "b",
       .ttl = seconds(1)}};
  const auto body = cf::batch_body(edits);
  REQUIRE(body.ok());
  const std::string comment = "Rampart: e-mail authentication";
  CHECK(Json::parse(*body) == Json({{"deletes", Json::array({Json{{"id", "1"}}})},
                                    {"patches",
                                     {{{"id", "2"}, {"content", R"("a\"b")"}},
                                      {{"id", "3"}, {"ttl", 60}},
                                      {{"id", "4"}, {"content", "k.net"}, {"proxied", false}}}},
                                    {"posts",
                                     {{{"name", "example.com"},
                                       {"type", "MX"},
                                       {"content", "mx.example.com"},
                                       {"priority", 10},
                                       {"ttl", 300},
                                       {"comment", comment}},
                                      {{"name", "example.com"},
                                       {"type", "TXT"},
                                       {"content", "\"" + kA255 + "\" \"b\""},
                                       {"ttl", 1},
                                       {"comment", comment}}}}}));
  const std::vector<Edit> other = {
      {.kind = EditKind::Post, .key = {kZone, RecordType::CAA}, .value = "0 issue \"x\""}};
  CHECK_FALSE(cf::batch_body(other).ok());
}

namespace {

Json shown(const std::string& meta) {
  return {{"id", "1"},   {"name", "example.com"},        {"type", "TXT"},
          {"ttl", 3600}, {"content", "\"v=spf1 ~all\""}, {"meta", Json::parse(meta)}};
}

std::vector<Record> read_records(const std::vector<Json>& items) {
  const Json body = {{"success", true}, {"result", items}};
  const auto page = cf::read_page<Record>(body.dump());
  REQUIRE(page.ok());
  return page->items;
}

}  // namespace

TEST_CASE("what the host keeps for its products is read as locked") {
  const auto lock = [](const Json& item) { return read_records({item}).front().lock; };
  CHECK(lock(shown("{}")) == cf::Lock::None);
  CHECK(lock(shown("null")) == cf::Lock::None);
  CHECK(lock(shown(R"({"read_only": true})")) == cf::Lock::Product);
  CHECK(lock(shown(R"({"read_only": true, "email_routing": true})")) == cf::Lock::EmailRouting);
  CHECK(lock(shown(R"({"email_routing": true})")) == cf::Lock::Unlocked);
  Json old = shown("{}");
  old["locked"] = true;
  CHECK(lock(old) == cf::Lock::Product);
}

TEST_CASE("a locked record withholds only the change that needs it") {
  Record locked = text("1", "v=spf1 ~all");
  locked.lock = cf::Lock::EmailRouting;
  const std::vector<Record> records = {locked, text("2", "site=1")};
  const TypedSet before = txt({"v=spf1 ~all", "site=1"});
  check_edits({kZone, before, txt({"v=spf1 ~all", "site=1", "site=2"})}, records,
              {"+ TXT site=2 3600"});
  check_edits({kZone, before, txt({"v=spf1 ~all"})}, records, {"- 2"});
  check_refused({kZone, before, txt({"v=spf1 -all", "site=1"})}, records,
                "Email Routing keeps this record", false);
  check_refused({kZone, before, txt({"site=1"})}, records, "Email Routing", false);
  check_refused({kZone, before, txt({"v=spf1 ~all", "site=1"}, 600)}, records, "locks it", false);
  const auto notices = cf::notices_of(records, kZone);
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].topic == rampart::ZoneNotice::Topic::Locked);
  CHECK(notices[0].blocks);
  CHECK(notices[0].written == locked.key);
  CHECK(notices[0].value == locked.value);
  CHECK_THAT(notices[0].hint, Catch::Contains("unlock its DNS records"));
}

TEST_CASE("one locked record is found among many at its name") {
  std::vector<Record> records;
  std::set<std::string> before;
  std::set<std::string> after;
  for (int number = 0; number < 3000; ++number) {
    const std::string value = "site" + std::to_string(number) + "=1";
    records.push_back(text("id" + std::to_string(number), value));
    before.insert(value);
    if (number % 2 == 0) after.insert(value);
  }
  check_edits({kZone, txt(before), txt(before, 600)}, records, [&] {
    std::vector<std::string> wanted;
    for (const std::string& value : before) {
      const std::string id = "id" + value.substr(4, value.find('=') - 4);
      wanted.push_back("~ " + id + " 600");
    }
    return wanted;
  }());
  records[2000].lock = cf::Lock::Product;
  const auto kept = cf::edits_for({kZone, txt(before), txt(after)}, records, kZone);
  REQUIRE(kept.ok());
  CHECK(kept->size() == 1500);
  records[2001].lock = cf::Lock::Product;
  check_refused({kZone, txt(before), txt(after)}, records, "another product of Cloudflare", false);
  records[2001].lock = cf::Lock::Unlocked;
  CHECK(cf::edits_for({kZone, txt(before), txt(after)}, records, kZone).ok());
}

TEST_CASE("Email Routing takes no other MX, and a proxied CNAME nothing beside it") {
  Record mx{"1", {kZone, RecordType::MX}, "10 route1.mx.cloudflare.net", seconds(300)};
  mx.lock = cf::Lock::Unlocked;
  CHECK(cf::notices_of(std::vector{mx}, kZone).empty());
  mx.lock = cf::Lock::EmailRouting;
  const auto routed = cf::notices_of(std::vector{mx}, kZone);
  REQUIRE(routed.size() == 2);
  CHECK(routed[0].value == mx.value);
  CHECK(routed[1].written == mx.key);
  CHECK_FALSE(routed[1].value);
  Record proxied = alias("2", "cdn.example.net");
  proxied.proxied = true;
  const auto hidden = cf::notices_of(std::vector{proxied}, kZone);
  REQUIRE(hidden.size() == 2);
  CHECK(hidden[0].written == RecordKey{kSelector, RecordType::TXT});
  CHECK(hidden[0].topic == rampart::ZoneNotice::Topic::Record);
  proxied.lock = cf::Lock::Product;
  const auto tunnel = cf::notices_of(std::vector{proxied}, kZone);
  REQUIRE(tunnel.size() == 3);
  CHECK(tunnel[2].written == RecordKey{kSelector, RecordType::CNAME});
  CHECK_FALSE(tunnel[2].value);
}

TEST_CASE("a type or a name that cannot be represented makes no list unreadable") {
  Json odd = shown("{}");
  odd["type"] = "TOMORROW";
  Json nameless = shown("{}");
  nameless["id"] = "2";
  nameless["name"] = "a..b.example.com";
  const std::vector<Record> records = read_records({odd, nameless});
  REQUIRE(records.size() == 2);
  const auto sets = cf::sets_of(records, kZone);
  REQUIRE(sets.size() == 1);
  CHECK(sets.begin()->first == RecordKey{kZone, RecordType::Unknown});
}
