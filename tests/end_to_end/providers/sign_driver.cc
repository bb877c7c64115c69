/// Sends signed requests of every odd kind to a verifier: sign_driver PORT. One line a request:
/// its name, a tab, the verifier's answer.
#include <fmt/format.h>

#include <cstdio>

#include "providers/route53/sigv4.h"

namespace {

using rampart::AwsCredentials;
using rampart::Http;
using rampart::HttpRequest;
using rampart::HttpSettings;

/// The well-known example of AWS's own documents.
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const AwsCredentials kPlain{.key_id = "AKIDEXAMPLE", .secret = kSecret};
const AwsCredentials kSession{
    .key_id = "ASIAEXAMPLE", .secret = kSecret, .session_token = "AQoDYXdzEJr/+=tok"};

std::vector<std::pair<std::string, HttpRequest>> cases(const std::string& base) {
  std::vector<std::pair<std::string, HttpRequest>> all;
  const auto get = [&](const std::string& target) {
    all.emplace_back("GET " + target, HttpRequest{.url = base + target, .repeatable = true});
  };
  for (const char* query : {"",
                            "?a=1&b=2",
                            "?a=_-.~",
                            "?a=%2A",
                            "?a=%5C052.example",
                            "?a=%2F",
                            "?a=%20",
                            "?a=%3D",
                            "?a=",
                            "?name=x&type=TXT&maxitems=1",
                            "?a=*",
                            "?a=/",
                            "?a=:",
                            "?a=@",
                            "?a=,",
                            "?a=!()",
                            "?a=b=c",
                            "?a=%2a",
                            "?a=%5c",
                            "?a=%7E",
                            "?a",
                            "?a=2&a=1",
                            "?ab=1&a-b=2&a=3",
                            "?a=%2B",
                            "?a=x+y",
                            "?a=%C3%A9",
                            "?A=1&a=2",
                            "?a=%25",
                            "?a=\\x"}) {
    get(std::string("/2013-04-01/hostedzone") + query);
  }
  for (const char* path : {"/", "/a%2Fb", "/a%20b", "/a:b", "/a/b/", "/~x/_-.", "/%C3%A9"}) {
    get(path);
  }
  const auto post = [&](const std::string& name, const std::string& body,
                        std::vector<rampart::HttpHeader> headers) {
    for (const bool repeatable : {true, false}) {
      all.emplace_back(fmt::format("POST {}{}", name, repeatable ? "" : " once"),
                       HttpRequest{.method = "POST",
                                   .url = base + "/2013-04-01/hostedzone/Z1/rrset/",
                                   .headers = headers,
                                   .body = body,
                                   .repeatable = repeatable});
    }
  };
  post("XML", "<?xml version=\"1.0\"?><a>\"&amp;\"</a>", {{"Content-Type", "text/xml"}});
  post("NULs", std::string("a\0b\0", 4), {});
  post("2 MB", std::string(2U << 20U, 'x'), {});
  post("nothing", "", {});
  post("its own date", "x", {{"X-Amz-Date", "20200101T000000Z"}});
  post("a header twice", "x", {{"X-Custom", "b"}, {"x-custom", "a"}});
  post("an empty header", "x", {{"X-Custom", ""}});
  post("blanks in a header", "x", {{"X-Custom", "  a   b  "}});
  post("curl's own headers replaced", "x", {{"Accept", "text/xml"}, {"User-Agent", "other"}});
  all.emplace_back("PUT", HttpRequest{.method = "PUT", .url = base + "/a", .body = "x"});
  all.emplace_back("DELETE", HttpRequest{.method = "DELETE", .url = base + "/a"});
  return all;
}

void run(const std::string& base, const std::string& who, const AwsCredentials& credentials) {
  HttpSettings settings;
  settings.sign = [&](HttpRequest& request) -> rampart::Result<rampart::Ok> {
    rampart::sign_v4(request, credentials, {"us-east-1", "route53"},
                     std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    return rampart::Ok{};
  };
  Http http(rampart::real_clock(), settings);
  for (const auto& [name, request] : cases(base)) {
    const auto response = http.send(request);
    std::string answer = response ? response->body : sentence(response.error());
    std::erase(answer, '\n');
    fmt::print("{}, {}\t{}\n", name, who, answer);
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string base = fmt::format("http://127.0.0.1:{}", count > 1 ? words[1] : "0");
  run(base, "keys", kPlain);
  run(base, "session", kSession);
  return 0;
}
