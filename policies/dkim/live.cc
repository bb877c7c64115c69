/// What stands below a domain's `_domainkey`, judged.
#include "policies/dkim/live.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/dkim/key.h"

namespace rampart {
namespace {

Finding dangling(const Domain& domain, const Name& selector, const Name& target) {
  return finding_of(domain, Severity::Warning, "selector-dangling",
                    fmt::format("{} points at {}, which does not exist: nothing can be verified "
                                "there, and whoever can register it can sign as {}",
                                selector.text(), target.text(), domain.name.text()),
                    "set the key up at its vendor, or remove the selector");
}

bool holds_key(const Name& name, const Answer& answer) {
  return std::ranges::any_of(answer.values, [&name](const std::string& value) {
    return kind_of({name, RecordType::TXT}, value) == RecordKind::DkimKey;
  });
}

// What is wrong with the vendor's key itself; it is the vendor's to mend, so it withholds nothing.
void judge_vendor_key(const Domain& domain, const Name& selector, const Name& target,
                      const std::string& value, PolicyResult& policy_result) {
  const auto record = dkim::parse_key(value);
  if (!record) return;
  if (record->revoked()) {
    policy_result.findings.push_back(finding_of(
        domain, Severity::Warning, "dkim-key-revoked",
        fmt::format("{} leads to {}, whose key is revoked: nothing can be verified with it",
                    selector.text(), target.text()),
        "look at the vendor's page which selector it signs with now"));
    return;
  }
  const auto shape = dkim::shape_of(*record);
  if (!shape || shape->algorithm != "rsa" || shape->bits >= dkim::kRecommendedRsaBits) return;
  const bool weak = shape->bits < dkim::kMinRsaBits;
  policy_result.findings.push_back(
      finding_of(domain, Severity::Warning, weak ? "dkim-key-weak" : "dkim-key-short",
                 fmt::format("the vendor's key behind {} has {} bits; 2048 are recommended (RFC "
                             "8301 section 3.2)",
                             selector.text(), shape->bits),
                 "ask the vendor for a longer key"));
}

// A selector in a listing, with its CNAME's target where it is one.
void report_selector(const Domain& domain, const World& world, const RecordKey& key,
                     const LiveSet& live, PolicyResult& policy_result) {
  const bool delegated = key.type == RecordType::CNAME && !live.set.values.empty();
  const auto target = delegated ? Name::parse(*live.set.values.begin()) : Name::root();
  if (delegated && target) {
    const Answer* answer = find_answer(world.answers, *target, RecordType::TXT);
    if (answer == nullptr) policy_result.unknown.push_back({*target, RecordType::TXT});
    if (answer != nullptr && answer->status == AnswerStatus::NxDomain) {
      policy_result.findings.push_back(dangling(domain, key.name, *target));
      return;
    }
  }
  policy_result.findings.push_back(finding_of(
      domain, Severity::Info, "selector-undeclared",
      fmt::format("the selector {} stands in the zone but not in the YAML: whoever holds its key "
                  "can sign as {}",
                  key.name.text(), domain.name.text()),
      "declare it under `dkim:`, or remove it by hand when nothing signs with it"));
}

// Whether somebody could sign by what stands here; a revoked key lets nobody.
bool is_selector(const RecordKey& key, const LiveSet& live) {
  if (live.state != LiveState::Present) return false;
  return std::ranges::any_of(live.set.values, [&key](const std::string& value) {
    const RecordKind kind = kind_of(key, value);
    if (kind != RecordKind::DkimKey) return kind == RecordKind::DkimCname;
    const auto record = dkim::parse_key(value);
    return !record || !record->revoked();
  });
}

}  // namespace

void check_target(const Domain& domain, const World& world, const Name& selector,
                  const Name& target, PolicyResult& policy_result) {
  const Answer* answer = find_answer(world.answers, target, RecordType::TXT);
  if (answer == nullptr) {
    policy_result.unknown.push_back({target, RecordType::TXT});
  } else if (answer->status == AnswerStatus::NxDomain) {
    policy_result.findings.push_back(dangling(domain, selector, target));
  } else if (answer->status == AnswerStatus::Failed) {
    policy_result.findings.push_back(
        finding_of(domain, Severity::Warning, "dkim-unresolved",
                   fmt::format("the target {} of {} could not be resolved: {}", target.text(),
                               selector.text(), answer->detail),
                   "the CNAME is published all the same; check the key when DNS answers"));
  } else if (!holds_key(selector, *answer)) {
    policy_result.findings.push_back(finding_of(
        domain, Severity::Warning, "dkim-unresolved",
        fmt::format("the target {} of {} holds no DKIM key yet", target.text(), selector.text()),
        "finish the set-up at the vendor"));
  } else {
    for (const std::string& value : answer->values) {
      judge_vendor_key(domain, selector, target, value, policy_result);
    }
  }
}

void report_undeclared(const Domain& domain, const World& world, const std::set<Name>& declared,
                       PolicyResult& policy_result) {
  const auto below = domain.name.child("_domainkey");
  if (!below) return;
  std::set<Name> reported;
  for (const LiveZone* zone : world.zones_for(domain, domain.name)) {
    if (!zone->complete) continue;
    for (const auto& [key, live] : zone->sets) {
      const bool ours = key.name.is_within(*below) && !declared.contains(key.name);
      if (!ours || !is_selector(key, live) || !reported.insert(key.name).second) continue;
      report_selector(domain, world, key, live, policy_result);
    }
  }
}

}  // namespace rampart
