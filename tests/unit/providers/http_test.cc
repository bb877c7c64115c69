// The HTTP client: what is tried again and when, its pace, what it refuses to send, and secrets.
#include "providers/http/http.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/percent.h"
#include "providers/http/text.h"
#include "providers/model/account.h"

using namespace rampart;
using namespace std::chrono_literals;

namespace {

const auto kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 23h;

/// A clock that moves only when somebody sleeps, and notes for how long.
struct TestClock {
  std::chrono::system_clock::time_point now = kNow;
  std::vector<std::chrono::nanoseconds> slept;

  Clock clock() {
    return {.now = [this] { return now; },
            .sleep_for =
                [this](std::chrono::nanoseconds pause) {
                  slept.push_back(pause);
                  now += std::chrono::duration_cast<std::chrono::system_clock::duration>(pause);
                }};
  }
};

Exchange answer(int status, std::vector<HttpHeader> headers = {}) {
  return HttpResponse{.status = status, .headers = std::move(headers), .body = "body"};
}

Exchange lost(bool sent) {
  return NoAnswer{.why = "the connection was closed", .sent = sent, .retryable = true};
}

struct Run {
  int attempts = 0;
  int status = 0;  ///< 0 where there is an Error.
  std::string error;
  std::vector<std::chrono::nanoseconds> slept;
};

/// Sends one request to a host that answers as scripted, the last answer for ever.
Run run(const std::vector<Exchange>& script, bool repeatable) {
  TestClock time;
  Run run;
  HttpSettings settings;
  settings.jitter = [] { return 1.0; };
  settings.exchange = [&](const HttpRequest&) {
    return script[std::min<std::size_t>(run.attempts++, script.size() - 1)];
  };
  Http http(time.clock(), settings);
  const auto response = http.send({.url = "https://host.example/", .repeatable = repeatable});
  run.status = response ? response->status : 0;
  run.error = response ? "" : sentence(response.error());
  run.slept = time.slept;
  return run;
}

void check_attempts(const std::vector<Exchange>& script, bool repeatable, int attempts,
                    int status) {
  const Run done = run(script, repeatable);
  CHECK(done.attempts == attempts);
  CHECK(done.status == status);
}

std::string refused(const HttpRequest& request) {
  TestClock time;
  Http http(time.clock());
  const auto response = http.send(request);
  REQUIRE(!response.ok());
  CHECK_FALSE(response.error().retryable);
  return response.error().what;
}

}  // namespace

TEST_CASE("a request is tried again only where that is safe and of use") {
  check_attempts({answer(200)}, false, 1, 200);
  check_attempts({answer(404)}, true, 1, 404);
  check_attempts({answer(302)}, true, 1, 302);
  check_attempts({answer(429), answer(200)}, false, 2, 200);
  check_attempts({answer(500), answer(200)}, true, 2, 200);
  check_attempts({answer(500), answer(200)}, false, 1, 500);
  check_attempts({answer(503), answer(429), lost(true), answer(200)}, true, 4, 200);
  check_attempts({lost(true), answer(200)}, true, 2, 200);
  check_attempts({lost(true), answer(200)}, false, 1, 0);
  check_attempts({lost(false), answer(200)}, false, 2, 200);
  check_attempts({answer(429)}, true, 5, 429);
  check_attempts({lost(true)}, true, 5, 0);
  check_attempts({NoAnswer{.why = "the certificate is wrong"}}, true, 1, 0);
}

TEST_CASE("an unknown outcome is reported as unknown") {
  CHECK(run({lost(true)}, false).error ==
        "GET https://host.example/: the connection was closed; outcome unknown");
  CHECK(run({lost(true)}, true).error == "GET https://host.example/: the connection was closed");
  CHECK(run({lost(false)}, false).error == "GET https://host.example/: the connection was closed");
}

TEST_CASE("pauses double, and Retry-After is honoured up to a limit") {
  const auto after = [](const std::string& text) {
    return run({answer(429, {{"retry-after", text}}), answer(200)}, true);
  };
  CHECK(run({answer(500)}, true).slept == std::vector<std::chrono::nanoseconds>{500ms, 1s, 2s, 4s});
  CHECK(after("7").slept == std::vector<std::chrono::nanoseconds>{7s});
  CHECK(after("0").slept == std::vector<std::chrono::nanoseconds>{500ms});
  CHECK(after("Sat, 21 Nov 2026 23:00:09 GMT").slept == std::vector<std::chrono::nanoseconds>{9s});
  CHECK(after("Sat, 21 Nov 2026 22:00:00 GMT").slept ==
        std::vector<std::chrono::nanoseconds>{500ms});
  CHECK(after("soon").slept == std::vector<std::chrono::nanoseconds>{500ms});
  CHECK(after("331").status == 429);
  CHECK(after("331").slept.empty());
}

