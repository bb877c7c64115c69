/// Diff: what is written, what is kept, what is refused.
#include "reconciler/plan/diff.h"

#include <catch2/catch.hpp>

#include "reconciler/plan/change_reasons.h"

namespace rampart {
namespace {

using Values = std::set<std::string>;

const Name kDomain = Name::literal("example.com");
const RecordKey kApex{kDomain, RecordType::TXT};
const RecordKey kDmarc{Name::literal("_dmarc.example.com"), RecordType::TXT};
const RecordKey kSelector{Name::literal("s1._domainkey.example.com"), RecordType::TXT};
const RecordKey kSelectorCname{kSelector.name, RecordType::CNAME};

DesiredRecord desired(const RecordKey& key, RecordKind kind, std::optional<std::string> value) {
  DesiredRecord record{.key = key, .kind = kind, .reason = "it is wanted"};
  if (value) record.value.emplace(kind, *value);
  return record;
}

RecordSet present(Values values, int ttl = 3600) {
  return {std::chrono::seconds(ttl), std::move(values)};
}

using Sets = std::map<RecordKey, RecordSet>;

struct Case {
  Sets live;
  std::vector<DesiredRecord> desired_records;
  bool take_over = false;
  bool normalize = false;
  std::optional<LiveSet> unread = std::nullopt;        ///< At the first desired key.
  std::optional<LiveSet> unread_dname = std::nullopt;  ///< The DNAME at the zone's apex.
};

DiffResult run(const Case& it) {
  Domain domain{.name = kDomain, .providers = {"files"}, .dmarc = {}, .mark = {}};
  domain.take_over = it.take_over;
  LiveZone zone{.apex = kDomain,
                .provider = "files",
                .from_provider = true,
                .complete = true,
                .sets = {},
                .wildcards = {},
                .error = {},
                .limits = {}};
  for (const auto& [key, set] : it.live) {
    zone.sets[key] = {LiveState::Present, parse_set(key, set), ""};
  }
  if (it.unread) zone.sets[it.desired_records.front().key] = *it.unread;
  if (it.unread_dname) zone.sets[{kDomain, RecordType::DNAME}] = *it.unread_dname;
  World world;
  world.normalize = it.normalize;
  return diff(domain, it.desired_records, zone, world);
}

Values after(const DiffResult& result) {
  REQUIRE(result.changes.size() == 1);
  REQUIRE(result.changes[0].set.after);
  return text_of(result.changes[0].set.after->set).values;
}

std::string only_code(const DiffResult& result) {
  CHECK(result.changes.empty());
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].severity == Severity::Error);
  CHECK_FALSE(result.findings[0].withholds.empty());
  return result.findings[0].code;
}

TEST_CASE("a foreign TXT value survives an SPF change") {
  const DiffResult result = run({{{kApex, present({"site=1", "v=spf1 ~all", "v=spf10 x"})}},
                                 {desired(kApex, RecordKind::Spf, "v=spf1 a ~all")}});
  CHECK(after(result) == Values{"site=1", "v=spf1 a ~all", "v=spf10 x"});
  CHECK(foreign_values_survive(result.changes[0].set));
}

TEST_CASE("two SPF values become one") {
  const DiffResult result = run({{{kApex, present({"V=SPF1 mx -all", "v=spf1 ~all"})}},
                                 {desired(kApex, RecordKind::Spf, "v=spf1 ~all")}});
  CHECK(after(result) == Values{"v=spf1 ~all"});
  // The record that stays has no reason of its own.
  CHECK(result.changes[0].reasons ==
        std::vector<std::string>{
            "because a name may hold one SPF record only (RFC 7208 section 4.5)"});
}

