/// Calls and seconds of reading and of applying many changes in zones of several sizes:
/// providers_bench BACKEND, started by bench/providers/run.py with the backend's servers.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "reconciler/apply/apply.h"
#include "tests/contract/contract.h"
#include "tests/contract/proxy_control.h"

namespace rampart::contract {
namespace {

constexpr int kLatency = 50;

Name domain(int number) { return main_zone().child(fmt::format("n{:05}", number)).value(); }

Name dmarc(int number) { return domain(number).child("_dmarc").value(); }

/// A zone of so many records, the first of which are the domains'.
Sets zone_of(int records) {
  Sets sets;
  for (int number = 0; number < records; ++number) {
    sets[{dmarc(number), RecordType::TXT}] = texts({"v=DMARC1; p=none"});
  }
  return sets;
}

Plan plan_for(const Sets& live, int domains) {
  Plan plan;
  for (int number = 0; number < domains; ++number) {
    std::optional<TypedSet> before;
    const auto found = live.find({dmarc(number), RecordType::TXT});
    if (found != live.end()) before = TypedSet{RecordType::TXT, found->second};
    plan.changes.push_back(
        Change{.domain = domain(number),
               .zone = main_zone(),
               .provider = "host",
               .set = parse_change({dmarc(number), before, txt({"v=DMARC1; p=reject"})}),
               .stage = Stage::Enforce,
               .reasons = {}});
  }
  return plan;
}

/// What an action costs.
struct Cost {
  int calls = 0;
  double seconds = 0;
};

template <class Action>
Cost cost_of(Backend& backend, const Action& action) {
  backend.arm(Fault::None, 0, 0);
  const auto started = std::chrono::steady_clock::now();
  action();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  return {backend.calls(), took.count()};
}

bool measure(Backend& backend, int records, int domains) {
  const Sets live = zone_of(records);
  if (const auto made = backend.make_zone(main_zone(), live); !made) {
    fmt::print("no zone of {}: {}\n", records, sentence(made.error()));
    return false;
  }
  auto made = backend.provider(Credentials::Good);
  Providers providers;
  providers.emplace("host", std::move(*made));
  Provider& host = *providers.at("host").value();
  std::vector<Name> names;
  for (int number = 0; number < domains; ++number) names.push_back(dmarc(number));
  const Cost lookup = cost_of(backend, [&] { static_cast<void>(host.zones_of(names)); });
  const Cost reading = cost_of(backend, [&] { static_cast<void>(host.read(main_zone(), names)); });
  std::vector<WriteOutcome> outcomes;
  const Cost applying =
      cost_of(backend, [&] { outcomes = write_plan(plan_for(live, domains), providers, nullptr); });
  const auto written = std::ranges::count(outcomes, WriteState::Written, &WriteOutcome::state);
  fmt::print("| {} | {} | {} / {:.2f} | {} / {:.2f} | {} / {:.2f} |{}\n", records, domains,
             lookup.calls, lookup.seconds, reading.calls, reading.seconds, applying.calls,
             applying.seconds, written == domains ? "" : " NOT ALL WRITTEN: " + outcomes[0].why);
  return written == domains;
}

int run(std::string_view name) {
  const auto type = std::ranges::find(backend_types(), name, &BackendType::name);
  if (type == backend_types().end()) return 2;
  const std::unique_ptr<Backend> backend = type->make();
  ProxyControl proxy("RAMPART_CONTRACT_CONTROL");
  fmt::print("| records | changed | zone look-up: calls / s | plan --live provider | apply |\n");
  fmt::print("|---|---|---|---|---|\n");
  bool good = true;
  for (const int records : {10, 1000, 10000}) {
    for (const int domains : {100, 1000}) {
      proxy.set_latency(kLatency);
      good = measure(*backend, records, domains) && good;
    }
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace rampart::contract

int main(int count, char** words) { return rampart::contract::run(count > 1 ? words[1] : ""); }
