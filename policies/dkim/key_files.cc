/// Compares the key folder with the selectors that the YAML names.
#include "policies/dkim/key_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "policies/dkim/names.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

constexpr std::string_view kEnding = ".pub";

// Whether a `public_key:` of the domain names the file, under whatever selector.
bool names_file(const Domain& domain, const std::string& path) {
  return std::ranges::any_of(domain.selectors,
                             [&](const SelectorSpec& spec) { return spec.public_key == path; });
}

// The map is sorted by path, so that a domain's files are found without a walk over all files.
std::set<std::string> selectors_in(const Name& domain, const World& world,
                                   const std::function<bool(const PublicKey&)>& counts) {
  std::set<std::string> selectors;
  const std::string folder = "keys/" + domain.text() + "/";
  for (auto at = world.keys.lower_bound(folder);
       at != world.keys.end() && at->first.starts_with(folder); ++at) {
    if (!counts(at->second)) continue;
    const std::string name = at->first.substr(folder.size());
    if (name.ends_with(kEnding)) selectors.insert(name.substr(0, name.size() - kEnding.size()));
  }
  return selectors;
}

}  // namespace

// A file that a rotation names and that does not exist has an entry as well: its error.
std::set<std::string> selectors_with_files(const Name& domain, const World& world) {
  return selectors_in(domain, world, [](const PublicKey& key) { return key.record.has_value(); });
}

std::set<std::string> selectors_taken(const Name& domain, const World& world) {
  return selectors_in(domain, world, [](const PublicKey&) { return true; });
}

bool names_key(const Domain& domain, const std::string& selector) {
  return contains(declared_selectors(domain), selector) ||
         names_file(domain, rotation_key_path(domain.name, selector));
}

// An error, since a key that no run and no person vouches for must not wait in the repository for
// somebody to publish it. It withholds nothing: the key is not published.
void report_unnamed_keys(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const auto named = declared_selectors(domain);
  for (const std::string& selector : selectors_with_files(domain.name, world)) {
    const std::string path = rotation_key_path(domain.name, selector);
    if (contains(named, selector) || names_file(domain, path)) continue;
    policy_result.findings.push_back(finding_of(
        domain, Severity::Error, "key-unnamed",
        fmt::format("{} is a key that no selector in the YAML names, so it is never used", path),
        "remove it and its .key file, unless you made them; to publish the key, declare its "
        "selector under `dkim:`"));
  }
}

}  // namespace rampart
