/// Mail as reports show it, of a domain with three declared senders, for the tests of analysis.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <deque>

#include "reports/analysis/analysis.h"
#include "tests/support/policy_world.h"

namespace rampart::reports::testing {

inline const Time kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};
inline const Date kToday = std::chrono::floor<std::chrono::days>(kNow);

inline std::shared_ptr<const Sender> sender(const std::string& id, const std::string& host,
                                            const std::string& spf, const std::string& selector) {
  Sender made{.id = id, .name = id, .category = "marketing"};
  if (!host.empty()) made.rdns = {host};
  if (!spf.empty()) made.spf = {spf};
  if (!selector.empty()) made.selectors = {selector};
  if (!host.empty()) made.dkim_domains = made.envelope_domains = {host};
  made.spf_aligns = Aligns::Optional;
  made.dkim_aligns = Aligns::Yes;
  made.builtin = id != "office";
  return std::make_shared<const Sender>(made);
}

/// example.com declares an office, a mailer known by its hosts and one known by its key alone.
inline Config config() {
  Config made;
  const auto add = [&](std::shared_ptr<const Sender> one) { made.senders.emplace(one->id, one); };
  add(sender("office", "", "ip4:192.0.2.0/24", "office"));
  add(sender("mailer", "mailer.example", "", "m1"));
  add(sender("keyed", "", "", "k1"));
  add(sender("known", "known.example", "", "n1"));
  Sender relay{.id = "relay", .name = "relay", .category = "forwarding"};
  relay.rdns = {"relay.example"};
  add(std::make_shared<const Sender>(relay));
  Sender gateway{.id = "gateway", .name = "gateway", .category = "security_gateway"};
  gateway.rdns = {"gateway.example"};
  gateway.dkim_aligns = Aligns::No;
  add(std::make_shared<const Sender>(gateway));
  Domain domain = rampart::testing::domain_at("example.com", {Phase::Monitor, 100});
  domain.senders.emplace();
  for (const char* id : {"office", "mailer", "keyed"}) {
    domain.senders->push_back({.sender = made.senders.at(id)});
  }
  domain.ignored_sources = {{"ptr:partner.example", "their forwarder", {}}};
  made.domains.emplace(domain.name, domain);
  return made;
}

enum class Mail { Both, DkimOnly, SpfOnly, Nothing, OwnBounce, ForeignDkim, BrokenDkim };

inline Facts facts(Mail mail, const std::string& selector = "x9") {
  Facts made;
  RecordResults& results = made.results;
  results.header_from = "example.com";
  made.dkim_aligned = mail == Mail::Both || mail == Mail::DkimOnly;
  made.spf_aligned = mail == Mail::Both || mail == Mail::SpfOnly;
  if (made.dkim_aligned) results.dkim = {{"example.com", selector, AuthResult::Pass}};
  if (mail == Mail::BrokenDkim) results.dkim = {{"example.com", selector, AuthResult::Fail}};
  if (mail == Mail::ForeignDkim) results.dkim = {{"evil.example", "e1", AuthResult::Pass}};
  const bool ours = made.spf_aligned || mail == Mail::OwnBounce;
  results.spf = {{ours ? "example.com" : "bounce.example", false,
                  made.spf_aligned ? AuthResult::Pass : AuthResult::Fail}};
  return made;
}

/// Failing mail with the service's own signature and bounce domain, or with the latter unproved.
inline Facts of_service(const std::string& domain, AuthResult result) {
  Facts made;
  made.results.header_from = "example.com";
  if (result == AuthResult::Pass) made.results.dkim = {{domain, "z", AuthResult::Pass}};
  made.results.spf = {{"b." + domain, false, result}};
  return made;
}

inline Facts overridden(const std::string& type, const std::string& comment = "") {
  Facts made = facts(Mail::Nothing);
  made.results.overrides = {{type, comment}};
  return made;
}

/// Facts for groups, which do not own theirs.
inline const Facts* kept(Facts its) {
  static std::deque<Facts> all;
  return &all.emplace_back(std::move(its));
}

inline TrafficGroup group(const std::string& ip, Facts its, std::int64_t messages) {
  return {.ip = *spf::Ip::parse(ip),
          .trust = Trust::Verified,
          .counts = true,
          .first = kToday,
          .last = kToday,
          .facts = kept(std::move(its)),
          .messages = messages};
}

/// Naming needs a store for what DNS returned earlier; nothing is kept here.
inline Analysis analysed(TrafficGroups groups, const std::map<spf::Ip, std::string>& hosts,
                         const NamingContext& context) {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  NamingCache cache(context.config, store.value(), context.resolve, context.now);
  HostNames names;
  for (const auto& [ip, host] : hosts) names.names.emplace(ip, host);
  return analyse_groups({"example.com", Date(), Date::max()}, std::move(groups), std::move(names),
                        context, cache);
}

/// Answers from a table; the rest does not exist. `alive` false: nothing is answered.
inline Resolve resolver(const std::map<Question, std::string>& table, const bool& alive) {
  return [&table, &alive](Answers& answers, std::span<const Question> questions) {
    for (const Question& one : questions) {
      const auto found = table.find(one);
      if (!alive) {
        answers[one] = Answer{.status = AnswerStatus::Failed};
      } else if (found == table.end()) {
        answers[one] = Answer{.status = AnswerStatus::NxDomain};
      } else {
        answers[one] = Answer{AnswerStatus::Data, {found->second}, {}, {}, ""};
      }
    }
  };
}

/// Stores a verified report of example.com about one day.
inline void put_report(Store& store, Date day, const std::string& reporter,
                       const std::vector<TrafficGroup>& rows) {
  ReportMeta report{.trust = Trust::Verified, .reporter = reporter};
  report.header.org = reporter;
  report.header.email = "dmarc@" + reporter;
  report.header.id = rampart::to_text(day);
  report.header.begin = Time(day);
  report.header.end = Time(day) + std::chrono::seconds(86'399);
  report.header.domain = "example.com";
  report.identity = fmt::format("{:.5} {}", reporter, rampart::to_text(day));
  FactTable facts;
  std::vector<PackedRow> packed;
  for (const TrafficGroup& one : rows) {
    const Row row{one.ip, one.messages, std::make_shared<RecordResults>(one.facts->results), 0};
    packed.push_back({facts.index_of(row, report.header), one.ip, one.messages});
  }
  REQUIRE(store.begin());
  REQUIRE(store.add(report, packed, facts));
  REQUIRE(store.commit());
}

}  // namespace rampart::reports::testing
