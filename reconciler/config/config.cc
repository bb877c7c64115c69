/// Reads domains.yaml: files and includes, then section by section into a Config.
#include "reconciler/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/sha256.h"
#include "mail/dkim/key.h"
#include "providers/catalog.h"
#include "providers/model/provider.h"
#include "reconciler/config/builtin_files.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/names.h"
#include "reconciler/config/secrets.h"
#include "reconciler/config/store.h"

namespace rampart {
namespace config {
namespace {

// One file that was read: its text, its tree, its sections.
struct File {
  File(std::string path, std::string text) : source(std::move(path), std::move(text)) {}

  Source source;
  Document document;
  Sections sections;
};

// Calls `each(key, value)` for the rows of a map; none for nothing.
template <class Each>
void for_rows(const Node* map, Each each) {
  if (!map) return;
  const std::vector<Node>& children = map->value().children;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    if (is_plain_key(children[i])) each(children[i], children[i + 1]);
  }
}

void read_sections(Loader& loader, File& file, const Object& form) {
  file.document = read_document(file.source);
  const bool broken = !file.document.errors.empty();
  for (ConfigError& error : file.document.errors) {
    // After a syntax error the tree is only half there: what it lacks is no news.
    loader.fail(std::move(error));
  }
  const Node& root = file.document.root;
  if (root.value().kind == NodeKind::Map) {
    loader.read({&root}, form, &file.sections);
  } else if (!broken) {
    loader.fail(root, "wrong-type", "expected a map with `version` and `domains`",
                "`rampart init DOMAIN` writes a first file");
  }
}

void read_senders(Loader& loader, const Sections& sections) {
  for_rows(sections.senders, [&](const Node& key, const Node& row) {
    if (!check_identifier(loader, key)) return;
    auto sender = std::make_shared<Sender>();
    loader.read({&row}, *sender_object(), sender.get());
    sender->id = key.text;
    sender->include_needed =
        find(row.value(), "include_needed") ? sender->include_needed : IncludeNeeded::Yes;
    if (sender->name.empty()) sender->name = key.text;
    const auto before = loader.config.senders.find(key.text);
    if (before != loader.config.senders.end() && !before->second->builtin) {
      if (before->second->mark.file == key.source->path()) return;  // Said when it was parsed.
      loader.fail(
          key, "duplicate-key", fmt::format("the sender `{}` is given twice", key.text),
          fmt::format("first at {}:{}", before->second->mark.file, before->second->mark.line));
      return;
    }
    loader.config.senders[key.text] = std::move(sender);
  });
}

void read_ramps(Loader& loader, const Sections& sections) {
  for_rows(sections.ramps, [&](const Node& key, const Node& row) {
    if (!check_identifier(loader, key)) return;
    auto ramp = std::make_shared<Ramp>();
    loader.read({&row}, *ramp_object(), ramp.get());
    ramp->name = key.text;
    loader.config.ramps[key.text] = std::move(ramp);
  });
}

void read_setting(Loader& loader, const Node& key, const Node& value, const ProviderType& type,
                  ProviderSpec& spec) {
  if (key.text == "type") return;
  if (std::ranges::find(type.settings, std::string_view(key.text)) != type.settings.end()) {
    if (value.value().kind != NodeKind::Scalar) return;  // Reported as no text before.
    if (key.text == "directory" && !check_path(loader, value)) return;
    spec.settings[key.text] = value.value().text;
    return;
  }
  std::string hint = did_you_mean(key.text, type.settings);
  if (hint.empty()) {
    hint = type.settings.empty() ? fmt::format("{} has no settings", type.name)
                                 : fmt::format("known here: {}", fmt::join(type.settings, ", "));
  }
  loader.fail(key, "unknown-key",
              fmt::format("unknown key `{}` in a {} provider", key.text, type.name),
              std::move(hint));
}

const ProviderType* read_type(Loader& loader, const Node& row) {
  const Node* type = find(row.value(), "type");
  std::vector<std::string_view> names;
  for (const ProviderType& known : provider_types()) names.push_back(known.name);
  if (!type) {
    loader.fail(row, "missing-key", "the key `type` is missing",
                fmt::format("one of {}", fmt::join(names, ", ")));
    return nullptr;
  }
  const std::string& text = type->value().text;
  if (const ProviderType* found = find_provider_type(text)) return found;
  std::string hint = did_you_mean(text, names);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(names, ", "));
  loader.fail(*type, "unknown-provider", fmt::format("unknown type of provider `{}`", text),
              std::move(hint));
  return nullptr;
}

void read_providers(Loader& loader, const Sections& sections) {
  for_rows(sections.providers, [&](const Node& key, const Node& row) {
    if (!check_identifier(loader, key)) return;
    ProviderSpec spec{key.text, "", {}, row.mark()};
    const ProviderType* type = read_type(loader, row);
    for_rows(&row, [&](const Node& setting, const Node& value) {
      if (looks_secret(setting.text)) {
        loader.fail(setting, "secret-in-yaml",
                    fmt::format("`{}` does not belong in the YAML", setting.text),
                    secret_hint(setting.text, row.value()));
      } else if (type) {
        read_setting(loader, setting, value, *type, spec);
      }
    });
    if (type) spec.type = type->name;
    if (type && !type->required.empty() && !find(row, type->required)) {
      loader.fail(key, "missing-key", fmt::format("the key `{}` is missing", type->required),
                  fmt::format("a provider of type {} cannot do without it", type->name));
    }
    loader.config.providers[key.text] = std::move(spec);
  });
}

std::optional<Name> read_name(Loader& loader, const Node& key) {
  const auto name = Name::parse(key.text);
  if (!name) {
    loader.fail(key, "bad-name", fmt::format("`{}` is not a domain name", key.text),
                sentence(name.error()));
    return std::nullopt;
  }
  const auto refusal = refusal_of(*name);
  if (!refusal) return *name;
  loader.fail(key, std::string(refusal->code), fmt::format("`{}` {}", key.text, refusal->reason),
              std::string(refusal->advice));
  return std::nullopt;
}

// Whether the same text stands at `mark`: a duplicate key, which was reported when it was parsed.
bool stands_at(const Node& key, const Mark& mark) {
  if (mark.file != key.source->path()) return false;
  return key.source->line(mark.line).find(key.text) == static_cast<std::size_t>(mark.column) - 1;
}

void read_domain(Loader& loader, const Node* defaults, const Node& key, const Node& row) {
  const auto name = read_name(loader, key);
  if (!name) return;
  Domain domain{.name = *name};
  domain.dmarc.ramp = loader.config.ramps.at("standard");
  Layers layers;
  if (defaults) layers.push_back(defaults);
  layers.push_back(&row);
  loader.read(layers, *domain_object(), &domain);
  domain.mark = key.mark();
  const Node* dmarc = find(row.value(), "dmarc");
  if (dmarc && domain.state == DomainState::Managed) {
    Layers all;
    for (const Node* layer : layers) {
      const Node* node = find(layer->value(), "dmarc");
      if (node) all.push_back(node);
    }
    if (!find(all, "phase")) {
      loader.fail(
          *dmarc, "missing-key", "the key `phase` is missing",
          "say where the domain stands: discovery, spf, dkim, monitor, quarantine or reject");
    }
  }
  const auto [place, inserted] = loader.config.domains.emplace(*name, std::move(domain));
  const Mark& first = place->second.mark;
  if (inserted || stands_at(key, first)) return;
  loader.fail(key, "domain-twice", fmt::format("the domain {} is given twice", name->text()),
              fmt::format("first at {}:{}", first.file, first.line));
}

// `defaults:` is read once by itself, so that its mistakes show even without any domain.
void read_defaults(Loader& loader, const Node* defaults) {
  if (!defaults) return;
  Domain scratch{.name = Name::root()};
  loader.partial = true;
  loader.read({defaults}, *domain_object(), &scratch);
  loader.partial = false;
}

std::unique_ptr<File> open_file(Loader& loader, const std::string& path, const Node* includer) {
  auto text = loader.files().read(path);
  if (!text) {
    const std::string shown = loader.files().shown(path);
    const std::string what = fmt::format("cannot read {}: {}", shown, text.error().what);
    if (includer) {
      loader.fail(*includer, "unreadable", what, "");
    } else {
      loader.fail({shown, 1, 1, "unreadable", what, "name the file with -c", ""});
    }
    return nullptr;
  }
  loader.config.files[path] = "sha256:" + sha256_hex(*text);
  return std::make_unique<File>(loader.files().shown(path), std::move(*text));
}

void read_include(Loader& loader, const Node& node, const std::string& main,
                  std::vector<std::unique_ptr<File>>& files) {
  std::size_t matched = 0;
  for (const std::string& path : loader.files().matches(node.value().text)) {
    ++matched;
    if (path == main || loader.config.files.contains(path)) continue;
    if (loader.files().has_symlink(path)) {
      loader.fail(node, "path-escapes", fmt::format("the path `{}` passes a symlink", path),
                  "put the file itself there: symlinks are not followed");
      continue;
    }
    auto file = open_file(loader, path, &node);
    if (!file) continue;
    read_sections(loader, *file, *included_object());
    files.push_back(std::move(file));
  }
  if (matched == 0) {
    loader.fail(node, "include-empty", fmt::format("no file matches `{}`", node.value().text),
                "paths start at the folder of this file");
  }
}

void read_config(Loader& loader, const std::string& main) {
  std::vector<std::unique_ptr<File>> files;
  auto first = open_file(loader, main, nullptr);
  if (!first) return;
  read_sections(loader, *first, *file_object());
  files.push_back(std::move(first));
  Sections& sections = files.front()->sections;
  if (sections.include) {
    for (const Node& node : sections.include->value().children) {
      read_include(loader, node, main, files);
    }
  }
  loader.config.resolvers = sections.resolvers;
  loader.config.key_recipients = sections.recipients;
  read_providers(loader, files.front()->sections);
  for (const auto& file : files) read_senders(loader, file->sections);
  read_ramps(loader, files.front()->sections);
  read_defaults(loader, files.front()->sections.defaults);
  for (const auto& file : files) {
    for_rows(file->sections.domains, [&](const Node& key, const Node& row) {
      read_domain(loader, files.front()->sections.defaults, key, row);
    });
  }
}

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::variant<Config, std::vector<ConfigError>> load(const FileView& files, const std::string& path,
                                                    const std::string& name) {
  Loader loader(files);
  loader.config = builtin_config();
  loader.config.file = path;
  loader.config.folder = files.folder;
  read_config(loader, name);
  if (loader.error_count() > 0) return std::move(loader).errors();
  return std::move(loader.config);
}

// Reads the embedded catalogue and ramps; what is wrong in them is a mistake in this program.
Config read_builtin() {
  const std::map<std::string, std::string> none;
  const FileView files = memory_view(".", none);
  Loader loader(files);
  for (const EmbeddedFile& embedded : builtin_files()) {
    File file(embedded.path, embedded.text);
    read_sections(loader, file, *builtin_object());
    read_senders(loader, file.sections);
    read_ramps(loader, file.sections);
  }
  for (auto& [id, sender] : loader.config.senders) {
    auto row = std::make_shared<Sender>(*sender);
    row->builtin = true;
    sender = std::move(row);
  }
  for (const ConfigError& error : std::move(loader).errors()) {
    fmt::print(stderr, "{}", to_text(error));
    std::abort();
  }
  return std::move(loader.config);
}

}  // namespace
}  // namespace config

std::variant<Config, std::vector<ConfigError>> load_config(const std::string& path) {
  const auto [folder, name] = config::split(path);
  return config::load(config::disk_view(folder, name), path, name);
}

std::variant<Config, std::vector<ConfigError>> load_config_from(
    const std::string& path, const std::map<std::string, std::string>& files) {
  const auto [folder, name] = config::split(path);
  return config::load(config::memory_view(folder, files), path, name);
}

Config builtin_config() {
  static const Config config = config::read_builtin();
  return config;
}

}  // namespace rampart
