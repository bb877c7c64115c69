/// Settings that several hosts share.
#include "providers/model/setting.h"

#include "providers/model/account.h"

namespace rampart {

ProviderSetting pace_setting() {
  return {.name = "requests_per_second",
          .doc = "The rate at which the host's API is called; another program may share its quota.",
          .form = SettingForm::Number,
          .check = [](const std::string& text) -> Result<Ok> {
            TRY_OK(parse_pace(text));
            return Ok{};
          },
          .advice = "write, for example, 2.5"};
}

ProviderSetting zone_ids_setting(std::string_view pattern, Result<Ok> (*check)(const std::string&),
                                 std::string_view advice) {
  return {.name = "zone_ids",
          .doc = "The id of a zone, by its name: chooses among several zones of one name.",
          .form = SettingForm::ZoneIds,
          .pattern = pattern,
          .check = check,
          .advice = advice};
}

}  // namespace rampart
