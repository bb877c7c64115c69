/// Pace, retries and redaction for each exchange.
#include "providers/http/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "base/printable.h"
#include "providers/http/text.h"
#include "providers/http/trace.h"
#include "providers/http/wire.h"

namespace rampart {
namespace {

using std::chrono::nanoseconds;

/// The URL without its query, which is long and means little to a person, and without a password
/// that somebody wrote into it.
std::string shown_url(const HttpRequest& request) {
  const std::string_view url = std::string_view(request.url).substr(0, request.url.find('?'));
  // An address without a scheme is refused, and must not show its password either.
  const std::size_t at = url.find("://") == url.npos ? url.rfind('@') : url.npos;
  return at == url.npos ? without_userinfo(url) : fmt::format("[redacted]{}", url.substr(at));
}

// Queries hold names and page sizes; the path alone identifies a call in a log.
std::string shown(const HttpRequest& request) {
  return fmt::format("{} {}", request.method, shown_url(request));
}

std::string shown(const Exchange& outcome) {
  if (const auto* const response = std::get_if<HttpResponse>(&outcome)) {
    return fmt::format("{}, {} octets", response->status, response->body.size());
  }
  return std::get<NoAnswer>(outcome).why;
}

long milliseconds(nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// Seeded from the machine, since two hosts of a fleet must not get the same pauses.
std::function<double()> own_jitter() {
  return [generator = std::mt19937(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(generator);
  };
}

/// The delay that the host requests: seconds or a date (RFC 9110 section 10.2.3). A date in the
/// past means "at once", never a negative pause.
std::optional<nanoseconds> retry_after(const HttpResponse& response,
                                       std::chrono::system_clock::time_point now) {
  const std::optional<std::string> text = response.header("retry-after");
  if (!text || text->empty()) return std::nullopt;
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error == std::errc{} && end == text->data() + text->size()) {
    return std::chrono::seconds(seconds);
  }
  const auto date = parse_http_date(*text);
  if (!date) return std::nullopt;
  return std::max<nanoseconds>(*date - now, nanoseconds::zero());
}

/// Whether a second attempt is safe, and may end differently. A lost request may have been acted
/// on, so that only repeatable ones are sent again after they left.
bool may_repeat(const HttpRequest& request, const Exchange& outcome,
                const std::function<Verdict(const HttpResponse&)>& evaluate) {
  if (const auto* const lost = std::get_if<NoAnswer>(&outcome)) {
    return lost->retryable && (request.repeatable || !lost->sent);
  }
  const Verdict verdict = evaluate(std::get<HttpResponse>(outcome));
  return verdict == Verdict::Refused || (verdict == Verdict::Failed && request.repeatable);
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? std::nullopt : std::optional(found->value);
}

// 429 promises that nothing was done, which 5xx does not.
Verdict verdict_by_status(const HttpResponse& response) {
  if (response.status == 429) return Verdict::Refused;
  return response.status >= 500 ? Verdict::Failed : Verdict::Final;
}

void take_certificates(HttpSettings& settings,
                       const std::map<std::string, std::string>& environment) {
  const auto value = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  settings.ca_file = value("CURL_CA_BUNDLE");
  if (settings.ca_file.empty()) settings.ca_file = value("SSL_CERT_FILE");
  settings.ca_folder = value("SSL_CERT_DIR");
}

HttpSettings logging_to(const TrafficLog& log) { return {.log = log.debug, .trace = log.trace}; }

Http::Http(Clock clock, HttpSettings settings)
    : clock_(std::move(clock)),
      settings_(std::move(settings)),
      tokens_(std::max(settings_.rate.burst, 1.0)),
      filled_(clock_.now()) {
  if (!settings_.jitter) settings_.jitter = own_jitter();
  if (!settings_.exchange) wire_ = std::make_unique<HttpWire>(settings_);
}

Http::~Http() = default;
Http::Http(Http&&) noexcept = default;
Http& Http::operator=(Http&&) noexcept = default;

// Each attempt is signed again, because a signature contains the time.
Result<HttpResponse> Http::send(const HttpRequest& request) {
  for (int number = 1;; ++number) {
    await_token();
    HttpRequest signed_request = request;
    if (settings_.sign) TRY_OK(settings_.sign(signed_request));
    learn_secrets(signed_request);
    const auto begun = clock_.now();
    Exchange outcome = attempt(signed_request);
    log_exchange(signed_request, outcome, clock_.now() - begun);
    const std::optional<nanoseconds> pause = pause_before_next(request, outcome, number);
    if (!pause) return finish(request, std::move(outcome));
    log_line(fmt::format("{}: retrying in {} ms", shown(request), milliseconds(*pause)));
    clock_.sleep_for(*pause);
  }
}

Exchange Http::attempt(const HttpRequest& request) {
  return settings_.exchange ? settings_.exchange(request) : wire_->exchange(request);
}

// A bucket and not a fixed pause: short runs are not slowed down, long ones keep the host's limit.
void Http::await_token() {
  const RateLimit& rate = settings_.rate;
  if (rate.per_second <= 0) return;
  const auto fill = [&] {
    const auto now = clock_.now();
    // A clock that is set back must not empty the bucket.
    const double passed = std::max(0.0, std::chrono::duration<double>(now - filled_).count());
    tokens_ = std::min(std::max(rate.burst, 1.0), tokens_ + passed * rate.per_second);
    filled_ = now;
  };
  fill();
  if (tokens_ < 1) {
    const std::chrono::duration<double> missing((1 - tokens_) / rate.per_second);
    clock_.sleep_for(std::chrono::ceil<std::chrono::microseconds>(missing));
    fill();
  }
  tokens_ = std::max(0.0, tokens_ - 1);
}

/// A host may quote the request in its response, signature included.
void Http::learn_secrets(const HttpRequest& request) {
  sent_ = {};
  for (const HttpHeader& header : request.headers) {
    if (is_credential(header.name)) sent_.add(header.value);
  }
}

void Http::log_exchange(const HttpRequest& request, const Exchange& outcome,
                        nanoseconds took) const {
  log_line(fmt::format("{}: {}, {} ms", shown(request), shown(outcome), milliseconds(took)));
  if (!settings_.trace) return;
  const auto hide = [this](std::string_view text) { return redact(text); };
  for (const std::string& line : trace_lines(request, outcome, hide)) settings_.trace(line);
}

void Http::log_line(const std::string& line) const {
  if (settings_.log) settings_.log(redact(line));
}

std::optional<nanoseconds> Http::pause_before_next(const HttpRequest& request,
                                                   const Exchange& outcome, int number) {
  if (number >= settings_.attempts || !may_repeat(request, outcome, settings_.evaluate)) return {};
  const auto doubled = settings_.first_pause * (1LL << std::min(number - 1, 20));
  const nanoseconds longest = std::min<nanoseconds>(doubled, settings_.longest_pause);
  // Half of the pause is fixed and half random, so that many runs do not retry in step.
  const double share = 0.5 + settings_.jitter() / 2;
  const auto jittered = std::chrono::duration_cast<nanoseconds>(
      share * std::chrono::duration<double, std::nano>(longest));
  const auto* const response = std::get_if<HttpResponse>(&outcome);
  const std::optional<nanoseconds> requested =
      response == nullptr ? std::nullopt : retry_after(*response, clock_.now());
  if (!requested) return jittered;
  // A person would think the run hangs: better an Error with the host's own message.
  if (*requested > settings_.longest_retry_after) return {};
  return std::max(*requested, jittered);
}

// The tail tells the caller to read the live state before it writes again.
Result<HttpResponse> Http::finish(const HttpRequest& request, Exchange outcome) const {
  if (auto* const response = std::get_if<HttpResponse>(&outcome)) return std::move(*response);
  const NoAnswer& lost = std::get<NoAnswer>(outcome);
  const std::string_view tail = lost.sent && !request.repeatable ? "; outcome unknown" : "";
  return Error{.what = redact(fmt::format("{}{}", lost.why, tail)),
               .where = redact(shown(request)),
               .retryable = lost.retryable};
}

}  // namespace rampart
