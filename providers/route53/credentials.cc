/// The chain of origins: variables, shared files, web identity, container, instance.
#include "providers/route53/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/percent.h"
#include "providers/model/account.h"
#include "providers/route53/tokens.h"

namespace rampart::route53 {
namespace {

using namespace std::chrono_literals;
using Found = Result<std::optional<AwsCredentials>>;

constexpr std::array<std::string_view, 5> kOrigins = {
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"};

/// This origin has no credentials; the next one is tried.
const std::optional<AwsCredentials> kNone;

/// A signature is valid for minutes, and clocks differ.
constexpr auto kRenewBefore = 5min;
constexpr int kMostRoles = 4;
constexpr std::string_view kSession = "rampart";

/// The metadata addresses of containers and instances, in addition to loopback.
const std::vector<std::string> kMetadataHosts = {
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"};

/// No trace of headers and bodies: the responses are credentials that cannot be redacted, since
/// they are not known in advance.
HttpSettings token_settings(const ProviderSettings& settings,
                            std::function<Exchange(const HttpRequest&)> exchange) {
  HttpSettings http{.attempts = 4,
                    .most_octets = 1U << 20U,
                    .log = settings.log.debug,
                    .exchange = std::move(exchange)};
  take_aws_certificates(http, settings.environment);
  return http;
}

// Plain http is accepted to these fixed addresses only, which are not reachable from outside the
// machine.
HttpSettings metadata_settings(const ProviderSettings& settings,
                               std::function<Exchange(const HttpRequest&)> exchange) {
  HttpSettings http = token_settings(settings, std::move(exchange));
  // On a machine that is no instance each attempt waits for its timeout.
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

// A failing origin is an Error; only one that is not configured lets the next one be tried.
Found some(const Result<AwsCredentials>& credentials) {
  if (!credentials) return credentials.error();
  return std::optional(*credentials);
}

// The key's id is no secret and helps to find the account in a log.
void add_secrets(Secrets& secrets, const AwsCredentials& credentials) {
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

// One variable with the account's name switches all origins to it: mixing two accounts would sign
// with the wrong one.
AwsEnvironment::AwsEnvironment(const ProviderSettings& settings) : settings_(settings) {
  has_own_origin_ = std::ranges::any_of(
      kOrigins, [&](std::string_view origin) { return own_value(settings_, origin).has_value(); });
}

std::optional<std::string> AwsEnvironment::value(std::string_view variable) const {
  return environment_value(settings_, variable);
}

std::optional<std::string> AwsEnvironment::origin(std::string_view variable) const {
  return has_own_origin_ ? own_value(settings_, variable) : environment_value(settings_, variable);
}

CredentialChain::CredentialChain(const ProviderSettings& settings, Clock clock,
                                 std::function<Exchange(const HttpRequest&)> exchange)
    : environment_(settings),
      clock_(clock),
      tokens_(clock, token_settings(settings, exchange)),
      metadata_(clock, metadata_settings(settings, exchange)) {}

// Renewed before they expire, so that a run never stops half-way through its batches.
Result<AwsCredentials> CredentialChain::get(Secrets& secrets) {
  if (held_ && (!held_->expires || *held_->expires - clock_.now() > kRenewBefore)) return *held_;
  TRY(held_, find());
  if (!held_) {
    return Error{.what =
                     "no AWS credentials were found: neither in the environment nor in the shared "
                     "files, and no web identity, container role or instance role exists"};
  }
  add_secrets(secrets, *held_);
  return *held_;
}

/// The first origin that has credentials counts, as in AWS's own tools; one that is configured but
/// fails is an Error, so that no other account's keys are used by accident.
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

// Half a pair is a mistake and no absence.
Found CredentialChain::from_variables() const {
  const auto key_id = environment_.origin("AWS_ACCESS_KEY_ID");
  if (!key_id) return kNone;
  const auto secret = environment_.origin("AWS_SECRET_ACCESS_KEY");
  if (!secret) {
    return Error{.what = "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"};
  }
  return std::optional(
      AwsCredentials{.key_id = *key_id,
                     .secret = *secret,
                     .session_token = environment_.origin("AWS_SESSION_TOKEN").value_or("")});
}

// The files' paths are settings too, as in AWS's own tools.
Found CredentialChain::from_files() {
  const std::string home = environment_.value("HOME").value_or("");
  const auto path = [&](std::string_view variable, std::string_view name) {
    const auto given = environment_.value(variable);
    return given ? *given : home.empty() ? std::string() : fmt::format("{}/.aws/{}", home, name);
  };
  const auto wanted = environment_.origin("AWS_PROFILE");
  TRY(const Profiles profiles, load_profiles(path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
                                             path("AWS_CONFIG_FILE", "config")));
  if (wanted) return some(from_profile(profiles, *wanted, 0));
  const auto standard = profiles.find("default");
  // A default profile with a region alone must not hide the origins that follow.
  const bool has_credentials =
      standard != profiles.end() && std::ranges::any_of(standard->second, [](const auto& entry) {
        return entry.first == "aws_access_key_id" || entry.first == "role_arn" ||
               entry.first == "credential_process" || entry.first.starts_with("sso_");
      });
  if (!has_credentials) return kNone;
  return some(from_profile(profiles, "default", 0));
}

/// A profile holds keys, or a role to assume with the credentials of another profile: so the
/// recursion, which `depth` ends for profiles that refer to each other.
Result<AwsCredentials> CredentialChain::from_profile(const Profiles& profiles,
                                                     const std::string& name, int depth) {
  const auto found = profiles.find(name);
  if (found == profiles.end()) {
    return Error{.what = "there is no AWS profile \"" + name + "\" in the shared files"};
  }
  if (depth == kMostRoles) {
    return Error{.what = "AWS profiles refer to each other in a loop, or in more than four steps"};
  }
  const Profile& profile = found->second;
  // A profile may name itself as source: then its own keys assume its role.
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

// The role's session is named, so that the account's audit log shows who acted.
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
  TRY(const AwsCredentials base, from_profile(profiles, source, depth + 1));
  add_secrets(tokens_.secrets(), base);
  std::map<std::string, std::string> form = {
      {"Action", "AssumeRole"}, {"RoleArn", role}, {"RoleSessionName", session}};
  const std::string external = setting(profile, "external_id");
  if (!external.empty()) form["ExternalId"] = external;
  HttpRequest request = sts_request(form);
  sign_v4(request, base, sts_scope(), std::chrono::floor<std::chrono::seconds>(clock_.now()));
  return assume(request, "AssumeRoleResult");
}

// Pods and CI systems set both variables; one alone is a mistake.
Found CredentialChain::from_web_identity() {
  const auto token_file = environment_.origin("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment_.value("AWS_ROLE_ARN");
  if (!token_file) return kNone;
  if (!role) {
    return Error{.what = "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"};
  }
  const auto session = environment_.value("AWS_ROLE_SESSION_NAME");
  return some(with_web_identity(*token_file, *role, session.value_or(std::string(kSession))));
}

Result<AwsCredentials> CredentialChain::with_web_identity(const std::string& token_file,
                                                          const std::string& role,
                                                          const std::string& session) {
  TRY(std::string token, within("the web identity's token", read_small_file(token_file)));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  tokens_.secrets().add(token);
  return assume(sts_request({{"Action", "AssumeRoleWithWebIdentity"},
                             {"RoleArn", role},
                             {"RoleSessionName", session},
                             {"WebIdentityToken", token}}),
                "AssumeRoleWithWebIdentityResult");
}

// Regional endpoints are what AWS recommends; the default serves every account.
SigningScope CredentialChain::sts_scope() const {
  const auto region = environment_.value("AWS_REGION");
  const auto fallback = environment_.value("AWS_DEFAULT_REGION");
  return {region ? *region : fallback.value_or("us-east-1"), "sts"};
}

/// STS takes a form by POST. Assuming a role twice is harmless, so the request is repeatable.
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
  TRY(const HttpResponse response, within("assuming the role", tokens_.send(request)));
  const Result<AwsCredentials> credentials = read_sts(response, result);
  if (credentials) return credentials;
  // STS may quote the request in its message.
  Error error = credentials.error();
  error.what = tokens_.redact(error.what);
  return within("assuming the role", error);
}

/// ECS gives a relative URI on its fixed address, EKS a full one with a token file.
Found CredentialChain::from_container() {
  const auto relative = environment_.origin("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = environment_.origin("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative && !full) return kNone;
  HttpRequest request{.url = relative ? "http://169.254.170.2" + *relative : *full,
                      .repeatable = true};
  std::string token = environment_.value("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto file = environment_.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    TRY(const std::string text, within("the container's token", read_small_file(*file)));
    token = text.substr(0, text.find_first_of("\r\n"));
  }
  metadata_.secrets().add(token);
  if (!token.empty()) request.headers.push_back({"Authorization", token});
  return some(fetch_json(request, "the container's credentials"));
}

/// IMDSv2: a session token first, then the role's name, then its credentials.
Found CredentialChain::from_instance() {
  const std::string disabled = environment_.value("AWS_EC2_METADATA_DISABLED").value_or("");
  if (disabled == "true" || disabled == "TRUE" || disabled == "True") {
    return kNone;
  }
  const std::string base =
      environment_.value("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254/");
  const std::string latest = base + (base.ends_with('/') ? "latest/" : "/latest/");
  const Result<HttpResponse> token =
      metadata_.send({.method = "PUT",
                      .url = latest + "api/token",
                      .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                      .repeatable = true});
  // Most machines are no EC2 instance: no answer is normal and no error.
  if (!token || token->status != 200) return kNone;
  metadata_.secrets().add(token->body);
  const std::vector<HttpHeader> headers = {{"X-aws-ec2-metadata-token", token->body}};
  const std::string roles = latest + "meta-data/iam/security-credentials/";
  const Result<HttpResponse> role =
      metadata_.send({.url = roles, .headers = headers, .repeatable = true});
  if (!role || role->status != 200) return kNone;
  const std::string name = role->body.substr(0, role->body.find_first_of("\r\n"));
  return some(
      fetch_json({.url = roles + percent_encoded(name), .headers = headers, .repeatable = true},
                 "the instance's credentials"));
}

// Named in the Error, because metadata services fail for reasons of the machine and not of the
// account.
Result<AwsCredentials> CredentialChain::fetch_json(const HttpRequest& request,
                                                   std::string_view from) {
  TRY(const HttpResponse response, within(std::string(from), metadata_.send(request)));
  return within(std::string(from), read_metadata(response));
}

}  // namespace rampart::route53
