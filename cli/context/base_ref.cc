#include "cli/context/base_ref.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/sorting.h"
#include "cli/context/git.h"
#include "reconciler/config/config.h"
#include "reconciler/config/files.h"
#include "reconciler/documents/spf_lock_file.h"
#include "reconciler/observe/public_keys.h"

namespace rampart {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = "spf.lock";

// "./domains.yaml" and "domains.yaml" are one file.
std::string normal(const fs::path& path) { return path.lexically_normal().string(); }

}  // namespace

// In two steps, since only the YAML of then shows which certificates counted then.
Result<ConfigWithFiles> config_at(const std::string& ref, const Config& config) {
  const std::string file = normal(config.file);
  const fs::path folder = fs::path(file).parent_path();
  TRY(const auto yaml, files_at(ref, file));
  ConfigWithFiles base{builtin_config(), {}};
  if (yaml.contains(file)) {
    auto loaded = load_config_from(file, yaml);
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
      return Error{"the YAML at " + ref + " has mistakes: " + errors->front().message, "--base"};
    }
    base.config = std::get<Config>(std::move(loaded));
  }
  std::set<std::string> others = {kLockFile};
  for (const std::string& path : base.config.key_recipients) others.insert(normal(path));
  TRY(const auto texts, files_at(ref, file, others));
  for (const std::string& path : base.config.key_recipients) {
    const auto found = texts.find(normal(folder / path));
    if (found != texts.end()) base.beside.certificates[path] = found->second;
  }
  if (const auto lock = texts.find(normal(folder / kLockFile)); lock != texts.end()) {
    TRY(base.beside.locks, within(kLockFile, parse_spf_locks(lock->second)));
  }
  return base;
}

// A lock that cannot be read is a finding of the plan, and no reason to show no edits.
FilesBeside files_beside(const Config& config) {
  FilesBeside beside;
  for (const std::string& path : config.key_recipients) {
    if (auto text = read_beneath(config.folder, path)) beside.certificates[path] = *text;
  }
  if (auto locks = read_spf_locks(config.folder)) beside.locks = std::move(*locks);
  return beside;
}

// The key folder and spf.lock are listed whether they exist or not: a change may create them.
std::vector<std::string> files_read(const Config& config) {
  std::set<std::string> paths = {"keys", kLockFile};
  for (const auto& [path, digest] : config.files) paths.insert(path);
  paths.insert(config.key_recipients.begin(), config.key_recipients.end());
  for (const auto& [name, domain] : config.domains) {
    for (const SelectorSpec& spec : domain.selectors) {
      if (spec.public_key) paths.insert(*spec.public_key);
    }
  }
  for (const auto& [name, provider] : config.providers) {
    const auto directory = provider.settings.find("directory");
    if (directory != provider.settings.end()) paths.insert(directory->second);
  }
  std::vector<std::string> shown;
  for (const std::string& path : paths) {
    shown.push_back(normal(config::shown_path(config.folder, path)));
  }
  // Only the first file may be a link; a change of its target changes the configuration.
  std::error_code failed;
  const fs::path real = fs::canonical(config.file, failed);
  if (!failed) {
    const fs::path from_here = fs::proximate(real, fs::canonical(fs::current_path(failed), failed));
    shown.push_back(fs::path(config.file).is_absolute() ? real.string() : from_here.string());
  }
  sort_unique(shown);
  return shown;
}

}  // namespace rampart
