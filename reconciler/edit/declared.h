/// Where the files of a configuration declare something: their trees, for who edits them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "policies/model/policy.h"
#include "reconciler/config/yaml.h"

namespace rampart {

/// The trees of a configuration's files, each read once and kept while its nodes are used.
class Documents {
 public:
  explicit Documents(const Config& config) : config_(config) {}

  /// The tree of the file that `Domain.mark` or Config::file names so.
  Result<const config::Node*> root(const std::string& file);

 private:
  struct Read;
  const Config& config_;
  std::map<std::string, std::shared_ptr<Read>> read_;
};

/// What a map holds at `key`; null where `node` is null, no map, or has no such key.
const config::Node* child(const config::Node* node, std::string_view key);

/// What `domains:` of a file holds for a domain, however it writes the name; null where it does
/// not.
const config::Node* domain_node(const config::Node& root, const Name& domain);

}  // namespace rampart
