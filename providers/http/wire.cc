/// One exchange with a server: libcurl's easy handle, reused with its connections.
#include "providers/http/wire.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace rampart {
namespace {

using Headers = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;
using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

/// What libcurl's callbacks work on. Limits are checked while data arrives: a host could send
/// without an end.
struct Transfer {
  std::string_view unsent;  ///< Of the body.
  HttpResponse response;
  std::size_t most_octets = 0;
  bool too_long = false;
};

std::size_t append_body(char* data, std::size_t, std::size_t octets, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  if (transfer.response.body.size() + octets > transfer.most_octets) {
    transfer.too_long = true;
    return 0;
  }
  transfer.response.body.append(data, octets);
  return octets;
}

// Names are lowered here, since HTTP/2 sends them in lower case and HTTP/1 in any.
std::size_t append_header(char* data, std::size_t, std::size_t octets, void* user) {
  constexpr std::size_t kMostHeaders = 500;
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, octets);
  std::vector<HttpHeader>& headers = transfer.response.headers;
  if (line.starts_with("HTTP/")) headers.clear();  // After a 100 the real response begins.
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return octets;
  if (headers.size() == kMostHeaders) return 0;  // Aborts: no real API sends so many.
  headers.push_back(
      {ascii_lower(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
  return octets;
}

// libcurl asks in pieces of its own size.
std::size_t provide_body(char* room, std::size_t, std::size_t octets, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::size_t given = std::min(octets, transfer.unsent.size());
  std::memcpy(room, transfer.unsent.data(), given);
  transfer.unsent.remove_prefix(given);
  return given;
}

/// libcurl rewinds a body to send the request a second time without the caller's knowledge;
/// refused, since the first one may have been acted on.
int refuse_rewind(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

// Parsed by libcurl itself, so that the check and the request read one URL alike.
std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

// By number and not by resolving, since a name could point anywhere a moment later.
bool is_loopback(const std::string& host) {
  in_addr four{};
  if (host == "localhost" || host == "[::1]") return true;
  return inet_pton(AF_INET, host.c_str(), &four) == 1 && ntohl(four.s_addr) >> 24U == 127;
}

/// Why a request to a URL must not be sent, and whether it is plain http.
struct UrlCheck {
  std::string fault;
  bool plain = false;
};

// Credentials in a URL would reach logs and proxies.
UrlCheck check_url(const std::string& text, const std::vector<std::string>& plain_hosts) {
  const Url url(curl_url(), curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return {"this is not a valid URL", false};
  }
  if (!part_of(url.get(), CURLUPART_USER).empty() ||
      !part_of(url.get(), CURLUPART_PASSWORD).empty()) {
    return {"a URL must not hold a user or a password", false};
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  if (scheme == "https") return {"", false};
  if (scheme != "http") return {"only https is supported, not " + scheme, false};
  if (is_loopback(host) || std::ranges::find(plain_hosts, host) != plain_hosts.end()) {
    return {"", true};
  }
  return {"plain http is accepted to loopback addresses only; use https", true};
}

/// Errors that a second attempt cannot resolve. Everything else counts as a passing fault of the
/// network, which a retry may cure.
bool is_lasting(CURLcode code) {
  constexpr std::array kLasting = {
      CURLE_URL_MALFORMAT,         CURLE_UNSUPPORTED_PROTOCOL,  CURLE_PEER_FAILED_VERIFICATION,
      CURLE_SSL_CACERT_BADFILE,    CURLE_SSL_ISSUER_ERROR,      CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_ENGINE_NOTFOUND,   CURLE_SSL_INVALIDCERTSTATUS, CURLE_OUT_OF_MEMORY,
      CURLE_BAD_FUNCTION_ARGUMENT, CURLE_NOT_BUILT_IN,          CURLE_WRITE_ERROR};
  return std::ranges::find(kLasting, code) != kLasting.end();
}

// libcurl drops a header without a value unless it ends in a semicolon.
Headers header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  // Without this libcurl waits up to a second for "100 Continue", which many servers never send.
  add("Expect:");
  for (const HttpHeader& header : request.headers) {
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  return {list, curl_slist_free_all};
}

// A line break would let a value add headers of its own.
bool has_header_fault(const HttpRequest& request) {
  return std::ranges::any_of(request.headers, [](const HttpHeader& header) {
    return (header.name + header.value).find_first_of(std::string_view("\r\n\0", 3)) !=
           std::string::npos;
  });
}

}  // namespace

struct HttpWire::State {
  std::unique_ptr<CURL, void (*)(CURL*)> easy{curl_easy_init(), curl_easy_cleanup};
  HttpSettings settings;
  Headers connect_to{nullptr, curl_slist_free_all};

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy.get(), option, value);
  }

  // Set for each request, because `curl_easy_reset` clears all options but keeps the connections.
  void set_connection(const UrlCheck& check) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings.total_timeout.count()));
    set(CURLOPT_PATH_AS_IS, 1L);  // A signature covers the path as it was written.
    set(CURLOPT_USERAGENT, "rampart");
    // Plain http goes to this machine only; a proxy would see the credentials.
    if (check.plain) set(CURLOPT_NOPROXY, "*");
    if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
    if (!settings.ca_folder.empty()) set(CURLOPT_CAPATH, settings.ca_folder.c_str());
    if (connect_to) set(CURLOPT_CONNECT_TO, connect_to.get());
  }

  // A body that may be sent once only is given through a callback that refuses to rewind.
  void set_body(const HttpRequest& request, Transfer& transfer) {
    const bool bodiless = request.body.empty() && request.method != "POST";
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    if (!bodiless) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    if (!bodiless && (request.repeatable || request.body.empty())) {
      set(CURLOPT_POSTFIELDS, request.body.c_str());
    } else if (!bodiless) {
      set(CURLOPT_READFUNCTION, &provide_body);
      set(CURLOPT_READDATA, &transfer);
      set(CURLOPT_SEEKFUNCTION, &refuse_rewind);
    }
    // On a connection that turns out to be dead libcurl repeats a request without a body.
    if (!request.repeatable && request.body.empty()) set(CURLOPT_FRESH_CONNECT, 1L);
  }
};

