/// What the YAML may set of a name server with dynamic updates, and what it accepts.
#include "providers/rfc2136/address.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/rfc2136/tsig.h"

namespace rampart {
namespace {

/// A change holds the old set twice and the new one once: all must fit one message.
constexpr int kMostUpdateTxtOctets = 16000;

// As the checks of settings need it: whether the value can be read, and why not.
template <class T>
Result<Ok> checked(const Result<T>& parsed) {
  if (parsed) return Ok{};
  return Error{.what = parsed.error().what};
}

Result<Ok> check_server_setting(const std::string& text) {
  return checked(parse_server_address(text));
}

Result<Ok> check_key_name(const std::string& text) {
  const Result<Name> name = Name::parse(text);
  if (name && name->is_root()) return Error{.what = "the root is not the name of a key"};
  return checked(name);
}

constexpr std::string_view kServerAdvice =
    "write the address or the host name of a server, with a port unless it is 53: "
    "192.0.2.53, \"[2001:db8::53]:5300\" or ns1.example.com";
// IPv6 in brackets, IPv6 without a port, or a host with a port.
constexpr std::string_view kServerPattern =
    R"(^(\[[0-9A-Fa-f:.]+\](:[1-9][0-9]{0,4})?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|)"
    R"([^\[\]:\s]+(:[1-9][0-9]{0,4})?)$)";

}  // namespace

std::vector<ProviderSetting> rfc2136_settings() {
  return {{.name = "server",
           .doc = "The primary that takes updates: an IP address or a host name, with a port "
                  "unless it is 53.",
           .pattern = kServerPattern,
           .check = check_server_setting,
           .advice = kServerAdvice},
          {.name = "transfer",
           .doc = "The server that zones are transferred from, where that is not `server`.",
           .pattern = kServerPattern,
           .check = check_server_setting,
           .advice = kServerAdvice},
          {.name = "tsig_name",
           .doc = "The name of the TSIG key.",
           .check = check_key_name,
           .advice = "write the key's name as in the server's configuration, such as rampart"},
          {.name = "tsig_algorithm",
           .doc = "The algorithm of the TSIG key; hmac-sha256 by default.",
           .form = SettingForm::Word,
           .words = tsig_algorithms()}};
}

// Last verified 2026-11-21 with BIND 9.18, Knot DNS 3.2 and PowerDNS 4.7.
Limits rfc2136_limits() { return {.max_txt_octets = kMostUpdateTxtOctets}; }

// A server refuses queries for zones that it keeps from this key, as if it had none.
MissingZone rfc2136_missing_zone() {
  return {.why = "serves no zone at or above this name to its key",
          .advice =
              "the server must be a primary of the zone and answer the queries of this key "
              "(allow-query or an acl): check `server:` and the server's configuration, or "
              "correct `provider:`"};
}

}  // namespace rampart
