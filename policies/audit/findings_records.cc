/// From facts to faults: SPF, DKIM and DMARC, by the rule book.
#include <fmt/format.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/dkim.h"
#include "policies/rules/dmarc.h"
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

rules::Fault key_missing(const KeyFacts& key) {
  return {.code = "dkim-not-found",
          .message = fmt::format("{} holds no key, although the selector is {}", key.name.text(),
                                 to_text(key.query.source)),
          .hint = "publish the key, or stop signing with this selector"};
}

void check_key(const Facts& facts, const KeyFacts& key, rules::Faults& faults) {
  switch (key.state) {
    case KeyState::Key:
      add(faults, rules::key_too_short(key.name, key.shape, rules::KeyHolder::Domain));
      if (key.testing) add(faults, rules::key_testing(key.name));
      return;
    case KeyState::Absent:
      return add(faults, key_missing(key));
    case KeyState::Several:
      return add(faults, rules::several_keys(key.name));
    case KeyState::Invalid:
      return add(faults, rules::key_invalid(key.name, key.problem));
    case KeyState::Dangling:
      return add(faults,
                 rules::selector_dangling(facts.subject.domain, key.name, key.cnames.back()));
    case KeyState::Unset:
      return add(faults, rules::target_without_key(key.name, key.cnames.back()));
    case KeyState::Revoked:       // Publishing an empty p= is how a key is retired.
    case KeyState::Unobservable:  // Reported with all other names that DNS did not answer for.
      return;
  }
}

void check_policy(const DmarcFacts& dmarc, const Name& domain, rules::Faults& faults) {
  const Enforcement enforcement = enforcement_of(dmarc);
  const Name& at = dmarc.discovered()->at;
  add(faults, rules::dmarc_not_enforced(domain, enforcement.policy));
  add(faults, rules::dmarc_partial(domain, dmarc.record));
  add(faults, rules::dmarc_sub_domains(at, dmarc.record));
  add(faults, rules::dmarc_generations_differ(domain, dmarc.by_walk, dmarc.by_psl));
  add(faults, rules::dmarc_historic_tags(domain, dmarc.record));
  if (dmarc.rua.empty()) add(faults, rules::dmarc_without_rua(domain, enforcement.policy));
  for (const ReportAddress& one : dmarc.rua) {
    if (one.consent != ReportAddress::Consent::Refused) continue;
    add(faults, rules::report_unauthorized(at, one.host));
  }
}

}  // namespace

std::vector<const spf::TreeNode*> broken_nodes(const spf::TreeNode& root) {
  std::vector<const spf::TreeNode*> broken;
  collect_broken(root, broken);
  return broken;
}

bool sends_nothing(const Facts& facts) {
  return facts.spf.state == State::Valid && facts.spf.passes_nobody &&
         facts.spf.ending == spf::Qualifier::Fail;
}

void check_spf(const Facts& facts, rules::Faults& faults) {
  const SpfFacts& spf = facts.spf;
  const Name& domain = facts.subject.domain;
  if (spf.state == State::None) return add(faults, spf_missing(facts));
  if (spf.state == State::Several) return add(faults, rules::spf_multiple(domain, spf.problem));
  if (spf.state == State::Invalid) return add(faults, rules::spf_invalid(domain, spf.problem));
  const bool everybody = spf.ending == spf::Qualifier::Pass;
  std::ranges::move(
      rules::spf_limits({.domain = domain,
                         .pass_all = everybody ? 1 : 0,
                         .ptr_terms = std::ranges::count(spf.record.directives, spf::Mechanism::Ptr,
                                                         &spf::Directive::mechanism),
                         .lookups = spf.tree.lookups,
                         .void_lookups = spf.tree.void_lookups,
                         .lower_bound = spf.tree.lower_bound,
                         .txt_octets = spf.octets,
                         .record_octets = spf.text.size(),
                         .root = &spf.tree.root}),
      std::back_inserter(faults));
  for (const spf::TreeNode* node : broken_nodes(spf.tree.root)) {
    add(faults, rules::spf_unresolved(*node));
  }
  add(faults, rules::spf_neutral(domain, spf.ending));
  add(faults, rules::spf_dead_terms(spf.record));
  // `+all` passes every address; that the sum is large is then no second fault.
  if (!everybody) add(faults, rules::spf_broad(domain, spf.tree.root.addresses4));
}

void check_dkim(const Facts& facts, rules::Faults& faults) {
  const DkimFacts& dkim = facts.dkim;
  for (const KeyFacts& key : dkim.keys) check_key(facts, key, faults);
  const bool some = std::ranges::any_of(
      dkim.keys, [](const KeyFacts& key) { return key.state != KeyState::Absent; });
  if (some || sends_nothing(facts)) return;
  if (dkim.queried == 0) {
    faults.push_back(
        {.severity = Severity::Info,
         .code = "dkim-not-asked",
         .message = fmt::format("no selector of {} is known, so its DKIM keys were not "
                                "checked",
                                name_of(facts)),
         .hint = "try the usual selectors with --guess-selectors"});
  } else if (dkim.keys.empty()) {
    faults.push_back(
        {.code = "dkim-not-found",
         .message =
             fmt::format("none of {} selectors of {} holds a key", dkim.queried, name_of(facts)),
         .hint = dkim.guessed ? "name the selectors in domains.yaml; DNS cannot list them"
                              : "try the usual selectors with --guess-selectors"});
  }
}

void check_dmarc(const Facts& facts, rules::Faults& faults) {
  const DmarcFacts& dmarc = facts.dmarc;
  const Name& domain = facts.subject.domain;
  // The domain's own records may be unusable while one above it governs, so both are checked.
  if (dmarc.several_here || dmarc.state == State::Several) {
    add(faults, rules::dmarc_multiple(domain));
  }
  if (!dmarc.near_miss.empty()) {
    add(faults, rules::dmarc_near_miss(domain, dmarc.near_miss, dmarc.slip));
  }
  for (const std::string& problem : dmarc.problems) {
    add(faults, rules::dmarc_tag_invalid(domain, problem));
  }
  if (dmarc.state == State::Valid) return check_policy(dmarc, domain, faults);
  if (dmarc.state == State::None) return add(faults, rules::dmarc_missing(domain));
  if (dmarc.state == State::Invalid) add(faults, rules::dmarc_invalid(domain, dmarc.problem));
}

}  // namespace rampart::audit
