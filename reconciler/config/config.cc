/// Reads domains.yaml: files and includes, then section by section into a Config.
#include "reconciler/config/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "reconciler/config/builtin_files.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/loader.h"
#include "reconciler/config/names.h"
#include "reconciler/config/order.h"
#include "reconciler/config/providers.h"

namespace rampart {
namespace config {
namespace {

// One file: its text, its tree, its sections. Nodes and errors point into the text, so that a File
// lives as long as its configuration is being read.
struct File {
  File(std::string path, std::string text) : source(std::move(path), std::move(text)) {}

  Source source;
  Document document;
  Sections sections;
};

// Syntax errors do not stop the reading: what was parsed before them is still checked, so that one
// run reports as much as it can.
void read_sections(Loader& loader, File& file, Form (*form)(Sections&)) {
  file.document = read_document(file.source);
  const bool broken = !file.document.errors.empty();
  for (ConfigError& error : file.document.errors) loader.fail(std::move(error));
  const Node& root = file.document.root;
  if (root.value().kind == NodeKind::Map) {
    loader.read({&root}, form(file.sections));
  } else if (!broken) {  // After a syntax error the tree is incomplete: no second message.
    loader.fail(root, "wrong-type", "expected a map with `version` and `domains`",
                "`rampart init DOMAIN` writes a first file from the records that exist");
  }
}

// An own sender replaces a built-in one of the same id: the catalogue may be wrong for a customer.
void read_senders(Loader& loader, const Sections& sections) {
  for_rows(sections.senders, [&](const Node& key, const Node& row) {
    if (!check_identifier(loader, key)) return;
    auto sender = std::make_shared<Sender>();
    loader.read({&row}, form_of(*sender));
    sender->id = key.text;
    if (sender->name.empty()) sender->name = key.text;
    const auto before = loader.config.senders.find(key.text);
    if (before != loader.config.senders.end() && !before->second->builtin) {
      const Mark& first = before->second->mark;
      if (first.file == key.source->path()) return;  // A duplicate key: reported by the parser.
      loader.fail(key, "duplicate-key", fmt::format("the sender `{}` is declared twice", key.text),
                  fmt::format("first at {}:{}; keep one of them", first.file, first.line));
      return;
    }
    loader.config.senders[key.text] = std::move(sender);
  });
}

void read_organizations(Loader& loader, const Sections& sections) {
  for_rows(sections.organizations, [&](const Node& key, const Node& row) {
    loader.read({&row}, form_of(loader.config.organizations[key.text]));
  });
}

// A ramp of the YAML may replace a built-in one of the same name, as senders do: the standard ramp
// may be too fast for one company.
void read_ramps(Loader& loader, const Sections& sections) {
  for_rows(sections.ramps, [&](const Node& key, const Node& row) {
    if (!check_identifier(loader, key)) return;
    auto ramp = std::make_shared<Ramp>();
    loader.read({&row}, form_of(*ramp));
    ramp->name = key.text;
    loader.config.ramps[key.text] = std::move(ramp);
  });
}

// Two mistakes are distinguished: text that is no DNS name, and a name that no mail domain can
// have.
std::optional<Name> read_name(Loader& loader, const Node& key) {
  const auto name = Name::parse(key.text);
  if (!name) {
    // The parser's sentence repeats the text; what follows its colon is the reason.
    const std::string why = sentence(name.error());
    const std::size_t colon = why.rfind(": ");
    loader.fail(key, "bad-name",
                fmt::format("`{}` is not a domain name{}", key.text,
                            colon == why.npos ? "" : why.substr(colon)),
                "write a mail domain, such as example.com");
    return std::nullopt;
  }
  const auto refusal = refusal_of(*name);
  if (!refusal) return *name;
  loader.fail(key, std::string(refusal->code), fmt::format("`{}` {}", key.text, refusal->reason),
              std::string(refusal->advice));
  return std::nullopt;
}

// Whether the same text is at `mark`: a duplicate key, which the parser has reported.
bool is_same_key(const Node& key, const Mark& mark) {
  if (mark.file != key.source->path()) return false;
  return key.source->line(mark.line).find(key.text) == static_cast<std::size_t>(mark.column) - 1;
}

// `phase` may come from `defaults:`, and a domain without `dmarc:` of its own needs none: so the
// table cannot require it.
void check_phase(Loader& loader, const Layers& layers, const Domain& domain) {
  const Node* dmarc = find(layers.back()->value(), "dmarc");
  if (!dmarc || domain.state != DomainState::Managed) return;
  Layers all;
  for (const Node* layer : layers) {
    if (const Node* node = find(layer->value(), "dmarc")) all.push_back(node);
  }
  if (find(all, "phase")) return;
  loader.fail(*dmarc, "missing-key", "the key `phase` is missing",
              "write the phase that the domain is in: discovery, spf, dkim, monitor, quarantine or "
              "reject");
}

// The ramp is set before reading, so that a domain without `ramp:` has one: no later code has to
// test for null.
void read_domain(Loader& loader, const Node* defaults, const Node& key, const Node& row) {
  const auto name = read_name(loader, key);
  if (!name) return;
  Domain domain{.name = *name};
  domain.dmarc.ramp = loader.config.ramps.at("standard");
  Layers layers;
  if (defaults) layers.push_back(defaults);
  layers.push_back(&row);
  loader.read(layers, form_of(domain));
  domain.mark = key.mark();
  check_phase(loader, layers, domain);
  const auto [row_of_name, inserted] = loader.config.domains.emplace(*name, std::move(domain));
  const Mark& first = row_of_name->second.mark;
  if (inserted || is_same_key(key, first)) return;
  loader.fail(key, "domain-twice", fmt::format("the domain {} is declared twice", name->text()),
              fmt::format("first at {}:{}; keep one of them", first.file, first.line));
}

// Reads `defaults:` by itself, so that its mistakes are reported once, even without any domain.
void read_defaults(Loader& loader, const Node* defaults) {
  if (!defaults) return;
  Domain scratch{.name = Name::root()};
  loader.partial = true;
  loader.read({defaults}, form_of(scratch));
  loader.partial = false;
}

// Records the digest of every file: a plan names what it was made from, and an edit notices
// changes.
// The first file is named by the user, so its message points to -c; an included one points to the
// line that includes it.
std::unique_ptr<File> open_file(Loader& loader, const std::string& path, const Node* includer) {
  auto text = loader.files().read(path);
  if (!text) {
    const std::string shown = loader.files().shown(path);
    const std::string what = fmt::format("cannot read {}: {}", shown, text.error().what);
    if (includer) {
      loader.fail(*includer, "unreadable", what, "");
    } else {
      loader.fail({shown, 1, 1, "unreadable", what, "pass the file with -c", ""});
    }
    return nullptr;
  }
  loader.config.files[path] = "sha256:" + sha256_hex(*text);
  return std::make_unique<File>(loader.files().shown(path), std::move(*text));
}

// Matches are read in sorted order, each file once, even if several patterns match it. A pattern
// without a match is an error: a typo would otherwise drop domains silently.
void read_include(Loader& loader, const Node& node, const std::string& main,
                  std::vector<std::unique_ptr<File>>& files) {
  const auto matches = loader.files().matches(node.value().text);
  if (!matches) {
    const Error& problem = matches.error();
    loader.fail(node, "unreadable", "cannot read the folder " + problem.where + ": " + problem.what,
                "make it readable: the domains of its files would be missing");
    return;
  }
  for (const std::string& path : *matches) {
    if (path == main || loader.config.files.contains(path)) continue;
    if (!check_no_symlink(loader, node, path)) continue;
    auto file = open_file(loader, path, &node);
    if (!file) continue;
    read_sections(loader, *file, included_form);
    files.push_back(std::move(file));
  }
  if (matches->empty()) {
    loader.fail(node, "include-empty", fmt::format("no file matches `{}`", node.value().text),
                "paths are relative to the folder of this file");
  }
}

// In an order in which every row can refer to those read before it: providers, senders and ramps,
// then `defaults:`, then the domains of all files.
// Senders are read from all files before any domain: an included file may use a sender that a later
// one declares.
void read_config(Loader& loader, const std::string& main) {
  std::vector<std::unique_ptr<File>> files;
  auto first = open_file(loader, main, nullptr);
  if (!first) return;
  read_sections(loader, *first, file_form);
  files.push_back(std::move(first));
  Sections& sections = files.front()->sections;
  if (sections.include) {
    for (const Node& node : sections.include->value().children) {
      read_include(loader, node, main, files);
    }
  }
  loader.config.resolvers = sections.resolvers;
  loader.config.key_recipients = sections.recipients;
  loader.config.reporters = sections.reporters;
  if (sections.providers) read_providers(loader, *sections.providers);
  for (const auto& file : files) read_senders(loader, file->sections);
  read_ramps(loader, sections);
  read_defaults(loader, sections.defaults);
  for (const auto& file : files) {
    for_rows(file->sections.domains, [&](const Node& key, const Node& row) {
      read_domain(loader, sections.defaults, key, row);
    });
  }
  std::vector<const Node*> domain_maps;
  for (const auto& file : files) domain_maps.push_back(file->sections.domains);
  resolve_orders(loader, sections.defaults, domain_maps);
}

// All other paths are relative to the folder of the first file, whatever the working directory is.
std::pair<std::string, std::string> folder_and_name(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// Starts from the catalogue and the built-in ramps, so that the YAML can refer to them and replace
// them.
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

// Reads the embedded catalogue and ramps. A mistake in them is a bug, so it ends the program.
Config read_builtin() {
  const std::map<std::string, std::string> none;
  const FileView files = memory_view(".", none);
  Loader loader(files);
  for (const EmbeddedFile& embedded : builtin_files()) {
    File file(embedded.path, embedded.text);
    read_sections(loader, file, builtin_form);
    read_senders(loader, file.sections);
    read_ramps(loader, file.sections);
    read_organizations(loader, file.sections);
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
  const auto [folder, name] = config::folder_and_name(path);
  return config::load(config::disk_view(folder, name), path, name);
}

std::variant<Config, std::vector<ConfigError>> load_config_from(
    const std::string& path, const std::map<std::string, std::string>& files) {
  const auto [folder, name] = config::folder_and_name(path);
  return config::load(config::memory_view(folder, files), path, name);
}

Config builtin_config() {
  static const Config config = config::read_builtin();
  return config;
}

}  // namespace rampart
