#include "dns/resolver/resolver.h"

#include <catch2/catch.hpp>

#include "dns/resolver/server.h"
#include "dns/resolver/timers.h"
#include "dns/resolver/wire.h"

using namespace rampart;
using namespace std::chrono_literals;

namespace {

const Question kTxt{Name::literal("a.example"), RecordType::TXT};

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string wire(std::string_view name) { return Name::literal(name).wire(); }

/// A resource record with its owner in full.
std::string rr(std::string_view owner, RecordType type, unsigned ttl, const std::string& rdata) {
  return wire(owner) + number(static_cast<unsigned>(type)) + number(1) + number(0) + number(ttl) +
         number(static_cast<unsigned>(rdata.size())) + rdata;
}

std::string txt(std::string_view owner, unsigned ttl, const std::string& text) {
  return rr(owner, RecordType::TXT, ttl, static_cast<char>(text.size()) + text);
}

std::string cname(std::string_view owner, unsigned ttl, std::string_view target) {
  return rr(owner, RecordType::CNAME, ttl, wire(target));
}

std::string soa(unsigned ttl, unsigned minimum) {
  const std::string numbers = number(0) + number(1) + std::string(12, '\0');
  return rr("example", RecordType::SOA, ttl,
            wire("ns.example") + wire("h.example") + numbers + number(0) + number(minimum));
}

struct Message {
  unsigned flags = 0x8580;  // A response, authoritative, recursion desired and available.
  std::vector<std::string> answer;
  std::vector<std::string> authority;
  unsigned id = 7;
};

std::string message(const Message& parts, const Question& question = kTxt) {
  std::string text = number(parts.id) + number(parts.flags) + number(1) +
                     number(static_cast<unsigned>(parts.answer.size())) +
                     number(static_cast<unsigned>(parts.authority.size())) + number(0) +
                     question_section(question);
  for (const std::string& record : parts.answer) text += record;
  for (const std::string& record : parts.authority) text += record;
  return text;
}

Reply parse(const std::string& text, Recursion recursion = Recursion::Desired, Edns edns = Edns::On,
            const Question& question = kTxt) {
  return parse_reply(text, question_section(question), 7, recursion, edns);
}

/// Checks how a message without records comes out by its flags.
void check_kind(unsigned flags, ReplyKind kind, const std::string& failure,
                Recursion recursion = Recursion::Desired, Edns edns = Edns::On) {
  CAPTURE(flags);
  const Reply reply = parse(message({.flags = flags}), recursion, edns);
  CHECK(reply.kind == kind);
  CHECK(reply.failure == failure);
}

void check_value(RecordType type, const std::string& rdata, const std::string& value) {
  CAPTURE(value);
  const Question question{Name::literal("a.example"), type};
  const Reply reply = parse(message({.answer = {rr("a.example", type, 60, rdata)}}, question),
                            Recursion::Desired, Edns::On, question);
  REQUIRE(reply.kind == ReplyKind::Answer);
  CHECK(reply.answer.values == std::vector<std::string>{value});
}

void check_server(std::string_view text, std::string_view printed) {
  CAPTURE(text);
  const auto server = parse_server(text);
  REQUIRE(server.ok());
  CHECK(to_text(*server) == printed);
}

}  // namespace

TEST_CASE("a query message, octet for octet") {
  std::string out;
  append_query(out, question_section(kTxt), 0x1234, Recursion::Desired, Edns::On);
  const std::string expected(
      "\x12\x34\x01\x20\x00\x01\x00\x00\x00\x00\x00\x01"
      "\x01"
      "a\x07"
      "example\x00\x00\x10\x00\x01"
      "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00",
      38);
  CHECK(out == expected);
  out.clear();
  append_query(out, question_section(kTxt), 1, Recursion::Off, Edns::Off);
  CHECK(out.size() == 27);
  CHECK(out[2] == 0);
  CHECK(out[11] == 0);
}

