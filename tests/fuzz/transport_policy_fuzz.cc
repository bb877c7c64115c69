/// MTA-STS policies from any octets: what is accepted has a sensible age and patterns that hosts
/// can match.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/transport/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = rampart::parse_mta_sts_policy(text);
  if (!policy) return 0;
  if (policy->max_age < 0 || policy->max_age > 31557600) std::abort();
  if (policy->mx.empty() && policy->mode != rampart::MtaStsMode::None) std::abort();
  for (const std::string& pattern : policy->mx) {
    const bool star = pattern.starts_with("*.");
    const auto host = rampart::Name::parse(star ? "mx" + pattern.substr(1) : pattern);
    // A pattern of the longest length leaves no room for another label.
    if (!host && !star) std::abort();
    if (host && host->text() == pattern && !rampart::matches_mx(pattern, *host)) std::abort();
  }
  return 0;
}