TEST_CASE("the pace is kept, after a first burst") {
  TestClock time;
  HttpSettings settings{.rate = {.per_second = 5, .burst = 5}};
  settings.exchange = [](const HttpRequest&) { return answer(200); };
  Http http(time.clock(), settings);
  for (int number = 0; number < 12; ++number) {
    REQUIRE(http.send({.url = "https://host.example/"}).ok());
  }
  const auto passed = time.now - kNow;
  CHECK(passed >= 1400ms);
  CHECK(passed < 1410ms);
  time.now -= 1h;
  REQUIRE(http.send({.url = "https://host.example/"}).ok());
  CHECK(time.slept.back() <= 200ms);
}

TEST_CASE("each attempt has its own signature") {
  TestClock time;
  std::vector<std::string> seen;
  HttpSettings settings;
  settings.sign = [&](HttpRequest& request) -> Result<Ok> {
    request.headers.push_back({"Date", std::to_string(time.slept.size())});
    return Ok{};
  };
  settings.exchange = [&](const HttpRequest& request) {
    REQUIRE(request.headers.size() == 1);
    seen.push_back(request.headers[0].value);
    return answer(seen.size() < 3 ? 429 : 200);
  };
  Http http(time.clock(), settings);
  REQUIRE(http.send({.url = "https://host.example/"}).ok());
  CHECK(seen == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("what must not leave is refused before any connection") {
  CHECK(refused({.url = "http://host.example/"}) ==
        "plain http is accepted to loopback addresses only; use https");
  CHECK(refused({.url = "http://127.0.0.1.host.example/"}) ==
        "plain http is accepted to loopback addresses only; use https");
  CHECK(refused({.url = "http://10.0.0.1/"}) ==
        "plain http is accepted to loopback addresses only; use https");
  CHECK(refused({.url = "ftp://host.example/"}) == "only https is supported, not ftp");
  CHECK(refused({.url = "file:///etc/passwd"}) == "only https is supported, not file");
  CHECK(refused({.url = "https://me:secret@host.example/"}) ==
        "a URL must not hold a user or a password");
  CHECK(refused({.url = "nonsense"}) == "this is not a valid URL");
  CHECK(refused({.url = "https://host.example/", .headers = {{"A", "b\r\nC: d"}}}) ==
        "a header holds a line break");
}

TEST_CASE("secrets are blotted out of errors and log lines") {
  TestClock time;
  std::vector<std::string> lines;
  HttpSettings settings;
  settings.log = [&](const std::string& line) { lines.push_back(line); };
  settings.exchange = [](const HttpRequest&) -> Exchange {
    return NoAnswer{.why = "no host for s3cr/et+key", .sent = true};
  };
  Http http(time.clock(), settings);
  http.secrets().add("s3cr/et+key");
  const auto response = http.send({.url = "https://host.example/s3cr%2Fet%2Bkey?token=x"});
  REQUIRE(!response.ok());
  CHECK(sentence(response.error()) ==
        "GET https://host.example/[redacted]: no host for [redacted]; outcome unknown");
  CHECK(lines == std::vector<std::string>{
                     "GET https://host.example/[redacted]: no host for [redacted], 0 ms"});
}

TEST_CASE("a trace shows headers and bodies, a line each, and no credential") {
  TestClock time;
  std::vector<std::string> lines;
  HttpSettings settings;
  settings.trace = [&](const std::string& line) { lines.push_back(line); };
  settings.exchange = [](const HttpRequest&) -> Exchange {
    return HttpResponse{.status = 403,
                        .headers = {{"x-echo", "Signature=abc"}, {"set-cookie", "session"}},
                        .body = "you sent Signature=abc\r\ntrace: s3cret"};
  };
  Http http(time.clock(), settings);
  http.secrets().add("s3cret");
  const HttpRequest request{.method = "POST",
                            .url = "https://host.example/zones?name=s3cret",
                            .headers = {{"AUTHORIZATION", "Signature=abc"}, {"Accept", "*/*"}},
                            .body = "say s3cret"};
  REQUIRE(http.send(request).ok());
  CHECK(lines == std::vector<std::string>{"> POST https://host.example/zones?name=[redacted]",
                                          "> AUTHORIZATION: [redacted]", "> Accept: */*",
                                          "> say [redacted]", "< status 403",
                                          "< x-echo: [redacted]", "< set-cookie: [redacted]",
                                          "< you sent [redacted]\\013\\010trace: [redacted]"});
  CHECK(http.redact("refused: Signature=abc") == "refused: [redacted]");
}

TEST_CASE("every spelling of a secret is blotted out") {
  Secrets secrets;
  secrets.add("");
  secrets.add("abc");
  secrets.add("abc/d\"e&f");
  CHECK(secrets.redact("x abc y") == "x [redacted] y");
  CHECK(secrets.redact("abc/d\"e&f!") == "[redacted]!");
  CHECK(secrets.redact(R"(abc/d\"e&f!)") == "[redacted]!");
  CHECK(secrets.redact(R"(abc\/d\"e&f!)") == "[redacted]!");
  CHECK(secrets.redact("abc%2Fd%22e%26f!") == "[redacted]!");
  CHECK(secrets.redact("abc/d&quot;e&amp;f!") == "[redacted]!");
  CHECK(secrets.redact("abcabc") == "[redacted][redacted]");
  CHECK(secrets.redact("ab") == "ab");
}

TEST_CASE("a secret in hex or base64 is blotted out, also within a longer text") {
  const std::string secret = "s3cr3t/K?y~tok>en";
  Secrets secrets;
  secrets.add(secret);
  for (const std::string before : {"", "B", "Bearer ", "user:", "four"}) {
    for (const std::string after : {"", "!", "!!", "!!!"}) {
      const std::string whole = encode_base64(before + secret + after);
      std::string url = whole;
      std::ranges::replace(url, '/', '_');
      std::ranges::replace(url, '+', '-');
      for (const std::string& text : {whole, url}) {
        const std::string got = secrets.redact(text);
        INFO(before << " " << after << ": " << text << " became " << got);
        // At most the characters that octets on both sides share are left.
        CHECK(got.find("[redacted]") != got.npos);
        CHECK(got.size() <= text.size() - secret.size() + 10);
      }
    }
  }
  CHECK(secrets.redact("key 7333637233742f4b3f797e746f6b3e656e") == "key [redacted]");
  CHECK(secrets.redact("7333637233742F4B3F797E746F6B3E656E") == "[redacted]");
  CHECK(secrets.redact("?k=s3cr3t/K%3Fy~tok%3Een&x") == "?k=[redacted]&x");
  // Short secrets in base64 would be in too many words.
  Secrets few;
  few.add("abc");
  CHECK(few.redact("YWJj 616263") == "YWJj 616263");
}

TEST_CASE("HTTP's dates") {
  CHECK(parse_http_date("Sat, 21 Nov 2026 23:00:00 GMT") == kNow);
  for (const char* bad : {"", "Sat, 21 Nov 2026 23:00:00", "Sat, 31 Feb 2026 23:00:00 GMT",
                          "Sat, 21 Nov 2026 24:00:00 GMT", "Sat, 21 Foo 2026 23:00:00 GMT",
                          "Saturday, 21-Nov-26 23:00:00 GMT", "Sat, 2x Nov 2026 23:00:00 GMT"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_http_date(bad));
  }
}

TEST_CASE("an account's own variable wins over the plain one") {
  ProviderSettings settings;
  settings.name = "prod-1";
  settings.environment = {
      {"TOKEN", "plain"}, {"TOKEN_PROD_1", "own"}, {"EMPTY_PROD_1", ""}, {"EMPTY", "plain"}};
  CHECK(account_variable("TOKEN", "prod-1") == "TOKEN_PROD_1");
  CHECK(environment_value(settings, "TOKEN") == "own");
  CHECK(environment_value(settings, "EMPTY") == "plain");
  CHECK_FALSE(environment_value(settings, "NONE"));
}

TEST_CASE("percent-encoding leaves the unreserved alone") {
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a b*/\\\xC3\xA9") == "a%20b%2A%2F%5C%C3%A9");
}
