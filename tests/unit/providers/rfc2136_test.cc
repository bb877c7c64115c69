// Dynamic updates on the wire: their parts, their signatures, and what changes turn into.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "providers/rfc2136/address.h"
#include "providers/rfc2136/changes.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/rfc2136/tsig.h"
#include "providers/rfc2136/wire.h"

using rampart::Name;
using rampart::RecordKey;
using rampart::RecordSet;
using rampart::RecordType;
using rampart::SetChange;
using rampart::StoredSets;
using rampart::TsigAlgorithm;
using rampart::TsigCheck;
using rampart::TsigKey;
using rampart::TypedSet;
using rampart::Update;
using namespace std::chrono_literals;

namespace {

const Name kZone = Name::literal("example.com");
const RecordKey kApex{kZone, RecordType::TXT};
constexpr std::chrono::sys_seconds kNow{1795219200s};

TsigKey key(TsigAlgorithm algorithm = TsigAlgorithm::HmacSha256) {
  return {Name::literal("rampart"), algorithm, "0123456789abcdef"};
}

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, {std::chrono::seconds(ttl), std::move(values)}};
}

/// A set as stored, each value cut as `wire_rdata` cuts it.
StoredSets stored(const Name& name, const TypedSet& set) {
  StoredSets sets;
  auto& one = sets[{name, set.type}];
  one.ttl = static_cast<std::uint32_t>(set.set.ttl.count());
  for (const std::string& value : set.set.values) {
    one.rdata[value] = {rampart::wire_rdata(set.type, value).value()};
  }
  return sets;
}

/// Prerequisites and changes of the update that a change becomes.
void check_counts(const SetChange& change, const StoredSets& sets, unsigned prerequisites,
                  unsigned changes) {
  const auto update = rampart::update_for(kZone, change, sets);
  REQUIRE(update.ok());
  const std::string wire = update->message(7);
  CHECK(rampart::read_u16(wire, 0) == 7);
  CHECK(rampart::read_u16(wire, 2) == 0x2800);
  CHECK(rampart::read_u16(wire, 4) == 1);
  CHECK(rampart::read_u16(wire, 6) == prerequisites);
  CHECK(rampart::read_u16(wire, 8) == changes);
  const std::string question = update->check(7);
  CHECK(rampart::read_u16(question, 6) == prerequisites);
  CHECK(rampart::read_u16(question, 8) == 0);
}

void check_conflict(const SetChange& change, const StoredSets& sets) {
  const auto update = rampart::update_for(kZone, change, sets);
  REQUIRE(!update.ok());
  CHECK(update.error().conflict);
}

/// An answer of `rcode` to a message, unsigned.
std::string answer(std::uint16_t id, unsigned rcode) {
  std::string wire;
  for (const unsigned field : {unsigned{id}, 0xa800U | rcode, 0U, 0U, 0U, 0U}) {
    rampart::append_u16(wire, field);
  }
  return wire;
}

}  // namespace

TEST_CASE("an update's octets are those of RFC 2136") {
  Update update(Name::literal("a.b"));
  update.require_values({Name::literal("x.a.b"), RecordType::TXT}, {std::string("\1y", 2)});
  update.require_absent({Name::literal("x.a.b"), RecordType::CNAME});
  update.require_used(Name::literal("a.b"));
  update.require_unused(Name::literal("z.a.b"));
  update.add({Name::literal("a.b"), RecordType::TXT}, 300, "\1n");
  update.remove({Name::literal("a.b"), RecordType::TXT}, "\1o");
  const std::string expected(
      "\0\1\x28\0\0\1\0\4\0\2\0\0"
      "\1a\1b\0\0\6\0\1"
      "\1x\1a\1b\0\0\x10\0\1\0\0\0\0\0\2\1y"
      "\1x\1a\1b\0\0\5\0\xfe\0\0\0\0\0\0"
      "\1a\1b\0\0\xff\0\xff\0\0\0\0\0\0"
      "\1z\1a\1b\0\0\xff\0\xfe\0\0\0\0\0\0"
      "\1a\1b\0\0\x10\0\1\0\0\1\x2c\0\2\1n"
      "\1a\1b\0\0\x10\0\xfe\0\0\0\0\0\2\1o",
      12 + 9 + 19 + 17 + 15 + 17 + 17 + 17);
  CHECK(update.message(1) == expected);
}

