/// The catalogue: 140 rows, each complete, each readable as the DNS names and SPF terms it claims.

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/calendar.h"
#include "mail/spf/spf.h"
#include "reconciler/config/builtin_files.h"
#include "reconciler/config/config.h"

namespace rampart {
namespace {

/// `text` with every placeholder replaced by labels; SPF macros (`%{i}`) stay.
std::string example_of(std::string text) {
  for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == text.npos || (at > 0 && text[at - 1] == '%')) continue;
    text.replace(at, end - at + 1, "x1.y1");
  }
  return text;
}

bool is_name(const std::string& text) { return Name::parse(example_of(text)).ok(); }

void check_told(const Sender& sender) {
  CHECK(!sender.name.empty());
  CHECK(!sender.category.empty());
  CHECK(sender.dkim_kind != DkimKind::Unknown);
  CHECK(!sender.source.empty());
  CHECK(parse_date(sender.reviewed).has_value());
  CHECK(sender.builtin);
  CHECK(sender.owner.empty());
  CHECK(sender.lookups.value_or(0) <= 10);
  // Evidence is shown in words; identifiers of a private index mean nothing to a reader.
  CHECK(sender.source.find("fs:") == std::string::npos);
}

void check_records(const Sender& sender) {
  std::set<std::string> hosts;
  for (const std::string& term : sender.spf) {
    CAPTURE(term);
    CHECK(spf::parse_terms(example_of(term)).ok());
  }
  for (const DkimTemplate& record : sender.dkim) {
    CAPTURE(record.host, record.target);
    CHECK(is_name(record.host));
    CHECK(record.host.find("._domainkey") != std::string::npos);
    CHECK(hosts.insert(record.host).second);
    CHECK((record.type == RecordType::CNAME) == !record.target.empty());
    if (!record.target.empty()) CHECK(is_name(record.target));
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

}  // namespace rampart
