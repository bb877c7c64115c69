/// Fetching many small public files over HTTPS at once: no credentials, no retries, no redirects.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace rampart {

/// One file to fetch.
struct FetchRequest {
  std::string url;                     ///< https.
  std::vector<std::string> addresses;  ///< Of its host, resolved by the caller.
};

/// Timeouts and sizes.
struct FetchLimits {
  std::size_t in_flight = 64;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds total_timeout{15000};
  std::size_t most_octets = 65536;
  std::string ca_file;  ///< Empty: the system's.
  std::string ca_folder;
};

/// Sets the CA file and folder from CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR.
void take_certificates(FetchLimits& limits, const std::map<std::string, std::string>& environment);

/// A file, or why there is none: any status but 200 is a problem, and so is a certificate that is
/// not the host's.
struct FetchOutcome {
  std::string body;
  std::string type;     ///< Its Content-Type, where there is one.
  std::string problem;  ///< Why there is no file: the end of a sentence; else empty.

  bool operator==(const FetchOutcome&) const = default;
};

/// The outcomes in the order of `requests`.
std::vector<FetchOutcome> fetch_all(std::span<const FetchRequest> requests,
                                    const FetchLimits& limits);

}  // namespace rampart
