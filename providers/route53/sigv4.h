/// AWS Signature Version 4.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "providers/http/http.h"

namespace rampart {

/// What a request is signed with.
struct AwsCredentials {
  std::string key_id;
  std::string secret;
  std::string session_token;  ///< Empty for long-lived keys.
  std::optional<std::chrono::sys_seconds> expires;
};

/// What a signature is good for.
struct SigningScope {
  std::string region;
  std::string service;
};

/// Adds X-Amz-Date, X-Amz-Security-Token where there is a token, and Authorization, in place of any
/// that stand. Every header of the request is signed, and the host that the URL names.
void sign_v4(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
             std::chrono::sys_seconds now);

/// What is hashed and signed, for tests and for reading a host's complaint beside it: the six parts
/// in their one spelling, a line each.
std::string canonical_request(const HttpRequest& request);

}  // namespace rampart
