#include "reconciler/plan/authority.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "mail/dkim/key.h"
#include "mail/records/kind.h"
#include "mail/spf/spf.h"
#include "policies/spf/cases.h"

namespace rampart {
namespace {

// The terms by which an SPF record lets somebody pass.
void add_spf(const std::string& value, std::set<std::string>& grants) {
  const Result<spf::Record> record = spf::parse(value);
  if (!record) return;
  for (const spf::Directive& directive : record->directives) {
    if (directive.qualifier == spf::Qualifier::Pass) grants.insert(spf::print(directive));
  }
  const spf::Modifier* redirect = record->find_modifier("redirect");
  if (redirect != nullptr) grants.insert("redirect=" + redirect->value);
}

// The key that a DKIM record lets sign; a revoked one lets nobody.
void add_key(const std::string& value, std::set<std::string>& grants) {
  const Result<dkim::KeyRecord> record = dkim::parse_key(value);
  if (!record || record->revoked()) return;
  const Result<dkim::KeyShape> shape = dkim::shape_of(record.value());
  grants.insert(shape ? "key " + shape->fingerprint : "key that cannot be read");
}

/// Whether SPF terms are told here, or by address elsewhere.
enum class Include { All, KeysAlone };

std::set<std::string> grants_of(const Name& name, const std::optional<TypedSet>& set,
                                Include include) {
  std::set<std::string> grants;
  if (!set) return grants;
  const RecordKey key{name, set->type};
  for (const std::string& value : set->set.values) {
    switch (kind_of(key, value)) {
      case RecordKind::Spf:
        if (include == Include::All) add_spf(value, grants);
        break;
      case RecordKind::DkimKey:
        add_key(value, grants);
        break;
      case RecordKind::DkimCname:
        grants.insert("keys at " + value);
        break;
      default:
        break;
    }
  }
  return grants;
}

std::vector<std::string> without(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> rest;
  std::ranges::set_difference(a, b, std::back_inserter(rest));
  return rest;
}

}  // namespace

std::vector<Authority> authority_of(const Plan& plan, const Config& config, const World& world) {
  const std::map<Name, SpfDelta> senders = authority_of_spf(plan, config, world);
  std::map<Name, std::pair<std::set<std::string>, std::set<std::string>>> by_domain;
  for (const Change& change : plan.changes) {
    const Include include = senders.contains(change.domain) ? Include::KeysAlone : Include::All;
    auto& [before, after] = by_domain[change.domain];
    before.merge(grants_of(change.name(), change.set.before, include));
    after.merge(grants_of(change.name(), change.set.after, include));
  }
  std::vector<Authority> rows;
  for (const auto& [domain, sides] : by_domain) {
    Authority row{domain, without(sides.second, sides.first), without(sides.first, sides.second)};
    const auto delta = senders.find(domain);
    if (delta != senders.end()) {
      std::ranges::copy(delta->second.gains, std::back_inserter(row.gains));
      std::ranges::copy(delta->second.loses, std::back_inserter(row.loses));
      std::ranges::sort(row.gains);
      std::ranges::sort(row.loses);
    }
    if (!row.gains.empty() || !row.loses.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace rampart
