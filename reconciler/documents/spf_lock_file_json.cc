/// Reading and writing spf.lock.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/json_depth.h"
#include "reconciler/documents/spf_lock_file.h"

namespace rampart {
namespace {

using Json = nlohmann::ordered_json;

Error unreadable(const std::string& what) {
  return Error{.what = what +
                       "; restore the file from git or write it again with "
                       "`rampart spf flatten DOMAIN --write`",
               .where = "spf.lock"};
}

Json term_json(const LockedTerm& term) {
  Json leaving = Json::object();
  for (const auto& [network, since] : term.leaving) leaving[network] = to_text(since);
  return {{"resolved", to_text(term.resolved)},
          {"lookups", term.lookups},
          {"networks", term.networks},
          {"leaving", leaving}};
}

// More than RFC 7208 section 4.6.4 admits, as a term may exceed it; few enough for every sum.
int lookups_of(const Json& json) {
  constexpr std::int64_t kMost = 1000;
  const std::int64_t lookups = json.is_number_integer() ? json.get<std::int64_t>() : -1;
  if (lookups < 0 || lookups > kMost)
    throw std::invalid_argument("lookups is not a count of lookups");
  return static_cast<int>(lookups);
}

// Networks are parsed here, so that a hand-edited lock fails when it is read and not in the middle
// of a plan.
LockedTerm term_of(const Json& json) {
  LockedTerm term;
  const auto day = [](const std::string& text) {
    const auto date = parse_date(text);
    if (!date) throw std::invalid_argument(text + " is not a date");
    return *date;
  };
  term.resolved = day(json.at("resolved"));
  term.lookups = lookups_of(json.at("lookups"));
  for (const std::string network : json.at("networks")) {
    if (set_of({network}).empty()) throw std::invalid_argument(network + " is not a network");
    term.networks.push_back(network);
  }
  for (const auto& [network, since] : json.at("leaving").items()) {
    term.leaving.emplace(network, day(since));
  }
  return term;
}

// Written by exceptions, since every access of the library may throw: one handler covers the file.
SpfLocks locks_of(const Json& json) {
  SpfLocks locks;
  for (const auto& [domain, terms] : json.at("domains").items()) {
    const auto name = Name::parse(domain);
    if (!name) throw std::invalid_argument(domain + " is not a domain");
    SpfLock& lock = locks[*name];
    for (const auto& [term, value] : terms.items()) lock.terms.emplace(term, term_of(value));
  }
  return locks;
}

}  // namespace

// Sorted by name and term, one network per line: a review of the lock shows exactly which networks
// came and went.
std::string print_spf_locks(const SpfLocks& locks) {
  Json domains = Json::object();
  for (const auto& [name, lock] : locks) {
    Json terms = Json::object();
    for (const auto& [term, locked] : lock.terms) terms[term] = term_json(locked);
    domains[name.text()] = terms;
  }
  return Json{{"format_version", 1}, {"domains", domains}}.dump(2) + "\n";
}

Result<SpfLocks> parse_spf_locks(std::string_view text) {
  if (nests_too_deep(text)) return unreadable("it is nested too deep");
  try {
    const Json json = Json::parse(text);
    if (json.at("format_version") != 1) return unreadable("its format_version is not 1");
    return locks_of(json);
  } catch (const std::exception& problem) {  // The library's own, and those thrown above.
    return unreadable(problem.what());
  }
}

std::string spf_lock_path(const std::string& folder) {
  return (std::filesystem::path(folder) / "spf.lock").string();
}

Result<SpfLocks> read_spf_locks(const std::string& folder) {
  std::ifstream file(spf_lock_path(folder), std::ios::binary);
  if (!file) return SpfLocks{};
  // Opening a folder succeeds; only reading it fails, which `peek` shows, while an iterator throws.
  file.peek();
  if (file.bad()) return Error{"it cannot be read", "spf.lock"};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_spf_locks(text);
}

// A broken lock is a problem of the domains that flatten, and of no others; the World carries it to
// their policy.
void take_spf_locks(const std::string& folder, World& world) {
  Result<SpfLocks> locks = read_spf_locks(folder);
  if (locks) {
    world.spf_locks = std::move(locks).value();
  } else {
    world.spf_lock_problem = sentence(locks.error());
  }
}

}  // namespace rampart
