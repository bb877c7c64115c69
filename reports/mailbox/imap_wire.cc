/// libcurl opens the connection, makes it TLS and logs in (CURLOPT_CONNECT_ONLY). Its own IMAP
/// transfers are not used: they mark a mail as seen by fetching it, before anything is stored.
#include "reports/mailbox/imap_wire.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <array>

namespace rampart::reports {
namespace {

constexpr long kConnectMilliseconds = 30'000;
constexpr int kSilenceMilliseconds = 120'000;

using Easy = std::unique_ptr<CURL, void (*)(CURL*)>;

/// One connection and the octets that stand ready.
struct Line {
  Easy easy{curl_easy_init(), curl_easy_cleanup};
  std::array<char, CURL_ERROR_SIZE> reason{};
  std::array<char, 65'536> room{};

  Error lost(const std::string& why) const {
    return {.what = "the connection broke off: " + why, .retryable = true};
  }

  /// Until the socket can be read or written.
  Result<Ok> wait(short events) const {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD) return lost("the server closed it");
    pollfd ready{.fd = socket, .events = events, .revents = 0};
    const int count = poll(&ready, 1, kSilenceMilliseconds);
    if (count > 0) return Ok{};
    return lost(count == 0 ? "the server is silent" : "it cannot be waited for");
  }

  Result<Ok> send(std::string_view octets) {
    while (!octets.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(easy.get(), octets.data(), octets.size(), &sent);
      if (code != CURLE_OK && code != CURLE_AGAIN) return lost(curl_easy_strerror(code));
      octets.remove_prefix(sent);
      if (code == CURLE_AGAIN) {
        if (Result<Ok> ready = wait(POLLOUT); !ready) return ready;
      }
    }
    return Ok{};
  }

  Result<std::string_view> receive() {
    for (;;) {
      std::size_t got = 0;
      const CURLcode code = curl_easy_recv(easy.get(), room.data(), room.size(), &got);
      if (code == CURLE_OK && got > 0) return std::string_view(room.data(), got);
      if (code == CURLE_OK) return lost("the server closed it");
      if (code != CURLE_AGAIN) return lost(curl_easy_strerror(code));
      if (Result<Ok> ready = wait(POLLIN); !ready) return ready.error();
    }
  }
};

template <class Value>
void set(const Easy& easy, CURLoption option, Value value) {
  curl_easy_setopt(easy.get(), option, value);
}

void set_account(const Easy& easy, const ImapAccount& account) {
  const ImapAddress& address = account.address;
  const bool tls = address.security == ImapSecurity::Tls;
  const bool plain = account.plain_text == PlainText::Accepted || address.is_loopback();
  const std::string host =
      address.host.find(':') == address.host.npos ? address.host : "[" + address.host + "]";
  const std::string url = fmt::format("{}://{}:{}/", tls ? "imaps" : "imap", host, address.port);
  set(easy, CURLOPT_URL, url.c_str());
  set(easy, CURLOPT_USERNAME, address.user.c_str());
  if (account.token.empty()) {
    set(easy, CURLOPT_PASSWORD, account.password.c_str());
  } else {
    set(easy, CURLOPT_XOAUTH2_BEARER, account.token.c_str());
  }
  set(easy, CURLOPT_USE_SSL, static_cast<long>(plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  if (!account.ca_file.empty()) set(easy, CURLOPT_CAINFO, account.ca_file.c_str());
  if (!account.ca_folder.empty()) set(easy, CURLOPT_CAPATH, account.ca_folder.c_str());
}

/// What went wrong, for a person who knows his mail server and not libcurl.
Error explained(CURLcode code, const std::string& reason) {
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return {.what = "the server does not accept this user and password or token"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return {.what = fmt::format("the server's certificate is not to be trusted ({}); --ca names "
                                  "the authority where it is your own",
                                  reason)};
    case CURLE_SSL_CACERT_BADFILE:
      return {.what =
                  "the file of certificates that --ca or the environment names is not readable"};
    case CURLE_USE_SSL_FAILED:
      return {.what =
                  "the server offers no TLS, and the password does not go in the clear; use "
                  "imaps://, or --plain-text where the way there is safe"};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN:
    case CURLE_OUT_OF_MEMORY:
      return {.what = reason};
    default:
      return {.what = "cannot connect: " + reason, .retryable = true};
  }
}

}  // namespace

Result<ImapWire> connect_imap(const ImapAccount& account) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto line = std::make_shared<Line>();
  if (ready != CURLE_OK || !line->easy) return Error{"libcurl cannot be used"};
  set(line->easy, CURLOPT_NOSIGNAL, 1L);
  set(line->easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
  set(line->easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(line->easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(line->easy, CURLOPT_CONNECT_ONLY, 1L);
  set(line->easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
  set(line->easy, CURLOPT_TIMEOUT_MS, 2 * kConnectMilliseconds);
  set(line->easy, CURLOPT_ERRORBUFFER, line->reason.data());
  set_account(line->easy, account);
  const CURLcode code = curl_easy_perform(line->easy.get());
  if (code != CURLE_OK) {
    const std::string reason =
        line->reason[0] == '\0' ? curl_easy_strerror(code) : line->reason.data();
    return explained(code, reason);
  }
  return ImapWire{[line](std::string_view octets) { return line->send(octets); },
                  [line] { return line->receive(); }};
}

}  // namespace rampart::reports
