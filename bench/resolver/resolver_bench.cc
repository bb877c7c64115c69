/// Asks one server many questions and prints how fast the answers came.
#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "dns/resolver/resolver.h"

namespace {

using namespace rampart;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Reads "name TYPE" lines, the form that dnsperf reads too.
std::vector<Query> read_queries(const std::string& path, const Server& server) {
  std::vector<Query> queries;
  std::ifstream file(path);
  std::string name;
  std::string type;
  while (file >> name >> type) {
    const auto parsed = Name::parse(name);
    const auto number = parse_record_type(type);
    if (parsed.ok() && number) queries.push_back({{*parsed, *number}, {server}, false});
  }
  return queries;
}

int run(const Server& server, const std::string& path, int in_flight) {
  const double cpu_before = cpu_seconds();
  const std::vector<Query> queries = read_queries(path, server);
  const auto start = std::chrono::steady_clock::now();
  ResolverLimits limits;
  limits.in_flight = in_flight;
  const std::vector<Answer> answers = ask(queries, limits);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const double cpu = cpu_seconds() - cpu_before;
  std::array<int, 4> counts{};
  for (const Answer& answer : answers) ++counts[static_cast<std::size_t>(answer.status)];
  const double asked = static_cast<double>(queries.size());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("rampart: {:.0f} questions/s, {:.2f} us CPU a question, {} MB\n", asked / wall.count(),
             cpu * 1e6 / asked, usage.ru_maxrss / 1024);
  fmt::print("         {} data, {} no data, {} no such name, {} failed, {:.2f} s\n", counts[0],
             counts[1], counts[2], counts[3], wall.count());
  return counts[3] == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: resolver_bench IP:PORT FILE [IN_FLIGHT]\n");
    return 2;
  }
  const auto server = rampart::parse_server(argv[1]);
  if (!server.ok()) {
    fmt::print(stderr, "{}\n", rampart::sentence(server.error()));
    return 2;
  }
  return run(*server, argv[2], argc > 3 ? std::stoi(argv[3]) : 1000);
}
