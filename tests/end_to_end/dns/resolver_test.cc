// The resolver against servers that misbehave in every way we could think of, on loopback. Slower
// than the unit tests: patience itself is tested.
#include "dns/resolver/resolver.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/end_to_end/dns/odd_server.h"

using namespace rampart;
using namespace std::chrono_literals;

namespace {

Question question(std::string_view name) { return {Name::literal(name), RecordType::TXT}; }

std::vector<Query> queries_for(const std::vector<std::string>& names,
                               const std::vector<Server>& servers) {
  std::vector<Query> queries;
  for (const std::string& name : names) queries.push_back({question(name), servers, false});
  return queries;
}

/// How long `ask` took, and what came of it.
struct Outcome {
  std::vector<Answer> answers;
  std::chrono::milliseconds took;
};

Outcome timed(const std::vector<Query>& queries, const ResolverLimits& limits = {}) {
  const auto start = std::chrono::steady_clock::now();
  auto answers = ask(queries, limits);
  return {std::move(answers), std::chrono::duration_cast<std::chrono::milliseconds>(
                                  std::chrono::steady_clock::now() - start)};
}

/// Less patient than usual, so that the tests are quick.
ResolverLimits hasty() {
  ResolverLimits limits;
  limits.first_timeout = limits.least_timeout = 100ms;
  limits.most_timeout = 200ms;
  return limits;
}

/// Asks one name of one odd server, and then beside a good one, which must make up for it.
void check_odd(const std::string& behaviour, const std::string& detail,
               std::chrono::milliseconds most) {
  CAPTURE(behaviour);
  const OddServer odd;
  const OddServer good("good");
  const std::string name = behaviour + ".example";
  const Outcome alone = timed(queries_for({name}, {odd.address()}), hasty());
  CHECK(alone.answers[0].status == AnswerStatus::Failed);
  CHECK(alone.answers[0].detail == to_text(odd.address()) + ": " + detail);
  CHECK(alone.took < most);
  const Outcome beside = timed(queries_for({name}, {odd.address(), good.address()}), hasty());
  CHECK(beside.answers[0].status == AnswerStatus::Data);
  CHECK(beside.took < most);
}

void check_answer(const std::string& behaviour, const std::string& value,
                  std::chrono::milliseconds most = 300ms) {
  CAPTURE(behaviour);
  const OddServer odd;
  const Outcome outcome = timed(queries_for({behaviour + ".example"}, {odd.address()}));
  CHECK(outcome.answers[0].detail.empty());
  CHECK(outcome.answers[0].status == AnswerStatus::Data);
  REQUIRE(outcome.answers[0].values_or_none().size() == 1);
  CHECK(outcome.answers[0].values_or_none()[0].substr(0, value.size()) == value);
  CHECK(outcome.took < most);
}

std::vector<std::string> many(std::string_view prefix, int count) {
  std::vector<std::string> names;
  for (int index = 0; index < count; ++index)
    names.push_back(fmt::format("{}{}.example", prefix, index));
  return names;
}

std::size_t count_of(const std::vector<Answer>& answers, AnswerStatus status) {
  return static_cast<std::size_t>(std::ranges::count(answers, status, &Answer::status));
}

}  // namespace

TEST_CASE("odd servers are named, and another one makes up for them") {
  check_odd("refused", "refused", 300ms);
  check_odd("servfail", "SERVFAIL", 1000ms);
  check_odd("lame", "lame (not authoritative)", 300ms);
  check_odd("referral", "lame (not authoritative)", 300ms);
  check_odd("cut", "malformed answer", 1000ms);
  check_odd("loop", "a loop of CNAMEs", 300ms);
  check_odd("silent", "timeout", 1500ms);
  check_odd("noise", "timeout", 1500ms);
  check_odd("wrongid", "timeout", 1500ms);
  check_odd("wrongname", "timeout", 1500ms);
  check_odd("tcprefused", "truncated, and TCP: closed", 1000ms);
  check_odd("tcpsilent", "truncated, and timeout over TCP", 1500ms);
  check_odd("tcpnoise", "truncated, and malformed answer over TCP", 1000ms);
}

TEST_CASE("odd but honest servers are understood") {
  check_answer("plain", "plain");
  check_answer("tc", "tc");
  check_answer("big", "big");
  check_answer("noedns", "noedns");
  check_answer("noednsbare", "noednsbare");
  check_answer("case", "case");
  check_answer("slow", "slow", 1500ms);
  check_answer("late", "late", 3000ms);
  check_answer("flaky", "flaky", 3000ms);
  check_answer("spoofed", "spoofed");
}

TEST_CASE("negative answers are answers") {
  const OddServer odd;
  const auto answers =
      ask(queries_for({"nodata.example", "nxdomain.example"}, {odd.address()}), {});
  CHECK(answers[0].status == AnswerStatus::NoData);
  CHECK(answers[1].status == AnswerStatus::NxDomain);
}

