/// What the rules of a profile rest on: records as they were seen, and figures of the reports.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "base/counted.h"
#include "policies/audit/parts.h"
#include "policies/audit/rule_table.h"
#include "policies/ramp/step_gates.h"

namespace rampart::audit {
namespace {

using Items = std::vector<EvidenceItem>;

std::string at(const std::string& prefix, const Facts& facts) {
  return prefix + name_of(facts) + " TXT";
}

// The record where there is one, valid or not; else why there is none.
std::string seen(const Reading& reading) {
  return reading.text.empty() ? describe(reading) : reading.text;
}

std::string seen(const Reading& reading, Security security) {
  constexpr std::array<std::string_view, 3> kWords = {"not shown to be signed", "authenticated",
                                                      "not signed"};
  if (reading.state == State::Unobservable) return describe(reading);
  const std::string value = reading.text.empty() ? "none" : reading.text;
  return fmt::format("{} ({})", value, kWords.at(static_cast<std::size_t>(security)));
}

void add_spf(const Facts& facts, Items& items) {
  items.push_back({at("", facts), seen(facts.spf)});
}

void add_dkim(const Facts& facts, Items& items) {
  if (facts.dkim.keys.empty()) {
    items.push_back({"DKIM keys", describe_no_key(facts.dkim)});
  }
  for (const KeyFacts& key : facts.dkim.keys) {
    items.push_back(
        {key.name.text() + " TXT", key.text.empty() ? std::string(to_text(key.state)) : key.text});
  }
}

// The governing record may be a parent domain's.
void add_dmarc(const Facts& facts, Items& items) {
  const dmarc::DiscoveredPolicy* discovered = facts.dmarc.discovered();
  const std::string name = discovered == nullptr ? name_of(facts) : discovered->at.text();
  items.push_back({"_dmarc." + name + " TXT", seen(facts.dmarc)});
}

void add_mx(const Facts& facts, Items& items) {
  const MxFacts& mx = facts.mx;
  const std::string hosts = fmt::format("{}", fmt::join(texts_of(mx.hosts), ", "));
  items.push_back({name_of(facts) + " MX", mx.null            ? "null MX"
                                           : mx.hosts.empty() ? describe(mx)
                                                              : hosts});
}

void add_mta_sts(const Facts& facts, Items& items) {
  const MtaStsFacts& mta_sts = facts.mta_sts;
  items.push_back({at("_mta-sts.", facts), seen(mta_sts)});
  if (!mta_sts.fetched) return;
  const std::string url = policy_url(facts.subject.domain);
  if (!mta_sts.policy) {
    items.push_back({url, "the policy " + mta_sts.fetched->problem});
    return;
  }
  items.push_back({url, fmt::format("mode {}, max_age {}, mx {}", to_text(mta_sts.policy->mode),
                                    mta_sts.policy->max_age, fmt::join(mta_sts.policy->mx, " "))});
}

void add_tls_rpt(const Facts& facts, Items& items) {
  items.push_back({at("_smtp._tls.", facts), seen(facts.tls_rpt)});
}

void add_dnssec(const Facts& facts, Items& items) {
  if (facts.dnssec.state != State::Valid) {
    items.push_back({name_of(facts) + " DNSSEC", describe(facts.dnssec)});
    return;
  }
  items.push_back({name_of(facts) + " DNSSEC", std::string(to_text(facts.dnssec.security))});
  for (const DelegationFacts& one : facts.dnssec.chain) {
    items.push_back({one.name.text() + " DS", seen(one, one.security)});
  }
}

void add_tlsa(const Facts& facts, Items& items) {
  for (const TlsaFacts& host : facts.dnssec.hosts) {
    items.push_back({host.name.text() + " TLSA", seen(host, host.security)});
  }
}

void add_reports(const Facts& facts, Items& items) {
  const MailFacts& mail = facts.mail;
  const std::string what =
      mail.state == MailFacts::State::NotRead || mail.state == MailFacts::State::NoStore
          ? "DMARC reports"
          : fmt::format("DMARC reports, {} to {}", rampart::to_text(mail.since),
                        rampart::to_text(mail.until));
  if (mail.state != MailFacts::State::Seen) {
    items.push_back(
        {what, mail.state == MailFacts::State::Silent ? "none that counts" : "none were read"});
    return;
  }
  items.push_back(
      {what, fmt::format("own mail: {} aligned ({} by SPF and DKIM), {} failing with the domain's "
                         "mark, {} from sources without an answer; {}; aligned share {}",
                         grouped(mail.aligned), grouped(mail.both), grouped(mail.failing),
                         grouped(mail.unanswered), counted(mail.reporters, "reporter"),
                         mail.rate ? percent(*mail.rate) : "unknown")});
}

struct PartEvidence {
  Part part;
  void (*add)(const Facts&, Items&);
};
constexpr std::array kEvidence = {
    PartEvidence{Part::Spf, add_spf},        PartEvidence{Part::Dkim, add_dkim},
    PartEvidence{Part::Dmarc, add_dmarc},    PartEvidence{Part::Mx, add_mx},
    PartEvidence{Part::MtaSts, add_mta_sts}, PartEvidence{Part::TlsRpt, add_tls_rpt},
    PartEvidence{Part::Dnssec, add_dnssec},  PartEvidence{Part::Tlsa, add_tlsa},
    PartEvidence{Part::Reports, add_reports}};

}  // namespace

std::vector<EvidenceItem> evidence_of(const Facts& facts, Part parts) {
  Items items;
  for (const PartEvidence& one : kEvidence) {
    if (has(parts, one.part)) one.add(facts, items);
  }
  return items;
}

}  // namespace rampart::audit
