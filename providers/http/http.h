/// Requests to a host's API: connections, pace, retries and redaction of secrets.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "providers/http/secrets.h"
#include "providers/http/traffic_log.h"

namespace rampart {

/// One header field (RFC 9110 section 5).
struct HttpHeader {
  std::string name;
  std::string value;

  bool operator==(const HttpHeader&) const = default;
};

/// One request. Redirects are never followed.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< https, or http to a loopback address; sent as it is written.
  std::vector<HttpHeader> headers;
  std::string body;
  bool repeatable = false;  ///< Idempotent: sending it twice has the effect of once.
};

/// One response, whatever its status.
struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  ///< Names in lower case.
  std::string body;

  /// The first header of this (lower-case) name.
  std::optional<std::string> header(std::string_view name) const;
};

/// Whether a request with this response may be sent again.
enum class Verdict {
  Final,    ///< No: the response is returned.
  Refused,  ///< Nothing was done, so any request may be sent again: 429, "Throttling".
  Failed,   ///< It may have been done, so only a repeatable request is sent again: 5xx.
};

/// 429 is Refused, 5xx is Failed.
Verdict verdict_by_status(const HttpResponse& response);

/// An exchange without a complete response.
struct NoAnswer {
  std::string why;
  bool sent = false;       ///< The host may have acted on it.
  bool retryable = false;  ///< Sending again may help; not for a certificate that does not verify.
};

/// The outcome of one attempt.
using Exchange = std::variant<HttpResponse, NoAnswer>;

/// A bucket that fills at `per_second` and holds at most `burst` requests; endless at 0.
struct RateLimit {
  double per_second = 0;
  double burst = 1;
};

/// Limits and hooks; every default is usable.
struct HttpSettings {
  RateLimit rate;                              ///< Of all attempts together.
  int attempts = 5;                            ///< Of one request, the first included.
  std::chrono::milliseconds first_pause{500};  ///< Doubled for each further attempt.
  std::chrono::milliseconds longest_pause{20000};
  std::chrono::seconds longest_retry_after{330};  ///< A longer one is not waited for.
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds total_timeout{60000};
  std::size_t most_octets = 64U << 20U;  ///< Of one response.
  std::vector<std::string> plain_hosts;  ///< Where http is accepted, in addition to loopback.
  std::string ca_file;                   ///< Empty: the system's.
  std::string ca_folder;
  /// HOST:PORT to connect to in place of the URL's; the certificate must still be the URL's host's.
  std::string connect_to;
  std::function<Verdict(const HttpResponse&)> evaluate = verdict_by_status;
  /// Run on a copy of the request before each attempt, so that no signature is outdated.
  std::function<Result<Ok>(HttpRequest&)> sign;
  std::function<void(const std::string&)> log;           ///< Redacted lines, one per attempt.
  std::function<void(const std::string&)> trace;         ///< Redacted headers and bodies.
  std::function<double()> jitter;                        ///< In [0, 1); by default of its own.
  std::function<Exchange(const HttpRequest&)> exchange;  ///< In place of the network.
};

/// Sets the CA file and folder from CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR. (libcurl itself
/// reads http_proxy and its relatives; plain http never goes through a proxy.)
void take_certificates(HttpSettings& settings,
                       const std::map<std::string, std::string>& environment);

/// Default settings that log to `log`.
HttpSettings logging_to(const TrafficLog& log);

class HttpWire;

/// One account at one host. Used from one thread.
class Http {
 public:
  explicit Http(Clock clock, HttpSettings settings = {});
  ~Http();
  Http(Http&&) noexcept;
  Http& operator=(Http&&) noexcept;

  /// Sends at the allowed pace, and again where that is safe and may help. An Error where no
  /// response came; its text ends with "outcome unknown" where the host may have acted: the caller
  /// of a request that is not repeatable must then read the live state. After the last attempt the
  /// last response is returned, so a caller must still check the status.
  Result<HttpResponse> send(const HttpRequest& request);

  /// Redaction for every text that a person may see.
  Secrets& secrets() { return secrets_; }
  std::string redact(std::string_view text) const { return sent_.redact(secrets_.redact(text)); }

  const Clock& clock() const { return clock_; }

 private:
  Exchange attempt(const HttpRequest& request);
  void await_token();
  void learn_secrets(const HttpRequest& request);
  void log_exchange(const HttpRequest& request, const Exchange& outcome,
                    std::chrono::nanoseconds took) const;
  void log_line(const std::string& line) const;
  std::optional<std::chrono::nanoseconds> pause_before_next(const HttpRequest& request,
                                                            const Exchange& outcome, int attempt);
  Result<HttpResponse> finish(const HttpRequest& request, Exchange outcome) const;

  Clock clock_;
  HttpSettings settings_;
  Secrets secrets_;
  Secrets sent_;  ///< The credential headers of the latest attempt.
  std::unique_ptr<HttpWire> wire_;
  double tokens_ = 0;
  std::chrono::system_clock::time_point filled_;
};

}  // namespace rampart