TEST_CASE("replies that are not ours are ignored") {
  const std::string good = message({.answer = {txt("a.example", 60, "x")}});
  CHECK(parse(good).kind == ReplyKind::Answer);
  CHECK(parse(message({.id = 8})).kind == ReplyKind::NotOurs);
  CHECK(parse(message({.flags = 0x0580})).kind == ReplyKind::NotOurs);  // A query.
  CHECK(parse(message({.flags = 0xad80})).kind == ReplyKind::NotOurs);  // An update's reply.
  CHECK(parse(message({}, {Name::literal("b.example"), RecordType::TXT})).kind ==
        ReplyKind::NotOurs);
  CHECK(parse(message({}, {Name::literal("a.example"), RecordType::MX})).kind ==
        ReplyKind::NotOurs);
  for (std::size_t size = 0; size < 12 + question_section(kTxt).size(); ++size) {
    CHECK(parse(good.substr(0, size)).kind == ReplyKind::NotOurs);
  }
  std::string shouting = good;
  shouting[13] = 'A';
  CHECK(parse(shouting).kind == ReplyKind::Answer);
}

TEST_CASE("response codes and flags") {
  check_kind(0x8580, ReplyKind::Answer, "");
  check_kind(0x8583, ReplyKind::Answer, "");
  check_kind(0x8780, ReplyKind::Truncated, "");
  check_kind(0x8582, ReplyKind::Failure, "SERVFAIL");
  check_kind(0x8585, ReplyKind::Failure, "refused");
  check_kind(0x8589, ReplyKind::Failure, "response code 9");
  check_kind(0x8581, ReplyKind::NoEdns, "");
  check_kind(0x8584, ReplyKind::NoEdns, "");
  check_kind(0x8581, ReplyKind::Failure, "FORMERR", Recursion::Desired, Edns::Off);
  check_kind(0x8584, ReplyKind::Failure, "NOTIMP", Recursion::Desired, Edns::Off);
  check_kind(0x8180, ReplyKind::Failure, "lame (not authoritative)", Recursion::Off);
  check_kind(0x8183, ReplyKind::Failure, "lame (not authoritative)", Recursion::Off);
  check_kind(0x8100, ReplyKind::Failure, "does not answer recursive queries (a referral)");
  check_kind(0x8180, ReplyKind::Answer, "");
}

TEST_CASE("AD counts from a resolver, whatever its answer holds") {
  const auto authenticated = [](unsigned flags, std::vector<std::string> records,
                                Recursion recursion) {
    return parse(message({.flags = flags, .answer = std::move(records)}), recursion).authenticated;
  };
  const std::vector<std::string> some = {txt("a.example", 60, "x")};
  CHECK(authenticated(0x81a0, some, Recursion::Desired));
  CHECK(authenticated(0x81a0, {}, Recursion::Desired));
  CHECK(authenticated(0x81a3, {}, Recursion::Desired));
  CHECK_FALSE(authenticated(0x8180, some, Recursion::Desired));
  // An authoritative server has validated nothing.
  CHECK_FALSE(authenticated(0x8420, some, Recursion::Off));
}

TEST_CASE("an error without a question is believed to be one") {
  const std::string bare = number(7) + number(0x8581) + std::string(8, '\0');
  CHECK(parse(bare).kind == ReplyKind::NoEdns);
  const std::string empty = number(7) + number(0x8580) + std::string(8, '\0');
  CHECK(parse(empty).kind == ReplyKind::NotOurs);
}

TEST_CASE("values in canonical form") {
  check_value(RecordType::TXT, std::string("\3a;\xff\2\"\\", 7), "a;\xff\"\\");
  check_value(RecordType::TXT, std::string("\0", 1), "");
  check_value(RecordType::A, std::string("\xc0\0\2\1", 4), "192.0.2.1");
  check_value(RecordType::AAAA, std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16),
              "2001:db8::1");
  check_value(RecordType::MX, number(10) + std::string("\2MX\7Example\0", 12), "10 mx.example");
  check_value(RecordType::MX, number(0) + std::string(1, '\0'), "0 .");
  check_value(RecordType::CNAME, wire("b.example"), "b.example");
  check_value(RecordType::NS, std::string("\3a.b\7example\0", 13), "a\\.b.example");
  check_value(RecordType::SRV, number(1) + number(2) + number(443) + wire("b.example"),
              "1 2 443 b.example");
  check_value(RecordType::CAA, std::string("\0\5issueca.example", 17), "0 issue \"ca.example\"");
}

