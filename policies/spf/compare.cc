/// Comparing records by what they admit.
#include "policies/spf/compare.h"

#include <array>

#include "mail/spf/tree.h"
#include "policies/model/lookup.h"
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
  bool network = false;  ///< ip4, ip6 or a fragment, whose addresses say more than the term.
};

/// Whether a term includes one of the domain's own fragments. Our own fragments are networks that
/// were moved, not a permission of their own.
bool is_fragment(const Name& domain, const spf::Directive& directive) {
  if (directive.mechanism != spf::Mechanism::Include) return false;
  const auto name = Name::parse(directive.domain);
  return name && fragment_number(domain, *name) > 0;
}

// Receivers stop at `all`, so that terms and redirects after it grant nothing (RFC 7208
// section 5.1).
std::vector<Grant> grants_of(const Name& domain, const std::optional<Record>& record) {
  std::vector<Grant> grants;
  if (!record) return grants;
  for (const spf::Directive& directive : record->directives) {
    const bool network = directive.mechanism == spf::Mechanism::Ip4 ||
                         directive.mechanism == spf::Mechanism::Ip6 ||
                         is_fragment(domain, directive);
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

/// The term that admits just this network.
Permission permission_for(const spf::Network& network) {
  const bool single = network.length == (network.ip.v6 ? 128 : 32);
  const auto length = single ? std::nullopt : std::optional(int{network.length});
  spf::Directive term;
  term.mechanism = network.ip.v6 ? spf::Mechanism::Ip6 : spf::Mechanism::Ip4;
  term.network = network.ip.text();
  (network.ip.v6 ? term.cidr6 : term.cidr4) = length;
  return Permission(SpfGrant{std::move(term)});
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
    std::ranges::transform(extra.networks(), std::back_inserter(rest), permission_for);
  }
  sort_unique(rest);
  return rest;
}

/// The answers that a record's tree needs: local values first, then what is known. Repeated until
/// nothing new is found, because an include leads to further questions.
Answers gather(const Name& domain, const Record& record, const Answers& known,
               const LocalTxt& local) {
  Answers mine;
  for (std::size_t before = 1; before > 0;) {
    before = 0;
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
      ++before;
    }
  }
  return mine;
}

}  // namespace

SpfView spf_view(const Name& domain, const std::optional<Record>& record, const Answers& answers,
                 const LocalTxt& local) {
  if (record && !local.empty()) {
    return {record, std::make_shared<const Answers>(gather(domain, *record, answers, local))};
  }
  // Without anything local the table itself will do; it is not owned.
  return {record, std::shared_ptr<const Answers>(std::shared_ptr<void>(), &answers)};
}

SpfDelta compare_spf(const Name& domain, const SpfView& before, const SpfView& after) {
  return {beyond(domain, after, before), beyond(domain, before, after)};
}

// A record without `all` ends in neutral (RFC 7208 section 4.7).
int end_of(const Record& record) {
  using spf::Qualifier;
  constexpr std::array kMildestFirst = {Qualifier::Pass, Qualifier::Neutral, Qualifier::SoftFail,
                                        Qualifier::Fail};
  const auto all =
      std::ranges::find(record.directives, spf::Mechanism::All, &spf::Directive::mechanism);
  const auto ending = all == record.directives.end() ? Qualifier::Neutral : all->qualifier;
  return static_cast<int>(std::ranges::find(kMildestFirst, ending) - kMildestFirst.begin());
}

// Gaining comes before losing: a sender must be admitted before another one is removed.
Stage spf_stage(const Name& domain, const SpfView& before, const SpfView& after) {
  const SpfDelta delta = compare_spf(domain, before, after);
  if (!delta.gains.empty()) return Stage::Authorize;
  if (!delta.loses.empty()) return Stage::Retire;
  if (!before.record || !after.record) return Stage::Enforce;
  const int was = end_of(*before.record);
  const int is = end_of(*after.record);
  if (is < was) return Stage::Relax;
  return is > was ? Stage::Enforce : Stage::Publish;
}

}  // namespace rampart
