/// The catalogue: 140 rows, each complete, each readable as the DNS names and SPF terms it claims.

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/calendar.h"
#include "mail/spf/spf.h"
#include "policies/model/sender_pattern.h"
#include "policies/model/sender_use.h"
#include "reconciler/config/builtin_files.h"
#include "reconciler/config/config.h"

namespace rampart {
namespace {

/// What an account's values look like: tokens, numbers, a domain as it is and with dashes, hosts.
const std::vector<std::string> kValues = {"x1", "12345", "eu", "b4k2xq7d3ztq5y6w2u",
                                          "s1.v-2.example"};

/// `text` with every placeholder replaced by `value`; SPF macros (`%{i}`) stay.
std::string example_of(std::string text, const std::string& value) {
  for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == text.npos || (at > 0 && text[at - 1] == '%')) continue;
    text.replace(at, end - at + 1, value);
  }
  return text;
}

bool is_name(const std::string& text) {
  return std::ranges::all_of(kValues, [&](const std::string& value) {
    const auto name = Name::parse(example_of(text, value));
    return name.ok() && !name->is_root();
  });
}

// Every value makes the pattern a term that is one, and that the row knows for its own.
void check_term(const Sender& sender, const std::string& term) {
  const bool custom = term.ends_with('}');  // The whole name is the account's own.
  for (const std::string& value : kValues) {
    // RFC 7208 section 7.1: a name in a term has at least two labels.
    if (custom && value.find('.') == value.npos) continue;
    const auto parsed = spf::parse_terms(example_of(term, value));
    CAPTURE(term, value);
    REQUIRE(parsed.ok());
    REQUIRE(parsed->directives.size() == 1);
    CHECK(owns_term(sender, spf::print(parsed->directives.front())) == !custom);
  }
}

// The document or the reason why there is none, with its day.
void check_source(const Sender& sender) {
  CHECK(!sender.source.empty());
  const auto checked = parse_date(sender.checked);
  REQUIRE(checked.has_value());
  CHECK(*checked >= *parse_date("2025-01-01"));
  CHECK(parse_date(sender.reviewed).has_value());
  CHECK(parse_date(sender.reviewed) >= checked);
  const bool document = sender.source.find("http") != std::string::npos;
  CHECK((document || !sender.unverified.empty() || sender.source.starts_with("documentation")));
  // Evidence is shown in words; identifiers of a private index mean nothing to a reader.
  CHECK(sender.source.find("fs:") == std::string::npos);
}

void check_told(const Sender& sender) {
  CHECK(!sender.name.empty());
  CHECK(!sender.category.empty());
  CHECK(sender.dkim_kind != DkimKind::Unknown);
  CHECK(sender.builtin);
  CHECK(sender.owner.empty());
  CHECK(sender.lookups.value_or(0) <= 10);
}

void check_records(const Sender& sender) {
  std::set<std::string> hosts;
  for (const std::string& term : sender.spf) check_term(sender, term);
  for (const std::string& term : sender.spf_aliases) {
    check_term(sender, term);
    CHECK(std::ranges::find(sender.spf, term) == sender.spf.end());
  }
  for (const DkimTemplate& record : sender.dkim) {
    CAPTURE(record.host, record.target);
    CHECK(is_name(record.host));
    CHECK(record.host.find("._domainkey") != std::string::npos);
    CHECK(hosts.insert(record.host).second);
    CHECK((record.type == RecordType::CNAME) == !record.target.empty());
    if (!record.target.empty()) CHECK(is_name(record.target));
    for (const std::string& target : record.targets) {
      CHECK(is_name(target));
      CHECK((target.find("{region}") == target.npos || !sender.regions.empty()));
    }
  }
  for (const std::string& selector : sender.selectors) {
    CAPTURE(selector);
    CHECK(is_name(selector));
  }
  for (const std::string& zone : sender.rdns) CHECK(is_name(zone));
}

}  // namespace

TEST_CASE("the catalogue holds 140 complete rows") {
  const Config config = builtin_config();
  CHECK(config.senders.size() == 140);
  for (const auto& [id, sender] : config.senders) {
    CAPTURE(id);
    CHECK(sender->id == id);
    check_told(*sender);
    check_source(*sender);
    check_records(*sender);
  }
}

TEST_CASE("no service is listed twice, in one file or in two") {
  std::set<std::string> ids;
  int rows = 0;
  for (const EmbeddedFile& file : builtin_files()) {
    if (!file.path.starts_with("policies/senders/")) continue;
    std::size_t start = 0;
    while (start < file.text.size()) {
      const std::size_t end = std::min(file.text.find('\n', start), file.text.size());
      const std::string line = file.text.substr(start, end - start);
      start = end + 1;
      // A row begins with its id, indented by two.
      if (line.size() < 4 || !line.starts_with("  ") || line[2] == ' ' || line[2] == '#') continue;
      ++rows;
      CAPTURE(file.path, line);
      CHECK(ids.insert(line).second);
    }
  }
  CHECK(rows == 140);
}

