/// Editing the YAML in place: one value is set, added or removed. Every other byte stays, including
/// comments, quotes, order, indentation and line ends.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reconciler/config/config.h"
#include "reconciler/config/yaml.h"

namespace rampart {

/// A value of a YAML tree without positions. A map's children are its keys and values in turn.
struct YamlValue {
  config::NodeKind kind = config::NodeKind::Scalar;
  std::string text;
  std::vector<YamlValue> children;

  bool operator==(const YamlValue&) const = default;
};

/// A scalar, and a map of one entry.
YamlValue yaml_scalar(std::string text);
YamlValue yaml_map(std::string key, YamlValue value);

/// The value of a node that was read, aliases followed.
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

/// The way from a tree's root to a value.
using YamlPath = std::vector<YamlStep>;

/// One edit. Set puts `value` at `path` and creates missing maps above it; Append adds it to the
/// list at `path`; Remove deletes the key, and succeeds if it is absent.
struct YamlEdit {
  enum class Act { Set, Append, Remove };

  Act act = Act::Set;
  YamlPath path;
  YamlValue value;
};

/// `text` after `edits`, in order. An Error where the path leads through an alias, or an anchor
/// that has aliases (both lines are named); where the YAML is written in a form that cannot be
/// edited; or where the result, read again, differs in anything else. `file` is for messages only.
Result<std::string> edit_yaml(const std::string& file, const std::string& text,
                              std::span<const YamlEdit> edits);

/// An edit of one domain: `edit.path` starts in the domain's own map. `defaults:` are never
/// changed: an inherited value is overridden in the domain's map.
struct DomainEdit {
  Name domain;
  YamlEdit edit;
};

/// The new text of every file that `edits` change, by its path as `Domain.mark` shows it. The
/// result was read again: it loads, and only the edited values differ.
Result<std::map<std::string, std::string>> edit_domains(const Config& config,
                                                        std::span<const DomainEdit> edits);

/// Replaces the files by the new texts, each completely or not at all, under the YAML's folder and
/// through no symlink. A conflict Error where a file changed since `config` was read.
Result<Ok> write_domains(const Config& config, const std::map<std::string, std::string>& texts);

}  // namespace rampart
