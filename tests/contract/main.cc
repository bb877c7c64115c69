/// Runs every case of the contract against one backend: contract_suite BACKEND [WORD IN NAME].
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

std::vector<Case> all_cases(const Backend& backend) {
  std::vector<Case> cases;
  for (const auto& part : {text_cases(), set_cases(), race_cases(), name_cases(), bulk_cases(),
                           fault_cases(), foreign_cases(backend)}) {
    cases.insert(cases.end(), part.begin(), part.end());
  }
  return cases;
}

/// Runs one case; 1 where it failed.
int run(const Case& one, Backend& backend, int& passed) {
  const auto started = std::chrono::steady_clock::now();
  Trial trial(backend);
  one.run(trial);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  if (!trial.failures().empty()) {
    fmt::print("FAILED: {} ({:.2f} s)\n", one.name, took.count());
    for (const std::string& failure : trial.failures()) fmt::print("  {}\n", failure);
  } else if (!trial.inapplicable().empty()) {
    fmt::print("does not apply: {}: {}\n", one.name, trial.inapplicable());
  } else {
    fmt::print("ok: {} ({:.2f} s)\n", one.name, took.count());
    ++passed;
  }
  std::fflush(stdout);
  return trial.failures().empty() ? 0 : 1;
}

int run_all(std::string_view name, std::string_view word) {
  const auto type = std::ranges::find(backend_types(), name, &BackendType::name);
  if (type == backend_types().end()) {
    fmt::print("there is no backend \"{}\"\n0 passed, 1 failed\n", name);
    return 2;
  }
  const std::unique_ptr<Backend> backend = type->make();
  int passed = 0;
  int failed = 0;
  for (const Case& one : all_cases(*backend)) {
    if (one.name.find(word) != std::string::npos) failed += run(one, *backend, passed);
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace rampart::contract

int main(int count, char** words) {
  return rampart::contract::run_all(count > 1 ? words[1] : "", count > 2 ? words[2] : "");
}
