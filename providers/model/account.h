/// Credentials and settings of one account.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "providers/model/provider.h"

namespace rampart {

/// The variable's name for one of several accounts: "CLOUDFLARE_API_TOKEN_CF" for provider "cf".
std::string account_variable(std::string_view variable, std::string_view provider);

/// The environment's value for this provider: that of the account's own variable, else that of the
/// plain one; an empty value counts as none.
std::optional<std::string> environment_value(const ProviderSettings& settings,
                                             std::string_view variable);

/// The setting `key`; an Error that names it where the YAML does not give it.
Result<std::string> required_setting(const ProviderSettings& settings, const std::string& key);

/// The value of the account's own variable alone.
std::optional<std::string> own_value(const ProviderSettings& settings, std::string_view variable);

/// As `environment_value`, with an Error that names both variables where neither is set.
Result<std::string> required_value(const ProviderSettings& settings, std::string_view variable);

/// As `required_value`, for a credential that is sent in an HTTP header: visible ASCII characters
/// only. The Error never quotes it.
Result<std::string> required_credential(const ProviderSettings& settings,
                                        std::string_view variable);

/// Requests a second: a plain decimal number above 0 and at most 1000.
Result<double> parse_pace(const std::string& text);

/// The setting "requests_per_second"; nothing where it is not given.
Result<std::optional<double>> requests_per_second(const ProviderSettings& settings);

/// `url` without slashes at its end.
std::string without_slashes(std::string url);

}  // namespace rampart
