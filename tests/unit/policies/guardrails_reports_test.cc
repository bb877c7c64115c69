/// Report addresses that receive nothing: refused where a plan adds them, reported where they are
/// live.
#include <algorithm>
#include <catch2/catch.hpp>

#include "policies/guardrails/names.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxt = RecordType::TXT;
constexpr RecordType kMx = RecordType::MX;

const Name kReports = Name::literal("reports.example.net");

void answer_with(World& world, const Name& name, RecordType type, AnswerStatus status,
                 std::vector<std::string> values = {}) {
  world.answers[{name, type}] = {.status = status, .values = std::move(values)};
}

/// The codes of the findings, where rua is in `kReports` and `live` is at `_dmarc`.
Lines codes(const World& answers, const std::string& live = "",
            Domain other = domain_at("a.example", {})) {
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  domain.dmarc.rua = {"mailto:d@reports.example.net!10m"};
  Config config;
  config.domains.emplace(domain.name, domain);
  config.domains.emplace(other.name, other);
  World world = answers;
  std::vector<Row> rows;
  if (!live.empty()) rows.push_back({"_dmarc.example.com", kTxt, live});
  world.zones.push_back(zone_with("example.com", rows));
  std::ranges::sort(world.zones, {}, &LiveZone::apex);
  Plan plan;
  plan.domains = {domain.name};
  const auto found = report_hosts(plan, config, world);
  for (const Finding& one : found) {
    CHECK(one.withholds.empty() == (one.severity != Severity::Error));
  }
  return codes_of(found);
}

TEST_CASE("a new report address receives mail") {
  World world;
  CHECK(codes(world).empty());  // Unknown.
  // RFC 5321 section 5.1: by MX, else by address.
  answer_with(world, kReports, kMx, AnswerStatus::Data, {"10 mx.example.net"});
  CHECK(codes(world).empty());
  answer_with(world, kReports, kMx, AnswerStatus::NoData);
  answer_with(world, kReports, RecordType::A, AnswerStatus::Data, {"192.0.2.1"});
  CHECK(codes(world).empty());
  answer_with(world, kReports, RecordType::A, AnswerStatus::NoData);
  CHECK(codes(world).empty());  // The other family is unknown.
  answer_with(world, kReports, RecordType::AAAA, AnswerStatus::NoData);
  CHECK(codes(world) == Lines{"E report-undeliverable"});
  answer_with(world, kReports, kMx, AnswerStatus::Failed);
  CHECK(codes(world).empty());
  // RFC 7505: the owner says so, and may mean it.
  answer_with(world, kReports, kMx, AnswerStatus::Data, {"0 ."});
  CHECK(codes(world) == Lines{"W report-undeliverable"});
}

TEST_CASE("a report address in a domain that does not exist can be taken") {
  World world;
  answer_with(world, kReports, kMx, AnswerStatus::NxDomain);
  CHECK(codes(world).empty());  // Its registered domain is unknown.
  const Name registered = Name::literal("example.net");
  answer_with(world, registered, RecordType::NS, AnswerStatus::NoData);
  CHECK(codes(world) == Lines{"E report-undeliverable"});
  answer_with(world, registered, RecordType::NS, AnswerStatus::NxDomain);
  CHECK(codes(world) == Lines{"E report-undeliverable", "E takeover"});
  CHECK(codes(world, "v=DMARC1; p=none; ruf=mailto:x@reports.example.net") ==
        Lines{"W report-undeliverable", "W takeover"});
  CHECK(codes(world, "v=DMARC1; p=none; rua=mailto:x@example.net") ==
        Lines{"E report-undeliverable", "E takeover"});
}

TEST_CASE("what the plan's zones hold counts before what a resolver says") {
  World world;
  answer_with(world, kReports, kMx, AnswerStatus::NxDomain);
  answer_with(world, Name::literal("example.net"), RecordType::NS, AnswerStatus::NoData);
  world.zones = {zone_with("example.net", {{"reports.example.net", kMx, "10 mx.example.net"}})};
  CHECK(codes(world).empty());
  world.zones = {zone_with("example.net", {{"reports.example.net", kMx, "0 ."}})};
  CHECK(codes(world) == Lines{"W report-undeliverable"});
  // A parked domain of the YAML gets its null MX by the same plan.
  world.zones.clear();
  answer_with(world, kReports, kMx, AnswerStatus::Data, {"10 mx.example.net"});
  Domain parked = domain_at("reports.example.net", {});
  parked.state = DomainState::Parked;
  CHECK(codes(world, "", parked) == Lines{"W report-undeliverable"});
}

}  // namespace
}  // namespace rampart
