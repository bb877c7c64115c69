#include "mail/dkim/verify.h"

#include <catch2/catch.hpp>

namespace rampart::dkim {
namespace {

const char* const kEd25519Key =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const char* const kRsaKey =
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qh"
    "dR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hst"
    "T5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
const char* const kExampleKey =
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuK"
    "hitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

// The message of RFC 8463 Appendix A.3, signed with both algorithms.
const std::string kSignedTwice = R"(DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
)";

// The message of RFC 6376 Appendix A.2.
const std::string kExample = R"(DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
)";

constexpr std::int64_t kNow = 1528637909 + 60;

Answer text(const std::string& value) { return {.status = AnswerStatus::Data, .values = {value}}; }

Question key_at(const std::string& name) { return {Name::literal(name), RecordType::TXT}; }

const Answers kKeys = {
    {key_at("brisbane._domainkey.football.example.com"), text(kEd25519Key)},
    {key_at("test._domainkey.football.example.com"), text(kRsaKey)},
    {key_at("brisbane._domainkey.example.com"), text(kExampleKey)},
};

/// The outcomes of all signatures, as "pass pass".
std::string outcomes(const std::string& message, const Answers& answers, std::int64_t now = kNow) {
  const auto verdict = verify(message, answers, now);
  if (!verdict) return "error: " + verdict.error().what;
  std::string all;
  for (const SignatureVerdict& one : verdict->signatures) {
    INFO(one.reason);
    all += (all.empty() ? "" : " ") + std::string(to_text(one.outcome));
  }
  return all;
}

/// `text` with the first `what` replaced.
std::string with(std::string text, std::string_view what, std::string_view other) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), other);
}

/// The one verdict on the example of RFC 6376 under another key record.
SignatureVerdict under(const Answer& answer, const std::string& message = kExample) {
  const auto verdict = verify(message, {{key_at("brisbane._domainkey.example.com"), answer}}, kNow);
  REQUIRE(verdict);
  REQUIRE(verdict->signatures.size() == 1);
  return verdict->signatures.front();
}

std::string canonical(std::string_view body, Canonicalization method) {
  std::string octets;
  BodyCanonicalizer canonicalizer(method, [&](std::string_view more) { octets += more; });
  canonicalizer.feed(body);
  canonicalizer.finish();
  return octets;
}

}  // namespace

TEST_CASE("the message of RFC 8463 appendix A passes twice") {
  CHECK(outcomes(kSignedTwice, kKeys) == "pass pass");
}

TEST_CASE("the message of RFC 6376 appendix A passes") {
  CHECK(outcomes(kExample, kKeys) == "pass");
}

TEST_CASE("a verdict names signer and method") {
  const auto verdict = verify(kSignedTwice, kKeys, kNow);
  REQUIRE(verdict);
  CHECK(verdict->unknown.empty());
  const SignatureVerdict& first = verdict->signatures[0];
  CHECK(first.domain == "football.example.com");
  CHECK(first.selector == "brisbane");
  CHECK(first.identity == "@football.example.com");
  CHECK(first.algorithm == "ed25519-sha256");
  CHECK(first.beginning == "/gCrinpc");
  CHECK(first.key_bits == 256);
  CHECK(first.reason.empty());
  CHECK(verdict->signatures[1].key_bits == 1024);
}

TEST_CASE("what was changed after signing fails") {
  const std::pair<const char*, const char*> changes[] = {
      {"Hi.", "Ho."},         {"Joe.", "Joe!"},
      {"dinner", "supper"},   {"From: Joe", "From: Jo"},
      {"Suzie Q", "Suzie R"}, {"21:00:37", "21:00:38"}};
  for (const auto& [what, other] : changes) {
    INFO(what);
    CHECK(outcomes(with(kSignedTwice, what, other), kKeys) == "fail fail");
    CHECK(outcomes(with(kExample, what, other), kKeys) == "fail");
  }
  CHECK(outcomes(with(kSignedTwice, "Message-ID", "From: eve@example.net\nMessage-ID"), kKeys) ==
        "fail fail");
  CHECK(outcomes(with(kSignedTwice, "b=/gCr", "b=/hCr"), kKeys) == "fail pass");
}

TEST_CASE("what relaxed canonicalization forgives does not matter") {
  std::string changed = with(kSignedTwice, "Subject: Is dinner", "SUBJECT:  Is \t\n dinner");
  changed = with(changed, "game.  Are", "game. \t Are");
  changed = with(changed, "Joe.\n", "Joe. \n\n\n");
  CHECK(outcomes(changed, kKeys) == "pass pass");
  CHECK(outcomes(with(kExample, "game. Are", "game.  Are"), kKeys) == "fail");
}

