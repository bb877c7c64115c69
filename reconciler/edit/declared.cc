/// The YAML trees of a configuration's files, for edits.
#include "reconciler/edit/declared.h"

#include "reconciler/config/files.h"
#include "reconciler/observe/public_keys.h"

namespace rampart {

// A tree points into its source, so both stay together.
struct Documents::Read {
  config::Source source;
  config::Document document;

  Read(const std::string& file, std::string text)
      : source(file, std::move(text)), document(config::read_document(source)) {}
};

// Only files that the configuration was read from: an edit can never reach another path.
Result<const config::Node*> Documents::root(const std::string& file) {
  if (const auto found = read_.find(file); found != read_.end()) {
    return &found->second->document.root;
  }
  for (const auto& [path, digest] : config_.files) {
    if (config::shown_path(config_.folder, path) != file) continue;
    TRY(std::string text, read_beneath(config_.folder, path));
    const auto [at, fresh] = read_.emplace(file, std::make_shared<Read>(file, std::move(text)));
    return &at->second->document.root;
  }
  return Error{"this file is not part of the configuration", file};
}

const config::Node* child(const config::Node* node, std::string_view key) {
  return node && node->value().kind == config::NodeKind::Map ? config::find(node->value(), key)
                                                             : nullptr;
}

// Compared as DNS names: the file may write Example.COM, or Unicode where the configuration has
// A-labels.
DomainRow domain_row(const config::Node& root, const Name& domain) {
  const config::Node* domains = child(&root, "domains");
  if (!domains || domains->value().kind != config::NodeKind::Map) return {};
  const auto& children = domains->value().children;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    const auto name = Name::parse(children[i].text);
    if (name.ok() && *name == domain) return {&children[i], &children[i + 1]};
  }
  return {};
}

}  // namespace rampart