TEST_CASE("the services that domains.yaml is explained with say what they should") {
  const Config config = builtin_config();
  const auto row = [&](const std::string& id) {
    REQUIRE(config.senders.contains(id));
    return *config.senders.at(id);
  };
  CHECK(row("google_workspace").spf == std::vector<std::string>{"include:_spf.google.com"});
  CHECK(row("google_workspace").include_needed == IncludeNeeded::Yes);
  CHECK(row("mailchimp").include_needed == IncludeNeeded::No);
  CHECK(row("mailchimp").spf_aligns == Aligns::No);
  CHECK(row("statuspage").spf == std::vector<std::string>{"include:stspg-customer.com"});
  CHECK(row("sendgrid").include_needed == IncludeNeeded::Legacy);
  CHECK(row("sendgrid").dkim.front() ==
        DkimTemplate{"s1._domainkey", RecordType::CNAME, "s1.domainkey.u{user}.{wl}.sendgrid.net"});
}

TEST_CASE("a term of several rows has one owner, which those that share it name") {
  const Config config = builtin_config();
  std::map<std::string, std::vector<const Sender*>> rows;
  for (const auto& [id, sender] : config.senders) {
    for (const std::string& term : sender->spf) rows[term].push_back(sender.get());
    if (sender->spf_shared.empty()) continue;
    CAPTURE(id);
    REQUIRE(config.senders.contains(sender->spf_shared));
    const Sender& owner = *config.senders.at(sender->spf_shared);
    CHECK(owner.spf_shared.empty());
    CHECK(owner.spf == sender->spf);
    if (sender->lookups) CHECK(sender->lookups == owner.lookups);
  }
  for (const auto& [term, senders] : rows) {
    if (term.ends_with('}')) continue;
    CAPTURE(term);
    CHECK(std::ranges::count(senders, std::string(), &Sender::spf_shared) == 1);
  }
}

TEST_CASE("live terms are recognized as those of their service") {
  const Config config = builtin_config();
  const std::pair<const char*, const char*> examples[] = {
      {"include:12345.spf07.hubspotemail.net", "hubspot"},
      {"include:spf.mandrillapp.com", "mandrill"},
      {"include:spf.mailjet.com", "mailjet"},
      {"include:spf.sendinblue.com", "brevo"},
      {"include:eu._netblocks.mimecast.com", "mimecast"},
      {"include:_netblocks.mimecast.com", "mimecast"},
      {"include:spf-0013d401.pphosted.com", "proofpoint_enterprise"},
      {"a:dispatch-eu.ppe-hosted.com", "proofpoint_essentials"},
      {"include:_spf-eu.ionos.com", "ionos_mail"},
      {"include:_spf.kundenserver.de", "ionos_mail"},
      {"include:zoho.eu", "zoho_mail"},
      {"include:_u.example.com._spf.smart.ondmarc.com", "ondmarc"},
      {"exists:%{i}.spf.acme.iphmx.com", "cisco_email_cloud"},
      {"include:spf.ess.uk.barracudanetworks.com", "barracuda_ess"},
      {"a:b.spf.service-now.com", "servicenow"},
      {"include:spf.protection.outlook.com", "microsoft_365"},
      {"include:mailgun.org", "mailgun"},
      {"include:amazonses.com", "amazon_ses"}};
  for (const auto& [term, id] : examples) {
    CAPTURE(term);
    for (const auto& [other, sender] : config.senders) {
      CAPTURE(other);
      const bool owner = owns_term(*sender, term) && sender->spf_shared.empty();
      CHECK(owner == (other == id));
    }
  }
}

TEST_CASE("the keys of Amazon SES are at a name of the region in eleven regions") {
  const Sender ses = *builtin_config().senders.at("amazon_ses");
  const Name domain = Name::literal("example.com");
  CHECK(ses.regions.size() == 11);
  const auto target = [&](const std::string& region) {
    return filled_target(ses, ses.dkim.front(), domain, {{"token1", "abc"}, {"region", region}});
  };
  CHECK(target("eu-central-2") == "abc.dkim.eu-central-2.amazonses.com");
  CHECK(target("us-east-1") == "abc.dkim.amazonses.com");
  CHECK(is_right_target(ses, ses.dkim.front(), domain, {{"token1", "abc"}},
                        "abc.dkim.af-south-1.amazonses.com"));
  CHECK_FALSE(is_right_target(ses, ses.dkim.front(), domain, {{"token1", "abc"}},
                              "abc.dkim.eu-west-1.amazonses.com"));
}

TEST_CASE("a value of the YAML replaces a target that the row has by itself") {
  const Sender sender = *builtin_config().senders.at("activecampaign");
  const Name domain = Name::literal("example.com");
  const DkimTemplate& second = sender.dkim.at(1);
  CHECK(filled_target(sender, second, domain, {}) == "dkim.acdkim2.acems1.com");
  CHECK(filled_target(sender, second, domain, {{"acdkim2_target", "x.example"}}) == "x.example");
  CHECK_FALSE(is_right_target(sender, second, domain, {}, "x.example"));
}

}  // namespace rampart
