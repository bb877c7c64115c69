/// What the YAML may set of a provider: the one table from which its reader, `init` and the JSON
/// Schema check a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart {

/// The form of a setting's value.
enum class SettingForm {
  Text,
  Word,     ///< One of `words`.
  Number,   ///< Plain decimal; `check` knows its bounds.
  Folder,   ///< A path under the YAML's folder.
  ZoneIds,  ///< A map from a zone's name to its id; `check` looks at each id.
};

/// One key of a row of `providers:`.
struct ProviderSetting {
  std::string_view name;
  std::string_view doc;  ///< One sentence, for the JSON Schema.
  SettingForm form = SettingForm::Text;
  std::vector<std::string_view> words = {};
  std::string_view pattern = {};  ///< For the schema: `check`, as far as a pattern can express it.
  Result<Ok> (*check)(const std::string& value) = nullptr;  ///< An Error: what is wrong.
  std::string_view advice = {};                             ///< What to write instead.
};

/// The pace of an account, for those hosts that limit it.
ProviderSetting pace_setting();

/// A choice among several zones of one name. `pattern` and `check` are those of the host's ids.
ProviderSetting zone_ids_setting(std::string_view pattern, Result<Ok> (*check)(const std::string&),
                                 std::string_view advice);

}  // namespace rampart