TEST_CASE("values keep their order and their doubles, others' records are left out") {
  const Reply reply =
      parse(message({.answer = {txt("a.example", 60, "b"), txt("a.example", 30, "a"),
                                txt("x.example", 5, "c"), txt("A.EXAMPLE", 60, "b")}}));
  CHECK(reply.answer.values == std::vector<std::string>{"b", "a", "b"});
  CHECK(reply.answer.ttl == 30s);
  CHECK(reply.answer.cnames.empty());
}

TEST_CASE("CNAMEs are followed within the message, in any order") {
  const Reply reply =
      parse(message({.answer = {txt("c.example", 60, "x"), cname("b.example", 20, "c.example"),
                                cname("a.example", 40, "b.example")}}));
  CHECK(reply.answer.status == AnswerStatus::Data);
  CHECK(reply.answer.cnames ==
        std::vector<Name>{Name::literal("b.example"), Name::literal("c.example")});
  CHECK(reply.answer.ttl == 20s);
  const Question asked{Name::literal("a.example"), RecordType::CNAME};
  const Reply alone = parse(message({.answer = {cname("a.example", 40, "B.example")}}, asked),
                            Recursion::Desired, Edns::On, asked);
  CHECK(alone.answer.values == std::vector<std::string>{"b.example"});
  CHECK(alone.answer.cnames.empty());
}

TEST_CASE("a loop of CNAMEs is a failure") {
  const Reply reply = parse(
      message({.answer = {cname("a.example", 40, "b.example"), cname("b.example", 40, "a.example"),
                          cname("c.example", 40, "b.example")}}));
  CHECK(reply.kind == ReplyKind::Failure);
  CHECK(reply.failure == "a loop of CNAMEs");
}

TEST_CASE("negative answers and how long they live") {
  const Reply nodata = parse(message({.authority = {soa(600, 60)}}));
  CHECK(nodata.answer.status == AnswerStatus::NoData);
  CHECK(nodata.answer.ttl == 60s);
  const Reply missing = parse(message({.flags = 0x8583, .authority = {soa(30, 600)}}));
  CHECK(missing.answer.status == AnswerStatus::NxDomain);
  CHECK(missing.answer.ttl == 30s);
  CHECK(parse(message({})).answer.ttl == 0s);
  const Reply chain = parse(message({.flags = 0x8583,
                                     .answer = {cname("a.example", 10, "gone.example")},
                                     .authority = {soa(600, 60)}}));
  CHECK(chain.answer.status == AnswerStatus::NxDomain);
  CHECK(chain.answer.cnames.size() == 1);
  CHECK(chain.answer.ttl == 10s);
}

TEST_CASE("records that overrun the message are malformed, and the server gets another chance") {
  const std::string good = message({.answer = {txt("a.example", 60, "some text")}});
  const Reply reply = parse(good.substr(0, good.size() - 3));
  CHECK(reply.kind == ReplyKind::Failure);
  CHECK(reply.failure == "malformed answer");
  CHECK(reply.transient);
}

TEST_CASE("servers are written and read") {
  check_server("192.0.2.1", "192.0.2.1:53");
  check_server("192.0.2.1:5353", "192.0.2.1:5353");
  check_server("2001:db8::1", "[2001:db8::1]:53");
  check_server("[2001:db8::1]", "[2001:db8::1]:53");
  check_server("[2001:db8::1]:5353", "[2001:db8::1]:5353");
  for (const std::string_view bad :
       {"", "ns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:5x",
        "[192.0.2.1]:53", "[2001:db8::1", "[2001:db8::1]x", "300.0.2.1", ":53", "192.0.2.1 "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_server(bad).ok());
  }
}

