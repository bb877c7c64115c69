/// Edits of domains in the files that declare them: applied, checked by loading again, written.
#include <fmt/format.h>

#include "base/confined_path.h"
#include "base/replace_file.h"
#include "base/sha256.h"
#include "reconciler/config/files.h"
#include "reconciler/edit/declared.h"
#include "reconciler/edit/edit.h"

namespace rampart {
namespace {

constexpr std::size_t kMostOctets = std::size_t{64} << 20;

using Texts = std::map<std::string, std::string>;

std::string shown(const Config& config, const std::string& path) {
  return config::shown_path(config.folder, path);
}

// A conflict where the file is no longer the one that the configuration was read from.
Result<Ok> check_unchanged(const std::string& text, const std::string& digest) {
  if ("sha256:" + sha256_hex(text) == digest) return Ok{};
  return Error{.what = "the file changed while it was being used: run this again",
               .retryable = true,
               .conflict = true};
}

// An open file with its folder, which stays open so that the file is replaced in the same one.
struct Opened {
  UniqueFd folder;
  std::string name;
  std::string text;
};

// Opens a file of the configuration by its path under the folder.
// The folder is kept open, so that the file that is replaced later is in the folder that was read,
// even if a path was renamed meanwhile.
Result<Opened> open_beneath(const Config& config, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const bool deep = slash != std::string::npos;
  TRY(UniqueFd folder, open_folder_beneath(config.folder, deep ? path.substr(0, slash + 1) : "."));
  std::string name = deep ? path.substr(slash + 1) : path;
  TRY(const UniqueFd file, open_file_in(folder, name));
  TRY(std::string text, read_all(file, kMostOctets));
  return Opened{std::move(folder), std::move(name), std::move(text)};
}

// By digest rather than by time stamp: a checkout sets new times without changing anything.
Result<Opened> open_unchanged(const Config& config, const std::string& path,
                              const std::string& digest) {
  Result<Opened> file = open_beneath(config, path);
  if (file) {
    if (auto same = check_unchanged(file->text, digest); !same) file = std::move(same).error();
  }
  if (!file) return within(shown(config, path), file.error());
  return file;
}

// The text of every file, as it was when the configuration was read.
Result<Texts> read_texts(const Config& config) {
  Texts texts;
  for (const auto& [path, digest] : config.files) {
    TRY(Opened file, open_unchanged(config, path, digest));
    texts.emplace(shown(config, path), std::move(file.text));
  }
  return texts;
}

// Each edit finds its domain by name again, as line numbers move with every edit before it.
Result<Ok> apply(const Config& config, const DomainEdit& change, Texts& texts) {
  const auto domain = config.domains.find(change.domain);
  if (domain == config.domains.end()) {
    return Error{fmt::format("{} is not in the YAML", change.domain.text())};
  }
  const std::string& file = domain->second.mark.file;
  std::string& text = texts.at(file);
  const config::Source source(file, text);
  const config::Document document = config::read_document(source);
  // The file may write the name in another case, or in Unicode: the path needs it as written.
  const config::Node* key = domain_row(document.root, change.domain).key;
  if (!key) return Error{fmt::format("{} is not in this file", change.domain.text()), file};
  YamlEdit edit = change.edit;
  edit.path.insert(edit.path.begin(), {YamlStep("domains"), YamlStep(key->text)});
  TRY(text, edit_yaml(file, text, std::span(&edit, 1)));
  return Ok{};
}

}  // namespace

// Every edit is checked by itself against the tree, and all of them together by loading: an edit
// can be well-formed YAML and still break a rule of the configuration.
Result<std::map<std::string, std::string>> edit_domains(const Config& config,
                                                        std::span<const DomainEdit> edits) {
  TRY(const Texts before, read_texts(config));
  Texts texts = before;
  for (const DomainEdit& edit : edits) TRY_OK(apply(config, edit, texts));
  const auto again = load_config_from(config.file, texts);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&again)) {
    const ConfigError& first = errors->front();
    return Error{
        fmt::format("the edited file would not load: line {}: {}", first.line, first.message),
        first.file};
  }
  std::erase_if(texts, [&](const auto& row) { return before.at(row.first) == row.second; });
  return texts;
}

// The lock and the comparison of replace_file guard against a second rampart and an editor that
// save between reading and writing.
Result<Ok> write_domains(const Config& config, const std::map<std::string, std::string>& texts) {
  for (const auto& [path, digest] : config.files) {
    const auto text = texts.find(shown(config, path));
    if (text == texts.end()) continue;
    TRY(const Opened file, open_unchanged(config, path, digest));
    const auto replaced = [&]() -> Result<Ok> {
      TRY(const auto lock, lock_folder(file.folder));
      TRY_OK(check_writable(file.folder, file.name));
      return replace_file(file.folder, file.name, file.text, text->second);
    }();
    if (!replaced) return within(text->first, replaced.error());
  }
  return Ok{};
}

}  // namespace rampart
