/// Reading temporary credentials; no error shows what an answer holds.
#include "providers/route53/tokens.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/xml.h"

namespace rampart::route53 {
namespace {

std::optional<unsigned> digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<AwsCredentials> complete(AwsCredentials credentials, std::string_view expiration) {
  credentials.expires = read_instant(expiration);
  if (credentials.key_id.empty() || credentials.secret.empty()) {
    return Error{.what = "the answer holds no credentials"};
  }
  if (!expiration.empty() && !credentials.expires) {
    return Error{.what = "the answer's expiry is no instant"};
  }
  return credentials;
}

std::string text_at(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::optional<std::chrono::sys_seconds> read_instant(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || !text.ends_with('Z') || (text.size() > 20 && text[19] != '.')) {
    return std::nullopt;
  }
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  const auto hour = digits(text.substr(11, 2));
  const auto minute = digits(text.substr(14, 2));
  const auto second = digits(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

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
  if (found == nullptr) return Error{.what = "STS's answer holds no credentials"};
  return complete({.key_id = std::string(found->text_of("AccessKeyId")),
                   .secret = std::string(found->text_of("SecretAccessKey")),
                   .session_token = std::string(found->text_of("SessionToken"))},
                  found->text_of("Expiration"));
}

Result<AwsCredentials> read_metadata(const HttpResponse& response) {
  if (response.status != 200) {
    return Error{.what = fmt::format("the endpoint answers {}", response.status),
                 .retryable = response.status >= 500};
  }
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (!json.is_object()) return Error{.what = "the answer is no JSON object"};
  return complete({.key_id = text_at(json, "AccessKeyId"),
                   .secret = text_at(json, "SecretAccessKey"),
                   .session_token = text_at(json, "Token")},
                  text_at(json, "Expiration"));
}

}  // namespace rampart::route53
