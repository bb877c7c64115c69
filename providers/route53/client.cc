/// Route 53's API over HTTP.
#include "providers/route53/client.h"

#include <fmt/format.h>

#include "base/percent.h"
#include "dns/txt.h"
#include "providers/model/account.h"
#include "providers/route53/sigv4.h"
#include "providers/route53/tokens.h"

namespace rampart::route53 {
namespace {

constexpr int kPageSize = 300;
constexpr std::size_t kMostShown = 600;

/// The endpoint is the environment's, never the YAML's. The path's date is the API's version.
std::string base_url(const ProviderSettings& settings) {
  const auto own = environment_value(settings, "AWS_ENDPOINT_URL_ROUTE_53");
  const auto shared = environment_value(settings, "AWS_ENDPOINT_URL");
  const std::string url = own ? *own : shared.value_or("https://route53.amazonaws.com");
  return without_slashes(url) + "/2013-04-01/";
}

/// A list's query, its parameters in the order in which they are signed. The signature covers the
/// query, so that the order of its parameters is fixed.
std::string list_query(const std::optional<NextSet>& from) {
  std::string query = fmt::format("maxitems={}", kPageSize);
  if (!from) return query;
  // The API's own spelling of a wildcard.
  std::string name;
  for (const char c : from->name) name += c == '*' ? "\\052" : std::string(1, c);
  query += "&name=" + percent_encoded(name);
  if (!from->type.empty()) query += "&type=" + percent_encoded(from->type);
  if (from->identifier.empty()) return query;
  return "identifier=" + percent_encoded(from->identifier) + "&" + query;
}

}  // namespace

// Credentials have connections of their own, because their endpoints differ.
Client::Client(const ProviderSettings& settings, double requests_per_second, const Clock& clock,
               const std::function<Exchange(const HttpRequest&)>& exchange)
    : base_(base_url(settings)),
      credentials_(settings, clock, exchange),
      http_(clock, http_settings(settings, requests_per_second, exchange)) {}

HttpSettings Client::http_settings(const ProviderSettings& settings, double requests_per_second,
                                   const std::function<Exchange(const HttpRequest&)>& exchange) {
  HttpSettings http{.rate = {.per_second = requests_per_second, .burst = requests_per_second},
                    .attempts = 8,
                    .evaluate = evaluate,
                    .sign = [this](HttpRequest& request) { return sign(request); },
                    .log = settings.log.debug,
                    .trace = settings.log.trace,
                    .exchange = exchange};
  take_aws_certificates(http, settings.environment);
  return http;
}

Result<Ok> Client::sign(HttpRequest& request) {
  TRY(const AwsCredentials credentials, credentials_.get(http_.secrets()));
  const auto now = std::chrono::floor<std::chrono::seconds>(http_.clock().now());
  sign_v4(request, credentials, {"us-east-1", "route53"}, now);
  return Ok{};
}

// The host's code comes first: it is what its documentation is searched by.
Error Client::refusal(const HttpResponse& response) const {
  const auto [code, message] = read_refusal(response);
  std::string what = code.empty() ? fmt::format("Route 53 answers {}", response.status)
                                  : fmt::format("{} ({})", code, response.status);
  // Redacted before it is shortened: half of a secret would not be recognised.
  if (!message.empty()) what += ": " + printable(http_.redact(message)).substr(0, kMostShown);
  return Error{.what = http_.redact(what), .retryable = evaluate(response) != Verdict::Final};
}

Result<HttpResponse> Client::get(const std::string& path) {
  Result<HttpResponse> response = http_.send({.url = base_ + path, .repeatable = true});
  if (response && response->status != 200) return refusal(*response);
  return response;
}

// All pages are read, since a zone's twin may be on the last one.
Result<ZonesByName> Client::list_zones() {
  ZonesByName zones;
  for (std::string marker;;) {
    TRY(const HttpResponse response,
        get("hostedzone" + (marker.empty() ? "" : "?marker=" + percent_encoded(marker))));
    TRY(const ZonePage page, read_zones(response));
    for (const HostedZone& zone : page.zones) zones[zone.name].push_back(zone);
    if (page.next_marker.empty()) return zones;
    if (page.next_marker == marker) return Error{.what = "Route 53's list repeats a page"};
    marker = page.next_marker;
  }
}

Result<SetPage> Client::list_sets(const std::string& zone_id, const std::optional<NextSet>& from) {
  TRY(const HttpResponse response,
      get(fmt::format("hostedzone/{}/rrset?{}", percent_encoded(zone_id), list_query(from))));
  return read_sets(response);
}

Result<HttpResponse> Client::change_sets(const std::string& zone_id, const std::string& body) {
  return http_.send({.method = "POST",
                     .url = fmt::format("{}hostedzone/{}/rrset/", base_, percent_encoded(zone_id)),
                     .headers = {{"Content-Type", "text/xml"}},
                     .body = body});
}

Result<ChangeState> Client::change_state(std::string_view change_id) {
  TRY(const HttpResponse response, get("change/" + percent_encoded(change_id)));
  return read_change_state(response);
}

}  // namespace rampart::route53
