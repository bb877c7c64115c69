/// What the YAML may set of an account at Cloudflare, and what the host accepts.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "providers/cloudflare/cloudflare.h"
#include "providers/cloudflare/edits.h"

namespace rampart {
namespace {

// 32 hexadecimal digits, as the dashboard shows it.
Result<Ok> check_zone_id(const std::string& text) {
  const bool hex = text.size() == 32 && std::ranges::all_of(text, [](char c) {
                     return is_digit(c) || (c >= 'a' && c <= 'f');
                   });
  if (hex) return Ok{};
  return Error{.what = fmt::format("`{}` is not the id of a zone at Cloudflare", text)};
}

}  // namespace

std::vector<ProviderSetting> cloudflare_settings() {
  return {pace_setting(),
          zone_ids_setting("^[0-9a-f]{32}$", check_zone_id,
                           "write the 32 hexadecimal digits of the zone's overview page")};
}

Limits cloudflare_limits() {
  return {.max_txt_octets = cloudflare::kMostTxtOctets,
          .max_name_octets = cloudflare::kMostNameOctets,
          .min_ttl = cloudflare::kMinTtl,
          .max_ttl = cloudflare::kMaxTtl};
}

}  // namespace rampart
