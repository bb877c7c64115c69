/// Signing with HMAC-SHA256, from the request exactly as it will be sent.
#include "providers/route53/sigv4.h"

#include <fmt/chrono.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/percent.h"
#include "base/sha256.h"
#include "base/text.h"
#include "providers/http/text.h"

namespace rampart {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// The raw digest, since it is the key of the next step.
std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &length);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

// Lower case, as the signature is compared as text.
std::string hex(std::string_view octets) {
  std::string text;
  for (const char c : octets) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

/// A URL's parts, each as it is written.
struct UrlParts {
  std::string host;  ///< With its port, unless that is the scheme's own.
  std::string_view path;
  std::string_view query;
};

// Parsed by hand: the signature covers the URL as it is sent, which a normalising parser would
// change.
UrlParts parts_of(std::string_view url) {
  UrlParts parts;
  url = url.substr(0, url.find('#'));
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end != std::string_view::npos) url.remove_prefix(scheme_end + 3);
  const std::size_t host_end = std::min(url.find_first_of("/?"), url.size());
  std::string_view host = url.substr(0, host_end);
  const std::string_view own_port = scheme == "http" ? ":80" : ":443";
  if (host.ends_with(own_port)) host.remove_suffix(own_port.size());
  parts.host = host;
  url.remove_prefix(host_end);
  const std::size_t path_end = std::min(url.find('?'), url.size());
  parts.path = url.substr(0, path_end);
  if (path_end < url.size()) parts.query = url.substr(path_end + 1);
  return parts;
}

/// Each segment encoded twice, as every service but S3 wants it.
std::string canonical_path(std::string_view path) {
  if (path.empty()) return "/";
  std::string out;
  while (true) {
    const std::size_t slash = path.find('/');
    out += percent_encoded(percent_encoded(percent_decoded(path.substr(0, slash))));
    if (slash == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

/// Each key and value decoded and encoded again, so that every spelling of a URL signs the same.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    if (one.empty()) continue;
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view value = equals < one.size() ? one.substr(equals + 1) : "";
    pairs.emplace_back(percent_encoded(percent_decoded(one.substr(0, equals))),
                       percent_encoded(percent_decoded(value)));
  }
  std::ranges::sort(pairs);  // By encoded octets, after encoding.
  std::string out;
  for (const auto& [key, value] : pairs) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", key, value);
  }
  return out;
}

/// Blanks at the ends dropped, runs of them made one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (!is_blank(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

/// Every header that the server will see and that is signed, with several of one name joined. All
/// headers are signed, so that a proxy cannot add a meaning to any of them.
std::map<std::string, std::string> signed_headers(const HttpRequest& request) {
  std::map<std::string, std::string> headers = {{"host", parts_of(request.url).host}};
  for (const HttpHeader& header : request.headers) {
    const auto [place, added] =
        headers.emplace(ascii_lower(header.name), canonical_value(header.value));
    if (!added) place->second += "," + canonical_value(header.value);
  }
  return headers;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

// Header names have no case.
void remove_header(HttpRequest& request, std::string_view name) {
  std::erase_if(request.headers,
                [&](const HttpHeader& header) { return ascii_lower(header.name) == name; });
}

}  // namespace

// The six lines of the AWS documentation, in its order.
std::string canonical_request(const HttpRequest& request) {
  const UrlParts parts = parts_of(request.url);
  const std::map<std::string, std::string> headers = signed_headers(request);
  std::string lines;
  for (const auto& [name, value] : headers) lines += fmt::format("{}:{}\n", name, value);
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(parts.path),
                     canonical_query(parts.query), lines, names_of(headers),
                     sha256_hex(request.body));
}

// The key is derived for one day, region and service, so that a leaked one is of little use.
void sign_v4(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
             std::chrono::sys_seconds now) {
  // A repeated attempt is signed again, so what an earlier signature added must go.
  for (const std::string_view name : {"authorization", "x-amz-date", "x-amz-security-token"}) {
    remove_header(request, name);
  }
  const std::string stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", now);
  const std::string day = stamp.substr(0, 8);
  request.headers.push_back({"X-Amz-Date", stamp});
  if (!credentials.session_token.empty()) {
    request.headers.push_back({"X-Amz-Security-Token", credentials.session_token});
  }
  const std::string where = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, stamp, where,
                                          sha256_hex(canonical_request(request)));
  std::string key = hmac("AWS4" + credentials.secret, day);
  for (const std::string& part : {scope.region, scope.service, std::string("aws4_request")}) {
    key = hmac(key, part);
  }
  const std::string names = names_of(signed_headers(request));
  request.headers.push_back(
      {"Authorization",
       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                   credentials.key_id, where, names, hex(hmac(key, to_sign)))});
}

}  // namespace rampart