HttpWire::HttpWire(const HttpSettings& settings) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)ready;
  state_ = std::make_unique<State>();
  state_->settings = settings;
  if (settings.connect_to.empty()) return;
  const std::string rule = "::" + settings.connect_to;
  state_->connect_to.reset(curl_slist_append(nullptr, rule.c_str()));
}

HttpWire::~HttpWire() = default;

// Everything that can be refused is refused before the first octet is sent.
Exchange HttpWire::exchange(const HttpRequest& request) {
  const UrlCheck check = check_url(request.url, state_->settings.plain_hosts);
  if (!check.fault.empty()) return NoAnswer{.why = check.fault};
  if (has_header_fault(request)) return NoAnswer{.why = "a header holds a line break"};
  CURL* const easy = state_->easy.get();
  if (easy == nullptr) return NoAnswer{.why = "out of memory"};
  curl_easy_reset(easy);  // Keeps connections and the DNS cache.
  Transfer transfer{.unsent = request.body, .most_octets = state_->settings.most_octets};
  std::array<char, CURL_ERROR_SIZE> reason{};
  const Headers headers = header_list(request);
  state_->set_connection(check);
  state_->set_body(request, transfer);
  state_->set(CURLOPT_URL, request.url.c_str());
  state_->set(CURLOPT_HTTPHEADER, headers.get());
  state_->set(CURLOPT_ERRORBUFFER, reason.data());
  state_->set(CURLOPT_WRITEFUNCTION, &append_body);
  state_->set(CURLOPT_WRITEDATA, &transfer);
  state_->set(CURLOPT_HEADERFUNCTION, &append_header);
  state_->set(CURLOPT_HEADERDATA, &transfer);
  const CURLcode code = curl_easy_perform(easy);
  // The handle outlives this buffer.
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  long status = 0;
  long sent = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
  if (code == CURLE_OK) {
    transfer.response.status = static_cast<int>(status);
    return std::move(transfer.response);
  }
  std::string why = reason[0] != '\0' ? reason.data() : curl_easy_strerror(code);
  if (transfer.too_long)
    why = fmt::format("the response exceeds {} octets", state_->settings.most_octets);
  if (code == CURLE_SEND_FAIL_REWIND) why = "the connection was closed";
  return NoAnswer{.why = std::move(why), .sent = sent > 0, .retryable = !is_lasting(code)};
}

}  // namespace rampart
