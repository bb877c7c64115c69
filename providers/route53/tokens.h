/// Responses that hold temporary credentials.
#pragma once

#include <map>
#include <string>

#include "providers/http/http.h"
#include "providers/route53/sigv4.h"

namespace rampart::route53 {

/// STS' response in XML; `result` is the element that holds the Credentials.
Result<AwsCredentials> read_sts(const HttpResponse& response, const std::string& result);

/// A container's or an instance's response in JSON.
Result<AwsCredentials> read_metadata(const HttpResponse& response);

/// Reads "2026-11-21T23:00:08Z", with or without a fraction of a second.
std::optional<std::chrono::sys_seconds> read_instant(std::string_view text);

/// Sets the CA bundle: AWS_CA_BUNDLE first, then the variables of `take_certificates`.
void take_aws_certificates(HttpSettings& settings,
                           const std::map<std::string, std::string>& environment);

}  // namespace rampart::route53
