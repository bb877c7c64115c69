/// Domains that send no mail, and domains whose records are removed.
#include <fmt/format.h>

#include "mail/transport/policy.h"
#include "policies/dkim/names.h"
#include "policies/dmarc/report_authorization.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/records/parked.h"

namespace rampart {
namespace {

// RFC 6376 section 3.6.1: an empty p= says that the key is revoked, here for every selector.
constexpr std::string_view kRevoked = "v=DKIM1; p=";

// What a parked domain publishes at a name below it; an empty prefix is the domain itself. A table,
// since the records of a parked domain follow a published recommendation (M3AAWG) and differ in
// data only.
struct ParkedRow {
  std::string_view prefix;
  RecordType type;
  RecordKind kind;
  std::string value;
  std::string_view reason;
};

// Reports stay requested: they show who tries to send in the domain's name.
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
       "because a parked domain signs with no selector"},
      {"_dmarc", RecordType::TXT, RecordKind::Dmarc, parked_dmarc(domain),
       "because all mail in the name of a parked domain is forged"},
      {"", RecordType::MX, RecordKind::NullMx, "0 .",
       "because a parked domain receives no mail (RFC 7505 section 3)"},
  };
}

// A very long domain may leave no room for a prefix; its other records are published all the same.
std::optional<Name> name_below(const Domain& domain, std::string_view prefix) {
  if (prefix.empty()) return domain.name;
  const auto name = domain.name.child(prefix);
  return name ? std::optional(*name) : std::nullopt;
}

// The first live MX that takes mail, or nullopt. Only live records count, as the YAML cannot know
// of an MX that somebody set by hand.
std::optional<std::string> mail_host(const Domain& domain, const World& world) {
  for (const LiveSet& live : live_sets(domain, world, {domain.name, RecordType::MX})) {
    if (live.state != LiveState::Present) continue;
    for (const ParsedValue& value : live.set.values) {
      if (value.kind() != RecordKind::NullMx) return value.text();
    }
  }
  return std::nullopt;
}

// A live MX contradicts `parked: true`, and a null MX would bounce the domain's mail. All records
// are withheld together: a half-parked domain would lose mail and look finished.
void refuse_with_mail(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const auto host = mail_host(domain, world);
  if (!host) return;
  Finding finding = finding_of(
      domain, Severity::Error, "parked-has-mail",
      fmt::format("{} is declared parked but has the MX {}: parking it would lose its mail",
                  domain.name.text(), *host),
      "remove the MX by hand when the domain should receive no mail, or remove `parked: true`");
  for (const DesiredRecord& desired : policy_result.desired_records) {
    finding.withholds.push_back(desired.key);
  }
  policy_result.findings.push_back(std::move(finding));
}

// The names below an absent domain where a record of ours may exist. Looked up by name and not by
// what the YAML declared, since an absent domain declares nothing any more.
std::vector<RecordKey> keys_to_leave(const Domain& domain) {
  std::vector<RecordKey> keys;
  // What another tool keeps is its to remove.
  if (!domain.leaves_spf()) keys.push_back({domain.name, RecordType::TXT});
  for (const std::string_view prefix : {"_dmarc", "_mta-sts", "_smtp._tls"}) {
    if (const auto name = name_below(domain, prefix)) keys.push_back({*name, RecordType::TXT});
  }
  if (domain.bimi) {
    const auto name = name_below(domain, domain.bimi->selector + "._bimi");
    if (name) keys.push_back({*name, RecordType::TXT});
  }
  return keys;
}

// Senders' selectors belong to it, because their delegations were published by an earlier plan.
std::vector<Name> selectors_to_leave(const Domain& domain) {
  std::vector<Name> names;
  if (domain.dkim == Upkeep::Unmanaged) return names;
  for (const std::string& selector : declared_selectors(domain)) {
    if (const auto name = selector_name(domain, selector)) names.push_back(*name);
  }
  for (const SenderRecord& record : sender_dkim_records(domain)) names.push_back(record.name);
  sort_unique(names);
  return names;
}

// The kind limits the removal to our record; other values at the name stay.
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

// Without SPF and DMARC receivers have no reason to reject a forgery.
void warn_of_last_record(const Domain& domain, const World& world, PolicyResult& policy_result) {
  for (const DesiredRecord& desired : policy_result.desired_records) {
    const bool last = desired.kind == RecordKind::Spf || desired.kind == RecordKind::Dmarc;
    if (!last || live_values(domain, world, desired.key, desired.kind).empty()) continue;
    policy_result.findings.push_back(finding_of(
        domain, Severity::Warning, "last-record-removed",
        fmt::format("the last {} record of {} is removed: anyone can then send mail in its name",
                    to_text(desired.kind), domain.name.text()),
        "if the domain sends no mail, declare it `parked: true` instead"));
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
  policy_result.findings.push_back(withholding(
      finding_of(
          domain, Severity::Error, "mta-sts-none-first",
          fmt::format("{} still serves an MTA-STS policy in mode {}: senders that have cached "
                      "it keep applying it for {} seconds after its record is removed",
                      domain.name.text(), to_text(policy->mode), policy->max_age),
          "serve mode none with a short max_age under a new id, wait for the longest "
          "max_age that was served, then remove the record"),
      {key}));
}

}  // namespace

// Enforce is its stage: every one of these records forbids something.
PolicyResult parked_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  for (ParkedRow& row : parked_rows(domain)) {
    const auto name = name_below(domain, row.prefix);
    if (!name) continue;
    DesiredRecord desired = publication(
        {*name, row.type}, ParsedValue(row.kind, std::move(row.value)), std::string(row.reason));
    desired.ttl = domain.ttl;
    desired.stage = Stage::Enforce;
    policy_result.desired_records.push_back(std::move(desired));
  }
  policy_result.append(report_authorizations(domain, world));
  refuse_with_mail(domain, world, policy_result);
  return policy_result;
}

// Both types are removed at a selector: the YAML no longer tells which of them was published.
PolicyResult absent_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  const auto remove = [&](const RecordKey& key, RecordKind kind) {
    policy_result.desired_records.push_back(
        removal(key, kind, fmt::format("because {} is declared absent", domain.name.text())));
  };
  for (const RecordKey& key : keys_to_leave(domain)) remove(key, kind_owned_at(domain, key.name));
  for (const Name& name : selectors_to_leave(domain)) {
    remove({name, RecordType::TXT}, RecordKind::DkimKey);
    remove({name, RecordType::CNAME}, RecordKind::DkimCname);
  }
  warn_of_last_record(domain, world, policy_result);
  take_policy_back(domain, world, policy_result);
  return policy_result;
}

}  // namespace rampart