TEST_CASE("ten thousand questions, none lost, none mixed up") {
  const OddServer odd;
  const auto names = many("n", 10000);
  const Outcome outcome = timed(queries_for(names, {odd.address()}));
  CHECK(count_of(outcome.answers, AnswerStatus::Data) == 10000);
  std::size_t right = 0;
  for (std::size_t index = 0; index < names.size(); ++index) {
    const std::string label = names[index].substr(0, names[index].find('.'));
    right += outcome.answers[index].values == std::vector<std::string>{label} ? 1 : 0;
  }
  CHECK(right == 10000);
  CHECK(outcome.took < 10s);
  // Ports change all the time: none carries more than 64 questions.
  CHECK(odd.ports_seen() >= 10000 / 64);
}

TEST_CASE("two thousand truncated answers come over TCP") {
  const OddServer odd;
  const Outcome outcome = timed(queries_for(many("tc", 2000), {odd.address()}));
  CHECK(count_of(outcome.answers, AnswerStatus::Data) == 2000);
  CHECK(outcome.took < 10s);
}

TEST_CASE("a tenth of all datagrams lost costs retries, not answers") {
  const OddServer odd;
  const Outcome outcome = timed(queries_for(many("lossy", 3000), {odd.address()}));
  CHECK(count_of(outcome.answers, AnswerStatus::Data) == 3000);
  CHECK(outcome.took < 10s);
}

TEST_CASE("no DNS at all costs seconds for thousands of questions") {
  const std::string dead = "127.0.0.1";
  const OddServer silent("silent");
  const Server closed{dead, OddServer::closed_port()};
  for (const Server& server : {silent.address(), closed}) {
    CAPTURE(to_text(server));
    ServerHistory history;
    auto start = std::chrono::steady_clock::now();
    auto answers = ask(queries_for(many("n", 5000), {server}), {}, history);
    CHECK(count_of(answers, AnswerStatus::Failed) == 5000);
    CHECK(std::chrono::steady_clock::now() - start < 5s);
    CHECK(history.at(server).dead);
    // The next batch knows it.
    start = std::chrono::steady_clock::now();
    answers = ask(queries_for(many("m", 5000), {server}), {}, history);
    CHECK(count_of(answers, AnswerStatus::Failed) == 5000);
    CHECK(std::chrono::steady_clock::now() - start < 1500ms);
  }
}

TEST_CASE("a dead server beside a good one is soon left alone") {
  const OddServer silent("silent");
  const OddServer good;
  const Outcome outcome = timed(queries_for(many("n", 5000), {silent.address(), good.address()}));
  CHECK(count_of(outcome.answers, AnswerStatus::Data) == 5000);
  CHECK(outcome.took < 8s);
}

TEST_CASE("more servers than file descriptors") {
  std::vector<Query> queries;
  const OddServer good;
  for (int index = 0; index < 3000; ++index) {
    // All of 127/8 is loopback; nobody listens there but the good one, asked second.
    const Server nobody{fmt::format("127.1.{}.{}", index / 250, index % 250 + 1),
                        OddServer::closed_port()};
    queries.push_back(
        {question(fmt::format("n{}.example", index)), {nobody, good.address()}, false});
  }
  const Outcome outcome = timed(queries);
  CHECK(count_of(outcome.answers, AnswerStatus::Data) == 3000);
  CHECK(outcome.took < 10s);
}

TEST_CASE("a question's deadline holds whatever the servers do") {
  const OddServer odd;
  ResolverLimits limits;
  limits.deadline = 700ms;
  limits.tries = 100;
  for (const std::string behaviour : {"silent", "servfail", "tcpsilent", "noise"}) {
    CAPTURE(behaviour);
    const Outcome outcome = timed(queries_for({behaviour + ".example"}, {odd.address()}), limits);
    CHECK(outcome.answers[0].status == AnswerStatus::Failed);
    CHECK(outcome.took < 1200ms);
  }
}

TEST_CASE("questions without a server, or with none that is one, fail at once") {
  const Outcome none = timed(queries_for({"a.example"}, {}));
  CHECK(none.answers[0].detail == "there is no server to query");
  const Outcome nonsense = timed(queries_for({"a.example"}, {{"nonsense", 53}}));
  CHECK(nonsense.answers[0].status == AnswerStatus::Failed);
  CHECK(ask({}, {}).empty());
}

TEST_CASE("a table is filled: each question once, chains followed to their end") {
  const OddServer odd;
  const std::vector<Server> resolvers{odd.address()};
  Answers answers;
  const std::vector<Question> questions{question("plain.example"), question("plain.example"),
                                        question("chain1.example"), question("loop.example")};
  ask_into(answers, questions, resolvers, {});
  CHECK(answers.size() == 3);
  CHECK(answers.at(question("plain.example")).status == AnswerStatus::Data);
  const Answer& chain = answers.at(question("chain1.example"));
  CHECK(chain.status == AnswerStatus::Data);
  CHECK(chain.cnames == std::vector<Name>{Name::literal("chain2.example"),
                                          Name::literal("chain3.example"),
                                          Name::literal("plain.example")});
  const int asked = odd.questions_seen();
  ask_into(answers, questions, resolvers, {});
  CHECK(odd.questions_seen() == asked);
}
