// AWS signatures: the canonical request of every odd URL and header, and AWS's published example.
#include "providers/route53/sigv4.h"

#include <catch2/catch.hpp>

using namespace rampart;

namespace {

const std::string kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

void check_target(const std::string& target, const std::string& path, const std::string& query) {
  CAPTURE(target);
  CHECK(canonical_request({.url = "https://host.example" + target}) ==
        "GET\n" + path + "\n" + query + "\nhost:host.example\n\nhost\n" + kEmptyHash);
}

void check_headers(const std::vector<HttpHeader>& headers, const std::string& lines,
                   const std::string& names) {
  CHECK(canonical_request({.url = "https://host.example/", .headers = headers}) ==
        "GET\n/\n\n" + lines + "\n" + names + "\n" + kEmptyHash);
}

std::string header_of(const HttpRequest& request, const std::string& name) {
  std::string found;
  for (const HttpHeader& header : request.headers) {
    if (header.name == name) found += header.value;
  }
  return found;
}

}  // namespace

TEST_CASE("paths are encoded twice, queries once and sorted") {
  check_target("", "/", "");
  check_target("/", "/", "");
  check_target("/a%2Fb/c%20d", "/a%252Fb/c%2520d", "");
  check_target("/a:b", "/a%253Ab", "");
  check_target("/?name=x&type=TXT&maxitems=1", "/", "maxitems=1&name=x&type=TXT");
  check_target("/?a=*&b=%2a&c=%2A", "/", "a=%2A&b=%2A&c=%2A");
  check_target("/?a=\\052&b=%5c", "/", "a=%5C052&b=%5C");
  check_target("/?a=/:@,!()=", "/", "a=%2F%3A%40%2C%21%28%29%3D");
  check_target("/?a=%7E~-._", "/", "a=~~-._");
  check_target("/?a", "/", "a=");
  check_target("/?a=", "/", "a=");
  check_target("/?a=2&a=1", "/", "a=1&a=2");
  check_target("/?ab=1&a-b=2&a=3", "/", "a=3&a-b=2&ab=1");
  check_target("/?a=%2B&b=+", "/", "a=%2B&b=%2B");
  check_target("/?a=%", "/", "a=%25");
  check_target("/?a=%2", "/", "a=%252");
  check_target("/?a=%zz", "/", "a=%25zz");
  check_target("?a=1", "/", "a=1");
  check_target("/?a=1#fragment", "/", "a=1");
}

TEST_CASE("headers are lower-cased, trimmed, joined and sorted") {
  check_headers({}, "host:host.example\n", "host");
  check_headers({{"X-B", " b   c "}, {"X-A", ""}}, "host:host.example\nx-a:\nx-b:b c\n",
                "host;x-a;x-b");
  check_headers({{"X-A", "2"}, {"x-a", "1"}}, "host:host.example\nx-a:2,1\n", "host;x-a");
}

TEST_CASE("the host is as it is sent, without its scheme's own port") {
  const auto host = [](const std::string& url) {
    const std::string text = canonical_request({.url = url});
    const std::size_t at = text.find("host:") + 5;
    return text.substr(at, text.find('\n', at) - at);
  };
  CHECK(host("https://h.example:443/") == "h.example");
  CHECK(host("https://h.example:80/") == "h.example:80");
  CHECK(host("http://127.0.0.1:8080/x") == "127.0.0.1:8080");
  CHECK(host("http://[::1]:80?a") == "[::1]");
}

TEST_CASE("the example that AWS publishes is signed as AWS says") {
  // "Authenticating Requests", General Reference: ListUsers of 30 August 2015.
  HttpRequest request{
      .url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
      .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}};
  const AwsCredentials credentials{.key_id = "AKIDEXAMPLE",
                                   .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
  sign_v4(request, credentials, {"us-east-1", "iam"},
          std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) + std::chrono::hours(12) +
              std::chrono::minutes(36));
  CHECK(header_of(request, "X-Amz-Date") == "20150830T123600Z");
  CHECK(header_of(request, "Authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("a session token is sent and signed, and signing again replaces the old signature") {
  HttpRequest request{.url = "https://h.example/", .headers = {{"X-Amz-Date", "old"}}};
  const AwsCredentials credentials{.key_id = "ASIA", .secret = "s", .session_token = "t"};
  for (const int day : {21, 22}) {
    sign_v4(request, credentials, {"us-east-1", "route53"},
            std::chrono::sys_days(std::chrono::year(2026) / 11 / day));
  }
  CHECK(request.headers.size() == 3);
  CHECK(header_of(request, "X-Amz-Date") == "20261122T000000Z");
  CHECK(header_of(request, "X-Amz-Security-Token") == "t");
  CHECK(header_of(request, "Authorization").find("host;x-amz-date;x-amz-security-token") !=
        std::string::npos);
}
