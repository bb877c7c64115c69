/// The permissions before and after each change, and their difference.
#include "reconciler/plan/authority.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "policies/model/lookup.h"
#include "policies/spf/cases.h"

namespace rampart {
namespace {

using Permissions = std::set<Permission>;

// Receivers stop at `all` (RFC 7208 section 5.1): what follows it grants nothing.
void add_spf(const spf::Record& record, Permissions& granted) {
  for (const spf::Directive& directive : record.directives) {
    if (directive.qualifier == spf::Qualifier::Pass) granted.emplace(SpfGrant{directive});
    if (directive.mechanism == spf::Mechanism::All) return;
  }
  const spf::Modifier* redirect = record.find_modifier("redirect");
  if (redirect != nullptr) granted.emplace(SpfRedirect{redirect->value});
}

// A revoked key (empty p=, RFC 6376 section 3.6.1) lets nobody sign.
void add_key(const ParsedKey& key, Permissions& granted) {
  if (key.record.revoked()) return;
  granted.emplace(SigningKey{key.shape ? key.shape->fingerprint : ""});
}

/// Whether SPF terms count: authority_of_spf may have compared the record by address already.
enum class Include { All, KeysAlone };

// SPF and DKIM alone let somebody send or sign; DMARC and report records grant nothing.
Permissions granted_by(const std::optional<ParsedTypedSet>& set, Include include) {
  Permissions granted;
  if (!set) return granted;
  for (const ParsedValue& value : set->set.values) {
    if (value.spf() && include == Include::All) add_spf(*value.spf(), granted);
    if (value.key()) add_key(*value.key(), granted);
    if (value.kind() == RecordKind::DkimCname) granted.emplace(DelegatedKeys{value.text()});
  }
  return granted;
}

// Permissions are sorted by their text, and so are the lists of plan.json.
std::vector<Permission> without(const Permissions& a, const Permissions& b) {
  std::vector<Permission> rest;
  std::ranges::set_difference(a, b, std::back_inserter(rest));
  return rest;
}

}  // namespace

// SPF is compared by address where that is possible, since another include that admits the same
// networks grants nothing.
std::vector<Authority> authority_of(const Plan& plan, const Config& config, const World& world) {
  const std::map<Name, SpfDelta> senders = authority_of_spf(plan, config, world);
  // All changes of a domain count together: a key that moves to another selector is no gain.
  std::map<Name, std::pair<Permissions, Permissions>> by_domain;
  for (const Change& change : plan.changes) {
    const Include include = senders.contains(change.domain) ? Include::KeysAlone : Include::All;
    auto& [before, after] = by_domain[change.domain];
    before.merge(granted_by(change.set.before, include));
    after.merge(granted_by(change.set.after, include));
  }
  std::vector<Authority> rows;
  for (const auto& [domain, sides] : by_domain) {
    Authority row{domain, without(sides.second, sides.first), without(sides.first, sides.second)};
    if (const SpfDelta* spf = find_value(senders, domain)) {
      std::ranges::copy(spf->gains, std::back_inserter(row.gains));
      std::ranges::copy(spf->loses, std::back_inserter(row.loses));
      std::ranges::sort(row.gains);
      std::ranges::sort(row.loses);
    }
    if (!row.gains.empty() || !row.loses.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace rampart
