/// How far a record opens its domain through everything that it includes. The vendor of an include
/// can change its record at any time, so that the width is looked at in every run.
#include <fmt/format.h>

#include <algorithm>

#include "mail/spf/tree.h"
#include "policies/guardrails/spf.h"
#include "policies/model/lookup.h"
#include "policies/rules/spf.h"
#include "policies/spf/lock.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

// A `ptr` of the record itself is `spf-ptr`, and its own `+all` is `spf-all`: what a reader sees in
// the record needs no second finding.
std::optional<rules::Fault> wide_fault(const SpfCase& item, const SpfView& view) {
  if (!view.record) return std::nullopt;
  const Name& domain = item.domain.name;
  rules::SpfReach reach = rules::spf_reach(spf::admitted_by(domain, *view.record, *view.answers));
  for (const spf::Directive& own : view.record->directives) {
    const bool passes = own.qualifier == spf::Qualifier::Pass;
    if (own.mechanism == spf::Mechanism::All && passes) return std::nullopt;
    if (own.mechanism == spf::Mechanism::Ptr) std::erase(reach.open, spf::print(own));
  }
  if (!rules::is_wide(reach)) return std::nullopt;  // Almost all: the tree is only for the words.
  return rules::authority_wide(domain, reach,
                               spf::tree_of(domain, *view.record, *view.answers).root);
}

// The declared sender whose own term this is; null where there is none.
const SenderUse* use_of(const SpfCase& item, const std::string& term) {
  for (const SenderUse& use : item.domain.declared_senders()) {
    if (contains(terms_of(use, item.domain.name), term)) return &use;
  }
  return nullptr;
}

/// The terms of a record that decide for each message, themselves or behind an include.
struct OpenTerms {
  bool documented = true;  ///< All are terms of the catalogue that have the macros themselves.
  Mark mark;               ///< The line of the first declared sender of such a term.
};

OpenTerms open_terms(const SpfCase& item) {
  OpenTerms open;
  for (const spf::Directive& own : item.after.record->directives) {
    if (own.mechanism == spf::Mechanism::Ptr) continue;
    const std::string term = spf::print(own);
    const auto alone =
        spf::admitted_by(item.domain.name, spf::Record{{own}, {}}, *item.after.answers);
    if (alone.open_pass.empty()) continue;
    const SenderUse* use = use_of(item, term);
    const bool listed = use != nullptr && use->sender->builtin;
    open.documented = open.documented && listed && alone.open_pass == std::vector{term};
    if (use != nullptr && open.mark.line == 0) open.mark = use->mark;
  }
  // Where it redirects to belongs to nobody in the catalogue.
  const spf::Modifier* redirect = item.after.record->find_modifier("redirect");
  if (redirect == nullptr) return open;
  const auto there =
      spf::admitted_by(item.domain.name, spf::Record{{}, {*redirect}}, *item.after.answers);
  if (!there.open_pass.empty()) open.documented = false;
  return open;
}

// Macros are how some services and some large senders work, so that they are never refused; where
// the catalogue's own term shows them, the finding is for information only.
std::optional<Finding> of_case(const SpfCase& item) {
  std::optional<rules::Fault> fault = wide_fault(item, item.after);
  if (!fault) return std::nullopt;
  const std::optional<rules::Fault> before =
      item.changes ? wide_fault(item, item.before) : std::nullopt;
  const rules::Faults faults = before ? rules::Faults{*before} : rules::Faults{};
  const bool open_only = rules::is_open_alone(*fault);
  const OpenTerms open = open_only ? open_terms(item) : OpenTerms{};
  const bool caused = item.changes && rules::worsens(*fault, faults);
  if (caused && !open_only) return spf_refusal(item, std::move(*fault));
  Finding finding = spf_finding(item, std::move(*fault));
  if (open_only && open.documented) finding.severity = Severity::Info;
  if (open.mark.line > 0) finding.mark = open.mark;
  return finding;
}

// A vendor's term against the addresses that a person reviewed. Without all answers the width is
// not known, and `spf-unresolved` reports that.
void compare_with_lock(const SpfCase& item, const World& world, std::vector<Finding>& found) {
  const SpfLock* lock = find_value(world.spf_locks, item.domain.name);
  if (lock == nullptr) return;
  for (const auto& [term, known] : lock->terms) {
    const auto alone = spf::parse_terms(term);
    if (!alone) continue;
    const auto now = spf::admitted_by(item.domain.name, *alone, world.answers);
    const spf::IpSet reviewed = set_of(known.networks);
    if (now.open_pass.empty() && !is_much_wider(now.pass, reviewed)) continue;
    const std::string what =
        now.open_pass.empty()
            ? fmt::format("admits {} IPv4 addresses", now.pass.count4())
            : fmt::format("decides for each message who passes (`{}`)", now.open_pass.front());
    Finding finding = spf_finding(
        item, {.code = "authority-wide",
               .message = fmt::format("`{}` now {}; spf.lock has {} of {}", term, what,
                                      reviewed.count4(), to_text(known.resolved)),
               .hint = "ask its operator whether this is meant; until then flatten it or drop it, "
                       "and do not refresh spf.lock"});
    if (const SenderUse* use = use_of(item, term)) finding.mark = use->mark;
    found.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> authority_wide(const Plan& plan, const Config& config, const World& world) {
  std::vector<Finding> found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    std::vector<Finding> here;
    if (auto finding = of_case(item)) here.push_back(std::move(*finding));
    compare_with_lock(item, world, here);
    for (Finding& finding : here) {
      // Another tool keeps that record: no change of a plan can narrow it.
      if (item.domain.leaves_spf()) finding.severity = Severity::Info;
      found.push_back(std::move(finding));
    }
  }
  return found;
}

}  // namespace rampart