TEST_CASE("a record of the same meaning stays as it is written") {
  const Sets live = {
      {kApex, present({"v=spf1  MX a:h.example.com -ALL"})},
      {kDmarc, present({"v=DMARC1;p=none ; rua=mailto:b@example.com,mailto:a@example.com;"})}};
  const std::vector<DesiredRecord> desired_records = {
      desired(kApex, RecordKind::Spf, "v=spf1 a:h.example.com mx -all"),
      desired(kDmarc, RecordKind::Dmarc,
              "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.com")};
  CHECK(run({live, desired_records}).changes.empty());
  CHECK(run({live, desired_records, false, true}).changes.size() == 2);
}

TEST_CASE("the TTL changes only where the YAML names one") {
  DesiredRecord spf = desired(kApex, RecordKind::Spf, "v=spf1 ~all");
  CHECK(run({{{kApex, present({"v=spf1 ~all"}, 60)}}, {spf}}).changes.empty());
  spf.ttl = std::chrono::seconds(300);
  const DiffResult result = run({{{kApex, present({"v=spf1 ~all"}, 60)}}, {spf}});
  REQUIRE(result.changes.size() == 1);
  CHECK(result.changes[0].set.after->set.ttl == std::chrono::seconds(300));
}

std::vector<std::string> reasons_of_update(const std::string& before, const std::string& after,
                                           std::optional<int> ttl = {}, bool normalize = false) {
  const bool dmarc = after.starts_with("v=DMARC1");
  const RecordKey& key = dmarc ? kDmarc : kApex;
  DesiredRecord record = desired(key, dmarc ? RecordKind::Dmarc : RecordKind::Spf, after);
  if (ttl) record.ttl = std::chrono::seconds(*ttl);
  const DiffResult result = run({{{key, present({before})}}, {record}, false, normalize});
  REQUIRE(result.changes.size() == 1);
  return result.changes[0].reasons;
}

// "it is wanted" is the reason of the desired record.
TEST_CASE("a change has the reasons of what changes, and not those of what stays") {
  using Reasons = std::vector<std::string>;
  const std::string wanted = "it is wanted";
  const std::string removed = "because no declared sender needs the removed terms";
  const std::string softer = "because `all:` is softfail, which is its default";
  CHECK(reasons_of_update("v=spf1 a ~all", "v=spf1 a mx ~all") == Reasons{wanted});
  CHECK(reasons_of_update("v=spf1 a mx ~all", "v=spf1 a ~all") == Reasons{removed});
  CHECK(reasons_of_update("v=spf1 mx ~all", "v=spf1 a ~all") == Reasons{wanted, removed});
  CHECK(reasons_of_update("v=spf1 a -all", "v=spf1 a ~all") == Reasons{softer});
  CHECK(reasons_of_update("v=spf1 mx -all", "v=spf1 a ~all") == Reasons{wanted, removed, softer});
  CHECK(reasons_of_update("v=spf1 a ~all", "v=spf1 a ~all exp=x.example.com") ==
        Reasons{"because the YAML declares other modifiers"});
  CHECK(reasons_of_update("v=spf1 a ~all", "v=spf1 a ~all", 60) ==
        Reasons{"because the YAML declares this TTL"});
  CHECK(reasons_of_update("v=spf1  A ~all", "v=spf1 a ~all", {}, true) ==
        Reasons{"because --normalize rewrites a record whose meaning stays the same"});
  CHECK(reasons_of_update("v=DMARC1; p=none", "v=DMARC1; p=reject") == Reasons{wanted});
  CHECK(reasons_of_update("v=DMARC1; p=none", "v=DMARC1; p=none; rua=mailto:a@example.com") ==
        Reasons{"because the YAML declares other values of these tags"});
}

