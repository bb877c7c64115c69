/// What an audit says of records that nobody reads as they were meant, and of keys that some
/// verifiers refuse.
#include <algorithm>
#include <catch2/catch.hpp>

#include "policies/audit/parts.h"
#include "tests/support/audit_zone.h"

namespace rampart::audit {
namespace {

std::vector<std::string> codes_of(const Facts& facts) {
  std::vector<std::string> found;
  for (const Finding& one : evaluate(facts)) {
    found.push_back(std::string(rampart::to_text(one.severity)) + " " + one.code);
  }
  return found;
}

const Finding& finding(const std::vector<Finding>& found, std::string_view code) {
  const auto at = std::ranges::find(found, code, &Finding::code);
  REQUIRE(at != found.end());
  return *at;
}

void check_codes(std::string_view replaced, std::string_view lines,
                 const std::vector<std::string>& expected) {
  INFO(lines);
  CHECK(codes_of(good_facts_but(replaced, lines)) == expected);
}

// The good domain with one more value at a name, blanks in front kept.
Facts facts_with(std::string_view replaced, const std::string& name, const std::string& value) {
  spf::TestZone zone(good_but(replaced, ""));
  zone.add(name, "TXT", value);
  return facts_of(good_subject(), zone);
}

const std::string kKey = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

}  // namespace

// RFC 9989 section 4.10, RFC 8461 section 3.1, RFC 8460 section 3: what does not begin exactly as
// they say is discarded, and gives neither points nor protection.
TEST_CASE("a blank before the version makes no record") {
  const Facts dmarc =
      facts_with("_dmarc", "_dmarc.example.com", " v=DMARC1; p=reject; rua=mailto:d@example.com");
  CHECK(codes_of(dmarc) ==
        std::vector<std::string>{"error dmarc-missing", "warning dmarc-near-miss"});
  for (const char* value : {" v=STSv1; id=1;", "v = STSv1; id=1", "v=STSv1 ; id=1"}) {
    INFO(value);
    CHECK(codes_of(facts_with("_mta-sts", "_mta-sts.example.com", value)) ==
          std::vector<std::string>{"info mta-sts-missing", "warning record-near-miss"});
  }
  CHECK(codes_of(facts_with("_smtp._tls", "_smtp._tls.example.com",
                            " v=TLSRPTv1; rua=mailto:t@example.com")) ==
        std::vector<std::string>{"warning record-near-miss", "info tls-rpt-missing"});
}

TEST_CASE("near misses at every name that was queried") {
  check_codes("_mta-sts", "_mta-sts.example.com TXT v=stsv1; id=1",
              {"info mta-sts-missing", "warning record-near-miss"});
  check_codes("_smtp._tls", "_smtp._tls.example.com TXT v=tlsrptv1; rua=mailto:a@example.com",
              {"warning record-near-miss", "info tls-rpt-missing"});
  check_codes("nothing", "default._bimi.example.com TXT v=bimi1; l=https://example.com/l.svg",
              {"warning record-near-miss"});
  const std::string at = "s1._domainkey.example.com TXT ";
  for (const char* key :
       {"v=dkim1; k=ed25519; ", "v=DKIM1\\; k=ed25519\\; ", "v=DKIM1 k=ed25519 "}) {
    check_codes("s1._domainkey", at + key + kKey, {"error dkim-key-invalid"});
  }
}

// The domain's own empty p= retires a key; behind a vendor's CNAME it may stop mail.
TEST_CASE("a vendor's key that is revoked or short is named as the vendor's") {
  const std::string at = "s1._domainkey.example.com ";
  check_codes("s1._domainkey", at + "TXT v=DKIM1; p=", {"warning dkim-not-found"});
  check_codes("s1._domainkey", at + "CNAME k.vendor.example\nk.vendor.example TXT v=DKIM1; p=",
              {"warning dkim-key-revoked", "warning dkim-not-found"});
}

TEST_CASE("a record at the name of another") {
  check_codes("_dmarc", "example.com TXT v=DMARC1; p=reject; rua=mailto:d@example.com",
              {"error dmarc-missing", "warning record-misplaced"});
  check_codes("_dmarc", "_dmarc.example.com TXT v=spf1 -all",
              {"error dmarc-missing", "warning record-misplaced"});
  // A wildcard answers for these names as well, and is not meant for them: also where one name
  // alone of those that are queried does not exist.
  constexpr auto kWildcard = "rampart-asks-for-no-such-name.example.com TXT v=spf1 -all\n";
  check_codes("nothing",
              std::string(kWildcard) +
                  "_dmarc.example.com TXT v=spf1 -all\n"
                  "_mta-sts.example.com TXT v=spf1 -all",
              {});
  check_codes("nothing", std::string(kWildcard) + "default._bimi.example.com TXT v=spf1 -all", {});
  // A record that is no wildcard's is one of its own, however often it is found.
  check_codes("nothing",
              "_mta-sts.example.com TXT v=spf1 -all\ndefault._bimi.example.com TXT v=spf1 -all",
              {"warning record-misplaced"});
}

TEST_CASE("a near miss at the organization is one of its sub-domain") {
  const Facts facts = facts_of("news.example.com",
                               "_dmarc.example.com TXT v=dmarc1; p=reject\n"
                               "news.example.com TXT v=spf1 -all\n");
  const auto found = evaluate(facts);
  CHECK_THAT(finding(found, "dmarc-near-miss").message,
             Catch::Contains("_dmarc.example.com holds"));
  CHECK_THAT(finding(found, "dmarc-missing").hint,
             Catch::Contains("correct the value at _dmarc.example.com"));
}

// TXT cannot exist beside a CNAME (RFC 1034 section 3.6.2), so that the CNAME has to go first.
TEST_CASE("a CNAME to nowhere where a record belongs") {
  check_codes("_dmarc", "_dmarc.example.com CNAME gone.vendor.example",
              {"error dmarc-missing", "warning record-dangling", "error takeover"});
  const Facts facts = good_facts_but("_dmarc", "_dmarc.example.com CNAME gone.vendor.example");
  CHECK_THAT(finding(evaluate(facts), "dmarc-missing").hint, Catch::Contains("remove the CNAME"));
  check_codes("_mta-sts", "_mta-sts.example.com CNAME gone.vendor.example",
              {"info mta-sts-missing", "warning record-dangling", "error takeover"});
}

TEST_CASE("keys that some verifiers refuse are warnings") {
  const std::string at = "s1._domainkey.example.com TXT ";
  const std::string good = "v=DKIM1; k=ed25519; " + kKey;
  // RFC 6376 section 3.6.2.2: undefined.
  check_codes("nothing", at + "google-site-verification=abc", {"warning dkim-several-keys"});
  check_codes("s1._domainkey", at + good + "; ", {"warning dkim-key-syntax"});
  check_codes("s1._domainkey", at + "v=DKIM1; k=ed25519; t=s:; " + kKey,
              {"warning dkim-key-syntax"});
  check_codes("s1._domainkey", at + "v=DKIM1; k=ed25519; x-y=1; " + kKey,
              {"warning dkim-key-syntax"});
  check_codes("s1._domainkey", at + "k=ed25519; " + kKey + "; v=DKIM1",
              {"warning dkim-key-syntax"});
}

// A zone file completes a name without a final dot by the zone's own name.
TEST_CASE("a dangling target within the domain lacks a dot") {
  const auto found = evaluate(good_facts_but(
      "s1._domainkey", "s1._domainkey.example.com CNAME s1.dkim.mail.microsoft.example.com"));
  const Finding& one = finding(found, "selector-dangling");
  CHECK_THAT(one.hint, Catch::Contains("if `s1.dkim.mail.microsoft` is meant, a dot"));
  CHECK_THAT(one.message, !Catch::Contains("register"));
}

// RFC 9989 section 4.7: receivers ignore sp and np below the organizational domain.
TEST_CASE("sp of a record below the organization weakens nothing") {
  const Facts facts = facts_of("news.example.com",
                               "_dmarc.news.example.com TXT v=DMARC1; p=reject; sp=none; "
                               "rua=mailto:d@example.com\n"
                               "_dmarc.example.com TXT v=DMARC1; p=reject\n"
                               "example.com MX 10 mx.example.com\n"
                               "news.example.com TXT v=spf1 -all\n");
  CHECK(codes_of(facts).empty());
  CHECK(enforcement_of(facts.dmarc).sub_domains);
}

// Where one generation finds nothing, the other one's reject is no p=none.
TEST_CASE("a policy that one generation alone finds is not called none") {
  const auto found = codes_of(facts_of("x.co.uk",
                                       "_dmarc.co.uk TXT v=DMARC1; p=reject; psd=y; "
                                       "rua=mailto:d@co.uk\n"
                                       "x.co.uk TXT v=spf1 -all\n"));
  CHECK(std::ranges::count(found, "warning dmarc-generations-differ") == 1);
  CHECK(std::ranges::count(found, "warning dmarc-not-enforced") == 0);
}

// BIMI draft section 7.1: neither the author domain nor its organizational domain asks for none.
TEST_CASE("no logo is shown for a sub-domain of an organization with p=none") {
  const auto codes = [](const std::string& policies) {
    return codes_of(facts_of(
        "news.example.com",
        "_dmarc.example.com TXT v=DMARC1; rua=mailto:d@example.com; " + policies +
            "\nnews.example.com TXT v=spf1 -all\n"
            "default._bimi.news.example.com TXT v=BIMI1; l=https://example.com/logo.svg\n"));
  };
  CHECK(std::ranges::count(codes("p=none; sp=reject"), "warning bimi-not-enforced") == 1);
  CHECK(std::ranges::count(codes("p=reject; sp=reject"), "warning bimi-not-enforced") == 0);
}

TEST_CASE("a parked domain needs no report address") {
  const auto codes = [](const std::string& spf) {
    return codes_of(
        facts_of("parked.example", "parked.example TXT " + spf +
                                       "\nparked.example MX 0 .\n"
                                       "_dmarc.parked.example TXT v=DMARC1; p=reject\n"));
  };
  CHECK(codes("v=spf1 -all").empty());
  CHECK(std::ranges::count(codes("v=spf1 ip4:192.0.2.1 -all"), "warning reject-without-rua") == 1);
}

TEST_CASE("a missing semicolon is named by the tag that it hides") {
  const auto found = evaluate(
      good_facts_but("_dmarc", "_dmarc.example.com TXT v=DMARC1; p=none rua=mailto:d@example.com"));
  CHECK_THAT(finding(found, "dmarc-invalid").message,
             Catch::Contains("a `;` is missing before `rua=`"));
}

}  // namespace rampart::audit
