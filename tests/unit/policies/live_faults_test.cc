/// What is wrong with the records that a domain publishes, managed by the YAML or not.
#include "policies/records/live_faults.h"

#include <catch2/catch.hpp>

#include "policies/rules/dkim.h"
#include "policies/rules/dmarc.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxtType = RecordType::TXT;
const std::string kKey = "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// "NAME code" of each fault, NAME relative to example.com.
Lines shown(const std::vector<LiveFault>& faults) {
  Lines lines;
  for (const LiveFault& one : faults) {
    lines.push_back(one.key.name.relative_to(Name::literal("example.com")) + " " +
                    std::string(one.fault.code));
  }
  return lines;
}

Lines faults_of(const std::vector<Row>& rows) {
  return shown(record_faults(domain_at("example.com", {Phase::Discovery, 100}),
                             zone_with("example.com", rows)));
}

Row txt_at(const std::string& name, const std::string& value) { return {name, kTxtType, value}; }

Row apex(const std::string& value) { return txt_at("example.com", value); }

}  // namespace

TEST_CASE("each record of a domain has the faults that an audit finds in it") {
  const std::string dmarc = "_dmarc.example.com";
  const std::string sts = "_mta-sts.example.com";
  const std::string tls = "_smtp._tls.example.com";
  const std::string bimi = "default._bimi.example.com";
  const std::pair<std::vector<Row>, Lines> rows[] = {
      {{}, {}},
      {{apex("v=spf1 mx -all"), apex("site-verification=1")}, {}},
      {{apex("v=spf1 mx -all"), apex("v=spf1 a -all")}, {"@ spf-multiple"}},
      {{apex("v=spf1 ipv4:192.0.2.1 -all")}, {"@ spf-invalid"}},
      {{apex("v=spf1 +all")}, {"@ spf-all"}},
      // The first `all` decides (RFC 7208 section 5.1).
      {{apex("v=spf1 -all +all")}, {"@ spf-dead-terms"}},
      {{apex("v=spf1 ptr -all mx")}, {"@ spf-ptr", "@ spf-dead-terms"}},
      {{txt_at(dmarc, "v=DMARC1; p=none; rua=mailto:d@example.com")}, {}},
      {{txt_at(dmarc, "v=DMARC1; p=none"), txt_at(dmarc, "v=DMARC1; p=reject")},
       {"_dmarc dmarc-multiple"}},
      // What receivers discard is neither one record nor several.
      {{txt_at(dmarc, " v=DMARC1; p=none"), txt_at(dmarc, "v=DMARC1; p=reject")}, {}},
      {{txt_at(dmarc, "v=DMARC1; p=rejct")}, {"_dmarc dmarc-invalid"}},
      {{txt_at(dmarc, "v=DMARC1; p=reject; adkim=x")}, {"_dmarc dmarc-tag-invalid"}},
      {{txt_at(dmarc, "v=DMARC1; p=reject; rua=https://example.com/d")},
       {"_dmarc dmarc-tag-invalid"}},
      {{txt_at(dmarc, "v=DMARC1; p=reject; rf=afrf")}, {"_dmarc dmarc-historic-tags"}},
      {{txt_at(sts, "v=STSv1; id=1;")}, {}},
      {{txt_at(sts, "v=STSv1; id=not-valid;")}, {"_mta-sts mta-sts-invalid"}},
      {{txt_at(sts, "v=STSv1; id=1;"), txt_at(sts, "v=STSv1; id=2;")},
       {"_mta-sts mta-sts-invalid"}},
      {{txt_at(tls, "v=TLSRPTv1; rua=ftp:x")}, {"_smtp._tls tls-rpt-invalid"}},
      {{txt_at(bimi, "v=BIMI1; l=http://example.com/l.svg")}, {"default._bimi bimi-invalid"}},
      {{{"example.com", RecordType::MX, "0 ."}}, {}},
      {{{"example.com", RecordType::MX, "0 ."}, {"example.com", RecordType::MX, "10 mx.a.example"}},
       {"@ mx-null-mixed"}},
  };
  for (const auto& [records, expected] : rows) {
    INFO((records.empty() ? "" : records.front().value));
    CHECK(faults_of(records) == expected);
  }
}

// A missing answer is never a missing record, and no fault of one either.
TEST_CASE("what was not read has no fault") {
  LiveZone zone = zone_with("example.com", {apex("v=spf1 +all")});
  const Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  REQUIRE(record_faults(domain, zone).size() == 1);
  for (const LiveState state : {LiveState::Unobservable, LiveState::Disagree, LiveState::Absent}) {
    zone.sets.begin()->second.state = state;
    CHECK(record_faults(domain, zone).empty());
    CHECK(key_faults(zone.sets.begin()->first, zone.sets.begin()->second).empty());
  }
}

