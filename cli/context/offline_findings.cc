#include "cli/context/offline_findings.h"

#include <algorithm>
#include <array>

#include "reconciler/observe/public_keys.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

/// The codes whose policies look only at the YAML and the key files. The others would report every
/// record as missing, because the world they are given is empty.
constexpr std::array<std::string_view, 10> kOffline = {
    "dkim-key-invalid",     "dkim-key-short",     "dkim-key-unreadable", "dkim-key-weak",
    "dkim-missing",         "sender-placeholder", "selector-conflict",   "spf-fail-early",
    "spf-include-unneeded", "spf-term-invalid"};

}  // namespace

// The policies run on a world without zones and answers; what needs those is filtered out.
std::vector<Finding> offline_findings(const Config& config, Time now) {
  World world;
  world.now = now;
  world.keys = read_public_keys(config);
  std::vector<Finding> found;
  for (const auto& [name, domain] : config.domains) {
    for (Finding& finding : evaluate_policies(domain, world).findings) {
      const bool offline = std::ranges::find(kOffline, finding.code) != kOffline.end();
      if (offline) found.push_back(std::move(finding));
    }
  }
  return found;
}

}  // namespace rampart
