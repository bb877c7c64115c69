/// The digest of a configuration's files.
#include "base/sha256.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {

// Covers every file that was read, in path order: a reviewed plan belongs to one configuration.
std::string config_digest(const Config& config) {
  std::string all;
  for (const auto& [path, digest] : config.files) all += path + "\n" + digest + "\n";
  return "sha256:" + sha256_hex(all);
}

}  // namespace rampart
