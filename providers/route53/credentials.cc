/// The chain of origins: variables, shared files, web identity, container, instance.
#include "providers/route53/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/percent.h"
#include "base/xml.h"
#include "providers/model/account.h"
#include "providers/route53/tokens.h"

namespace rampart::route53 {
namespace {

using namespace std::chrono_literals;
using Found = Result<std::optional<AwsCredentials>>;

constexpr std::array<std::string_view, 5> kOrigins = {
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"};

constexpr auto kRenewBefore = 5min;
constexpr int kMostRoles = 4;
constexpr std::string_view kSession = "rampart";

/// Where containers and instances answer, besides loopback.
const std::vector<std::string> kMetadataHosts = {
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"};

/// Without a trace of headers and bodies: the answers are credentials that nobody knows before.
HttpSettings token_settings(const ProviderSettings& settings,
                            std::function<Exchange(const HttpRequest&)> exchange) {
  HttpSettings http{.attempts = 4,
                    .most_octets = 1U << 20U,
                    .log = settings.log.debug,
                    .exchange = std::move(exchange)};
  take_aws_certificates(http, settings.environment);
  return http;
}

HttpSettings metadata_settings(const ProviderSettings& settings,
                               std::function<Exchange(const HttpRequest&)> exchange) {
  HttpSettings http = token_settings(settings, std::move(exchange));
  http.attempts = 2;
  http.connect_timeout = 1s;
  http.total_timeout = 5s;
  http.plain_hosts = kMetadataHosts;
  return http;
}

std::string setting(const Profile& profile, const std::string& key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

Found some(const Result<AwsCredentials>& credentials) {
  if (!credentials) return credentials.error();
  return std::optional(*credentials);
}

void keep_secret(Secrets& secrets, const AwsCredentials& credentials) {
  secrets.add(credentials.secret);
  secrets.add(credentials.session_token);
}

}  // namespace

void take_aws_certificates(HttpSettings& settings,
                           const std::map<std::string, std::string>& environment) {
  take_certificates(settings, environment);
  const auto bundle = environment.find("AWS_CA_BUNDLE");
  if (bundle != environment.end() && !bundle->second.empty()) settings.ca_file = bundle->second;
}

AwsEnvironment::AwsEnvironment(const ProviderSettings& settings) : settings_(settings) {
  has_own_origin_ = std::ranges::any_of(kOrigins, [&](std::string_view origin) {
    const auto found = settings_.environment.find(account_variable(origin, settings_.name));
    return found != settings_.environment.end() && !found->second.empty();
  });
}

std::optional<std::string> AwsEnvironment::value(std::string_view variable) const {
  return environment_value(settings_, variable);
}

std::optional<std::string> AwsEnvironment::origin(std::string_view variable) const {
  if (!has_own_origin_) return environment_value(settings_, variable);
  const auto found = settings_.environment.find(account_variable(variable, settings_.name));
  const bool named = found != settings_.environment.end() && !found->second.empty();
  return named ? std::optional(found->second) : std::nullopt;
}

CredentialChain::CredentialChain(const ProviderSettings& settings, Clock clock,
                                 std::function<Exchange(const HttpRequest&)> exchange)
    : environment_(settings),
      clock_(clock),
      tokens_(clock, token_settings(settings, exchange)),
      metadata_(clock, metadata_settings(settings, exchange)) {}

Result<AwsCredentials> CredentialChain::get(Secrets& secrets) {
  if (held_ && (!held_->expires || *held_->expires - clock_.now() > kRenewBefore)) return *held_;
  const Found found = find();
  if (!found) return found.error();
  if (!*found) {
    return Error{.what =
                     "no AWS credentials were found: not in the environment, the shared files, a "
                     "web identity, a container's or an instance's role"};
  }
  held_ = **found;
  keep_secret(secrets, *held_);
  return *held_;
}

Found CredentialChain::find() {
  constexpr std::array kOrder = {&CredentialChain::from_files, &CredentialChain::from_web_identity,
                                 &CredentialChain::from_container, &CredentialChain::from_instance};
  Found found = from_variables();
  for (const auto& next : kOrder) {
    if (!found || *found) return found;
    found = (this->*next)();
  }
  return found;
}

Found CredentialChain::from_variables() const {
  const auto key_id = environment_.origin("AWS_ACCESS_KEY_ID");
  if (!key_id) return std::optional<AwsCredentials>();
  const auto secret = environment_.origin("AWS_SECRET_ACCESS_KEY");
  if (!secret) {
    return Error{.what = "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"};
  }
  return std::optional(
      AwsCredentials{.key_id = *key_id,
                     .secret = *secret,
                     .session_token = environment_.origin("AWS_SESSION_TOKEN").value_or("")});
}

Found CredentialChain::from_files() {
  const std::string home = environment_.value("HOME").value_or("");
  const auto path = [&](std::string_view variable, std::string_view name) {
    const auto given = environment_.value(variable);
    return given ? *given : home.empty() ? std::string() : fmt::format("{}/.aws/{}", home, name);
  };
  const auto wanted = environment_.origin("AWS_PROFILE");
  const Result<Profiles> profiles = load_profiles(
      path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), path("AWS_CONFIG_FILE", "config"));
  if (!profiles) return profiles.error();
  if (wanted) return some(from_profile(*profiles, *wanted, 0));
  const auto standard = profiles->find("default");
  const bool tells =
      standard != profiles->end() && std::ranges::any_of(standard->second, [](const auto& entry) {
        return entry.first == "aws_access_key_id" || entry.first == "role_arn" ||
               entry.first == "credential_process" || entry.first.starts_with("sso_");
      });
  if (!tells) return std::optional<AwsCredentials>();
  return some(from_profile(*profiles, "default", 0));
}

Result<AwsCredentials> CredentialChain::from_profile(const Profiles& profiles,
                                                     const std::string& name, int depth) {
  const auto found = profiles.find(name);
  if (found == profiles.end()) {
    return Error{.what = "there is no AWS profile \"" + name + "\" in the shared files"};
  }
  if (depth == kMostRoles) return Error{.what = "AWS profiles refer to one another without end"};
  const Profile& profile = found->second;
  // A profile that is its own source has keys of its own beside the role.
  const bool is_source = depth > 0 && setting(profile, "source_profile") == name;
  if (!setting(profile, "role_arn").empty() && !is_source) return from_role(profiles, name, depth);
  AwsCredentials credentials{.key_id = setting(profile, "aws_access_key_id"),
                             .secret = setting(profile, "aws_secret_access_key"),
                             .session_token = setting(profile, "aws_session_token")};
  if (!credentials.key_id.empty() && !credentials.secret.empty()) return credentials;
  return Error{.what = "the AWS profile \"" + name +
                       "\" holds no keys; for single sign-on or a credential process, export them "
                       "first: aws configure export-credentials --profile " +
                       name + " --format env"};
}

Result<AwsCredentials> CredentialChain::from_role(const Profiles& profiles, const std::string& name,
                                                  int depth) {
  const Profile& profile = profiles.at(name);
  const std::string role = setting(profile, "role_arn");
  const std::string given = setting(profile, "role_session_name");
  const std::string session = given.empty() ? std::string(kSession) : given;
  const std::string token_file = setting(profile, "web_identity_token_file");
  if (!token_file.empty()) return with_web_identity(token_file, role, session);
  const std::string source = setting(profile, "source_profile");
  if (source.empty()) {
    return Error{.what = "the AWS profile \"" + name +
                         "\" assumes a role from neither source_profile nor "
                         "web_identity_token_file"};
  }
  const Result<AwsCredentials> base = from_profile(profiles, source, depth + 1);
  if (!base) return base;
  keep_secret(tokens_.secrets(), *base);
  std::map<std::string, std::string> form = {
      {"Action", "AssumeRole"}, {"RoleArn", role}, {"RoleSessionName", session}};
  const std::string external = setting(profile, "external_id");
  if (!external.empty()) form["ExternalId"] = external;
  HttpRequest request = sts_request(form);
  sign_v4(request, *base, sts_scope(), std::chrono::floor<std::chrono::seconds>(clock_.now()));
  return assume(request, "AssumeRoleResult");
}

Found CredentialChain::from_web_identity() {
  const auto token_file = environment_.origin("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment_.value("AWS_ROLE_ARN");
  if (!token_file) return std::optional<AwsCredentials>();
  if (!role) {
    return Error{.what = "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not"};
  }
  const auto session = environment_.value("AWS_ROLE_SESSION_NAME");
  return some(with_web_identity(*token_file, *role, session.value_or(std::string(kSession))));
}

Result<AwsCredentials> CredentialChain::with_web_identity(const std::string& token_file,
                                                          const std::string& role,
                                                          const std::string& session) {
  Result<std::string> token = read_small_file(token_file);
  if (!token) return within("the web identity's token", token.error());
  while (token->ends_with('\n') || token->ends_with('\r')) token.value().pop_back();
  tokens_.secrets().add(*token);
  return assume(sts_request({{"Action", "AssumeRoleWithWebIdentity"},
                             {"RoleArn", role},
                             {"RoleSessionName", session},
                             {"WebIdentityToken", *token}}),
                "AssumeRoleWithWebIdentityResult");
}

SigningScope CredentialChain::sts_scope() const {
  const auto region = environment_.value("AWS_REGION");
  const auto fallback = environment_.value("AWS_DEFAULT_REGION");
  return {region ? *region : fallback.value_or("us-east-1"), "sts"};
}

HttpRequest CredentialChain::sts_request(const std::map<std::string, std::string>& form) const {
  std::string body = "Version=2011-06-15";
  for (const auto& [key, value] : form) {
    body += fmt::format("&{}={}", key, percent_encoded(value));
  }
  const auto own = environment_.value("AWS_ENDPOINT_URL_STS");
  const auto shared = environment_.value("AWS_ENDPOINT_URL");
  std::string url = own      ? *own
                    : shared ? *shared
                             : fmt::format("https://sts.{}.amazonaws.com", sts_scope().region);
  if (!url.ends_with('/')) url += '/';
  return {.method = "POST",
          .url = url,
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
          .body = body,
          .repeatable = true};
}

Result<AwsCredentials> CredentialChain::assume(const HttpRequest& request,
                                               const std::string& result) {
  const Result<HttpResponse> response = tokens_.send(request);
  if (!response) return within("assuming the role", response.error());
  const Result<AwsCredentials> credentials = read_sts(*response, result);
  if (credentials) return credentials;
  Error error = credentials.error();
  error.what = tokens_.redact(error.what);
  return within("assuming the role", error);
}

Found CredentialChain::from_container() {
  const auto relative = environment_.origin("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = environment_.origin("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative && !full) return std::optional<AwsCredentials>();
  HttpRequest request{.url = relative ? "http://169.254.170.2" + *relative : *full,
                      .repeatable = true};
  std::string token = environment_.value("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto file = environment_.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    const Result<std::string> text = read_small_file(*file);
    if (!text) return within("the container's token", text.error());
    token = text->substr(0, text->find_first_of("\r\n"));
  }
  metadata_.secrets().add(token);
  if (!token.empty()) request.headers.push_back({"Authorization", token});
  return some(fetch_json(request, "the container's credentials"));
}

Found CredentialChain::from_instance() {
  const std::string disabled = environment_.value("AWS_EC2_METADATA_DISABLED").value_or("");
  if (disabled == "true" || disabled == "TRUE" || disabled == "True") {
    return std::optional<AwsCredentials>();
  }
  const std::string base =
      environment_.value("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254/");
  const std::string latest = base + (base.ends_with('/') ? "latest/" : "/latest/");
  const Result<HttpResponse> token =
      metadata_.send({.method = "PUT",
                      .url = latest + "api/token",
                      .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                      .repeatable = true});
  // Most machines are no instance: nothing answers, and nothing is wrong.
  if (!token || token->status != 200) return std::optional<AwsCredentials>();
  metadata_.secrets().add(token->body);
  const std::vector<HttpHeader> headers = {{"X-aws-ec2-metadata-token", token->body}};
  const std::string roles = latest + "meta-data/iam/security-credentials/";
  const Result<HttpResponse> role =
      metadata_.send({.url = roles, .headers = headers, .repeatable = true});
  if (!role || role->status != 200) return std::optional<AwsCredentials>();
  const std::string name = role->body.substr(0, role->body.find_first_of("\r\n"));
  return some(
      fetch_json({.url = roles + percent_encoded(name), .headers = headers, .repeatable = true},
                 "the instance's credentials"));
}

Result<AwsCredentials> CredentialChain::fetch_json(const HttpRequest& request,
                                                   std::string_view from) {
  const Result<HttpResponse> response = metadata_.send(request);
  if (!response) return within(std::string(from), response.error());
  const Result<AwsCredentials> credentials = read_metadata(*response);
  if (!credentials) return within(std::string(from), credentials.error());
  return credentials;
}

}  // namespace rampart::route53
