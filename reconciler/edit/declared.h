/// The YAML trees of a configuration's files, for edits: where a domain or a key is written.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "policies/model/policy.h"
#include "reconciler/config/yaml.h"

namespace rampart {

/// The trees of a configuration's files. Each file is read once; its nodes live as long as this.
class Documents {
 public:
  explicit Documents(const Config& config) : config_(config) {}

  /// The tree of a file, by its path as `Domain.mark` and Config::file show it.
  Result<const config::Node*> root(const std::string& file);

 private:
  struct Read;
  const Config& config_;
  std::map<std::string, std::shared_ptr<Read>> read_;
};

/// The value at `key` of a map; null if `node` is null, is no map, or has no such key.
const config::Node* child(const config::Node* node, std::string_view key);

/// A domain's row in `domains:` of a file.
struct DomainRow {
  const config::Node* key = nullptr;  ///< The name as written: in any case, Unicode or A-labels.
  const config::Node* value = nullptr;
};

/// The row of `domain`; null pointers where the file does not declare it.
DomainRow domain_row(const config::Node& root, const Name& domain);

}  // namespace rampart
