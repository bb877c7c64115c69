/// The desired records at a domain's selectors.
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "mail/dkim/key.h"
#include "policies/dkim/delegations.h"
#include "policies/dkim/dkim.h"
#include "policies/dkim/keyless.h"
#include "policies/dkim/live.h"
#include "policies/dkim/names.h"
#include "policies/dkim/past_selectors.h"
#include "policies/dkim/rotation.h"
#include "policies/dkim/unmanaged.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/rules/dkim.h"

namespace rampart {
namespace {

// A declared selector with its line in the YAML and its name in DNS. Passed as one value, since
// every step below needs all five and a function takes at most five parameters itself.
struct Selector {
  const Domain& domain;
  const World& world;
  Name name;
  std::optional<std::chrono::seconds> ttl;
  Mark mark;
};

// A refusal withholds the TXT key even where the fault is a CNAME's: both are never published at
// one name, so the key alone identifies the selector in a plan.
Finding refusal(const Selector& selector, CodeName code, std::string message, std::string hint) {
  return withholding(marked(finding_of(selector.domain, Severity::Error, code, std::move(message),
                                       std::move(hint)),
                            selector.mark),
                     {{selector.name, RecordType::TXT}});
}

// A selector may have its own TTL, since keys are rotated while the other records of a domain rest.
DesiredRecord desired_at(const Selector& selector, RecordType type, ParsedValue value,
                         std::string reason) {
  DesiredRecord desired = publication({selector.name, type}, std::move(value), std::move(reason));
  desired.ttl = declared_ttl(selector.domain, selector.ttl);
  return desired;
}

// Whether every provider publishes this key already: an existing fault is a warning.
bool is_published(const Selector& selector, const dkim::KeyRecord& record) {
  const RecordKey key{selector.name, RecordType::TXT};
  const auto sets = live_sets(selector.domain, selector.world, key);
  return !sets.empty() && std::ranges::all_of(sets, [&record](const LiveSet& live) {
    return live.state == LiveState::Present &&
           std::ranges::any_of(live.set.values, [&record](const ParsedValue& value) {
             return value.key() && dkim::same_meaning(value.key()->record, record);
           });
  });
}

// A weak key is an error only while it is not published yet: replacing a live key is the owner's
// decision, and withholding it would change nothing.
void check_bits(const Selector& selector, const dkim::KeyRecord& record,
                const dkim::KeyShape& shape, PolicyResult& policy_result) {
  // The limits are those of the rule book; the wording is the plan's own, because it concerns a
  // record that is about to be written.
  if (auto fault = rules::key_too_long(selector.name, shape)) {
    policy_result.findings.push_back(
        to_finding(std::move(*fault), selector.domain.name, selector.mark));
  }
  const rules::KeyLength length = rules::length_of(shape);
  if (length == rules::KeyLength::Strong) return;
  const bool weak = length == rules::KeyLength::Weak;
  Finding finding = refusal(
      selector, weak ? CodeName("dkim-key-weak") : CodeName("dkim-key-short"),
      fmt::format("the key of {} has {} bits{} (RFC 8301 section 3.2)", selector.name.text(),
                  shape.bits, weak ? ": verifiers treat it as no key" : "; 2048 are recommended"),
      "make a key of 2048 bits at a new selector and move the signer to it");
  if (!weak || is_published(selector, record)) {
    finding.severity = Severity::Warning;
    finding.withholds.clear();
  }
  policy_result.findings.push_back(std::move(finding));
}

// A revoked key takes signatures away; all else adds them. Removing the ability to sign comes last
// of all writes, so that mail under way can still be verified while the other changes reach
// receivers.
Stage stage_for(const Selector& selector, const dkim::KeyRecord& record) {
  const RecordKey key{selector.name, RecordType::TXT};
  const auto live = live_values(selector.domain, selector.world, key, RecordKind::DkimKey);
  const bool signing = std::ranges::any_of(
      live, [](const ParsedValue& value) { return value.key() && !value.key()->record.revoked(); });
  return record.revoked() && signing ? Stage::Retire : Stage::Publish;
}

// The record is desired even where it is invalid, so that the error withholds this key and the
// live record is not listed as undeclared.
void desire_key(const Selector& selector, const ParsedValue& value, std::string reason,
                PolicyResult& policy_result) {
  DesiredRecord desired = desired_at(selector, RecordType::TXT, value, std::move(reason));
  const ParsedKey* key = value.key();
  const bool revoked = key != nullptr && key->record.revoked();
  if (key != nullptr && key->shape) {
    check_bits(selector, key->record, *key->shape, policy_result);
  } else if (!revoked) {
    const Error& why = key != nullptr ? key->shape.error() : *value.error();
    policy_result.findings.push_back(refusal(
        selector, "dkim-key-invalid",
        fmt::format("the key for {} is not a DKIM key record: {}", selector.name.text(), why.what),
        "copy the record again from where the key was made"));
  }
  if (key != nullptr) desired.stage = stage_for(selector, key->record);
  policy_result.desired_records.push_back(std::move(desired));
}

// A file that is missing is an Error here and not when the YAML is loaded: a plan for another
// domain must not fail because of it.
void desire_public_key(const Selector& selector, const std::string& path, std::string reason,
                       PolicyResult& policy_result) {
  const auto found = selector.world.keys.find(path);
  const bool exists = found != selector.world.keys.end();
  if (exists && found->second.record) {
    return desire_key(selector, *found->second.record, std::move(reason), policy_result);
  }
  const std::string why = exists ? found->second.error : path + ": there is no such file";
  policy_result.findings.push_back(
      refusal(selector, "dkim-key-unreadable",
              fmt::format("the public key of {} cannot be read: {}", selector.name.text(), why),
              "make it with `rampart keys generate`, or correct the path"));
}

// A bad target is refused before it is written, since most hosts accept any text and would serve a
// delegation that leads nowhere.
void desire_cname(const Selector& selector, const std::string& target, std::string reason,
                  PolicyResult& policy_result) {
  const auto name = Name::parse(target);
  if (!name) {
    policy_result.findings.push_back(
        refusal(selector, "dkim-key-invalid",
                fmt::format("the CNAME of {} leads to `{}`, which is not a DNS name",
                            selector.name.text(), target),
                "copy the target again from the vendor's page"));
    return;
  }
  policy_result.desired_records.push_back(
      desired_at(selector, RecordType::CNAME, ParsedValue(RecordKind::DkimCname, name->text()),
                 std::move(reason)));
  check_target(selector.domain, selector.world, selector.name, *name, policy_result);
}

// Exactly one of the three sources is set; the loader rejects a selector with two.
void desire_declared(const Domain& domain, const World& world, PolicyResult& policy_result) {
  for (const SelectorSpec& spec : domain.selectors) {
    const auto name = selector_name(domain, spec.selector);
    if (!name) continue;
    const Selector selector{domain, world, *name, spec.ttl, spec.mark};
    const std::string reason =
        fmt::format("because the YAML declares the selector {}", spec.selector);
    if (spec.public_key) desire_public_key(selector, *spec.public_key, reason, policy_result);
    if (spec.txt) {
      desire_key(selector, ParsedValue(RecordKind::DkimKey, *spec.txt), reason, policy_result);
    }
    if (spec.cname) desire_cname(selector, *spec.cname, reason, policy_result);
  }
}

// `next` is published ahead of its use, so that resolvers which cached its absence see it in time.
void desire_rotations(const Domain& domain, const World& world, PolicyResult& policy_result) {
  for (const RotationSpec& rotation : domain.rotations) {
    const std::pair<std::optional<std::string>, std::string_view> rows[] = {
        {rotation.current, "current"}, {rotation.next, "next"}};
    for (const auto& [selector, role] : rows) {
      if (!selector) continue;
      for (const std::string& one : selectors_of(*selector)) {
        const auto name = selector_name(domain, one);
        if (!name) continue;
        desire_public_key(
            {domain, world, *name, std::nullopt, rotation.mark},
            rotation_key_path(domain.name, one),
            fmt::format("because {} is the {} selector of rotation {}", one, role, rotation.name),
            policy_result);
      }
    }
  }
  desire_past(domain, world, policy_result);
}

// Publishing either of the two would break the mail of the other, and nothing in the YAML shows
// which one is meant.
void report_conflict(const Domain& domain, const Name& name, const std::string& who,
                     PolicyResult& policy_result) {
  policy_result.findings.push_back(withholding(
      finding_of(domain, Severity::Error, "selector-conflict",
                 fmt::format("{} need different keys at {}; none is published", who, name.text()),
                 "declare the selector under `dkim:` with the `cname:` or `txt:` to publish, or "
                 "use one of them on a sub-domain"),
      {{name, RecordType::CNAME}}));
}

// The CNAME of senders that are all retired goes on proof; until then it stays as it is, and one
// that has gone is not brought back where there are no reports to prove it once more. Every one of
// the senders must be free to leave, since one CNAME serves them all. One that cannot be read is
// handled as if it were there: then the diff reports it, and it may be the one that mail needs.
bool retire_delegation(const Domain& domain, const World& world, const Name& name,
                       const std::vector<std::size_t>& senders, PolicyResult& policy_result) {
  std::string why;
  const bool retired = std::ranges::all_of(
      senders, [&](std::size_t index) { return is_retired((*domain.senders)[index], world.now); });
  const RecordKey key{name, RecordType::CNAME};
  const bool absent = live_values(domain, world, key, RecordKind::DkimCname).empty() &&
                      !any_unread(domain, world, key);
  if (retired && absent) return true;
  for (const std::size_t index : senders) {
    const Retirement one = retirement_of(domain, world, (*domain.senders)[index], name);
    if (!one.hold.empty()) {
      policy_result.holds.push_back(
          {domain.name, one.hold, fmt::format("removal of {} is held: {}", name.text(), one.why)});
    }
    if (!one.may_go) return false;
    why = one.why;
  }
  policy_result.desired_records.push_back(removal(key, RecordKind::DkimCname, "because " + why));
  return true;
}

// A name with several entries is handled once, so the loop jumps from one name to the next.
void desire_delegations(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const auto wanted = delegations(domain);
  for (auto row = wanted.begin(); row != wanted.end(); row = wanted.upper_bound(row->first)) {
    const std::string who = names_of(domain, row->first, wanted);
    if (wanted.count(row->first) > 1) {
      report_conflict(domain, row->first, who, policy_result);
      continue;
    }
    if (!row->second.target) continue;
    if (retire_delegation(domain, world, row->first, row->second.senders, policy_result)) continue;
    desire_cname({domain, world, row->first, std::nullopt, domain.mark},
                 desired_target(domain, world, row->first, row->second).text(),
                 fmt::format("because {} signs with a key that it publishes in its own zone", who),
                 policy_result);
  }
}

}  // namespace

// Undeclared selectors are reported last: everything that the YAML or a sender declares is known by
// then.
PolicyResult dkim_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  if (domain.dmarc.position.phase < Phase::Dkim) return policy_result;
  if (domain.dkim == Upkeep::Unmanaged) return unmanaged_dkim(domain, world);
  desire_declared(domain, world, policy_result);
  desire_rotations(domain, world, policy_result);
  desire_delegations(domain, world, policy_result);
  for (const SenderUse& use : domain.senders.value_or(std::vector<SenderUse>())) {
    report_keyless(domain, world, use, policy_result);
  }
  std::set<Name> declared = declared_names(domain);
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    if (record.target) declared.insert(record.name);
  }
  report_undeclared(domain, world, declared, policy_result);
  return policy_result;
}

}  // namespace rampart
