/// Credentials and settings of one account.
#include "providers/model/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace rampart {
namespace {

/// A variable's value. An empty one counts as unset: CI systems set secrets that do not exist to
/// "".
std::optional<std::string> set_variable(const ProviderSettings& settings, const std::string& name) {
  const auto found = settings.environment.find(name);
  const bool set = found != settings.environment.end() && !found->second.empty();
  return set ? std::optional(found->second) : std::nullopt;
}

}  // namespace

Result<std::string> required_setting(const ProviderSettings& settings, const std::string& key) {
  if (settings.settings.contains(key)) return settings.setting(key);
  return Error{.what = fmt::format("the setting \"{}\" is missing", key), .where = settings.name};
}

// Two accounts at one host need two variables; the name follows from the provider's in the YAML.
std::string account_variable(std::string_view variable, std::string_view provider) {
  std::string name = std::string(variable) + "_";
  for (const char c : provider) {
    const bool lower = c >= 'a' && c <= 'z';
    name += lower ? static_cast<char>(c - 'a' + 'A') : is_alpha(c) || is_digit(c) ? c : '_';
  }
  return name;
}

std::optional<std::string> own_value(const ProviderSettings& settings, std::string_view variable) {
  return set_variable(settings, account_variable(variable, settings.name));
}

// The account's own variable wins, so that the plain one can serve all others.
std::optional<std::string> environment_value(const ProviderSettings& settings,
                                             std::string_view variable) {
  auto own = own_value(settings, variable);
  return own ? own : set_variable(settings, std::string(variable));
}

// The Error names both, since people set the plain one first.
Result<std::string> required_value(const ProviderSettings& settings, std::string_view variable) {
  if (auto value = environment_value(settings, variable)) return std::move(*value);
  return Error{.what = fmt::format("set {} or {} in the environment", variable,
                                   account_variable(variable, settings.name)),
               .where = settings.name};
}

Result<std::string> required_credential(const ProviderSettings& settings,
                                        std::string_view variable) {
  TRY(std::string value, required_value(settings, variable));
  // A pasted line end would otherwise become a second header.
  if (std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; })) return value;
  return Error{.what = fmt::format("the value of {} holds blanks, line ends or other characters "
                                   "that an HTTP header cannot carry",
                                   variable),
               .where = settings.name};
}

// An upper limit, because a typing error must not flood a host.
Result<double> parse_pace(const std::string& text) {
  double pace = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), pace, std::chars_format::fixed);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  // Written so that NaN fails too.
  if (whole && pace > 0 && pace <= 1000) return pace;
  return Error{.what = "requests_per_second must be a number above 0 and at most 1000"};
}

Result<std::optional<double>> requests_per_second(const ProviderSettings& settings) {
  if (!settings.settings.contains("requests_per_second")) return std::optional<double>();
  TRY(const double pace,
      within(settings.name, parse_pace(settings.setting("requests_per_second"))));
  return std::optional(pace);
}

// Paths are appended with a slash of their own.
std::string without_slashes(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace rampart