TEST_CASE("a term that is flattened is still needed by its sender") {
  Sender sender{.id = "esp", .name = "ESP", .spf = {"include:esp.example"}};
  SenderUse use;
  use.sender = std::make_shared<const Sender>(sender);
  Domain domain{.name = kDomain, .providers = {"files"}, .dmarc = {}, .mark = {}};
  domain.senders = {use};
  const auto set = [](const std::string& value) {
    return std::optional(ParsedTypedSet{RecordType::TXT, parse_set(kApex, present({value}))});
  };
  const std::string flat = "v=spf1 ip4:192.0.2.1 ~all";
  const std::vector<DesiredRecord> desired_records = {desired(kApex, RecordKind::Spf, flat)};
  const std::string flattened = "because networks from spf.lock replace the flattened terms";
  const auto reasons = [&](const std::string& before) {
    return change_reasons(domain, set(before), set(flat), desired_records, Time{});
  };
  CHECK(reasons("v=spf1 include:esp.example ~all") ==
        std::vector<std::string>{"it is wanted", flattened});
  CHECK(reasons("v=spf1 include:esp.example a ~all") ==
        std::vector<std::string>{"it is wanted", flattened,
                                 "because no declared sender needs the removed terms"});
}

TEST_CASE("a new record takes 3600 seconds unless its policy says otherwise") {
  DesiredRecord dmarc = desired(kDmarc, RecordKind::Dmarc, "v=DMARC1; p=none");
  CHECK(run({{}, {dmarc}}).changes[0].set.after->set.ttl == std::chrono::seconds(3600));
  dmarc.new_ttl = std::chrono::seconds(300);
  CHECK(run({{}, {dmarc}}).changes[0].set.after->set.ttl == std::chrono::seconds(300));
}

TEST_CASE("a foreign value where the whole set would be ours blocks") {
  CHECK(only_code(run({{{kSelector, present({"hello"})}},
                       {desired(kSelector, RecordKind::DkimKey, "v=DKIM1; p=")}})) == "occupied");
  CHECK(only_code(run({{{kDmarc, present({"v=dmarc1; p=none"})}},
                       {desired(kDmarc, RecordKind::Dmarc, "v=DMARC1; p=none")}})) == "occupied");
}

TEST_CASE("a CNAME at a wanted TXT name is kept, or taken over on request") {
  const Sets live = {{{kDmarc.name, RecordType::CNAME}, present({"d.hosted.example.net"}, 300)}};
  const std::vector<DesiredRecord> desired_records = {
      desired(kDmarc, RecordKind::Dmarc, "v=DMARC1; p=none")};
  CHECK(only_code(run({live, desired_records})) == "hosted-elsewhere");
  const DiffResult taken = run({live, desired_records, true});
  CHECK(after(taken) == Values{"v=DMARC1; p=none"});
  REQUIRE(taken.changes[0].set.before);
  CHECK(taken.changes[0].set.before->type == RecordType::CNAME);
}

TEST_CASE("a selector's key gives way to a CNAME, a foreign value there does not") {
  const std::vector<DesiredRecord> desired_records = {
      desired(kSelectorCname, RecordKind::DkimCname, "s1.keys.example.net")};
  const DiffResult changed = run({{{kSelector, present({"v=DKIM1; p="})}}, desired_records});
  CHECK(after(changed) == Values{"s1.keys.example.net"});
  CHECK(changed.changes[0].set.before->type == RecordType::TXT);
  const DiffResult occupied = run({{{kSelector, present({"hello"})}}, desired_records});
  CHECK(only_code(occupied) == "occupied");
  CHECK(occupied.findings[0].withholds == std::vector{kSelectorCname});
  CHECK(only_code(run({{{{kSelector.name, RecordType::A}, present({"192.0.2.1"})}},
                       desired_records})) == "occupied");
}

TEST_CASE("what cannot be observed is never taken for missing") {
  const std::vector<DesiredRecord> desired_records = {
      desired(kApex, RecordKind::Spf, "v=spf1 ~all")};
  CHECK(only_code(run({.desired_records = desired_records,
                       .unread = LiveSet{LiveState::Unobservable, {}, "timeout"}})) ==
        "unobservable");
}

TEST_CASE("servers that disagree hold the change") {
  const DiffResult result =
      run({.desired_records = {desired(kApex, RecordKind::Spf, "v=spf1 ~all")},
           .unread = LiveSet{LiveState::Disagree, {}, "ns1 and ns2"}});
  CHECK(result.changes.empty());
  REQUIRE(result.holds.size() == 1);
  CHECK(result.holds[0].code == "ns-disagree");
}

