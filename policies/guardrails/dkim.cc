/// The guardrail on keys in use.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mail/dkim/key.h"
#include "policies/dkim/past_selectors.h"
#include "policies/guardrails/dmarc.h"

namespace rampart {
namespace {

// What verifiers can use at a selector: keys that are not revoked, and delegations by CNAME.
std::set<std::string> signing_keys(const std::optional<ParsedTypedSet>& set) {
  std::set<std::string> keys;
  if (!set) return keys;
  for (const ParsedValue& value : set->set.values) {
    if (value.kind() == RecordKind::DkimCname) keys.insert("CNAME " + value.text());
    if (value.key() && !value.key()->record.revoked()) keys.insert(value.key()->record.key);
  }
  return keys;
}

const Domain* managed(const Change& change, const Config& config) {
  const auto domain = config.domains.find(change.domain);
  const bool found = domain != config.domains.end() && domain->second.state == DomainState::Managed;
  return found ? &domain->second : nullptr;
}

// RFC 6376 section 3.1: a selector is never reused for another key, because mail in transit is
// still signed with the old one.
Finding removed(const Change& change, std::string_view what) {
  return {.severity = Severity::Error,
          .code = "dkim-selector-removed",
          .domain = change.domain,
          .message = fmt::format("the key at {} is {} while mail may still be signed with it",
                                 change.name().text(), what),
          .hint =
              "publish the new key at a new selector, move the signer, and wait until reports "
              "no longer show the old one",
          .withholds = {{change.name(), change.type()}}};
}

}  // namespace

std::vector<Finding> dkim_selector_removed(const Plan& plan, const Config& config,
                                           const World& world) {
  std::vector<Finding> found;
  for (const Change& change : plan.changes) {
    const Domain* domain = managed(change, config);
    if (domain == nullptr) continue;
    const auto before = signing_keys(change.set.before);
    const auto after = signing_keys(change.set.after);
    // A CNAME in place of a key is how delegation to a vendor begins, not a loss.
    const bool delegates = change.set.after && change.set.after->type == RecordType::CNAME;
    // Verifiers cannot choose between several keys at one selector, so keeping any of them is no
    // loss.
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
