/// Reading temporary credentials. No Error quotes a successful response: it holds secrets.
#include "providers/route53/tokens.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/calendar.h"
#include "base/xml.h"
#include "providers/model/json_text.h"

namespace rampart::route53 {
namespace {

// Credentials without an end would never be renewed, so that an unreadable date is refused.
Result<AwsCredentials> complete(AwsCredentials credentials, std::string_view expiration) {
  credentials.expires = read_instant(expiration);
  if (credentials.key_id.empty() || credentials.secret.empty()) {
    return Error{.what = "the response holds no credentials"};
  }
  if (!expiration.empty() && !credentials.expires) {
    return Error{.what = "the response's expiry is not a valid time"};
  }
  return credentials;
}

}  // namespace

std::optional<std::chrono::sys_seconds> read_instant(std::string_view text) {
  // parse_time knows no fractions, and none matters here.
  constexpr std::size_t kWhole = std::string_view("2026-11-21T23:00:08").size();
  const bool fraction = text.size() > kWhole + 1 && text[kWhole] == '.';
  if (!text.ends_with('Z') || (text.size() != kWhole + 1 && !fraction)) return std::nullopt;
  return parse_time(std::string(text.substr(0, kWhole)) + "Z");
}

// STS' own message is shown for failures, since it names the missing permission.
Result<AwsCredentials> read_sts(const HttpResponse& response, const std::string& result) {
  const Result<XmlElement> root = parse_xml(response.body);
  if (response.status != 200) {
    const XmlElement* const error = root ? root->child("Error") : nullptr;
    return Error{.what = error == nullptr ? fmt::format("STS answers {}", response.status)
                                          : fmt::format("{}: {}", error->text_of("Code"),
                                                        error->text_of("Message")),
                 .retryable = response.status >= 500};
  }
  const XmlElement* const inner = root ? root->child(result) : nullptr;
  const XmlElement* const found = inner == nullptr ? nullptr : inner->child("Credentials");
  if (found == nullptr) return Error{.what = "STS' response holds no credentials"};
  return complete({.key_id = std::string(found->text_of("AccessKeyId")),
                   .secret = std::string(found->text_of("SecretAccessKey")),
                   .session_token = std::string(found->text_of("SessionToken"))},
                  found->text_of("Expiration"));
}

// Members that are missing show as empty and are refused by `complete`.
Result<AwsCredentials> read_metadata(const HttpResponse& response) {
  if (response.status != 200) {
    return Error{.what = fmt::format("the endpoint answers {}", response.status),
                 .retryable = response.status >= 500};
  }
  const auto json = parse_body(response.body);
  if (!json.is_object()) return Error{.what = "the response is not a JSON object"};
  return complete({.key_id = text_at(json, "AccessKeyId"),
                   .secret = text_at(json, "SecretAccessKey"),
                   .session_token = text_at(json, "Token")},
                  text_at(json, "Expiration"));
}

}  // namespace rampart::route53
