/// Domains that send no mail, and domains whose records are removed.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "mail/transport/policy.h"
#include "policies/dkim/names.h"
#include "policies/dmarc/report_authorization.h"
#include "policies/model/live.h"
#include "policies/records/parked.h"

namespace rampart {
namespace {

// RFC 6376 section 3.6.1: an empty p= says that the key is revoked, here for every selector.
constexpr std::string_view kRevoked = "v=DKIM1; p=";

// What a parked domain publishes at a name below it; an empty prefix is the domain itself.
struct ParkedRow {
  std::string_view prefix;
  RecordType type;
  RecordKind kind;
  std::string value;
  std::string_view reason;
};

std::string parked_dmarc(const Domain& domain) {
  dmarc::Record record;
  record.p = dmarc::Policy::Reject;
  record.sp = domain.dmarc.sp.value_or(dmarc::Policy::Reject);
  record.np = domain.dmarc.np.value_or(dmarc::Policy::Reject);
  record.adkim = domain.dmarc.adkim;
  record.aspf = domain.dmarc.aspf;
  record.fo = domain.dmarc.fo;
  record.rua = domain.dmarc.rua;
  record.ruf = domain.dmarc.ruf;
  record.psd = domain.dmarc.psd;
  return dmarc::print(record);
}

std::vector<ParkedRow> parked_rows(const Domain& domain) {
  return {
      {"", RecordType::TXT, RecordKind::Spf, "v=spf1 -all",
       "because a parked domain sends no mail (RFC 7208 section 10.1.2)"},
      {"*._domainkey", RecordType::TXT, RecordKind::DkimKey, std::string(kRevoked),
       "because no selector of a parked domain signs"},
      {"_dmarc", RecordType::TXT, RecordKind::Dmarc, parked_dmarc(domain),
       "because all mail in the name of a parked domain is forged"},
      {"", RecordType::MX, RecordKind::NullMx, "0 .",
       "because a parked domain takes no mail (RFC 7505 section 3)"},
  };
}

std::optional<Name> name_below(const Domain& domain, std::string_view prefix) {
  if (prefix.empty()) return domain.name;
  const auto name = domain.name.child(prefix);
  if (!name) return std::nullopt;
  return *name;
}

// The first live MX that takes mail, or nullopt.
std::optional<std::string> mail_host(const Domain& domain, const World& world) {
  for (const LiveSet& live : live_sets(domain, world, {domain.name, RecordType::MX})) {
    if (live.state != LiveState::Present) continue;
    for (const ParsedValue& value : live.set.values) {
      if (value.kind() != RecordKind::NullMx) return value.text();
    }
  }
  return std::nullopt;
}

// A live MX contradicts `parked: true`, and a null MX would bounce the domain's mail.
void refuse_with_mail(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const auto host = mail_host(domain, world);
  if (!host) return;
  Finding finding{Severity::Error,
                  "parked-has-mail",
                  domain.name,
                  fmt::format("{} is declared parked but has the MX {}: parking it would lose its "
                              "mail",
                              domain.name.text(), *host),
                  "remove the MX by hand once no mail is wanted, or take `parked: true` away",
                  domain.mark,
                  {}};
  for (const DesiredRecord& desired : policy_result.desired_records)
    finding.withholds.push_back(desired.key);
  policy_result.findings.push_back(std::move(finding));
}

void append(PolicyResult& to, PolicyResult from) {
  std::ranges::move(from.desired_records, std::back_inserter(to.desired_records));
  std::ranges::move(from.findings, std::back_inserter(to.findings));
  std::ranges::move(from.unknown, std::back_inserter(to.unknown));
}

// The names below an absent domain where a record of ours may exist.
std::vector<RecordKey> keys_to_leave(const Domain& domain) {
  std::vector<RecordKey> keys = {{domain.name, RecordType::TXT}};
  for (const std::string_view prefix : {"_dmarc", "_mta-sts", "_smtp._tls"}) {
    if (const auto name = name_below(domain, prefix)) keys.push_back({*name, RecordType::TXT});
  }
  if (domain.bimi) {
    const auto name = name_below(domain, domain.bimi->selector + "._bimi");
    if (name) keys.push_back({*name, RecordType::TXT});
  }
  return keys;
}

std::vector<Name> selectors_to_leave(const Domain& domain) {
  std::vector<Name> names;
  for (const std::string& selector : declared_selectors(domain)) {
    if (const auto name = selector_name(domain, selector)) names.push_back(*name);
  }
  for (const SenderRecord& record : sender_dkim_records(domain)) names.push_back(record.name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

RecordKind kind_owned_at(const Domain& domain, const Name& name) {
  if (name == domain.name) return RecordKind::Spf;
  switch (name_kind(name)) {
    case NameKind::Dmarc:
      return RecordKind::Dmarc;
    case NameKind::MtaSts:
      return RecordKind::MtaSts;
    case NameKind::TlsRpt:
      return RecordKind::TlsRpt;
    default:
      return RecordKind::Bimi;
  }
}

DesiredRecord removal(const Domain& domain, const RecordKey& key, RecordKind kind) {
  return {.key = key,
          .kind = kind,
          .value = std::nullopt,
          .ttl = std::nullopt,
          .new_ttl = std::nullopt,
          .stage = Stage::Retire,
          .reason = fmt::format("because {} is declared absent", domain.name.text())};
}

void warn_of_last_record(const Domain& domain, const World& world, PolicyResult& policy_result) {
  for (const DesiredRecord& desired : policy_result.desired_records) {
    const bool last = desired.kind == RecordKind::Spf || desired.kind == RecordKind::Dmarc;
    if (!last || live_values(domain, world, desired.key, desired.kind).empty()) continue;
    policy_result.findings.push_back(
        {Severity::Warning,
         "last-record-removed",
         domain.name,
         fmt::format("the last {} record of {} is removed: anyone may then send in its name",
                     to_text(desired.kind), domain.name.text()),
         "a domain that sends no mail is better `parked: true`",
         domain.mark,
         {}});
  }
}

// RFC 8461 section 8.3: a policy is taken back by mode none before its record goes.
void take_policy_back(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const auto served = world.served_policies.find(domain.name);
  const auto name = name_below(domain, "_mta-sts");
  if (served == world.served_policies.end() || !name) return;
  const RecordKey key{*name, RecordType::TXT};
  const auto policy = parse_mta_sts_policy(served->second.text);
  const bool published = !live_values(domain, world, key, RecordKind::MtaSts).empty();
  if (!published || !policy || policy->mode == MtaStsMode::None) return;
  policy_result.findings.push_back(
      {Severity::Error,
       "mta-sts-none-first",
       domain.name,
       fmt::format("{} still serves an MTA-STS policy in mode {}: senders that keep it go on by it "
                   "for {} seconds after its record is gone",
                   domain.name.text(), to_text(policy->mode), policy->max_age),
       "serve mode none with a short max_age under a new id, wait for the longest max_age that "
       "was served, then remove the record",
       domain.mark,
       {key}});
}

}  // namespace

PolicyResult parked_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  for (ParkedRow& row : parked_rows(domain)) {
    const auto name = name_below(domain, row.prefix);
    if (!name) continue;
    policy_result.desired_records.push_back({.key = {*name, row.type},
                                             .kind = row.kind,
                                             .value = ParsedValue(row.kind, std::move(row.value)),
                                             .ttl = domain.ttl,
                                             .new_ttl = std::nullopt,
                                             .stage = Stage::Enforce,
                                             .reason = std::string(row.reason)});
  }
  std::vector<std::string> uris = domain.dmarc.rua;
  uris.insert(uris.end(), domain.dmarc.ruf.begin(), domain.dmarc.ruf.end());
  append(policy_result, report_authorizations(domain, uris, world));
  refuse_with_mail(domain, world, policy_result);
  return policy_result;
}

// Both types are removed at a selector: the YAML no longer tells which of them was published.
PolicyResult absent_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  for (const RecordKey& key : keys_to_leave(domain)) {
    policy_result.desired_records.push_back(removal(domain, key, kind_owned_at(domain, key.name)));
  }
  for (const Name& name : selectors_to_leave(domain)) {
    policy_result.desired_records.push_back(
        removal(domain, {name, RecordType::TXT}, RecordKind::DkimKey));
    policy_result.desired_records.push_back(
        removal(domain, {name, RecordType::CNAME}, RecordKind::DkimCname));
  }
  warn_of_last_record(domain, world, policy_result);
  take_policy_back(domain, world, policy_result);
  return policy_result;
}

}  // namespace rampart