TEST_CASE("changes become single values under prerequisites") {
  const auto before = txt({"site=1", "v=spf1 -all"});
  const auto sets = stored(kZone, before);
  // The two values as stored and no CNAME; one value leaves, one comes.
  check_counts({kZone, before, txt({"site=1", "v=spf1 ~all"})}, sets, 3, 2);
  check_counts({kZone, before, txt({"site=1"})}, sets, 3, 1);
  check_counts({kZone, before, std::nullopt}, sets, 2, 2);
  // Another TTL rewrites the whole set.
  check_counts({kZone, before, txt({"site=1", "v=spf1 -all"}, 60)}, sets, 3, 4);
  check_counts({kZone, before, before}, sets, 0, 0);
  check_counts({Name::literal("_dmarc.example.com"), std::nullopt, txt({"v=DMARC1; p=none"})}, {},
               2, 1);
}

TEST_CASE("a CNAME may come to what a signer has added, and to nothing else") {
  const Name name = Name::literal("s1._domainkey.example.com");
  const TypedSet key = txt({"v=DKIM1; p="});
  const TypedSet alias{RecordType::CNAME, {std::chrono::seconds(60), {"t.example.net"}}};
  StoredSets sets = stored(name, key);
  sets[{name, RecordType::RRSIG}].rdata["TXT 13"] = {"x"};
  sets[{name, RecordType::NSEC}].rdata["a.example.com TXT"] = {"x"};
  CHECK(rampart::update_for(kZone, {name, key, alias}, sets).ok());
  sets[{name, RecordType::A}].rdata["192.0.2.1"] = {"\300\0\2\1"};
  CHECK_FALSE(rampart::update_for(kZone, {name, key, alias}, sets).ok());
}

TEST_CASE("a change whose before is not live is a conflict") {
  const auto sets = stored(kZone, txt({"site=1"}));
  check_conflict({kZone, txt({"site=2"}), txt({"site=3"})}, sets);
  check_conflict({kZone, txt({"site=1"}, 60), txt({"site=3"})}, sets);
  check_conflict({kZone, std::nullopt, txt({"site=3"})}, sets);
  check_conflict({kZone, txt({"site=1"}), txt({"site=3"})}, {});
}

TEST_CASE("a value is required and removed as it is cut at the server") {
  StoredSets sets;
  sets[kApex].ttl = 3600;
  sets[kApex].rdata["ab"] = {"\1a\1b"};
  const auto update = rampart::update_for(kZone, {kZone, txt({"ab"}), std::nullopt}, sets);
  REQUIRE(update.ok());
  CHECK(update->message(1).find("\4\1a\1b") != std::string::npos);
  CHECK(update->message(1).find("\2ab") == std::string::npos);
}

TEST_CASE("the changes of one name are never parted") {
  std::vector<SetChange> changes;
  std::vector<Update> updates;
  for (const char* name : {"a.example.com", "b.example.com", "a.example.com"}) {
    changes.push_back({Name::literal(name), std::nullopt, txt({name})});
    updates.push_back(rampart::update_for(kZone, changes.back(), {}).value());
  }
  CHECK(rampart::packed(kZone, changes, updates, 60000).size() == 1);
  const auto apart = rampart::packed(kZone, changes, updates, 1);
  REQUIRE(apart.size() == 2);
  CHECK(apart[0].size() == 2 * updates[0].size());
  CHECK(rampart::packed(kZone, {}, {}, 1).empty());
}

TEST_CASE("a signature holds for its message, key and time alone") {
  constexpr std::array kSizes = {20, 28, 32, 48, 64};
  const auto names = rampart::tsig_algorithms();
  REQUIRE(names.size() == kSizes.size());
  for (std::size_t index = 0; index < names.size(); ++index) {
    const TsigAlgorithm algorithm = *rampart::parse_tsig_algorithm(names[index]);
    const TsigKey ours = key(algorithm);
    const auto request = rampart::tsig_sign(Update(kZone).message(9), ours, kNow);
    const auto verdict = [&](const std::string& wire, const TsigKey& with,
                             std::chrono::sys_seconds now) {
      TsigCheck check(with, "");
      return check.next(wire, now).ok();
    };
    // What we sign is verified as an answer would be, were there no request before it.
    TsigKey other = ours;
    other.secret = "another";
    std::string spoilt = request.wire;
    spoilt[2] = static_cast<char>(spoilt[2] ^ 1);
    CHECK_FALSE(verdict(request.wire, other, kNow));
    CHECK_FALSE(verdict(spoilt, ours, kNow));
    CHECK_FALSE(verdict(request.wire, ours, kNow + 301s));
    CHECK(request.mac.size() == static_cast<std::size_t>(kSizes[index]));
  }
  CHECK_FALSE(rampart::parse_tsig_algorithm("hmac-md5").ok());
}

