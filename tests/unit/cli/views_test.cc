/// The views: whole outputs as golden files, the semantic diff by cases, safety and limits.
#include "cli/views/views.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/views/json_parts.h"
#include "cli/views/message.h"
#include "cli/views/semantic_diff.h"
#include "cli/views/wait_notice.h"
#include "tests/support/golden.h"

namespace rampart {
namespace {

using std::chrono::seconds;
using testing::check_golden;

/// A 2048-bit RSA key made for these tests, and another.
const std::string kKey =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
    "zNoZVurAV67SqqPCuA/kJfgVyf9WEeVhWEhVNFWEVmHg2gE5MOa/db4IYZA8tp9iIC7iGp526Rb3JATN"
    "Ph8LwammnKMCUFwqR7Xzb9Lm8CJy7kiPVZasXnOttoqPp+WSpPgn/9ejQvVV3R99NMkgQBoxcXX8R2dG"
    "V3LzzEd2cufqrlcz8MiF+Uf1ayriPnbZ+tXlU5VqYCm+ljZDu8bSiB82SKf0uhrhe8m5yw62t74h5mYc"
    "s3Fcp3u8fUgfeAmUxwk+Bsvt6uuum8K7Bs81UQ0+yTL0ZB3Elf6CUZeMIj6JBY+giFelczo+ki486m02"
    "0+tcCp1r3NYaVgvRqmXruQIDAQAB";
const std::string kOtherKey =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
    "7TM2rZPDBOCD4vgQB1ouc1zWDbcPT3Z0Ld93K09VZO2gLOFQTxerqnGAwj75k/lxVlid0b38Np7zx5ZT"
    "OdD8yS+d+E323tx9kXksrCoL0BmnvUni92pFGSD0sKs4zEywXz0POcISA9sns9aTQczx487+m87TePik"
    "OVVka1IwjO/pf7Pvkn0nHxc5HE2NZE08TXEReETmFZLGm+mZo+p7k4KPWNVX/Y8p03hPeWEmJK7Pwfky"
    "4OKNl2WAsB9tuZf2e5mB8JHbK9Hj/8MmbiOIRU1sccJWdXoEMDj+NBabROfEVE1v71JaW3RqHXuoRKBK"
    "kwLjjRgbvXubg/ZkjQ0olQIDAQAB";

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, {seconds(ttl), std::move(values)}};
}

TypedSet cname(const char* target) { return {RecordType::CNAME, {seconds(300), {target}}}; }

Change change(const char* domain, const char* name, std::optional<TypedSet> before,
              std::optional<TypedSet> after, Stage stage, const char* reason) {
  return {Name::literal(domain),
          Name::literal("example.com"),
          "cf",
          parse_change({Name::literal(name), std::move(before), std::move(after)}),
          stage,
          {reason}};
}

