/// Checks many clients of many domains with nothing known at the start, through a real name server:
/// every check is evaluated as far as the answers go, all open questions are sent at once, and so
/// on.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "dns/resolver/resolver.h"
#include "mail/spf/check_host.h"

namespace {

using namespace rampart;

using Clock = std::chrono::steady_clock;

struct Cold {
  Answers answers;
  spf::Evaluator evaluator{answers};
  ServerHistory history;
  std::vector<spf::Verdict> verdicts;
  int rounds = 0;
  std::chrono::duration<double> asking{0};
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Reads "ID<tab>IP<tab>SENDER" lines.
std::vector<spf::Client> read_clients() {
  std::vector<spf::Client> clients;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t ip = line.find('\t') + 1;
    const std::size_t sender = line.find('\t', ip) + 1;
    if (ip == 0 || sender == 0) continue;
    const auto parsed = spf::Ip::parse(line.substr(ip, sender - 1 - ip));
    if (!parsed) continue;
    clients.push_back({.ip = *parsed, .sender = line.substr(sender), .helo = "helo.example"});
  }
  return clients;
}

/// One round over the checks that are still open; returns those that stay open.
std::vector<std::size_t> evaluate(Cold& cold, const std::vector<spf::Client>& clients,
                                  const std::vector<std::size_t>& open) {
  std::vector<std::size_t> left;
  for (const std::size_t index : open) {
    cold.verdicts[index] = cold.evaluator.check_host(clients[index]);
    if (!cold.verdicts[index].unknown.empty()) left.push_back(index);
  }
  return left;
}

void ask_all(Cold& cold, const std::vector<std::size_t>& open, const Server& server) {
  std::vector<Question> questions;
  for (const std::size_t index : open) {
    std::ranges::move(cold.verdicts[index].unknown, std::back_inserter(questions));
  }
  const auto start = Clock::now();
  ask_into(cold.answers, questions, std::vector{server}, ResolverLimits{}, cold.history);
  cold.asking += Clock::now() - start;
}

void check_all(Cold& cold, const std::vector<spf::Client>& clients, const Server& server) {
  cold.verdicts.resize(clients.size());
  std::vector<std::size_t> open(clients.size());
  std::iota(open.begin(), open.end(), 0);
  for (open = evaluate(cold, clients, open); !open.empty(); open = evaluate(cold, clients, open)) {
    ask_all(cold, open, server);
    ++cold.rounds;
  }
}

void run(const Server& server) {
  const std::vector<spf::Client> clients = read_clients();
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  Cold cold;
  check_all(cold, clients, server);
  const std::chrono::duration<double> wall = Clock::now() - start;
  const double cpu = cpu_seconds() - cpu_before;
  for (const spf::Verdict& verdict : cold.verdicts) fmt::print("{}\n", to_text(verdict.outcome));
  const auto checks = static_cast<double>(clients.size());
  fmt::print("rate\t{:.0f}\t{:.1f}\t{} questions in {} rounds, {:.0f} % of the time asking\n",
             checks / wall.count(), cpu * 1e6 / checks, cold.answers.size(), cold.rounds,
             100 * cold.asking.count() / wall.count());
}

}  // namespace

int main(int argc, char** argv) {
  const auto server = rampart::parse_server(argc > 1 ? argv[1] : "");
  if (!server.ok()) {
    fmt::print(stderr, "usage: spf_cold_bench IP[:PORT] <CASES\n");
    return 2;
  }
  run(*server);
  return 0;
}
