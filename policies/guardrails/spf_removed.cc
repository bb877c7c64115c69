/// Who could send before and cannot after: a declared sender's loss is an Error.
#include <fmt/format.h>

#include <algorithm>

#include "mail/spf/tree.h"
#include "policies/guardrails/spf.h"
#include "policies/model/sender_use.h"
#include "policies/spf/cases.h"
#include "policies/spf/compare.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

spf::Record record_of(const std::string& term) {
  const auto parsed = spf::parse_terms(term);
  return parsed ? *parsed : spf::Record{};
}

// The declared sender that the lost term belongs to: it asks for that very term, or for addresses
// that only that term let pass. Null where no declared sender asks for it.
const SenderUse* owner_of(const Permission& lost, const SpfCase& item) {
  if (!item.domain.senders) return nullptr;
  const Name& name = item.domain.name;
  const auto pass = [&](const spf::Record& record) {
    return spf::admitted_by(name, record, *item.before.answers).pass;
  };
  const spf::Record term = record_of(lost.text());
  const spf::IpSet gone = pass(term).without(
      spf::admitted_by(name, item.after.record.value_or(spf::Record{}), *item.after.answers).pass);
  for (const SenderUse& use : *item.domain.senders) {
    for (const std::string& own : terms_of(use, name)) {
      const spf::Record asked = record_of(own);
      if (spf::same_meaning(term, asked) || !gone.common(pass(asked)).empty()) return &use;
    }
  }
  return nullptr;
}

Finding sender_removed(const SpfCase& item, const std::string& lost, const SenderUse& use) {
  Finding finding = spf_refusal(
      item, {.code = "spf-sender-removed",
             .message = fmt::format("`{}` would no longer pass as {}, but {} is still declared for "
                                    "it",
                                    lost, item.domain.name.text(), use.sender->id),
             .hint = fmt::format("set `spf: always` on {0} to keep the term, `spf: never` to drop "
                                 "it, or `retired:` when {0} has stopped sending",
                                 use.sender->id)});
  finding.mark = use.mark;
  return finding;
}

// Whether the sender's mail needs the term at this domain. Mail that bounces to the vendor's own
// domain is checked there (RFC 7208 section 2.4).
bool is_needed(const SenderUse& use, const World& world) {
  const IncludeNeeded needed = use.sender->include_needed;
  const bool needless =
      use.spf == SpfUse::Never || (use.spf == SpfUse::Auto && needed != IncludeNeeded::Yes &&
                                   needed != IncludeNeeded::Optional);
  return !needless && !is_retired(use, world.now);
}

Finding term_removed(const SpfCase& item, const std::string& lost, const Config& config) {
  const Sender* sender = sender_of_term(lost, config);
  const std::string owner = sender == nullptr
                                ? "the catalogue does not know it"
                                : fmt::format("it belongs to {} ({})", sender->name, sender->id);
  return spf_finding(
      item, {.code = "spf-term-removed",
             .message = fmt::format("`{}` leaves the record of {}: no declared sender asks for it; "
                                    "{}",
                                    lost, item.domain.name.text(), owner),
             .hint = sender == nullptr
                         ? "if it still sends, add it to `senders:` or to `extra:`"
                         : fmt::format("if it still sends, add `{}` to `senders:`", sender->id)});
}

}  // namespace

std::vector<Finding> spf_removed(const Plan& plan, const Config& config, const World& world) {
  std::vector<Finding> found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (!item.changes) continue;
    const SpfDelta delta = compare_spf(item.domain.name, item.before, item.after);
    for (const Permission& permission : delta.loses) {
      const std::string& lost = permission.text();
      const SenderUse* use = owner_of(permission, item);
      if (lost == "all") continue;  // Dropping `all` takes no particular sender away.
      if (use == nullptr) {
        found.push_back(term_removed(item, lost, config));
      } else if (is_needed(*use, world)) {
        found.push_back(sender_removed(item, lost, *use));
      }
    }
  }
  return found;
}

}  // namespace rampart
