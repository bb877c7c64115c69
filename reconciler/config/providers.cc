/// Reading `providers:`: the settings of each type, from the catalogue of providers.
#include "reconciler/config/providers.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "providers/catalog.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/config.h"
#include "reconciler/config/files.h"

namespace rampart::config {
namespace {

// "words" for did_you_mean and for lists in hints.
std::vector<std::string_view> setting_names(const ProviderType& type) {
  std::vector<std::string_view> names;
  for (const ProviderSetting& setting : type.settings) names.push_back(setting.name);
  return names;
}

// The setting's own check, its Error shown where the value is.
bool check_value(Loader& loader, const Node& node, const ProviderSetting& setting) {
  if (setting.check == nullptr) return true;
  const Result<Ok> good = setting.check(node.value().text);
  if (good) return true;
  return loader.fail(node, "wrong-value", good.error().what, std::string(setting.advice));
}

// A map from zones to ids; every row is read, so that one run reports all mistakes.
void read_zone_ids(Loader& loader, const Node& node, const ProviderSetting& setting,
                   ProviderSpec& spec) {
  if (node.value().kind != NodeKind::Map) {
    loader.fail(node, "wrong-type", "expected a map from zones to their ids",
                fmt::format("write `{}: {{example.com: ...}}`", setting.name));
    return;
  }
  for_rows(&node, [&](const Node& key, const Node& value) {
    const Result<Name> zone = Name::parse(key.text);
    if (!zone || zone->is_root()) {
      loader.fail(key, "bad-name", fmt::format("`{}` is not the name of a zone", key.text),
                  zone ? "the root is not your zone" : sentence(zone.error()));
    } else if (value.value().kind != NodeKind::Scalar) {
      loader.fail(value, "wrong-type", fmt::format("expected the id of {}", zone->text()),
                  std::string(setting.advice));
    } else if (check_value(loader, value, setting)) {
      spec.zone_ids.insert_or_assign(*zone, value.value().text);
    }
  });
}

// Whether the scalar at `node` is what the setting takes.
bool check_scalar_setting(Loader& loader, const Node& node, const ProviderSetting& setting) {
  const Node& value = node.value();
  if (value.kind != NodeKind::Scalar) {
    return loader.fail(node, "wrong-type", fmt::format("expected a value for `{}`", setting.name),
                       std::string(setting.advice));
  }
  const auto& words = setting.words;
  switch (setting.form) {
    case SettingForm::Folder:
      return check_path(loader, node);
    case SettingForm::Word:
      if (std::ranges::find(words, std::string_view(value.text)) != words.end()) return true;
      return loader.fail(
          node, "wrong-value", fmt::format("`{}` is not a value of `{}`", value.text, setting.name),
          did_you_mean(value.text, words, fmt::format("write one of {}", fmt::join(words, ", "))));
    case SettingForm::Number:
      if (!parse_number(value.text)) {
        return loader.fail(node, "wrong-value", fmt::format("`{}` is not a number", value.text),
                           std::string(setting.advice));
      }
      return check_value(loader, node, setting);
    default:
      return check_value(loader, node, setting);
  }
}

// The keys and the values of each type are those of the catalogue.
void read_setting(Loader& loader, const Node& key, const Node& value, const ProviderType& type,
                  ProviderSpec& spec) {
  if (key.text == "type") return;
  const ProviderSetting* setting = type.setting(key.text);
  if (setting == nullptr) {
    const std::vector<std::string_view> names = setting_names(type);
    loader.fail(
        key, "unknown-key", fmt::format("unknown key `{}` in a {} provider", key.text, type.name),
        did_you_mean(key.text, names, fmt::format("allowed here: {}", fmt::join(names, ", "))));
  } else if (setting->form == SettingForm::ZoneIds) {
    read_zone_ids(loader, value, *setting, spec);
  } else if (check_scalar_setting(loader, value, *setting)) {
    spec.settings[key.text] = value.value().text;
    spec.marks[key.text] = value.mark();
  }
}

// The list of types is part of every message: it is short, and nobody remembers whether it is
// `rfc2136` or `bind`.
const ProviderType* read_type(Loader& loader, const Node& row) {
  const Node* type = find(row.value(), "type");
  std::vector<std::string_view> names;
  for (const ProviderType& one : provider_types()) names.push_back(one.name);
  const std::string known = fmt::format("write one of {}", fmt::join(names, ", "));
  if (!type) {
    loader.fail(row, "missing-key", "the key `type` is missing", known);
    return nullptr;
  }
  const std::string& text = type->value().text;
  if (const ProviderType* found = find_provider_type(text)) return found;
  loader.fail(*type, "unknown-provider", fmt::format("unknown provider type `{}`", text),
              did_you_mean(text, names, known));
  return nullptr;
}

}  // namespace

// Providers are read by hand: their keys depend on `type`, which the table cannot express.
void read_providers(Loader& loader, const Node& map) {
  for_rows(&map, [&](const Node& key, const Node& row) {
    if (!check_identifier(loader, key)) return;
    ProviderSpec spec{key.text, "", {}, row.mark()};
    const ProviderType* type = read_type(loader, row);
    for_rows(&row, [&](const Node& setting, const Node& value) {
      if (looks_secret(setting.text)) {
        fail_secret(loader, setting, row.value());
      } else if (type) {
        read_setting(loader, setting, value, *type, spec);
      }
    });
    if (type) spec.type = type->name;
    if (type && !type->required.empty() && !find(row, type->required)) {
      loader.fail(key, "missing-key", fmt::format("the key `{}` is missing", type->required),
                  fmt::format("every provider of type {} needs it", type->name));
    }
    loader.config.providers[key.text] = std::move(spec);
  });
}

}  // namespace rampart::config

namespace rampart {

namespace {

// The folders beside the YAML that hold zone files, sorted.
std::vector<std::string> folders_with_zones(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed)) {
    if (!entry.is_directory(failed)) continue;
    const auto is_zone = [](const fs::directory_entry& file) {
      return file.path().extension() == ".zone";
    };
    if (std::ranges::any_of(fs::directory_iterator(entry.path(), failed), is_zone)) {
      found.push_back(entry.path().filename().string());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

// Where no folder has zone files, they may not be checked out here, as in a job that only
// validates: then the plan reports what it cannot read. A provider that no domain names may be
// prepared for later.
std::vector<ConfigError> missing_folders(const Config& config) {
  std::vector<ConfigError> errors;
  const std::vector<std::string> others = folders_with_zones(config.folder);
  if (others.empty()) return errors;
  for (const auto& [name, spec] : config.providers) {
    const bool used = std::ranges::any_of(config.domains, [&](const auto& row) {
      return std::ranges::find(row.second.providers, name) != row.second.providers.end();
    });
    const ProviderType* type = find_provider_type(spec.type);
    if (!used || type == nullptr) continue;
    for (const ProviderSetting& setting : type->settings) {
      const auto given = spec.settings.find(std::string(setting.name));
      if (setting.form != SettingForm::Folder || given == spec.settings.end()) continue;
      const std::string path = config::shown_path(config.folder, given->second);
      struct stat status {};
      if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
      const Mark& mark = spec.marks.at(given->first);
      errors.push_back({mark.file, mark.line, mark.column, "unreadable",
                        fmt::format("there is no folder {}", path),
                        fmt::format("zone files are in {}: correct the path, or create the folder",
                                    fmt::join(others, ", ")),
                        ""});
    }
  }
  return errors;
}

}  // namespace rampart
