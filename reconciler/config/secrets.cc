/// The environment variables of each type of provider.
#include "reconciler/config/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace rampart::config {
namespace {

// A part of a key, and the variable to use instead for one type of provider ("": any).
struct Variable {
  std::string_view type;
  std::string_view word;
  std::string_view name;
};

// The first matching row counts: specific words come before the catch-all of each type.
constexpr std::array kVariables = {
    Variable{"cloudflare", "url", "CLOUDFLARE_BASE_URL"},
    Variable{"cloudflare", "endpoint", "CLOUDFLARE_BASE_URL"},
    Variable{"cloudflare", "", "CLOUDFLARE_API_TOKEN"},
    Variable{"route53", "access_key_id", "AWS_ACCESS_KEY_ID"},
    Variable{"route53", "session", "AWS_SESSION_TOKEN"},
    Variable{"route53", "url", "AWS_ENDPOINT_URL_ROUTE_53"},
    Variable{"route53", "endpoint", "AWS_ENDPOINT_URL_ROUTE_53"},
    Variable{"route53", "", "AWS_SECRET_ACCESS_KEY"},
    Variable{"powerdns", "url", "PDNS_API_URL"},
    Variable{"powerdns", "endpoint", "PDNS_API_URL"},
    Variable{"powerdns", "", "PDNS_API_KEY"},
    Variable{"rfc2136", "", "RAMPART_TSIG_SECRET"},
    Variable{"", "passphrase", "RAMPART_KEY_PASSPHRASE"},
    Variable{"", "tsig", "RAMPART_TSIG_SECRET"},
};

// Naming the exact variable matters: the next thing that people try is a repository secret under
// another key.
std::string secret_hint(std::string_view key, const Node& map) {
  const Node* type = find(map, "type");
  const std::string_view provider = type ? std::string_view(type->value().text) : "";
  const std::string word = ascii_lower(key);
  const auto row = std::ranges::find_if(kVariables, [&](const Variable& variable) {
    return variable.type == provider && word.find(variable.word) != std::string::npos;
  });
  if (row != kVariables.end()) {
    return fmt::format("set {} in the environment instead{}", row->name,
                       provider.empty()
                           ? ""
                           : fmt::format("; with two accounts, {}_<NAME> with the provider's name "
                                         "in capitals",
                                         row->name));
  }
  return "secrets and API addresses come from the environment only, such as CLOUDFLARE_API_TOKEN, "
         "AWS_ACCESS_KEY_ID, PDNS_API_KEY or RAMPART_TSIG_SECRET";
}

}  // namespace

void fail_secret(Loader& loader, const Node& key, const Node& map) {
  loader.fail(key, "secret-in-yaml", fmt::format("`{}` does not belong in the YAML", key.text),
              secret_hint(key.text, map));
}

}  // namespace rampart::config