/// A plan with something of everything.
Plan full() {
  Plan plan;
  plan.changes = {
      change("example.com", "_dmarc.example.com",
             txt({"v=DMARC1; p=none; rua=mailto:dmarc@example.com"}),
             txt({"v=DMARC1; p=quarantine; t=y; pct=10; "
                  "rua=mailto:dmarc@example.com,mailto:b@example.net"},
                 300),
             Stage::Enforce, "because the ramp's step quarantine at 10% is due"),
      change("sub.example.com", "_dmarc.sub.example.com", txt({"v=DMARC1; p=none"}), std::nullopt,
             Stage::Retire, "the domain is absent"),
      change("example.com", "example.com",
             txt({"site=1", "v=spf1 include:_spf.old.example mx -all", "verify=2"}),
             txt({"site=1", "v=spf1 include:_spf.new.example mx ~all", "verify=2"}),
             Stage::Authorize, "new_esp sends as this domain"),
      change("example.com", "s1._domainkey.example.com", cname("s1.vendor.example"),
             txt({"v=DKIM1; k=rsa; p=" + kKey}), Stage::Publish, "take_over is set"),
      change("example.com", "s2._domainkey.example.com", std::nullopt,
             txt({"v=DKIM1; k=rsa; p=" + kKey}), Stage::Publish, "office-mta signs with it"),
  };
  plan.withheld = {{change("example.com", "s3._domainkey.example.com", std::nullopt,
                           txt({"v=DKIM1; k=rsa; p=AAAA"}), Stage::Publish, "it is declared"),
                    {"dkim-key-invalid"}}};
  plan.holds = {{Name::literal("example.org"), "keys-first", "its keys must be seen first"}};
  plan.findings = {{Severity::Warning,
                    "spf-lookups",
                    Name::literal("example.com"),
                    "SPF needs 9 of 10 lookups",
                    "flatten or move a sender to a sub-domain",
                    {"domains.yaml", 12, 9},
                    {}},
                   {Severity::Error,
                    "dkim-key-invalid",
                    Name::literal("example.com"),
                    "s3: the key cannot be read",
                    "",
                    {},
                    {}}};
  plan.authority = {{Name::literal("example.com"),
                     {Permission::parse("include:_spf.new.example")},
                     {Permission::parse("include:_spf.old.example")}}};
  plan.policy_edits = {{{"domains.yaml", 40, 3}, "waiver added: spf-lookups until 2027-01-31"}};
  plan.receivers = {
      {Name::literal("example.com"),
       {{dmarc::Receiver::HonoursPct, "none", "10% quarantine, 90% normal local filtering",
         "newly 10% quarantine, 90% normal local filtering (was none)", true},
        {dmarc::Receiver::HonoursTesting, "none", "none", "none, as before", false},
        {dmarc::Receiver::HonoursNeither, "none", "100% quarantine",
         "newly 100% quarantine (was none)", true}},
       "its BIMI logo may be shown from now on"},
      {Name::literal("sub.example.com"),
       {{dmarc::Receiver::HonoursPct, "none", "none", "none, as before", false}},
       ""}};
  plan.domains = {Name::literal("example.com"), Name::literal("example.org"),
                  Name::literal("sub.example.com")};
  return plan;
}

/// What an attacker may put into a live record, to be shown in a terminal or a pull request.
Plan hostile() {
  const std::string evil =
      "x\x1b[31m`|``` @team #1 <img src=x> </details> [a](http://evil.example) \n\n# big\xFF\x7F";
  Plan plan;
  plan.changes = {change("example.com", "example.com", txt({evil}), txt({evil, "v=spf1 -all"}),
                         Stage::Authorize, evil.c_str())};
  plan.holds = {{Name::literal("example.com"), "keys-first", evil}};
  plan.findings = {{Severity::Error,
                    "occupied",
                    Name::literal("example.com"),
                    evil,
                    evil,
                    {"a`b.yaml", 1, 1},
                    {}}};
  plan.authority = {
      {Name::literal("example.com"), {Permission::parse(evil)}, {Permission::parse(evil)}}};
  plan.policy_edits = {{{"domains.yaml", 1, 1}, evil}};
  plan.withheld = {{plan.changes[0], {"occupied"}}};
  plan.domains = {Name::literal("example.com")};
  return plan;
}

/// `count` domains with a change, a hold and a finding each.
Plan many(int count) {
  Plan plan;
  for (int i = 0; i < count; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example.com";
    plan.changes.push_back(change(domain.c_str(), ("_dmarc." + domain).c_str(), std::nullopt,
                                  txt({"v=DMARC1; p=none"}), Stage::Publish, "it is wanted"));
    const Name name = Name::literal(domain);
    plan.findings.push_back({Severity::Warning, "spf-lookups", name, "many lookups", "", {}, {}});
    plan.holds.push_back({name, "keys-first", "the keys must be seen first"});
    plan.authority.push_back({name, {Permission::parse("ip4:192.0.2.1")}, {}});
    plan.policy_edits.push_back({{"domains.yaml", i + 1, 1}, "waiver added"});
    plan.withheld.push_back({plan.changes.back(), {"occupied"}});
    plan.domains.push_back(name);
  }
  return plan;
}