TEST_CASE("removing takes only what is ours") {
  const DiffResult shared = run({{{kApex, present({"site=1", "v=spf1 ~all"})}},
                                 {desired(kApex, RecordKind::Spf, std::nullopt)}});
  CHECK(after(shared) == Values{"site=1"});
  const DiffResult whole = run({{{kDmarc, present({"v=DMARC1; p=none"})}},
                                {desired(kDmarc, RecordKind::Dmarc, std::nullopt)}});
  REQUIRE(whole.changes.size() == 1);
  CHECK_FALSE(whole.changes[0].set.after);
  CHECK(run({{}, {desired(kDmarc, RecordKind::Dmarc, std::nullopt)}}).changes.empty());
}

TEST_CASE("nothing is written below a delegation") {
  const RecordKey cut{Name::literal("_domainkey.example.com"), RecordType::NS};
  const DesiredRecord key = desired(kSelector, RecordKind::DkimKey, "v=DKIM1; p=");
  CHECK(only_code(run({{{cut, present({"ns.vendor.example"})}}, {key}})) == "zone-missing");
  const RecordKey apex_servers{kDomain, RecordType::NS};
  CHECK(run({{{apex_servers, present({"ns1.example.com"})}}, {key}}).changes.size() == 1);
}

TEST_CASE("what a signer adds to a CNAME is no record of another party") {
  const std::vector<DesiredRecord> alias = {
      desired(kSelectorCname, RecordKind::DkimCname, "s1.keys.example.net")};
  const Sets signatures = {{{kSelector.name, RecordType::RRSIG}, present({"CNAME 13 4"})},
                           {{kSelector.name, RecordType::NSEC}, present({"a.example.com CNAME"})},
                           {{kSelector.name, RecordType::KEY}, present({"512 3 13 AAAA"})}};
  Sets live = signatures;
  live[kSelectorCname] = present({"s1.keys.example.net"});
  const DiffResult unchanged = run({live, alias});
  CHECK(unchanged.changes.empty());
  CHECK(unchanged.findings.empty());
  live[kSelectorCname] = present({"old.keys.example.net"});
  CHECK(after(run({live, alias})) == Values{"s1.keys.example.net"});
  live = signatures;
  live[kSelector] = present({"v=DKIM1; p="});
  CHECK(run({live, alias}).changes[0].set.before->type == RecordType::TXT);
  live[{kSelector.name, RecordType::A}] = present({"192.0.2.1"});
  CHECK(only_code(run({live, alias})) == "occupied");
}

TEST_CASE("nothing is written below a DNAME, but at its own name") {
  const RecordKey dname{Name::literal("_domainkey.example.com"), RecordType::DNAME};
  const DesiredRecord key = desired(kSelector, RecordKind::DkimKey, "v=DKIM1; p=");
  const DiffResult below = run({{{dname, present({"keys.example.net"})}}, {key}});
  CHECK(only_code(below) == "occluded");
  CHECK(below.findings[0].message.find("_domainkey.example.com in the zone example.com") == 0);
  CHECK(below.findings[0].message.find("DNAME to keys.example.net") != std::string::npos);
  const Sets at_apex = {{{kDomain, RecordType::DNAME}, present({"example.net"})}};
  const DiffResult whole =
      run({at_apex,
           {key, desired(kDmarc, RecordKind::Dmarc, "v=DMARC1; p=none"),
            desired(kApex, RecordKind::Spf, "v=spf1 -all"),
            desired(kSelectorCname, RecordKind::DkimCname, "s1.keys.example.net")}});
  CHECK(after(whole) == Values{"v=spf1 -all"});
  REQUIRE(whole.findings.size() == 1);
  CHECK(whole.findings[0].withholds.size() == 3);
  // What exists there already may be removed.
  Sets hidden = at_apex;
  hidden[kDmarc] = present({"v=DMARC1; p=none"});
  const DiffResult removed = run({hidden, {desired(kDmarc, RecordKind::Dmarc, std::nullopt)}});
  CHECK(removed.findings.empty());
  REQUIRE(removed.changes.size() == 1);
  CHECK_FALSE(removed.changes[0].set.after);
}

