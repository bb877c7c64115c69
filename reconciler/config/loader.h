/// Reads nodes by the table, and collects every mistake.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/files.h"
#include "reconciler/config/table.h"

namespace rampart::config {

/// The state while a configuration is read: the result so far, and all mistakes.
class Loader {
 public:
  explicit Loader(const FileView& files) : files_(files) {}

  Config config;

  /// Whether `defaults:` are read by themselves: keys that domains may add are not missing there.
  bool partial = false;

  const FileView& files() const { return files_; }

  /// Reports a mistake at `node`. Returns false, as a check does then.
  bool fail(const Node& node, std::string code, std::string message, std::string hint);

  /// Reports a mistake that has no node.
  void fail(ConfigError error) { errors_.push_back(std::move(error)); }

  std::size_t error_count() const { return errors_.size(); }

  /// The mistakes so far, sorted by position, without duplicates.
  std::vector<ConfigError> errors() &&;

  /// Whether `node` has the shape; reports every reason why not.
  bool check(const Node& node, const Shape& shape);

  /// Reads a map from its layers into the target of `form`, as far as it is valid.
  void read(const Layers& layers, const Form& form);

 private:
  void check_known(const Node& map, const Form& form);
  void read_field(const Layers& layers, const Field& field);
  bool has_value(const Node& value, const Shape& shape, bool& reported);
  bool check_scalar(const Node& node, const Shape& shape);
  bool check_list(const Node& node, const Shape& shape);
  bool check_map(const Node& node, const Shape& shape);

  const FileView& files_;
  std::vector<ConfigError> errors_;
};

/// The node of `key` in the last layer that has the key, or nullptr.
const Node* find(const Layers& layers, std::string_view key);

/// "did you mean `x`?" with the closest of `words`; `otherwise` where none is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words,
                         std::string otherwise = "");

/// Plain decimal numbers: no sign but "-", no leading zeros, no other base. YAML readers disagree
/// on what 010 and 1_000 are, so neither is accepted.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

/// Reports that `key` of `map` looks like a secret. The hint names the environment variable to set;
/// which one depends on the provider's `type` in the same map.
void fail_secret(Loader& loader, const Node& key, const Node& map);

/// The number that a Choice's word is stored as. The word must be valid.
int choice_value(const Node& node, const Shape& shape);

}  // namespace rampart::config
