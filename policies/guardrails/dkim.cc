/// The guardrail over keys in use.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mail/dkim/key.h"
#include "policies/dkim/past_selectors.h"
#include "policies/guardrails/dmarc.h"

namespace rampart {
namespace {

// What a set at a selector lets somebody sign with: keys that are not revoked, and delegations.
std::set<std::string> signing_keys(const std::optional<TypedSet>& set, const Name& name) {
  std::set<std::string> keys;
  if (!set) return keys;
  for (const std::string& value : set->set.values) {
    const RecordKind kind = kind_of({name, set->type}, value);
    if (kind == RecordKind::DkimCname) keys.insert("CNAME " + value);
    if (kind != RecordKind::DkimKey) continue;
    const auto record = dkim::parse_key(value);
    if (record && !record->revoked()) keys.insert(record->key);
  }
  return keys;
}

const Domain* managed(const Change& change, const Config& config) {
  const auto domain = config.domains.find(change.domain);
  const bool found = domain != config.domains.end() && domain->second.state == DomainState::Managed;
  return found ? &domain->second : nullptr;
}

// RFC 6376 section 3.1: a selector's key is never exchanged for another, because mail under way is
// still signed with the old one.
Finding removed(const Change& change, std::string_view what) {
  return {
      Severity::Error,
      "dkim-selector-removed",
      change.domain,
      fmt::format("the key at {} is {} while mail may still be signed with it",
                  change.name().text(), what),
      "publish the new key at a new selector, move the signer, and wait until reports no longer "
      "show the old one",
      {},
      {{change.name(), change.type()}}};
}

}  // namespace

std::vector<Finding> dkim_selector_removed(const Plan& plan, const Config& config,
                                           const World& world) {
  std::vector<Finding> found;
  for (const Change& change : plan.changes) {
    const Domain* domain = managed(change, config);
    if (domain == nullptr) continue;
    const auto before = signing_keys(change.set.before, change.name());
    const auto after = signing_keys(change.set.after, change.name());
    // Moving a key to where its vendor keeps it is how delegation begins.
    const bool delegates = change.set.after && change.set.after->type == RecordType::CNAME;
    // Of several keys at one selector, which verifiers may not tell apart, one is enough.
    const bool kept = !after.empty() && std::ranges::includes(before, after);
    if (before.empty() || kept || (delegates && change.set.before->type == RecordType::TXT)) {
      continue;
    }
    if (after.empty() && proven_unused(*domain, world).contains(change.name())) continue;
    found.push_back(removed(change, after.empty() ? "removed or revoked" : "replaced"));
  }
  return found;
}

}  // namespace rampart
