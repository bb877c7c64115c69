/// Evaluates SPF cases read from standard input over an in-memory zone, for comparing with other
/// implementations and for timing. Lines, fields apart by tabs:
///   zone NAME TYPE VALUE   adds a record; VALUE "!servfail" makes the question fail
///   reset                  forgets the zone
///   case ID IP SENDER      prints "ID RESULT"
/// With a number as argument every case of the last zone is then repeated that often and timed.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "mail/spf/check_host.h"

namespace {

using namespace rampart;

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// What was published, and the queries it received so far.
struct Zone {
  Answers published;
  Answers answers;
  std::vector<spf::Client> clients;

  void add(const std::string& name, const std::string& type, const std::string& value) {
    const auto parsed = Name::parse(name);
    const auto kind = parse_record_type(type);
    if (!parsed || !kind) return;
    Answer& answer = published[{*parsed, *kind}];
    const bool fails = value == "!servfail";
    std::vector<std::string> values = answer.values_or_none();
    if (!fails) values.push_back(value);
    answer.values = std::move(values);
    answer.status = fails ? AnswerStatus::Failed : AnswerStatus::Data;
  }

  void answer(const std::vector<Question>& questions) {
    for (const Question& question : questions) {
      const auto found = published.find(question);
      answers[question] =
          found != published.end() ? found->second : Answer{.status = AnswerStatus::NxDomain};
    }
  }

  spf::Verdict check(const spf::Client& client) {
    while (true) {
      spf::Verdict verdict = spf::check_host(client, answers);
      if (verdict.unknown.empty()) return verdict;
      answer(verdict.unknown);
    }
  }
};

void time_cases(Zone& zone, int rounds) {
  spf::Evaluator evaluator(zone.answers);
  std::size_t passes = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < rounds; ++round) {
    for (const spf::Client& client : zone.clients) {
      passes += evaluator.check_host(client).outcome == spf::Outcome::Pass;
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const double checks = static_cast<double>(zone.clients.size()) * rounds;
  fmt::print("rate\t{:.0f}\t{}\n", checks / seconds.count(), passes);
}

void run(int rounds) {
  Zone zone;
  for (std::string line; std::getline(std::cin, line);) {
    const auto fields = fields_of(line);
    if (fields[0] == "reset") zone = {};
    if (fields[0] == "zone" && fields.size() == 4) zone.add(fields[1], fields[2], fields[3]);
    if (fields[0] != "case" || fields.size() != 4) continue;
    spf::Client client{.ip = spf::Ip::parse(fields[2]).value_or(spf::Ip{})};
    client.sender = fields[3];
    client.helo = "helo.example";
    fmt::print("{}\t{}\n", fields[1], to_text(zone.check(client).outcome));
    zone.clients.push_back(client);
  }
  if (rounds > 0) time_cases(zone, rounds);
}

}  // namespace

int main(int argc, char** argv) {
  run(argc > 1 ? std::atoi(argv[1]) : 0);
  return 0;
}
