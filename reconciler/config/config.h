/// Loading domains.yaml: read by one table, all mistakes reported at once with their positions.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// One mistake in a YAML file.
struct ConfigError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string code;  ///< "unknown-key", "wrong-type", "path-escapes", ...: see docs/findings.md.
  std::string message;
  std::string hint;    ///< "did you mean ...", or what to write.
  std::string source;  ///< The line itself, for the caret.

  bool operator==(const ConfigError&) const = default;
};

/// "domains.yaml:12:9: error: unknown key ..." with the line, a caret and the hint.
std::string to_text(const ConfigError& error);

/// Reads `path` and the files that it includes. Either a complete Config, or every mistake, sorted
/// by (file, line, column).
std::variant<Config, std::vector<ConfigError>> load_config(const std::string& path);

/// As load_config, but from memory: `files` maps paths to texts. For --base, edits and tests.
std::variant<Config, std::vector<ConfigError>> load_config_from(
    const std::string& path, const std::map<std::string, std::string>& files);

/// The providers of listed domains whose folder does not exist though others hold zone files, as
/// mistakes at their lines. Not a part of `load_config`: many commands read no zone.
std::vector<ConfigError> missing_folders(const Config& config);

/// The built-in catalogue and ramps alone, for commands that need no YAML.
Config builtin_config();

/// The JSON Schema (draft 2020-12) of domains.yaml, made from the loader's own table.
std::string config_schema();

}  // namespace rampart