TEST_CASE("an alias below an unknown DNAME decides nothing") {
  Case it{{{kSelectorCname, present({"s1.keys.example.net"})}},
          {desired(kSelectorCname, RecordKind::DkimCname, "s2.keys.example.net")}};
  it.unread_dname = LiveSet{LiveState::Unobservable, {}, "timeout"};
  CHECK(only_code(run(it)) == "unobservable");
  it.live.clear();
  CHECK(run(it).changes.size() == 1);
}

TEST_CASE("a LUA record that returns the desired type occupies the name") {
  const RecordKey program{kDomain, RecordType::LUA};
  const std::vector<DesiredRecord> spf = {desired(kApex, RecordKind::Spf, "v=spf1 -all")};
  CHECK(only_code(run({{{program, present({"TXT \"'v=spf1 mx -all'\""})}}, spf})) == "occupied");
  CHECK(only_code(run({{{program, present({"CNAME \"x\""})}}, spf})) == "occupied");
  CHECK(run({{{program, present({"A \"ifportup(443, {})\""})}}, spf}).changes.size() == 1);
}

TEST_CASE("a lost foreign value is noticed") {
  const TypedSet before{RecordType::TXT, {std::chrono::seconds(60), {"site=1", "v=spf1 ~all"}}};
  const TypedSet lost{RecordType::TXT, {std::chrono::seconds(60), {"v=spf1 ~all"}}};
  CHECK(foreign_values_survive(parse_change({kDomain, before, before})));
  CHECK_FALSE(foreign_values_survive(parse_change({kDomain, before, lost})));
  CHECK_FALSE(foreign_values_survive(parse_change({kDomain, before, std::nullopt})));
}

TEST_CASE("a change that would lose a foreign value is withheld, even one that loosens") {
  const TypedSet before{RecordType::TXT, {std::chrono::seconds(60), {"site=1", "v=spf1 ~all"}}};
  const TypedSet lost{RecordType::TXT, {std::chrono::seconds(60), {"v=spf1 -all"}}};
  const TypedSet kept{RecordType::TXT, {std::chrono::seconds(60), {"site=1", "v=spf1 -all"}}};
  const Domain domain{.name = kDomain};
  for (const Stage stage : {Stage::Relax, Stage::Enforce}) {
    Plan plan;
    add_changes({{kDomain, kDomain, "host", parse_change({kDomain, before, lost}), stage, {}},
                 {kDomain, kDomain, "other", parse_change({kDomain, before, kept}), stage, {}}},
                domain, plan);
    REQUIRE(plan.changes.size() == 1);
    CHECK(plan.changes[0].provider == "other");
    REQUIRE(plan.withheld.size() == 1);
    CHECK(plan.withheld[0].change.provider == "host");
    CHECK(plan.withheld[0].codes == std::vector<std::string>{"occupied"});
    REQUIRE(plan.findings.size() == 1);
    CHECK(plan.findings[0].severity == Severity::Error);
    CHECK(plan.findings[0].code == "occupied");
  }
}

TEST_CASE("a CNAME may be taken over, but not the other way about") {
  const TypedSet cname{RecordType::CNAME, {std::chrono::seconds(60), {"dmarc.hosting.example"}}};
  const TypedSet txt{RecordType::TXT, {std::chrono::seconds(60), {"v=DMARC1; p=none"}}};
  const TypedSet note{RecordType::TXT, {std::chrono::seconds(60), {"a note"}}};
  CHECK(foreign_values_survive(parse_change({kDmarc.name, cname, txt})));
  CHECK_FALSE(foreign_values_survive(parse_change({kDmarc.name, cname, std::nullopt})));
  CHECK_FALSE(foreign_values_survive(parse_change({kDmarc.name, note, cname})));
}

}  // namespace
}  // namespace rampart
