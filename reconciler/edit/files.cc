/// Edits of domains in the files that declare them: found, checked by loading again, written.
#include <fmt/format.h>

#include <algorithm>

#include "base/confined_path.h"
#include "base/replace_file.h"
#include "base/sha256.h"
#include "mail/dkim/key.h"
#include "reconciler/config/files.h"
#include "reconciler/edit/edit.h"

namespace rampart {
namespace {

constexpr std::size_t kMostOctets = std::size_t{64} << 20;

using Texts = std::map<std::string, std::string>;

std::string shown(const Config& config, const std::string& path) {
  return config::FileView{config.folder, {}, {}, {}}.shown(path);
}

struct Opened {
  OpenFile folder;
  std::string name;
  std::string text;
};

// A file of the configuration by its path beneath the folder.
Result<Opened> open(const Config& config, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const bool deep = slash != std::string::npos;
  auto folder = open_folder_beneath(config.folder, deep ? path.substr(0, slash + 1) : ".");
  if (!folder) return within(shown(config, path), folder.error());
  std::string name = deep ? path.substr(slash + 1) : path;
  const auto file = open_file_in(*folder, name);
  if (!file) return within(shown(config, path), file.error());
  auto text = read_all(*file, kMostOctets);
  if (!text) return within(shown(config, path), text.error());
  return Opened{std::move(folder).value(), std::move(name), std::move(text).value()};
}

// Every file of the configuration, as it was when the configuration was read.
Result<Texts> read_texts(const Config& config) {
  Texts texts;
  for (const auto& [path, digest] : config.files) {
    auto file = open(config, path);
    if (!file) return file.error();
    if ("sha256:" + sha256_hex(file->text) != digest) {
      return Error{"the file changed while it was being used: run this again", shown(config, path),
                   true, true};
    }
    texts.emplace(shown(config, path), std::move(file->text));
  }
  return texts;
}

// The key of the domain as the file writes it: in any case, with or without A-labels.
std::optional<std::string> key_of(const std::string& file, const std::string& text,
                                  const Name& domain) {
  const config::Source source(file, text);
  const config::Document document = config::read_document(source);
  const config::Node* domains = config::find(document.root.value(), "domains");
  if (!domains) return std::nullopt;
  const config::Node& map = domains->value();
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const auto name = Name::parse(map.children[i].text);
    if (name.ok() && *name == domain) return map.children[i].text;
  }
  return std::nullopt;
}

Result<Ok> apply(const Config& config, const DomainEdit& wish, Texts& texts) {
  const auto domain = config.domains.find(wish.domain);
  if (domain == config.domains.end()) {
    return Error{fmt::format("{} is not in the YAML", wish.domain.text())};
  }
  const std::string& file = domain->second.mark.file;
  const auto text = texts.find(file);
  const auto key = text == texts.end() ? std::nullopt : key_of(file, text->second, wish.domain);
  if (!key) return Error{fmt::format("{} is not in this file", wish.domain.text()), file};
  YamlEdit edit = wish.edit;
  edit.path.insert(edit.path.begin(), {YamlStep("domains"), YamlStep(*key)});
  auto edited = edit_yaml(file, text->second, std::span(&edit, 1));
  if (!edited) return edited.error();
  text->second = std::move(edited).value();
  return Ok{};
}

}  // namespace

Result<std::map<std::string, std::string>> edit_domains(const Config& config,
                                                        std::span<const DomainEdit> edits) {
  auto read = read_texts(config);
  if (!read) return read.error();
  Texts texts = *read;
  for (const DomainEdit& wish : edits) {
    if (auto done = apply(config, wish, texts); !done) return done.error();
  }
  const auto again = load_config_from(config.file, texts);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&again)) {
    const ConfigError& first = errors->front();
    return Error{
        fmt::format("the edited file would not load: line {}: {}", first.line, first.message),
        first.file};
  }
  std::erase_if(texts, [&](const auto& row) { return read->at(row.first) == row.second; });
  return texts;
}

Result<Ok> write_domains(const Config& config, const std::map<std::string, std::string>& texts) {
  for (const auto& [path, digest] : config.files) {
    const auto text = texts.find(shown(config, path));
    if (text == texts.end()) continue;
    const auto file = open(config, path);
    if (!file) return file.error();
    if ("sha256:" + sha256_hex(file->text) != digest) {
      return Error{"the file changed while it was being used: run this again", text->first, true,
                   true};
    }
    const auto lock = lock_folder(file->folder);
    if (!lock) return within(text->first, lock.error());
    const auto writable = check_writable(file->folder, file->name);
    if (!writable) return within(text->first, writable.error());
    const auto done = replace_file(file->folder, file->name, file->text, text->second);
    if (!done) return within(text->first, done.error());
  }
  return Ok{};
}

}  // namespace rampart
