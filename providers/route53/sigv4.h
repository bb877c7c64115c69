/// AWS Signature Version 4.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "providers/http/http.h"

namespace rampart {

/// What a request is signed with.
struct AwsCredentials {
  std::string key_id;
  std::string secret;
  std::string session_token;  ///< Empty for long-lived keys.
  std::optional<std::chrono::sys_seconds> expires;
};

/// The scope that a signature is valid in.
struct SigningScope {
  std::string region;
  std::string service;
};

/// Adds X-Amz-Date, X-Amz-Security-Token where there is a token, and Authorization, replacing
/// any that exist. Every header of the request is signed, and the host that the URL names.
void sign_v4(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
             std::chrono::sys_seconds now);

/// The canonical request that is hashed and signed: six parts, a line each. For tests, and to
/// compare with a host's error message.
std::string canonical_request(const HttpRequest& request);

}  // namespace rampart
