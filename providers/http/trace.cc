/// Exchanges as lines of a log.
#include "providers/http/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/txt.h"

namespace rampart {
namespace {

constexpr std::size_t kMostShown = 16384;

constexpr std::array<std::string_view, 8> kCredentials = {
    "authorization",        "cookie",    "proxy-authorization",
    "set-cookie",           "x-api-key", "x-aws-ec2-metadata-token",
    "x-amz-security-token", "x-auth-key"};

/// One line, whatever the text holds: a response must not add lines of its own to a log. Cut before
/// it is made printable, because escapes would multiply the length of a binary body.
std::string shown(std::string text) {
  const std::size_t size = text.size();
  text.resize(std::min(size, kMostShown));
  std::string line = printable(text);
  if (size > kMostShown) line += fmt::format(" ... and {} octets more", size - kMostShown);
  return line;
}

}  // namespace

// By header name, so that a credential is hidden even if no secret was registered.
bool is_credential(std::string_view header) {
  return std::ranges::find(kCredentials, ascii_lower(header)) != kCredentials.end();
}

// Direction marks as in curl's own trace, which people know.
std::vector<std::string> trace_lines(const HttpRequest& request, const Exchange& outcome,
                                     const std::function<std::string(std::string_view)>& redact) {
  std::vector<std::string> lines;
  const auto add = [&](char direction, std::string_view text) {
    if (!text.empty()) lines.push_back(fmt::format("{} {}", direction, shown(redact(text))));
  };
  const auto add_headers = [&](char direction, const std::vector<HttpHeader>& headers) {
    for (const HttpHeader& header : headers) {
      const bool hidden = is_credential(header.name);
      add(direction, header.name + ": " + (hidden ? "[redacted]" : header.value));
    }
  };
  add('>', fmt::format("{} {}", request.method, request.url));
  add_headers('>', request.headers);
  add('>', request.body);
  const auto* const response = std::get_if<HttpResponse>(&outcome);
  if (response == nullptr) {
    add('<', std::get<NoAnswer>(outcome).why);
    return lines;
  }
  add('<', fmt::format("status {}", response->status));
  add_headers('<', response->headers);
  add('<', response->body);
  return lines;
}

}  // namespace rampart
