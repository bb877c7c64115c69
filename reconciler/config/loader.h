/// Reads nodes as the table says, and collects every mistake.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/files.h"
#include "reconciler/config/table.h"

namespace rampart::config {

/// What is known while a configuration is read.
class Loader {
 public:
  explicit Loader(const FileView& files) : files_(files) {}

  Config config;

  /// Whether `defaults:` are read by themselves: what domains may add is not missed there.
  bool partial = false;

  const FileView& files() const { return files_; }

  /// Reports a mistake at `node`.
  void fail(const Node& node, std::string code, std::string message, std::string hint);

  /// Reports a mistake where there is no node.
  void fail(ConfigError error) { errors_.push_back(std::move(error)); }

  std::size_t error_count() const { return errors_.size(); }

  /// The mistakes so far, sorted, each once.
  std::vector<ConfigError> errors() &&;

  /// Whether `node` is of `shape`; reports where not.
  bool check(const Node& node, const Shape& shape);

  /// Reads an object from its layers into `target`, as far as it is valid.
  void read(const Layers& layers, const Object& object, void* target);

 private:
  void check_known(const Node& map, const Object& object);
  void read_field(const Layers& layers, const Field& field, void* target);
  bool check_scalar(const Node& node, const Shape& shape);
  bool check_list(const Node& node, const Shape& shape);
  bool check_map(const Node& node, const Shape& shape);

  const FileView& files_;
  std::vector<ConfigError> errors_;
};

/// The node of `key` in the last layer that has it, or nullptr.
const Node* find(const Layers& layers, std::string_view key);

/// The object of an AnyOf that `map` means: the first whose first key is there, else the last.
const Object* pick(const Node& map, const Shape& shape);

/// The one of `words` that was probably meant by `word`: "did you mean `x`?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words);

/// Plain decimal numbers: no sign but "-", no leading zeros, no other base.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

/// The number that a Choice's word is stored as. The word must be valid.
int choice_value(const Node& node, const Shape& shape);

}  // namespace rampart::config