void check_diff(const SetChange& set, const std::vector<std::string>& expected) {
  std::vector<std::string> lines;
  for (const DiffLine& line : semantic_diff(set)) lines.push_back(line.sign + (" " + line.text));
  CHECK(lines == expected);
}

void check_txt_diff(const char* name, const std::string& before, const std::string& after,
                    const std::vector<std::string>& expected) {
  check_diff({Name::literal(name), txt({before}), txt({after})}, expected);
}

bool has_control(const std::string& text) {
  return std::ranges::any_of(text,
                             [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; });
}

std::vector<WriteOutcome> outcomes() {
  const Plan plan = full();
  std::vector<WriteOutcome> outcomes = {
      {plan.changes[4], WriteState::Written, ""},
      {plan.changes[3], WriteState::Failed, "cloudflare: 403 Forbidden"},
      {plan.changes[2], WriteState::Withheld,
       "skipped, because an earlier write to example.com failed"},
      {plan.changes[0], WriteState::AlreadyLive, "it is live already"},
      {plan.changes[1], WriteState::Unconfirmed, "written, but it could not be read back\x1b[1m"}};
  outcomes[0].change.provider = "bind";
  return outcomes;
}

std::vector<DomainVerification> verifications() {
  const RecordKey dmarc{Name::literal("_dmarc.example.org"), RecordType::TXT};
  return {{Name::literal("example.com"), {}},
          {Name::literal("example.org"),
           {{dmarc, "ns1.example.net (192.0.2.1:53)", "v=DMARC1; p=none", ""},
            {dmarc, "ns2.example.net (192.0.2.2:53)", "v=DMARC1; p=none", "v=DMARC1;\x1b p=x"}}}};
}

TEST_CASE("JSON escapes what hides or reorders text on a screen, and keeps the rest") {
  const auto round_trip = [](const std::string& text, const std::string& printed) {
    const std::string json = document_row(Json(text));
    CHECK(json == '"' + printed + '"');
    CHECK(Json::parse(json).get<std::string>() == text);
  };
  round_trip("plain \xc3\xa4 \xf0\x9f\x93\xac", "plain \xc3\xa4 \xf0\x9f\x93\xac");
  round_trip("a\xe2\x80\xaegpj.exe", "a\\u202Egpj.exe");
  round_trip("\xc2\x9b[31m\x7f", "\\u009B[31m\\u007F");
  round_trip("\xf3\xa0\x81\x81", "\\uDB40\\uDC41");
}

}  // namespace

TEST_CASE("a plan reads as text") {
  check_golden("plan.txt", plan_text(full(), Colour::Off));
  check_golden("plan_colour.txt", plan_text(full(), Colour::On));
}

TEST_CASE("a plan reads as Markdown") { check_golden("plan.md", plan_markdown(full(), 65536)); }

TEST_CASE("a plan without changes says so on its last line") {
  CHECK(plan_text(Plan{}, Colour::Off) == "No changes.\n");
  Plan held = full();
  held.changes.clear();
  CHECK(plan_text(held, Colour::Off)
            .ends_with("\nPlan: 0 to create, 0 to update, 0 to delete; 1 held, 1 withheld.\n"));
  held.withheld.clear();
  CHECK(
      plan_text(held, Colour::Off).ends_with("\n\nNo changes can be written: 1 held, 1 error.\n"));
  std::erase_if(held.findings, [](const Finding& one) { return one.severity == Severity::Error; });
  CHECK(plan_text(held, Colour::Off).ends_with("\n\nNo changes now; 1 held.\n"));
  CHECK(plan_text(held, Colour::Off).find("keys-first") != std::string::npos);
}

