/// The table of provider types: the one place that names them all.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "providers/model/provider.h"
#include "providers/model/setting.h"

namespace rampart {

/// One row of the table of providers.
struct ProviderType {
  std::string_view name;
  std::vector<ProviderSetting> settings;  ///< What the YAML may set.
  /// Makes the provider; its Error names the provider and what is missing.
  Result<std::unique_ptr<Provider>> (*make)(const ProviderSettings&);
  bool reads_files;           ///< It is a file, which planning reads directly.
  std::string_view required;  ///< Its one mandatory setting, or empty.
  Limits limits;              ///< What the host accepts, known without any credential.

  /// The setting of this name, or null.
  const ProviderSetting* setting(std::string_view key) const;
};

/// Every provider type, sorted by name.
std::span<const ProviderType> provider_types();

/// The type of this name, or null.
const ProviderType* find_provider_type(std::string_view name);

}  // namespace rampart
