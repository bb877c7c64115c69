/// The HTTP client on real sockets: connections reused, never a write sent twice, bad answers.
#include "providers/http/http.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace rampart;
using namespace std::chrono_literals;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok";

/// A server that answers each connection with its own script, one text a request, and then closes.
class Server {
 public:
  explicit Server(std::vector<std::vector<std::string>> scripts) : scripts_(std::move(scripts)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 8) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    url_ = fmt::format("http://127.0.0.1:{}/", ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  const std::string& url() const { return url_; }
  int requests() const { return requests_; }
  int connections() const { return connections_; }

 private:
  void serve() {
    std::vector<std::thread> talks;
    for (const auto& script : scripts_) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) break;
      ++connections_;
      talks.emplace_back([this, connection, &script] { talk(connection, script); });
    }
    for (std::thread& one : talks) one.join();
  }

  void talk(int connection, const std::vector<std::string>& script) {
    for (const std::string& answer : script) {
      if (!read_request(connection)) break;
      ++requests_;
      (void)!send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    close(connection);
  }

  /// Reads one request, its body too; false where the client has gone.
  static bool read_request(int connection) {
    std::string text;
    char c = 0;
    while (!text.ends_with("\r\n\r\n")) {
      if (recv(connection, &c, 1, 0) != 1) return false;
      text += c;
    }
    const std::size_t at = text.find("Content-Length: ");
    int left = at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 16);
    while (left-- > 0) {
      if (recv(connection, &c, 1, 0) != 1) return false;
    }
    return true;
  }

  std::vector<std::vector<std::string>> scripts_;
  std::string url_;
  int listener_ = -1;
  std::atomic<int> requests_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

Http client(HttpSettings settings = {}) {
  return Http({.now = [] { return std::chrono::system_clock::now(); },
               .sleep_for = [](std::chrono::nanoseconds) {}},
              std::move(settings));
}

void check_lost(const std::string& answer, const std::string& why) {
  Server server({{answer}});
  Http http = client({.attempts = 1, .most_octets = 100});
  const auto response = http.send({.url = server.url(), .repeatable = true});
  REQUIRE(!response.ok());
  CHECK(response.error().what.find(why) != std::string::npos);
}

}  // namespace

TEST_CASE("one connection carries many requests") {
  Server server({{kOk, kOk, kOk}});
  Http http = client();
  for (const char* method : {"GET", "POST", "PATCH"}) {
    const auto response =
        http.send({.method = method, .url = server.url(), .body = *method == 'G' ? "" : "x"});
    REQUIRE(response.ok());
    CHECK(response->status == 200);
    CHECK(response->body == "ok");
    CHECK(response->header("x-a") == "b");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that closes after each answer is no failure") {
  Server server({{kOk}, {kOk}, {kOk}});
  Http http = client();
  for (int number = 0; number < 3; ++number) {
    REQUIRE(http.send({.url = server.url(), .repeatable = true}).ok());
  }
  CHECK(server.requests() == 3);
}

TEST_CASE("a write whose answer never comes is sent once, whatever the connection's age") {
  for (const char* body : {"", "x"}) {
    Server server({{kOk, ""}, {""}, {kOk}});
    Http http = client();
    REQUIRE(http.send({.url = server.url(), .repeatable = true}).ok());
    const auto response = http.send({.method = "POST", .url = server.url(), .body = body});
    REQUIRE(!response.ok());
    CHECK(response.error().retryable);
    CHECK(response.error().what.find("outcome unknown") != std::string::npos);
    CHECK(server.requests() == 2);
  }
}

TEST_CASE("answers that cannot be accepted are reported as such") {
  check_lost("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", "");
  check_lost("", "");
  check_lost("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'),
             "the response exceeds 100 octets");
}

TEST_CASE("a redirect is an answer like any other") {
  Server server(
      {{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0"
        "\r\n\r\n"}});
  Http http = client();
  const auto response = http.send({.url = server.url()});
  REQUIRE(response.ok());
  CHECK(response->status == 302);
}

TEST_CASE("a host that is not there is tried again, as nothing was sent") {
  std::string url;
  { url = Server({}).url(); }
  int attempts = 0;
  Http http = client({.log = [&](const std::string& line) {
    attempts += line.find("retrying in") != std::string::npos ? 1 : 0;
  }});
  const auto response = http.send({.method = "POST", .url = url, .body = "x"});
  REQUIRE(!response.ok());
  CHECK(attempts == 4);
  CHECK(response.error().what.find("outcome unknown") == std::string::npos);
}