TEST_CASE("keys are evaluated as verifiers read them") {
  const std::string at = "s1._domainkey.example.com";
  const std::pair<Lines, Lines> rows[] = {
      {{"v=DKIM1; " + kKey}, {}},
      {{"v=DKIM1; p="}, {}},
      {{"v=DKIM1; t=y; " + kKey}, {"s1._domainkey dkim-testing"}},
      {{"v=DKIM1; t=s:; " + kKey}, {"s1._domainkey dkim-key-syntax"}},
      {{"v=DKIM1; p=AAAA"}, {"s1._domainkey dkim-key-invalid"}},
      {{"v=dkim1; " + kKey}, {"s1._domainkey dkim-key-invalid"}},
      {{"site-verification=1"}, {}},
      {{"v=DKIM1; " + kKey, "site-verification=1"}, {"s1._domainkey dkim-several-keys"}},
      {{"v=DKIM1; " + kKey, "v=DKIM1; p="}, {"s1._domainkey dkim-several-keys"}},
  };
  for (const auto& [values, expected] : rows) {
    INFO(values.front());
    std::vector<Row> records;
    for (const std::string& value : values) records.push_back(txt_at(at, value));
    const LiveZone zone = zone_with("example.com", records);
    CHECK(shown(key_faults(zone.sets.begin()->first, zone.sets.begin()->second)) == expected);
  }
}

TEST_CASE("a CNAME to nowhere is a question first, and a fault where nothing exists") {
  const Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  World world = world_with({zone_with(
      "example.com", {{"_dmarc.example.com", RecordType::CNAME, "gone.vendor.example"}})});
  const PolicyResult open = dangling_records(domain, world);
  CHECK(open.findings.empty());
  CHECK(open.unknown == std::vector<Question>{{Name::literal("gone.vendor.example"), kTxtType}});
  answer(world, "gone.vendor.example", {"v=DMARC1; p=none"});
  CHECK(dangling_records(domain, world).findings.empty());
  answer(world, "gone.vendor.example", {});
  // Whether anyone could take the name shows at its registered domain.
  const Question registered{Name::literal("vendor.example"), RecordType::NS};
  CHECK(dangling_records(domain, world).unknown == std::vector{registered});
  world.answers[registered].status = AnswerStatus::NoData;
  const PolicyResult found = dangling_records(domain, world);
  CHECK(codes_of(found.findings) == Lines{"W record-dangling"});
  CHECK(found.unknown.empty());
  world.answers[registered].status = AnswerStatus::NxDomain;
  CHECK(codes_of(dangling_records(domain, world).findings) ==
        Lines{"W record-dangling", "W takeover"});
  world.answers[{Name::literal("gone.vendor.example"), kTxtType}].status = AnswerStatus::Failed;
  CHECK(dangling_records(domain, world).findings.empty());
}

// RFC 8301 section 3.2: verifiers must check keys of 1024 to 4096 bits.
TEST_CASE("a key of more bits than verifiers must check is reported, the domain's and a vendor's") {
  const Name selector = Name::literal("s1._domainkey.example.com");
  const auto codes = [&](const std::string& algorithm, int bits, rules::KeyHolder holder) {
    const rules::KeyReading reading{.shape = {algorithm, bits, ""},
                                    .problem = {},
                                    .revoked = false,
                                    .testing = false,
                                    .slips = {}};
    Lines found;
    for (const rules::Fault& fault : rules::faults_of(selector, reading, holder, 0)) {
      CHECK(fault.severity == Severity::Warning);
      found.emplace_back(fault.code);
    }
    return found;
  };
  for (const auto holder : {rules::KeyHolder::Domain, rules::KeyHolder::Vendor}) {
    CHECK(codes("rsa", 4096, holder).empty());
    CHECK(codes("rsa", 4097, holder) == Lines{"dkim-key-long"});
    CHECK(codes("rsa", 2047, holder) == Lines{"dkim-key-short"});
    CHECK(codes("ed25519", 256, holder).empty());
  }
}

// RFC 9989 section 4.8 has the size of a report address as obsolete syntax.
TEST_CASE("the size limit of a report address is historic") {
  const Name domain = Name::literal("example.com");
  dmarc::Record record;
  record.rua = {"mailto:d@example.com"};
  CHECK_FALSE(rules::dmarc_historic_tags(domain, record));
  record.ruf = {"mailto:f@example.com!10m"};
  const auto fault = rules::dmarc_historic_tags(domain, record);
  REQUIRE(fault);
  CHECK(fault->severity == Severity::Info);
  CHECK_THAT(fault->message, Catch::Contains("size limit"));
}

}  // namespace rampart