// DMARC uses an aligned pass only. Without a record there is no result that could be aligned.
TEST_CASE("the alignment of a result that does not pass is no success") {
  dmarc::MessageVerdict verdict;
  verdict.spf_domain = "example.com";
  verdict.psl.spf_aligned = true;
  const auto spf_shows = [&](spf::Outcome outcome, const std::string& part) {
    verdict.spf = spf::Verdict{};
    verdict.spf->outcome = outcome;
    CAPTURE(message_text(verdict));
    CHECK(message_text(verdict).find(part) != std::string::npos);
  };
  spf_shows(spf::Outcome::Pass, "SPF    pass      example.com, aligned with the From domain\n");
  spf_shows(spf::Outcome::Fail, "SPF    fail      example.com, would be aligned if it passed\n");
  spf_shows(spf::Outcome::None,
            "SPF    none      example.com has no SPF record, so DMARC does not use SPF\n");
  verdict.psl.spf_aligned = false;
  spf_shows(spf::Outcome::Pass, "example.com, not aligned with the From domain\n");
}

TEST_CASE("nothing in a record can reach the terminal or the pull request") {
  check_golden("hostile.txt", plan_text(hostile(), Colour::Off));
  check_golden("hostile.md", plan_markdown(hostile(), 65536));
  CHECK_FALSE(has_control(plan_text(hostile(), Colour::Off)));
  CHECK_FALSE(has_control(plan_markdown(hostile(), 65536)));
  CHECK_FALSE(has_control(outcome_text({}, outcomes(), Colour::Off)));
  CHECK_FALSE(has_control(verify_text(verifications(), Colour::Off)));
}

TEST_CASE("Markdown stays within its limit and says what it leaves out") {
  for (const int count : {0, 1, 30, 300}) {
    const Plan plan = many(count);
    for (const std::size_t limit : {1u, 100u, 700u, 5000u, 65536u}) {
      INFO(count << " domains within " << limit);
      CHECK(plan_markdown(plan, limit).size() < limit);
    }
  }
  const std::string text = plan_markdown(many(10000), 65536);
  CHECK(text.size() < 65536);
  CHECK(text.size() > 60000);
  for (const char* title : {"### Policy edits", "### Findings", "### Authority", "### Withheld",
                            "### Held", "### Changes", "… and 9"}) {
    INFO(title);
    CHECK(text.find(title) != std::string::npos);
  }
  CHECK(text.ends_with(" more.\n\n"));
}

TEST_CASE("outcomes are shown zone by zone") {
  check_golden("outcome.txt", outcome_text({}, outcomes(), Colour::Off));
  CHECK(outcome_text({}, {}, Colour::Off) == "Nothing to write.\n");
}

TEST_CASE("a verification tells who differs and how") {
  check_golden("verify.txt", verify_text(verifications(), Colour::Off));
  CHECK(verify_text({{Name::literal("example.com"), {}}}, Colour::Off) ==
        "example.com: ok\n\nVerified: 1 domain matches the YAML.\n");
}