TEST_CASE("a server is an address or a host name") {
  const auto read = [](const char* text) {
    const auto address = rampart::parse_server_address(text);
    return address ? rampart::to_text(*address) : "";
  };
  CHECK(read("192.0.2.53") == "192.0.2.53:53");
  CHECK(read("127.0.0.1:5300") == "127.0.0.1:5300");
  CHECK(read("[::1]:5300") == "[::1]:5300");
  CHECK(read("2001:db8::53") == "[2001:db8::53]:53");
  CHECK(read("ns1.example.com") == "ns1.example.com:53");
  CHECK(read("ns1.example.com:5300") == "ns1.example.com:5300");
  CHECK(read("localhost") == "localhost:53");
  for (const char* bad :
       {"", ":53", "127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:", "127.0.0.1:53x", "127.0.0.1:053",
        "[127.0.0.1]:53", "[::1", "[::1]53", "300.1.2.3", "127.0.0", "ns1..example", "ns 1.example",
        "-ns.example", "ns_1.example", "dns://ns1.example.com"}) {
    CAPTURE(bad);
    CHECK(read(bad).empty());
  }
  const auto found = rampart::servers_at({"localhost", 5300});
  REQUIRE(found.ok());
  CHECK(std::ranges::all_of(*found, [](const rampart::Server& one) {
    return one.port == 5300 && (one.ip == "127.0.0.1" || one.ip == "::1");
  }));
  const auto missing = rampart::servers_at({"no-such-host.invalid", 53});
  REQUIRE_FALSE(missing.ok());
  CHECK_THAT(missing.error().what, Catch::Contains("no-such-host.invalid"));
}

TEST_CASE("an unsigned response is recognised") {
  const TsigKey ours = key();
  TsigCheck check(ours, "mac");
  const auto state = check.next(answer(9, 5), kNow);
  REQUIRE(state.ok());
  CHECK(*state == TsigCheck::State::Unsigned);
  CHECK_FALSE(check.next("short", kNow).ok());
}

TEST_CASE("answers are parsed, and what is none is refused") {
  const auto refused = rampart::parse_message(answer(9, 5));
  REQUIRE(refused.ok());
  CHECK(refused->id == 9);
  CHECK(rampart::rcode_text(refused->rcode) == "REFUSED");
  CHECK(rampart::rcode_text(23) == "response code 23");
  CHECK_FALSE(rampart::parse_message("").ok());
  CHECK_FALSE(rampart::parse_message(rampart::question_message(1, kZone, 16)).ok());
  CHECK_FALSE(rampart::parse_message(answer(9, 0).substr(0, 11)).ok());
}

TEST_CASE("values become RDATA") {
  const auto check = [](RecordType type, const std::string& value, const std::string& rdata) {
    const auto wire = rampart::wire_rdata(type, value);
    REQUIRE(wire.ok());
    CHECK(*wire == rdata);
  };
  check(RecordType::TXT, "", std::string("\0", 1));
  check(RecordType::TXT, std::string(256, 'a'), "\xff" + std::string(255, 'a') + "\1a");
  check(RecordType::CNAME, "t.example", std::string("\1t\7example\0", 11));
  check(RecordType::MX, "0 .", std::string("\0\0\0", 3));
  check(RecordType::A, "192.0.2.1", "\xc0" + std::string("\0\2\1", 3));
  CHECK_FALSE(rampart::wire_rdata(RecordType::A, "nonsense").ok());
}

TEST_CASE("keys are read without a word of the secret") {
  CHECK(rampart::parse_tsig_secret("AAEC").value() == std::string("\0\1\2", 3));
  CHECK(rampart::parse_tsig_secret("AA==").value() == std::string("\0", 1));
  for (const char* bad : {"", "A", "?secret?", "AAE"}) {
    const auto secret = rampart::parse_tsig_secret(bad);
    REQUIRE(!secret.ok());
    CHECK((bad[0] == '\0' || secret.error().what.find(bad) == std::string::npos ||
           std::string(bad) == "A"));
  }
  CHECK(rampart::parse_tsig_algorithm("hmac-sha512").ok());
  CHECK_FALSE(rampart::parse_tsig_algorithm("hmac-md5").ok());
}

TEST_CASE("what a provider lacks is named") {
  rampart::ProviderSettings settings;
  settings.name = "bind";
  const auto lacks = [&](const std::string& word) {
    const auto made = rampart::make_rfc2136_provider(settings);
    REQUIRE(!made.ok());
    INFO(made.error().what);
    CHECK(sentence(made.error()).find(word) != std::string::npos);
  };
  lacks("server");
  settings.settings["server"] = "127.0.0.1:5300";
  lacks("tsig_name");
  settings.settings["tsig_name"] = "rampart.";
  settings.settings["tsig_algorithm"] = "hmac-md5";
  lacks("hmac-sha256");
  settings.settings["tsig_algorithm"] = "hmac-sha512";
  lacks("RAMPART_TSIG_SECRET_BIND");
  settings.environment["RAMPART_TSIG_SECRET"] = "c2VjcmV0";
  CHECK(rampart::make_rfc2136_provider(settings).ok());
}
