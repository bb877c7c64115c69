/// AWS credentials, searched in the order of AWS's own tools.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "providers/http/http.h"
#include "providers/model/provider.h"
#include "providers/route53/profiles.h"
#include "providers/route53/sigv4.h"

namespace rampart::route53 {

/// One account's variables. Where any of its own ("..._PROD") names an origin of credentials, the
/// plain variables of that kind are ignored, so that two accounts are never mixed.
class AwsEnvironment {
 public:
  explicit AwsEnvironment(const ProviderSettings& settings);

  /// The account's own value, else the plain one.
  std::optional<std::string> value(std::string_view variable) const;

  /// As `value`, but the plain variable only where the account names no origin of its own.
  std::optional<std::string> origin(std::string_view variable) const;

 private:
  const ProviderSettings settings_;
  bool has_own_origin_ = false;
};

/// Finds credentials, keeps them until shortly before they expire, and then finds them again.
class CredentialChain {
 public:
  /// `exchange` in place of the network, for tests.
  CredentialChain(const ProviderSettings& settings, Clock clock,
                  std::function<Exchange(const HttpRequest&)> exchange = {});

  /// The credentials to sign with now; each secret is added to `secrets`.
  Result<AwsCredentials> get(Secrets& secrets);

 private:
  using Found = Result<std::optional<AwsCredentials>>;

  Found find();
  Found from_variables() const;
  Found from_files();
  Found from_web_identity();
  Found from_container();
  Found from_instance();
  Result<AwsCredentials> from_profile(const Profiles& profiles, const std::string& name, int depth);
  Result<AwsCredentials> from_role(const Profiles& profiles, const std::string& name, int depth);
  Result<AwsCredentials> assume(const HttpRequest& request, const std::string& result);
  HttpRequest sts_request(const std::map<std::string, std::string>& form) const;
  SigningScope sts_scope() const;
  Result<AwsCredentials> with_web_identity(const std::string& token_file, const std::string& role,
                                           const std::string& session);
  Result<AwsCredentials> fetch_json(const HttpRequest& request, std::string_view from);

  AwsEnvironment environment_;
  Clock clock_;
  Http tokens_;    ///< STS: over TLS.
  Http metadata_;  ///< The machine's own endpoints: plain HTTP, short timeouts.
  std::optional<AwsCredentials> held_;
};

}  // namespace rampart::route53
