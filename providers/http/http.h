/// Requests to a host's API: connections, pace, retries and the hiding of secrets, once for all.
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

namespace rampart {

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
  bool repeatable = false;  ///< Doing it twice is the same as once.
};

/// One answer, whatever its status.
struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  ///< Names in lower case.
  std::string body;

  /// The first header of this (lower-case) name.
  std::optional<std::string> header(std::string_view name) const;
};

/// What an answer says about trying again.
enum class Verdict {
  Final,    ///< The answer to give back.
  Refused,  ///< Nothing was done, so that any request may be tried again: 429, "Throttling".
  Failed,   ///< It may have been done, so that only repeatable requests are tried again: 5xx.
};

/// 429 is Refused, 5xx is Failed.
Verdict judge_by_status(const HttpResponse& response);

/// How one exchange ended that brought no whole answer.
struct NoAnswer {
  std::string why;
  bool sent = false;       ///< The host may have acted.
  bool retryable = false;  ///< It may pass: not so for a certificate that does not verify.
};

using Exchange = std::variant<HttpResponse, NoAnswer>;

/// A bucket that fills at `per_second` and holds at most `burst` requests; endless at 0.
struct RateLimit {
  double per_second = 0;
  double burst = 1;
};

/// Everything in it has a usable default.
struct HttpSettings {
  RateLimit rate;
  int attempts = 5;
  std::chrono::milliseconds first_pause{500};  ///< Doubled for each further attempt.
  std::chrono::milliseconds longest_pause{20000};
  std::chrono::seconds longest_retry_after{330};  ///< A host that asks for more is an Error.
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds total_timeout{60000};
  std::size_t most_octets = 64U << 20U;  ///< Of one answer.
  std::vector<std::string> plain_hosts;  ///< Beside loopback, where http is accepted.
  std::string ca_file;                   ///< Empty: the system's.
  std::string ca_folder;
  std::string
      connect_to;  ///< HOST:PORT in place of the URL's, whose name the certificate must bear.
  std::function<Verdict(const HttpResponse&)> evaluate = judge_by_status;
  /// Run on a copy of the request before each attempt, so that a signature is never stale.
  std::function<Result<Ok>(HttpRequest&)> sign;
  std::function<void(const std::string&)> log;           ///< Redacted lines, one an attempt.
  std::function<void(const std::string&)> trace;         ///< Redacted headers and bodies.
  std::function<double()> jitter;                        ///< In [0, 1); by default of its own.
  std::function<Exchange(const HttpRequest&)> exchange;  ///< In place of the network.
};

/// Takes CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR. (http_proxy and its kin are read by
/// libcurl itself; plain http never goes through a proxy.)
void take_certificates(HttpSettings& settings,
                       const std::map<std::string, std::string>& environment);

class HttpWire;

/// One account at one host. Used from one thread.
class Http {
 public:
  explicit Http(Clock clock, HttpSettings settings = {});
  ~Http();
  Http(Http&&) noexcept;
  Http& operator=(Http&&) noexcept;

  /// Sends, waits for the pace, tries again where that is safe and of use. An Error where no answer
  /// came; its text says "outcome unknown" where the host may have acted, and the caller of a
  /// request that is not repeatable must then read what stands. The last answer is given back
  /// when the attempts are used up, so a caller must still look at the status.
  Result<HttpResponse> send(const HttpRequest& request);

  /// Every text for a person goes through these.
  Secrets& secrets() { return secrets_; }
  std::string redact(std::string_view text) const { return sent_.redact(secrets_.redact(text)); }

  const Clock& clock() const { return clock_; }

 private:
  Exchange attempt(const HttpRequest& request);
  void await_turn();
  void keep_secret(const HttpRequest& request);
  void tell(const HttpRequest& request, const Exchange& outcome,
            std::chrono::nanoseconds took) const;
  void note(const std::string& line) const;
  std::optional<std::chrono::nanoseconds> pause_before_next(const HttpRequest& request,
                                                            const Exchange& outcome, int attempt);
  Result<HttpResponse> finish(const HttpRequest& request, Exchange outcome) const;

  Clock clock_;
  HttpSettings settings_;
  Secrets secrets_;
  Secrets sent_;  ///< What the latest attempt bore in headers that are credentials.
  std::unique_ptr<HttpWire> wire_;
  double tokens_ = 0;
  std::chrono::system_clock::time_point filled_;
};

}  // namespace rampart
