/// Where an account's credentials are found in the environment.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "providers/model/provider.h"

namespace rampart {

/// The variable's name for one of several accounts: "CLOUDFLARE_API_TOKEN_CF" for provider "cf".
std::string account_variable(std::string_view variable, std::string_view provider);

/// The environment's value for this provider: that of the account's own variable, else that of the
/// plain one; an empty value counts as none.
std::optional<std::string> environment_value(const ProviderSettings& settings,
                                             std::string_view variable);

}  // namespace rampart
