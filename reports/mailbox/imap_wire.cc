/// libcurl connects, starts TLS and logs in (CURLOPT_CONNECT_ONLY). Its IMAP transfers are not
/// used: they mark a mail as seen by fetching it, before anything is stored.
#include "reports/mailbox/imap_wire.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <array>

namespace rampart::reports {
namespace {

constexpr long kConnectMilliseconds = 30'000;

/// A search in a large folder may take a server a while.
constexpr int kSilenceMilliseconds = 120'000;

using Easy = std::unique_ptr<CURL, void (*)(CURL*)>;

/// One connection and its receive buffer.
struct Connection {
  Easy easy{curl_easy_init(), curl_easy_cleanup};
  std::array<char, CURL_ERROR_SIZE> reason{};
  std::array<char, 65'536> buffer{};

  Error lost(const std::string& why) const {
    return {.what = "the connection was lost: " + why, .retryable = true};
  }

  /// Waits until the socket can be read or written.
  Result<Ok> wait(short events) const {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD) return lost("the server closed it");
    pollfd ready{.fd = socket, .events = events, .revents = 0};
    const int count = poll(&ready, 1, kSilenceMilliseconds);
    if (count > 0) return Ok{};
    return lost(count == 0 ? "the server does not respond" : "its socket cannot be polled");
  }

  Result<Ok> send(std::string_view octets) {
    while (!octets.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(easy.get(), octets.data(), octets.size(), &sent);
      if (code != CURLE_OK && code != CURLE_AGAIN) return lost(curl_easy_strerror(code));
      octets.remove_prefix(sent);
      // With TLS, libcurl may have taken a part of the octets, so this waits and continues behind
      // it.
      if (code == CURLE_AGAIN) TRY_OK(wait(POLLOUT));
    }
    return Ok{};
  }

  Result<std::string_view> receive() {
    for (;;) {
      // Read first and wait only if there is nothing: TLS may have decrypted octets that the socket
      // no longer shows.
      std::size_t got = 0;
      const CURLcode code = curl_easy_recv(easy.get(), buffer.data(), buffer.size(), &got);
      if (code == CURLE_OK && got > 0) return std::string_view(buffer.data(), got);
      if (code == CURLE_OK) return lost("the server closed it");
      if (code != CURLE_AGAIN) return lost(curl_easy_strerror(code));
      TRY_OK(wait(POLLIN));
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
  // TRY still uses TLS where the server offers it; ALL refuses a connection without it, also if an
  // attacker removes STARTTLS from the offer.
  set(easy, CURLOPT_USE_SSL, static_cast<long>(plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  if (!account.ca_file.empty()) set(easy, CURLOPT_CAINFO, account.ca_file.c_str());
  if (!account.ca_folder.empty()) set(easy, CURLOPT_CAPATH, account.ca_folder.c_str());
}

/// An error of libcurl in the terms of a mail server.
Error explained(CURLcode code, const std::string& reason) {
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return {.what = "the server does not accept this user and password or token"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return {.what =
                  fmt::format("the server's certificate is not trusted ({}); if the authority is "
                              "your own, name it with --ca",
                              reason)};
    case CURLE_SSL_CACERT_BADFILE:
      return {.what = "the file of certificates named by --ca or the environment is not readable"};
    case CURLE_USE_SSL_FAILED:
      return {.what =
                  "the server offers no TLS, and the password is not sent in clear text; use "
                  "imaps://, or --plain-text if the network is safe"};
    // These do not change by waiting, so they are final. All others may be a network that is down
    // for a moment.
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
  const auto connection = std::make_shared<Connection>();
  if (ready != CURLE_OK || !connection->easy) return Error{"libcurl cannot be used"};
  // libcurl would use SIGALRM for timeouts of name lookups, which is not safe in a program with
  // threads.
  set(connection->easy, CURLOPT_NOSIGNAL, 1L);
  set(connection->easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
  set(connection->easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(connection->easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(connection->easy, CURLOPT_CONNECT_ONLY, 1L);
  set(connection->easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
  // The limit of connecting and logging in together. The dialogue after it has its own limit of
  // silence.
  set(connection->easy, CURLOPT_TIMEOUT_MS, 2 * kConnectMilliseconds);
  set(connection->easy, CURLOPT_ERRORBUFFER, connection->reason.data());
  set_account(connection->easy, account);
  const CURLcode code = curl_easy_perform(connection->easy.get());
  if (code != CURLE_OK) {
    const std::string reason =
        connection->reason[0] == '\0' ? curl_easy_strerror(code) : connection->reason.data();
    return explained(code, reason);
  }
  return ImapWire{[connection](std::string_view octets) { return connection->send(octets); },
                  [connection] { return connection->receive(); }};
}

}  // namespace rampart::reports