TEST_CASE("keys that are not known yet are noted as questions, each once") {
  const auto verdict = verify(kSignedTwice, {}, kNow);
  REQUIRE(verdict);
  CHECK(verdict->unknown ==
        std::vector<Question>{key_at("brisbane._domainkey.football.example.com"),
                              key_at("test._domainkey.football.example.com")});
  const auto twice = verify(kExample.substr(0, kExample.find("Received:")) + kExample, {}, kNow);
  REQUIRE(twice);
  CHECK(twice->unknown.size() == 1);
}

TEST_CASE("a key record decides what its signatures are worth") {
  const std::string key = std::string(kExampleKey).substr(9);
  const std::tuple<std::string, Outcome, const char*> cases[] = {
      {"v=DKIM1; " + key, Outcome::Pass, ""},
      {key, Outcome::Pass, ""},
      {"v=DKIM1; t=y; " + key, Outcome::Pass, "testing"},
      {"v=DKIM1; s=email; " + key, Outcome::Pass, ""},
      {"v=DKIM1; s=*; h=sha1:sha256; " + key, Outcome::Pass, ""},
      {"v=DKIM1; x=y; " + key, Outcome::Pass, ""},
      {"v=DKIM1; p=", Outcome::PermError, "revoked"},
      {"v=DKIM1; h=sha1; " + key, Outcome::PermError, "sha256"},
      {"v=DKIM1; s=tlsrpt; " + key, Outcome::PermError, "email"},
      {"v=DKIM1; k=ed25519; " + key, Outcome::PermError, "k=ed25519"},
      {"v=DKIM1; t=s; " + key, Outcome::PermError, "t=s"},
      {"v=DKIM2; " + key, Outcome::PermError, "version"},
      // RFC 6376 section 3.6.1 forbids these three, and all verifiers in wide use accept them.
      {key + "; v=DKIM1", Outcome::Pass, "first"},
      {"v=DKIM1; " + key + "; ", Outcome::Pass, "blanks follow"},
      {"v=DKIM1; t=; " + key, Outcome::Pass, "`t=` has an empty item"},
      {"v=DKIM1; k=rsa", Outcome::PermError, "missing"},
      {"v=DKIM1; p=AAAA", Outcome::PermError, ""},
      {"v=DKIM1; p=!", Outcome::PermError, "base64"},
      {"v=DKIM1; " + key + "; p=", Outcome::PermError, "twice"},
      {"v=spf1 -all", Outcome::PermError, "no usable key"},
      {kRsaKey, Outcome::Fail, "does not match"}};
  for (const auto& [record, outcome, reason] : cases) {
    INFO(record);
    const SignatureVerdict verdict = under(text(record));
    CHECK(to_text(verdict.outcome) == to_text(outcome));
    CHECK_THAT(verdict.reason, Catch::Contains(reason));
  }
}

TEST_CASE("answers without exactly one key are distinguished") {
  CHECK(under({.status = AnswerStatus::NxDomain}).outcome == Outcome::PermError);
  CHECK(under({.status = AnswerStatus::NoData}).outcome == Outcome::PermError);
  CHECK(under({.status = AnswerStatus::Failed, .detail = "x"}).outcome == Outcome::TempError);
  const auto several = [](std::vector<std::string> values) {
    return under({.status = AnswerStatus::Data, .values = std::move(values)}).outcome;
  };
  CHECK(several({kExampleKey, "v=spf1 -all"}) == Outcome::Pass);
  CHECK(several({"junk", kExampleKey}) == Outcome::Pass);
  // RFC 6376 section 3.6.2.2: undefined, so that a pass here promises nothing elsewhere.
  CHECK_THAT(
      under({.status = AnswerStatus::Data, .values = {"google-site-verification=abc", kExampleKey}})
          .reason,
      Catch::Contains("1 other TXT value is beside the key"));
  CHECK(several({kExampleKey, kRsaKey}) == Outcome::PermError);
  CHECK(several({kRsaKey, kExampleKey}) == Outcome::PermError);
}

