/// The table of provider types: the one place that names them all.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "providers/model/provider.h"

namespace rampart {

/// One row of the table of providers.
struct ProviderType {
  std::string_view name;
  std::vector<std::string_view> settings;  ///< The keys that the YAML may set.
  Result<std::unique_ptr<Provider>> (*make)(const ProviderSettings&);
  bool reads_files;           ///< Planning always reads it directly: it is a file.
  std::string_view required;  ///< The one setting that it cannot do without, or nothing.
};

/// Every type of provider, by name.
std::span<const ProviderType> provider_types();
const ProviderType* find_provider_type(std::string_view name);

}  // namespace rampart