TEST_CASE("resolv.conf") {
  const auto servers = parse_resolv_conf(
      "# nameserver 192.0.2.9\nsearch example\n  nameserver\t192.0.2.1 ; the first\r\n"
      "nameserver 2001:db8::1\nnameserver nonsense\nnameserver 192.0.2.3\nnameserver 192.0.2.4");
  CHECK(servers == std::vector<Server>{{"192.0.2.1", 53}, {"2001:db8::1", 53}, {"192.0.2.3", 53}});
  CHECK(parse_resolv_conf("") == std::vector<Server>{{"127.0.0.1", 53}});
}

TEST_CASE("patience adapts to a server's round trips") {
  const ResolverLimits limits;
  ServerState state = make_server_state({"127.0.0.1", 53}, {}, {});
  CHECK(state.patience(limits, 0) == 400ms);
  CHECK(state.patience(limits, 1) == 800ms);
  CHECK(state.patience(limits, 9) == 2000ms);
  state.saw_answer(100us);
  CHECK(state.patience(limits, 0) == 150ms);
  for (int times = 0; times < 50; ++times) state.saw_answer(250ms);
  CHECK(state.patience(limits, 0) > 250ms);
  CHECK(state.patience(limits, 0) < 400ms);
}

TEST_CASE("a server is dead when it never answered, not when it misses a few") {
  const SteadyTime start{1h};
  ServerState silent = make_server_state({"127.0.0.1", 53}, {}, {});
  silent.first_sent = start;
  for (int times = 0; times < 20; ++times) CHECK_FALSE(silent.saw_silence(start + 1s));
  CHECK(silent.saw_silence(start + 2s));
  CHECK(final_record(silent).dead);

  ServerState suspect = make_server_state({"127.0.0.1", 53}, {}, {.dead = true});
  suspect.first_sent = start;
  CHECK(suspect.saw_silence(start + 1ms));

  ServerState flaky = make_server_state({"127.0.0.1", 53}, {}, {});
  flaky.first_sent = start;
  flaky.saw_answer(1ms);
  for (int times = 0; times < 100; ++times) CHECK_FALSE(flaky.saw_silence(start + 10s));
  CHECK_FALSE(final_record(flaky).dead);
}

TEST_CASE("the politeness bucket") {
  const ResolverLimits limits{.per_second = 100};
  ServerState state = make_server_state({"192.0.2.1", 53}, {}, {});
  const SteadyTime start{1h};
  int sent = 0;
  for (auto now = start; now < start + 1s; now += 1ms) sent += state.may_send(limits, now) ? 1 : 0;
  CHECK(sent >= 100);
  CHECK(sent <= 106);
  SocketAddress loopback;
  loopback.loopback = true;
  ServerState near = make_server_state({"127.0.0.1", 53}, loopback, {});
  for (int times = 0; times < 1000; ++times) CHECK(near.may_send(limits, start));
}

TEST_CASE("timers fire once, in time, however far away") {
  const SteadyTime start{1h};
  TimerWheel wheel(start);
  std::vector<std::uint32_t> fired;
  const auto note = [&](std::uint32_t slot, std::uint32_t) { fired.push_back(slot); };
  wheel.add(start + 12ms, 1, 0);
  wheel.add(start + 45s, 2, 0);
  wheel.add(start - 1s, 3, 0);
  wheel.advance(start + 5ms, note);
  CHECK(fired == std::vector<std::uint32_t>{3});
  wheel.advance(start + 11ms, note);
  CHECK(fired.size() == 1);
  wheel.advance(start + 30ms, note);
  CHECK(fired == std::vector<std::uint32_t>{3, 1});
  wheel.advance(start + 44s, note);
  CHECK(fired.size() == 2);
  wheel.advance(start + 46s, note);
  CHECK(fired == std::vector<std::uint32_t>{3, 1, 2});
}
