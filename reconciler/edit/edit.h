/// Editing the YAML in place: one value is set, added or removed and every other byte stays,
/// comments, quoting, order, indentation and line ends with it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/config.h"
#include "reconciler/config/yaml.h"

namespace rampart {

/// A value of a YAML tree without its places; a map's children are its keys and values in turn.
struct YamlValue {
  config::NodeKind kind = config::NodeKind::Scalar;
  std::string text;
  std::vector<YamlValue> children;

  bool operator==(const YamlValue&) const = default;
};

YamlValue yaml_scalar(std::string text);
YamlValue yaml_list(std::span<const std::string> texts);
YamlValue yaml_map(std::string key, YamlValue value);

/// What a read node means, aliases followed.
YamlValue value_of(const config::Node& node);

/// One step into a tree: a map's key, or the index of a list's item.
struct YamlStep {
  std::string key;
  std::optional<std::size_t> index;

  YamlStep(const char* name) : key(name) {}
  YamlStep(std::string name) : key(std::move(name)) {}
  YamlStep(std::size_t item) : index(item) {}

  bool operator==(const YamlStep&) const = default;
};

using YamlPath = std::vector<YamlStep>;

/// One wish. Set puts `value` at `path` and makes the maps above it where they are missing; Append
/// adds it to the list at `path`; Remove takes the key away, and finds it well where it is gone.
struct YamlEdit {
  enum class Act { Set, Append, Remove };

  Act act = Act::Set;
  YamlPath path;
  YamlValue value;
};

/// `text` after `edits`, in order. An Error where a value is reached through an alias or an anchor
/// that others use (both lines are named), where the form of the YAML admits no such change, or
/// where reading the result again shows any other difference. `file` is for messages alone.
Result<std::string> edit_yaml(const std::string& file, const std::string& text,
                              std::span<const YamlEdit> edits);

/// A wish about one domain: `edit.path` starts in the domain's own map. `defaults:` are never
/// changed: what a domain inherits from there is set in its own map.
struct DomainEdit {
  Name domain;
  YamlEdit edit;
};

/// The whole new text of every file that `edits` change, by its path as `Domain.mark` names it.
/// What results was read again: it loads, and nothing but the edits differs.
Result<std::map<std::string, std::string>> edit_domains(const Config& config,
                                                        std::span<const DomainEdit> edits);

/// Puts the new texts in place of the files, each whole or not at all, beneath the YAML's folder
/// and through no symbolic link. A conflict where a file changed since `config` was read.
Result<Ok> write_domains(const Config& config, const std::map<std::string, std::string>& texts);

}  // namespace rampart
