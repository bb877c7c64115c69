/// From facts to findings: SPF.
#include <fmt/format.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/spf.h"

namespace rampart::audit {
namespace {

void collect_broken(const spf::TreeNode& node, std::vector<const spf::TreeNode*>& broken) {
  for (const spf::TreeNode& child : node.children) {
    // A term whose macros depend on the message has no domain to open, which is no fault.
    const bool open = child.domain.empty() && child.lower_bound;
    if (!child.problem.empty() && !open) broken.push_back(&child);
    collect_broken(child, broken);
  }
}

// A sub-domain without MX often sends nothing, so its missing record is only a warning.
rules::Fault spf_missing(const Facts& facts) {
  const bool mail = facts.is_org || !facts.mx.hosts.empty();
  const bool silent = facts.mx.null || facts.mx.state == State::None;
  return {.severity = mail ? Severity::Error : Severity::Warning,
          .code = "spf-missing",
          .message = name_of(facts) + " publishes no SPF record",
          .hint = silent ? "publish `v=spf1 -all` where nothing sends as this domain"
                         : "publish `v=spf1`, the senders' terms, and `~all` or `-all`"};
}

void check_limits(const Facts& facts, rules::Faults& faults) {
  const SpfFacts& spf = facts.spf;
  const Name& domain = facts.subject.domain;
  std::ranges::move(
      rules::spf_limits({.domain = domain,
                         .pass_all = spf.ending == spf::Qualifier::Pass ? 1 : 0,
                         .ptr_terms = std::ranges::count(spf.record.directives, spf::Mechanism::Ptr,
                                                         &spf::Directive::mechanism),
                         .lookups = spf.tree.lookups,
                         .void_lookups = spf.tree.void_lookups,
                         .lower_bound = spf.tree.lower_bound,
                         .txt_octets = spf.octets,
                         .record_octets = spf.text.size(),
                         .root = &spf.tree.root,
                         .needless = spf.needless}),
      std::back_inserter(faults));
}

// One width is one finding: `spf-broad` counts IPv4 by address, `authority-wide` has the rest.
void check_width(const SpfFacts& spf, const Name& domain, rules::Faults& faults) {
  const auto broad = rules::spf_broad(domain, spf.reach, spf.own);
  add(faults, broad);
  add(faults, rules::spf_private(domain, spf.own));
  rules::SpfReach reach = spf.reach;
  if (broad && broad->extent > 1) reach.width = rules::Width::Narrow;
  add(faults, rules::authority_wide(domain, reach, spf.tree.root));
}

}  // namespace

// A record that receivers reject as a whole has one finding: its terms and limits are of no effect.
void check_spf(const Facts& facts, rules::Faults& faults) {
  const SpfFacts& spf = facts.spf;
  const Name& domain = facts.subject.domain;
  if (!spf.near_miss.empty()) {
    add(faults, rules::spf_near_miss(domain, spf.near_miss, spf.slip));
  }
  if (spf.state == State::None) return add(faults, spf_missing(facts));
  if (spf.state == State::Several) return add(faults, rules::spf_multiple(domain, spf.problem));
  if (spf.state == State::Invalid) return add(faults, rules::spf_invalid(domain, spf.problem));
  check_limits(facts, faults);
  const bool everybody = spf.ending == spf::Qualifier::Pass;
  for (const spf::TreeNode* node : broken_nodes(spf.tree.root)) {
    add(faults, rules::spf_unresolved(*node));
  }
  for (const rules::NameFault& one : spf.names) faults.push_back(one.fault);
  if (facts.mx.null && !spf.passes_nobody) add(faults, rules::mx_null_sender(domain));
  add(faults, rules::spf_neutral(domain, spf.ending));
  add(faults, rules::spf_dead_terms(spf.record));
  add(faults, rules::spf_term_ignored(domain, spf.record));
  // `+all` passes every address; that the sum is large is then no second fault.
  if (everybody) return;
  check_width(spf, domain, faults);
}

// The qualifier is printed as it is written in the record, which is what people look for.
std::string describe_ending(const SpfFacts& spf) {
  if (!spf.ending) return "its ending is behind a redirect that cannot be read";
  return fmt::format("ends in {}all", static_cast<char>(*spf.ending));
}

std::vector<const spf::TreeNode*> broken_nodes(const spf::TreeNode& root) {
  std::vector<const spf::TreeNode*> broken;
  collect_broken(root, broken);
  return broken;
}

bool sends_nothing(const Facts& facts) {
  return facts.spf.state == State::Valid && facts.spf.passes_nobody &&
         facts.spf.ending == spf::Qualifier::Fail;
}

}  // namespace rampart::audit
