/// Comparing records by what they admit.
#include "policies/spf_compare.h"

#include <algorithm>

#include "mail/spf_tree.h"

namespace rampart {
namespace {

using spf::Admitted;
using spf::IpSet;
using spf::Record;

/// The passing terms of a record, one by one.
struct Grant {
  std::string text;
  Record alone;
  bool network = false;  ///< ip4 or ip6, whose addresses say more than the term.
};

std::vector<Grant> grants_of(const std::optional<Record>& record) {
  std::vector<Grant> grants;
  if (!record) return grants;
  for (const spf::Directive& directive : record->directives) {
    const bool network =
        directive.mechanism == spf::Mechanism::Ip4 || directive.mechanism == spf::Mechanism::Ip6;
    if (directive.qualifier == spf::Qualifier::Pass) {
      grants.push_back({spf::print(directive), {{directive}, {}}, network});
    }
    if (directive.mechanism == spf::Mechanism::All) return grants;
  }
  const spf::Modifier* redirect = record->find_modifier("redirect");
  if (redirect) grants.push_back({"redirect=" + redirect->value, {{}, {*redirect}}, false});
  return grants;
}

bool holds(const std::vector<Grant>& grants, const Grant& grant) {
  return std::ranges::any_of(grants, [&](const Grant& other) {
    return other.text == grant.text || spf::same_meaning(other.alone, grant.alone);
  });
}

/// What `ours` grants and `theirs` does not.
std::vector<std::string> beyond(const Name& domain, const std::vector<Grant>& ours,
                                const std::vector<Grant>& theirs, const IpSet& passed,
                                const Answers& answers) {
  std::vector<std::string> rest;
  for (const Grant& grant : ours) {
    if (holds(theirs, grant)) continue;
    const Admitted admitted = spf::admitted_by(domain, grant.alone, answers);
    const IpSet extra = admitted.pass.without(passed);
    if (extra.empty() && admitted.complete) continue;
    if (!grant.network) {
      rest.push_back(grant.text);
      continue;
    }
    for (const spf::Network& network : extra.networks()) {
      rest.push_back((network.ip.v6 ? "ip6:" : "ip4:") + spf::to_text(network));
    }
  }
  std::ranges::sort(rest);
  const auto again = std::ranges::unique(rest);
  rest.erase(again.begin(), again.end());
  return rest;
}

IpSet passed_by(const Name& domain, const std::optional<Record>& record, const Answers& answers) {
  return record ? spf::admitted_by(domain, *record, answers).pass : IpSet{};
}

}  // namespace

SpfDelta compare_spf(const Name& domain, const std::optional<Record>& before,
                     const std::optional<Record>& after, const Answers& answers) {
  const std::vector<Grant> old_grants = grants_of(before);
  const std::vector<Grant> new_grants = grants_of(after);
  return {beyond(domain, new_grants, old_grants, passed_by(domain, before, answers), answers),
          beyond(domain, old_grants, new_grants, passed_by(domain, after, answers), answers)};
}

int end_of(const Record& record) {
  for (const spf::Directive& directive : record.directives) {
    if (directive.mechanism != spf::Mechanism::All) continue;
    switch (directive.qualifier) {
      case spf::Qualifier::Pass:
        return 0;
      case spf::Qualifier::Neutral:
        return 1;
      case spf::Qualifier::SoftFail:
        return 2;
      case spf::Qualifier::Fail:
        return 3;
    }
  }
  return 1;
}

Turn spf_turn(const Name& domain, const std::optional<Record>& before, const Record& after,
              const Answers& answers) {
  const SpfDelta delta = compare_spf(domain, before, after, answers);
  if (!delta.gains.empty()) return Turn::Authorize;
  if (!delta.loses.empty()) return Turn::Retire;
  if (!before) return Turn::Enforce;
  const int was = end_of(*before);
  const int is = end_of(after);
  if (is < was) return Turn::Relax;
  return is > was ? Turn::Enforce : Turn::Publish;
}

}  // namespace rampart
