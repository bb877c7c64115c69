/// The text forms of HTTP, by libcurl.
#include "providers/http/text.h"

#include <curl/curl.h>
#include <fmt/chrono.h>

#include <memory>

namespace rampart {
namespace {

/// A text that libcurl allocated; null counts as empty.
std::string taken(char* text, std::size_t size) {
  const std::unique_ptr<char, void (*)(void*)> owned(text, curl_free);
  return text == nullptr ? std::string() : std::string(text, size);
}

}  // namespace

// libcurl treats a length of zero as "until NUL", so it returns early.
std::string percent_decoded(std::string_view text) {
  if (text.empty()) return {};
  int size = 0;
  char* const decoded =
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size);
  return taken(decoded, static_cast<std::size_t>(size));
}

std::optional<std::chrono::sys_seconds> parse_http_date(const std::string& text) {
  const std::time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  // libcurl reads many forms and days such as 31 February: only what prints the same is accepted.
  const std::chrono::sys_seconds date{std::chrono::seconds(seconds)};
  if (fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", date) != text) return std::nullopt;
  return date;
}

}  // namespace rampart
