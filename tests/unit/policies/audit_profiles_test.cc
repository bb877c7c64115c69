/// The profiles of governments, regulators and operators, rule by rule.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/audit_zone.h"

namespace rampart::audit {
namespace {

std::string verdicts_of(const Facts& facts, std::string_view profile) {
  std::string text;
  for (const RuleResult& one : find_profile(profile)->rule_results(facts)) {
    text += std::string(one.id) + " " + std::string(to_text(one.verdict)) + "\n";
  }
  return text;
}

Verdict verdict_of(const Facts& facts, std::string_view profile, std::string_view id) {
  const auto results = find_profile(profile)->rule_results(facts);
  const auto found = std::ranges::find(results, id, &RuleResult::id);
  REQUIRE(found != results.end());
  INFO(found->reason);
  return found->verdict;
}

Facts with_dmarc(const std::string& record) {
  return good_facts_but("_dmarc", "_dmarc.example.com TXT " + record);
}

/// Each profile with a rule about the DMARC policy.
struct PolicyRule {
  std::string_view profile;
  std::string_view id;
};

}  // namespace

TEST_CASE("every rule of every profile has a source with a date, and a reason") {
  const Facts silent = facts_of("down.example", "down.example * !servfail");
  for (const Profile& profile : profiles()) {
    INFO(profile.name);
    std::set<std::string_view> ids;
    for (const Facts& facts :
         {good_facts(), facts_of("bare.example", "bare.example A 192.0.2.1"), silent}) {
      ids.clear();
      for (const RuleResult& one : profile.rule_results(facts)) {
        INFO(one.id);
        CHECK(ids.insert(one.id).second);
        CHECK_FALSE(one.rule.empty());
        CHECK_FALSE(one.source.empty());
        CHECK(one.date.substr(0, 2) == "20");
        CHECK_FALSE(one.reason.empty());
        for (const EvidenceItem& item : one.evidence) CHECK_FALSE(item.seen.empty());
      }
    }
  }
}

TEST_CASE("what a domain that has everything meets") {
  const Facts good = good_facts();
  CHECK(verdicts_of(good, "au-ism-1540") == "dmarc pass\ndmarc-reject pass\nsub-domains pass\n");
  CHECK(verdicts_of(good, "bsi-tr-03182") ==
        "spf pass\nspf-restricts pass\ndkim unknown\ndmarc pass\ndmarc-enforced pass\n"
        "sub-domains pass\nrua pass\ndnssec unknown\nparked pass\nmonitoring unknown\n");
  CHECK(verdicts_of(good, "m3aawg") == "dkim-2048 pass\nkey-age unknown\nparked pass\n");
  CHECK(verdicts_of(good, "nis2") ==
        "spf pass\ndkim pass\ndmarc-enforced pass\ntransport pass\ntls-rpt pass\ndnssec unknown\n"
        "aligned unknown\n");
  CHECK(verdicts_of(good, "nl-comply") ==
        "spf pass\nspf-restricts pass\ndkim pass\ndmarc pass\ndmarc-enforced pass\n"
        "dnssec unknown\ndnssec-mx unknown\ndane unknown\nstarttls unknown\n");
  CHECK(verdicts_of(good, "pci-5.4.1") ==
        "spf pass\nspf-restricts pass\ndkim pass\ndmarc-enforced pass\nsub-domains pass\n"
        "inbound unknown\n");
  CHECK(verdicts_of(good, "uk-gov") ==
        "spf pass\nspf-restricts pass\ndkim pass\ndmarc-enforced pass\nsub-domains pass\n"
        "rua pass\nmta-sts pass\nmta-sts-enforced pass\ntls-rpt pass\ntls unknown\n");
}

TEST_CASE("which DMARC policy each profile accepts") {
  const PolicyRule enforced[] = {{"bsi-tr-03182", "dmarc-enforced"},
                                 {"nis2", "dmarc-enforced"},
                                 {"pci-5.4.1", "dmarc-enforced"},
                                 {"uk-gov", "dmarc-enforced"}};
  for (const auto& [profile, id] : enforced) {
    INFO(profile);
    CHECK(verdict_of(with_dmarc("v=DMARC1; p=none"), profile, id) == Verdict::Fail);
    CHECK(verdict_of(with_dmarc("v=DMARC1; p=quarantine"), profile, id) == Verdict::Pass);
    CHECK(verdict_of(with_dmarc("v=DMARC1; p=quarantine; pct=50"), profile, id) == Verdict::Fail);
    CHECK(verdict_of(with_dmarc("v=DMARC1; p=reject; t=y"), profile, id) == Verdict::Fail);
    CHECK(verdict_of(with_dmarc("!servfail"), profile, id) == Verdict::Unknown);
  }
  const auto dutch = [](const std::string& record) {
    return verdict_of(with_dmarc(record), "nl-comply", "dmarc-enforced");
  };
  CHECK(dutch("v=DMARC1; p=reject") == Verdict::Pass);
  CHECK(dutch("v=DMARC1; p=reject; t=y") == Verdict::Fail);
  CHECK(dutch("v=DMARC1; p=quarantine; t=y; pct=50") == Verdict::Fail);
  CHECK(dutch("v=DMARC1; p=quarantine; t=n") == Verdict::Pass);
  CHECK(dutch("v=DMARC1; p=none") == Verdict::Fail);
  CHECK(dutch("!servfail") == Verdict::Unknown);
  const auto australian = [](const std::string& record) {
    return verdict_of(with_dmarc(record), "au-ism-1540", "dmarc-reject");
  };
  CHECK(australian("v=DMARC1; p=quarantine") == Verdict::Fail);
  CHECK(australian("v=DMARC1; p=reject; t=y") == Verdict::Fail);
  CHECK(verdict_of(with_dmarc("v=DMARC1; p=reject; sp=none"), "au-ism-1540", "sub-domains") ==
        Verdict::Fail);
}

TEST_CASE("the reason of a tested policy names t=y") {
  const auto results =
      find_profile("nl-comply")->rule_results(with_dmarc("v=DMARC1; p=reject; t=y"));
  const auto found = std::ranges::find(results, "dmarc-enforced", &RuleResult::id);
  REQUIRE(found != results.end());
  CHECK(found->reason ==
        "p=reject; t=y: receivers that follow RFC 9989 apply the next milder policy");
}

TEST_CASE("mail to the domain: MTA-STS and TLS reports") {
  const auto uk = [](const Facts& facts, std::string_view id) {
    return verdict_of(facts, "uk-gov", id);
  };
  Facts testing = good_facts();
  set_policy(testing, {.body = "version: STSv1\nmode: testing\nmx: mx.example.com\n"
                               "max_age: 604800\n",
                       .problem = {}});
  CHECK(uk(testing, "mta-sts") == Verdict::Pass);
  CHECK(uk(testing, "mta-sts-enforced") == Verdict::Fail);
  Facts other = good_facts();
  set_policy(other, {.body = "version: STSv1\nmode: enforce\nmx: mx.example.net\n"
                             "max_age: 604800\n",
                     .problem = {}});
  CHECK(uk(other, "mta-sts-enforced") == Verdict::Fail);
  Facts broken = good_facts();
  broken.mta_sts.policy.reset();
  set_policy(broken, {.body = {}, .problem = "cannot be fetched: timeout"});
  CHECK(uk(broken, "mta-sts-enforced") == Verdict::Fail);
  Facts open = good_facts();
  open.mta_sts.fetched.reset();
  open.mta_sts.policy.reset();
  CHECK(uk(open, "mta-sts-enforced") == Verdict::Unknown);
  CHECK(uk(good_facts_but("_mta-sts", ""), "mta-sts") == Verdict::Fail);
  CHECK(uk(good_facts_but("_mta-sts", "_mta-sts.example.com TXT !servfail"), "mta-sts") ==
        Verdict::Unknown);
  CHECK(uk(good_facts_but("_smtp._tls", ""), "tls-rpt") == Verdict::Fail);
  // A domain that receives no mail needs neither; one whose MX got no answer may.
  const Facts null = good_facts_but("example.com MX", "example.com MX 0 .");
  CHECK(uk(null, "mta-sts-enforced") == Verdict::Pass);
  const Facts silent = good_facts_but("example.com MX", "example.com MX !servfail");
  CHECK(uk(silent, "mta-sts") == Verdict::Unknown);
  CHECK(uk(silent, "tls-rpt") == Verdict::Unknown);
}

TEST_CASE("transport is protected by MTA-STS or by DANE, and open while either is unknown") {
  CHECK(verdict_of(good_facts(), "nis2", "transport") == Verdict::Pass);
  CHECK(verdict_of(good_facts_but("_mta-sts", ""), "nis2", "transport") == Verdict::Unknown);
  Facts unsigned_too = good_facts_but("_mta-sts", "");
  unsigned_too.subject.dnssec = ReadDnssec::Yes;
  unsigned_too.dnssec.state = State::Valid;
  unsigned_too.dnssec.security = Security::Insecure;
  CHECK(verdict_of(unsigned_too, "nis2", "transport") == Verdict::Fail);
}

TEST_CASE("a domain that sends nothing") {
  const auto parked = [](const std::string& lines) {
    return verdict_of(facts_of("parked.example", lines), "bsi-tr-03182", "parked");
  };
  const std::string spf = "parked.example TXT v=spf1 -all\n";
  const std::string dmarc = "_dmarc.parked.example TXT v=DMARC1; p=reject\n";
  CHECK(parked(spf + dmarc + "parked.example MX 0 .") == Verdict::Pass);
  CHECK(parked(spf + dmarc + "parked.example MX 10 mx.example") == Verdict::Pass);
  CHECK(parked(spf + dmarc) == Verdict::Fail);
  CHECK(parked(spf + "parked.example MX 0 .") == Verdict::Fail);
  CHECK(parked(spf + dmarc + "parked.example MX !servfail") == Verdict::Unknown);
  CHECK(parked("parked.example TXT !servfail") == Verdict::Unknown);
  CHECK(verdict_of(facts_of("parked.example", spf + dmarc), "uk-gov", "dkim") == Verdict::Pass);
}

TEST_CASE("the BSI asks for both algorithms, and DNS cannot show that one is missing") {
  const auto dkim = [](const Facts& facts) { return verdict_of(facts, "bsi-tr-03182", "dkim"); };
  CHECK(dkim(good_facts()) == Verdict::Unknown);
  CHECK(dkim(good_facts_but("s1.", "")) == Verdict::Fail);
}

TEST_CASE("which profiles read more than the records") {
  const auto needs = [](std::string_view name) {
    const Profile* profile = find_profile(name);
    return std::pair(profile->dnssec, profile->reports);
  };
  CHECK(needs("nl-comply") == std::pair(true, false));
  CHECK(needs("bulk-sender") == std::pair(false, true));
  CHECK(needs("nis2") == std::pair(true, true));
  CHECK(needs("rfc9989") == std::pair(false, false));
}

TEST_CASE("evidence is the record as it was seen") {
  const auto results = find_profile("uk-gov")->rule_results(good_facts());
  const auto evidence = [&](std::string_view id) {
    return std::ranges::find(results, id, &RuleResult::id)->evidence;
  };
  CHECK(evidence("dmarc-enforced") ==
        std::vector<EvidenceItem>{
            {"_dmarc.example.com TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"}});
  CHECK(evidence("mta-sts") ==
        std::vector<EvidenceItem>{{"example.com MX", "mx.example.com"},
                                  {"_mta-sts.example.com TXT", "v=STSv1; id=1;"},
                                  {"https://mta-sts.example.com/.well-known/mta-sts.txt",
                                   "mode enforce, max_age 604800, mx mx.example.com"}});
  CHECK(evidence("tls").empty());
}

}  // namespace rampart::audit