TEST_CASE("a wait for name servers has a line at once and one every half minute") {
  using std::chrono::milliseconds;
  const Difference silent{.key = {Name::literal("a.example"), RecordType::TXT},
                          .problem = "127.0.0.1:1: connection refused",
                          .unread = true};
  Difference late = silent;
  late.server = "ns1.example (192.0.2.1:53)";
  late.unread = false;
  const std::vector<DomainVerification> silence = {{Name::literal("a.example"), {silent}}};
  const std::vector<DomainVerification> both = {{Name::literal("a.example"), {silent}},
                                                {Name::literal("b.example"), {late}}};
  WaitNotice notice;
  CHECK(notice.line(milliseconds(3), both) ==
        "changes of 2 domains are not on every server yet; querying again");
  for (int second = 1; second < 30; ++second) {
    CHECK_FALSE(notice.line(milliseconds(second * 1000), both));
  }
  CHECK(notice.line(milliseconds(30'400), silence) ==
        "after 30 s, no name server answers for 1 domain; querying again");
  CHECK_FALSE(notice.line(milliseconds(60'000), silence));
  CHECK(notice.line(milliseconds(60'400), both) ==
        "after 60 s, changes of 2 domains are not on every server yet; querying again");
  CHECK(waiting_note(both).starts_with("No name server answered for 1 domain: "));
  CHECK(waiting_note(std::span(both).subspan(1)) ==
        "Next: run `rampart verify` in a few minutes.\n");
}

TEST_CASE("SPF is compared by term") {
  const char* at = "example.com";
  check_txt_diff(at, "v=spf1 mx -all", "v=spf1 mx a ~all",
                 {"- -all", "+ a", "+ ~all", "  1 term is unchanged"});
  check_txt_diff(at, "v=spf1 mx a -all", "v=spf1 a mx -all",
                 {"~ order: v=spf1 a mx -all", "  3 terms are unchanged"});
  check_txt_diff(at, "v=spf1  mx -all", "v=spf1 mx -all",
                 {"~ \"v=spf1 mx -all\"", "  the same meaning, reformatted"});
  check_txt_diff(at, "v=spf1 redirect=a.example", "v=spf1 exp=b.example redirect=a.example",
                 {"+ exp=b.example", "  1 term is unchanged"});
  check_txt_diff(at, "v=spf1 include:", "v=spf1 -all",
                 {"- \"v=spf1 include:\"", "+ \"v=spf1 -all\""});
  check_diff(
      {Name::literal(at), txt({"v=spf1 a -all", "v=spf1 mx -all", "x"}),
       txt({"v=spf1 a mx -all", "x"})},
      {"+ mx", "  2 terms are unchanged", "- \"v=spf1 mx -all\"", "  1 other value is unchanged"});
}

TEST_CASE("DMARC is compared by tag, its addresses one by one") {
  check_txt_diff("_dmarc.example.com", "v=DMARC1; p=none; rua=mailto:a@x.example",
                 "v=DMARC1; p=reject; sp=none; rua=mailto:b@x.example, mailto:a@x.example",
                 {"~ p: none -> reject", "+ sp: none", "+ rua: mailto:b@x.example"});
  check_txt_diff("_dmarc.example.com", "v=DMARC1; p=none; t=y; rua=mailto:a@x.example",
                 "v=DMARC1; p=none", {"- t: y", "- rua: mailto:a@x.example"});
}

TEST_CASE("keys are shown by bits and fingerprint") {
  const std::vector<DiffLine> lines =
      semantic_diff({Name::literal("s._domainkey.example.com"), txt({"v=DKIM1; k=rsa; p=" + kKey}),
                     txt({"v=DKIM1; k=rsa; p=" + kOtherKey})});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].sign == '~');
  CHECK(lines[0].text.find("rsa 2048 bits sha256:") != std::string::npos);
  CHECK(lines[0].text.size() < 200);
  check_txt_diff("s._domainkey.example.com", "v=DKIM1; k=rsa; p=AAAA",
                 "v=DKIM1; k=rsa; p=", {"~ p: AAAA -> (empty)"});
}

TEST_CASE("other sets are compared value by value") {
  check_diff({Name::literal("s._domainkey.example.com"), cname("a.example"), cname("b.example")},
             {"- a.example", "+ b.example"});
  check_diff(
      {Name::literal("example.com"), txt({"a", "v=spf1 -all"}, 60), txt({"a", "v=spf1 -all"}, 90)},
      {"~ TTL: 60 -> 90", "  2 values are unchanged"});
  check_diff({Name::literal("s._domainkey.example.com"), cname("a.example"), txt({"v=DKIM1; p="})},
             {"- CNAME a.example", "- TTL: 300", "+ \"v=DKIM1; p=\"", "+ TTL: 3600"});
}

}  // namespace rampart
