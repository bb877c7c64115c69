/// Records at names where nobody reads them: one list for audit, plan and init.
#include "policies/rules/strays.h"

#include <catch2/catch.hpp>

namespace rampart::rules {
namespace {

struct StrayCase {
  std::string name;
  RecordType type;
  std::string value;
  std::string_view code;  ///< Empty: it is read at this name, or is no record of ours.
  std::string part;       ///< Of the message or the hint.
};

}  // namespace

TEST_CASE("stray records are found by name and value") {
  constexpr auto kTxt = RecordType::TXT;
  constexpr auto kCname = RecordType::CNAME;
  const std::string key = "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
  const StrayCase rows[] = {
      // A full name typed where the host adds the domain.
      {"_dmarc.example.com.example.com", kTxt, "v=DMARC1; p=none", "record-misplaced",
       "move it to _dmarc.example.com:"},
      {"example.com.example.com", kTxt, "v=spf1 -all", "record-misplaced",
       "move it to example.com"},
      {"s1._domainkey.example.com.example.com", kCname, "s1.esp.example", "record-misplaced",
       "move it to s1._domainkey.example.com:"},
      {"www.example.com.example.com", kCname, "www.esp.example", "", ""},
      {"example.com.example.com", kTxt, "site-verification=1", "", ""},
      // A whole name for a selector.
      {"google._domainkey._domainkey.example.com", kTxt, "v=DKIM1; " + key, "record-misplaced",
       "move it to google._domainkey.example.com"},
      {"google._domainkey.example.com._domainkey.example.com", kTxt, "v=DKIM1; " + key,
       "record-misplaced", "move it to google._domainkey.example.com"},
      // Underscores that are missing.
      {"dmarc.example.com", kTxt, "v=DMARC1; p=none", "record-misplaced", "_dmarc.<domain>"},
      {"google.domainkey.example.com", kTxt, key, "record-misplaced",
       "move it to google._domainkey.example.com"},
      {"google.domainkey.example.com", kCname, "x.esp.example", "record-misplaced",
       "move it to google._domainkey.example.com"},
      {"google.domainkey.example.com", kTxt, "site-verification=1", "", ""},
      {"mta-sts.example.com", kTxt, "v=STSv1; id=1", "record-misplaced", "_mta-sts.<domain>"},
      {"_tls.example.com", kTxt, "v=TLSRPTv1; rua=mailto:a@b.example", "record-misplaced",
       "_smtp._tls.<domain>"},
      // A record of another name.
      {"example.com", kTxt, "v=DMARC1; p=none", "record-misplaced", "_dmarc.<domain>"},
      {"_dmarc.example.com", kTxt, "v=spf1 -all", "record-misplaced", "at the domain itself"},
      {"s1._domainkey.example.com", kTxt, "v=spf1 -all", "record-misplaced",
       "at the domain itself"},
      // Near misses at the right name.
      {"mail.example.com", kTxt, "v=spf10 -all", "record-near-miss", "RFC 7208 section 4.5"},
      {"_dmarc.news.example.com", kTxt, "v=dmarc1; p=none", "record-near-miss", "`v=DMARC1;`"},
      {"s1._domainkey.example.com", kTxt, "v=dkim1; p=", "record-near-miss", "`v=DKIM1;`"},
      // Nothing is wrong with these.
      {"_dmarc.example.com", kTxt, "v=DMARC1; p=none", "", ""},
      {"_spf.example.com", kTxt, "v=spf1 -all", "", ""},
      {"*._domainkey.example.com", kTxt, "v=DKIM1; p=", "", ""},
      {"a.b._domainkey.example.com", kTxt, "v=DKIM1; " + key, "", ""},
      {"s1._domainkey.news.example.com", kCname, "s1.esp.example", "", ""},
      {"x.example._report._dmarc.example.com", kTxt, "v=DMARC1", "", ""},
      {"example.com", kTxt, "google-site-verification=abc", "", ""},
  };
  const Name domain = Name::literal("example.com");
  for (const StrayCase& one : rows) {
    INFO(one.name << " " << one.value);
    const auto fault = stray_record(domain, {Name::literal(one.name), one.type}, one.value);
    REQUIRE(fault.has_value() == !one.code.empty());
    if (!fault) continue;
    CHECK(fault->code == one.code);
    CHECK_THAT(fault->message + " " + fault->hint, Catch::Contains(one.part));
  }
}

}  // namespace rampart::rules
