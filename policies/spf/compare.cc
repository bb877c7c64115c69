/// Comparing records by the addresses that they admit.
#include "policies/spf/compare.h"

#include <array>

#include "mail/spf/tree.h"
#include "policies/model/lookup.h"
#include "policies/rules/names.h"
#include "policies/spf/flatten.h"

namespace rampart {
namespace {

using spf::Admitted;
using spf::IpSet;
using spf::Record;

/// The passing terms of a record, one by one. Each term is evaluated alone, so that its addresses
/// can be compared with the whole other record.
struct Grant {
  Permission permission;
  Record alone;
  bool network = false;  ///< ip4, ip6 or an own fragment: compared by its addresses alone.
};

// Receivers stop at `all`, so that terms and redirects after it grant nothing
// (RFC 7208 section 5.1).
std::vector<Grant> grants_of(const Name& domain, const std::optional<Record>& record) {
  std::vector<Grant> grants;
  if (!record) return grants;
  for (const spf::Directive& directive : record->directives) {
    const bool network = directive.mechanism == spf::Mechanism::Ip4 ||
                         directive.mechanism == spf::Mechanism::Ip6 ||
                         included_fragment(domain, directive) > 0;
    if (directive.qualifier == spf::Qualifier::Pass) {
      grants.push_back({Permission(SpfGrant{directive}), {{directive}, {}}, network});
    }
    if (directive.mechanism == spf::Mechanism::All) return grants;
  }
  const spf::Modifier* redirect = record->find_modifier("redirect");
  if (redirect) {
    grants.push_back({Permission(SpfRedirect{redirect->value}), {{}, {*redirect}}, false});
  }
  return grants;
}

// By text or by meaning: `a` and `a:example.com` may be the same term.
bool holds(const std::vector<Grant>& grants, const Grant& grant) {
  return std::ranges::any_of(grants, [&](const Grant& other) {
    return other.permission == grant.permission || spf::same_meaning(other.alone, grant.alone);
  });
}

/// What `ours` grants and `theirs` does not. Networks are compared by address, so that a re-cut
/// list of the same addresses grants nothing; other terms by their text and by what they admit.
std::vector<Permission> beyond(const Name& domain, const SpfView& ours, const SpfView& theirs) {
  std::vector<Permission> rest;
  const std::vector<Grant> others = grants_of(domain, theirs.record);
  const IpSet passed =
      theirs.record ? spf::admitted_by(domain, *theirs.record, *theirs.answers).pass : IpSet{};
  for (const Grant& grant : grants_of(domain, ours.record)) {
    if (!grant.network && holds(others, grant)) continue;
    const Admitted admitted = spf::admitted_by(domain, grant.alone, *ours.answers);
    const IpSet extra = admitted.pass.without(passed);
    if (extra.empty() && admitted.complete) continue;
    if (!grant.network) {
      rest.push_back(grant.permission);
      continue;
    }
    for (const spf::Network& network : extra.networks()) {
      rest.push_back(Permission(SpfGrant{network_term(network)}));
    }
  }
  sort_unique(rest);
  return rest;
}

/// The answers that a record's tree needs: local values first, then known answers. Repeated until
/// nothing new is found, because an include leads to further questions.
Answers gather(const Name& domain, const Record& record, const Answers& known,
               const LocalTxt& local) {
  Answers mine;
  for (bool found = true; found;) {
    found = false;
    for (const Question& question : spf::tree_of(domain, record, mine).unknown) {
      const auto own = local.find(question.name);
      const Answer* answer = find_answer(known, question.name, question.type);
      if (question.type == RecordType::TXT && own != local.end()) {
        const auto status = own->second.empty() ? AnswerStatus::NoData : AnswerStatus::Data;
        mine[question] = {
            .status = status,
            .values = std::vector<std::string>(own->second.begin(), own->second.end())};
      } else if (answer != nullptr) {
        mine[question] = *answer;
      } else {
        continue;
      }
      found = true;
    }
  }
  return mine;
}

// How harshly a record ends: 0 for `+all`, up to 3 for `-all`. Without `all` it ends in neutral
// (RFC 7208 section 4.7); a redirect counts as that.
int harshness_of_end(const Record& record) {
  using spf::Qualifier;
  constexpr std::array kMildestFirst = {Qualifier::Pass, Qualifier::Neutral, Qualifier::SoftFail,
                                        Qualifier::Fail};
  const auto all =
      std::ranges::find(record.directives, spf::Mechanism::All, &spf::Directive::mechanism);
  const auto ending = all == record.directives.end() ? Qualifier::Neutral : all->qualifier;
  return static_cast<int>(std::ranges::find(kMildestFirst, ending) - kMildestFirst.begin());
}

}  // namespace

SpfView spf_view(const Name& domain, const std::optional<Record>& record, const Answers& answers,
                 const LocalTxt& local) {
  if (record && !local.empty()) {
    return {record, std::make_shared<const Answers>(gather(domain, *record, answers, local))};
  }
  // Without local values the table itself has all answers; the pointer does not own it.
  return {record, std::shared_ptr<const Answers>(std::shared_ptr<void>(), &answers)};
}

spf::Tree spf_tree(const Name& domain, const SpfView& view, std::vector<Question>& unknown) {
  if (!view.record) return {};
  spf::Tree tree = spf::tree_of(domain, *view.record, *view.answers);
  unknown.insert(unknown.end(), tree.unknown.begin(), tree.unknown.end());
  return tree;
}

spf::Tree ask_tree(const Name& domain, const SpfView& view, const Answers& answers,
                   std::vector<Question>& unknown) {
  spf::Tree tree = spf_tree(domain, view, unknown);
  if (view.record) rules::spf_name_faults(domain, tree.root, answers, unknown);
  return tree;
}

SpfDelta compare_spf(const Name& domain, const SpfView& before, const SpfView& after) {
  return {beyond(domain, after, before), beyond(domain, before, after)};
}

// Gaining comes before losing: a sender must be admitted before another one is removed.
Stage spf_stage(const Name& domain, const SpfView& before, const SpfView& after) {
  const SpfDelta delta = compare_spf(domain, before, after);
  if (!delta.gains.empty()) return Stage::Authorize;
  if (!delta.loses.empty()) return Stage::Retire;
  if (!before.record || !after.record) return Stage::Enforce;
  const int was = harshness_of_end(*before.record);
  const int is = harshness_of_end(*after.record);
  if (is < was) return Stage::Relax;
  return is > was ? Stage::Enforce : Stage::Publish;
}

}  // namespace rampart