TEST_CASE("a signature is read, or the error names the wrong tag") {
  const std::string good = "v=1; a=rsa-sha256; d=example.com; s=s1; h=From:To; bh=AAAA; b=AA AA";
  const auto read = parse_signature(good);
  REQUIRE(read);
  CHECK(read->headers == std::vector<std::string>{"from", "to"});
  CHECK(read->header == Canonicalization::Simple);
  CHECK(read->identity == "@example.com");
  CHECK(read->beginning == "AAAA");
  CHECK(parse_signature(good + "; l=0; t=1; x=2; c=relaxed/relaxed")->length == 0U);
  const std::pair<const char*, const char*> faults[] = {{"v=1; ", ""},
                                                        {"v=1", "v=01"},
                                                        {"rsa-sha256", "RSA-SHA256"},
                                                        {"d=example.com", "d=..com"},
                                                        {"d=example.com", "d=a b"},
                                                        {"s=s1", "s="},
                                                        {"h=From:To", "h="},
                                                        {"bh=AAAA", "bh=A"},
                                                        {"bh=AAAA", "bh="},
                                                        {"b=AA AA", "b="},
                                                        {"s=s1", "s=s1; s=s1"},
                                                        {"s=s1", "s=s1; l=-1"},
                                                        {"s=s1", "s=s1; t=2; x=2"},
                                                        {"s=s1", "s=s1; c=relaxed/"},
                                                        {"s=s1", "s=s1; l=99999999999999999999"},
                                                        {"s=s1", "s=s1; i=example.com"}};
  for (const auto& [what, other] : faults) {
    INFO(other);
    CHECK_FALSE(parse_signature(with(good, what, other)));
  }
}

TEST_CASE("a signature may hold what verifiers accept, and U-labels") {
  const std::string good = "v=1; a=rsa-sha256; d=example.com; s=s1; h=From:To; bh=AAAA; b=AA AA";
  // An empty item of h= names no field; the suite of ARC expects a pass too.
  for (const char* headers : {"h=From:To:", "h=From::To"}) {
    const auto read = parse_signature(with(good, "h=From:To", headers));
    REQUIRE(read);
    CHECK(read->headers == std::vector<std::string>{"from", "to"});
    CHECK(read->slips == std::vector<std::string>{"`h=` has an empty name"});
  }
  CHECK(parse_signature(good + "; x-y=1")->slips.size() == 1);
  // RFC 8616 section 5: U-labels in d=, s= and i=; section 4 for the local part of i=.
  const auto read = parse_signature(with(good, "d=example.com; s=s1",
                                         "d=b\xc3\xbc"
                                         "cher.example; s=\xc3\xa4; i=j\xc3\xb6@b\xc3\xbc"
                                         "cher.example"));
  REQUIRE(read);
  CHECK(read->domain == Name::literal("xn--bcher-kva.example"));
  CHECK(read->selector == Name::literal("xn--4ca"));
  CHECK(read->identity_domain == read->domain);
  CHECK(read->slips.empty());
}

// RFC 6376 section 3.5 lets verifiers ignore a signature of the future, and some do.
TEST_CASE("a signature of the future passes with a remark") {
  const auto reason = [](std::int64_t now) {
    const auto verdict = verify(kSignedTwice, kKeys, now);
    REQUIRE(verdict);
    CHECK(verdict->signatures[0].outcome == Outcome::Pass);
    return verdict->signatures[0].reason;
  };
  CHECK(reason(kNow).empty());
  CHECK(reason(1528637909 - 300).empty());
  CHECK_THAT(reason(1528637909 - 301), Catch::Contains("in the future"));
}

TEST_CASE("the b= tag alone is emptied") {
  CHECK(without_signature("D: a=b; b=xyz; bh=b") == "D: a=b; b=; bh=b");
  CHECK(without_signature("D: bh=b=; b = x\r\n y ") == "D: bh=b=; b =");
  CHECK(without_signature("D:b=x") == "D:b=");
  CHECK(without_signature("D: B=x; c=d") == "D: B=x; c=d");
  CHECK(without_signature("D") == "D");
}

TEST_CASE("canonical forms are those of RFC 6376 section 3.4.5") {
  const std::string body = " C \r\nD \t E\r\n\r\n\r\n";
  CHECK(canonical(body, Canonicalization::Relaxed) == " C\r\nD E\r\n");
  CHECK(canonical(body, Canonicalization::Simple) == " C \r\nD \t E\r\n");
  CHECK(canonical("", Canonicalization::Relaxed).empty());
  CHECK(canonical("", Canonicalization::Simple) == "\r\n");
  CHECK(canonical_field("A: X", Canonicalization::Relaxed) == "a:X");
  CHECK(canonical_field("B : Y\t\r\n\tZ  ", Canonicalization::Relaxed) == "b:Y Z");
  CHECK(canonical_field("B : Y\t\r\n\tZ  ", Canonicalization::Simple) == "B : Y\t\r\n\tZ  ");
}

TEST_CASE("an expired signature fails before its key is queried") {
  const std::string expired = with(kSignedTwice, "t=1528637909;", "t=1528637909; x=1528637968;");
  const auto verdict = verify(expired, kKeys, kNow);
  REQUIRE(verdict);
  CHECK(verdict->signatures[0].outcome == Outcome::Fail);
  CHECK_THAT(verdict->signatures[0].reason, Catch::Contains("expired"));
  CHECK_THAT(verify(expired, kKeys, kNow - 1)->signatures[0].reason,
             Catch::Contains("does not match"));
}

}  // namespace rampart::dkim
