/// Who passes by a record and everything that it includes. A vendor can change an included record
/// at any time, so that this is checked in every run and not only where a plan changes the record.
#include <fmt/format.h>

#include <algorithm>

#include "mail/spf/tree.h"
#include "policies/guardrails/spf.h"
#include "policies/model/lookup.h"
#include "policies/rules/spf_width.h"
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
  // Few records are wide, and only the message of those needs the tree.
  if (!rules::is_wide(reach)) return std::nullopt;
  std::vector<Question> unknown;
  return rules::authority_wide(domain, reach, spf_tree(domain, view, unknown).root);
}

/// The terms of a record that decide for each message, themselves or behind an include.
struct OpenTerms {
  bool documented = true;  ///< All are terms of the catalogue, and have the macros themselves.
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
    const SenderUse* use = use_of_term(term, item.domain);
    const bool listed = use != nullptr && use->sender->builtin;
    open.documented = open.documented && listed && alone.open_pass == std::vector{term};
    if (use != nullptr && open.mark.line == 0) open.mark = use->mark;
  }
  // The catalogue has no redirects.
  const spf::Modifier* redirect = item.after.record->find_modifier("redirect");
  if (redirect == nullptr) return open;
  const auto there =
      spf::admitted_by(item.domain.name, spf::Record{{}, {*redirect}}, *item.after.answers);
  if (!there.open_pass.empty()) open.documented = false;
  return open;
}

// Macros are how some services and some large senders work, so that they are never refused; where
// the catalogue's own term shows them, the finding is for information only.
void check_reach(const SpfCase& item, std::vector<Finding>& found) {
  std::optional<rules::Fault> fault = wide_fault(item, item.after);
  if (!fault) return;
  if (rules::is_open_alone(*fault)) {
    const OpenTerms open = open_terms(item);
    found.push_back(spf_finding(item, std::move(*fault)));
    if (open.documented) found.back().severity = Severity::Info;
    if (open.mark.line > 0) found.back().mark = open.mark;
    return;
  }
  rules::Faults before;
  if (!item.changes.empty()) add(before, wide_fault(item, item.before));
  const bool caused = !item.changes.empty() && rules::worsens(*fault, before);
  found.push_back(caused ? spf_refusal(item, std::move(*fault))
                         : spf_finding(item, std::move(*fault)));
}

// A vendor's term against the addresses that a person reviewed. Where answers are missing, what
// they would add is not counted, and `spf-unresolved` reports them.
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
            ? "admits " + size_text(now.pass)
            : fmt::format("decides for each message who passes (`{}`)", now.open_pass.front());
    Finding finding = spf_finding(
        item, {.code = "authority-wide",
               .message = fmt::format("`{}` now {}; spf.lock has {} of {}", term, what,
                                      size_text(reviewed), to_text(known.resolved)),
               .hint = "ask its operator whether this is meant; until then flatten it or drop it, "
                       "and do not refresh spf.lock"});
    if (const SenderUse* use = use_of_term(term, item.domain)) finding.mark = use->mark;
    found.push_back(std::move(finding));
  }
}

}  // namespace

void check_authority(const SpfCase& item, const World& world, std::vector<Finding>& found) {
  check_reach(item, found);
  compare_with_lock(item, world, found);
}

}  // namespace rampart
