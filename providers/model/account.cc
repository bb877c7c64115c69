/// Variables of the environment by account.
#include "providers/model/account.h"

namespace rampart {

std::string account_variable(std::string_view variable, std::string_view provider) {
  std::string name = std::string(variable) + "_";
  for (const char c : provider) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return name;
}

std::optional<std::string> environment_value(const ProviderSettings& settings,
                                             std::string_view variable) {
  for (const std::string& name :
       {account_variable(variable, settings.name), std::string(variable)}) {
    const auto found = settings.environment.find(name);
    if (found != settings.environment.end() && !found->second.empty()) return found->second;
  }
  return std::nullopt;
}

}  // namespace rampart
