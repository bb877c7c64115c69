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
  return spf::parse_terms(term).ok() ? spf::parse_terms(term).value() : spf::Record{};
}

/// The use of a sender that the lost term belongs to: it asks for that very term, or for addresses
/// that only that term let pass. Null where no declared sender asks for it.
const SenderUse* owner_of(const std::string& lost, const SpfCase& item) {
  if (!item.domain.senders) return nullptr;
  const Name& name = item.domain.name;
  const auto pass = [&](const spf::Record& record) {
    return spf::admitted_by(name, record, *item.before.answers).pass;
  };
  const spf::Record term = record_of(lost);
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
  Finding finding =
      spf_finding(item, Fault::New, "spf-sender-removed",
                  fmt::format("`{}` would no longer pass as {}, but {} is still declared for it",
                              lost, item.domain.name.text(), use.sender->id));
  finding.mark = use.mark;
  finding.hint = fmt::format(
      "set `spf: always` on {0} to keep the term, `spf: never` to let it go, "
      "or `retired:` when {0} has stopped sending",
      use.sender->id);
  return finding;
}

/// Whether losing the term hurts this sender: not when its mail never needed it here.
bool hurts(const SenderUse& use, const World& world) {
  const IncludeNeeded needed = use.sender->include_needed;
  const bool needless =
      use.spf == SpfUse::Never || (use.spf == SpfUse::Auto && needed != IncludeNeeded::Yes &&
                                   needed != IncludeNeeded::Optional);
  return !needless && !is_retired(use, world.now);
}

Finding term_removed(const SpfCase& item, const std::string& lost, const Config& config) {
  const Sender* sender = sender_of_term(lost, config);
  const std::string who = sender == nullptr ? "nobody in the catalogue"
                                            : fmt::format("{} ({})", sender->name, sender->id);
  Finding finding = spf_finding(
      item, Fault::Standing, "spf-term-removed",
      fmt::format("`{}` leaves the record of {}: no declared sender asks for it; it belongs to {}",
                  lost, item.domain.name.text(), who));
  finding.hint = sender == nullptr
                     ? "if it still sends, add it to `senders:` or to `extra:`"
                     : fmt::format("if it still sends, add `{}` to `senders:`", sender->id);
  return finding;
}

}  // namespace

std::vector<Finding> spf_removed(const Plan& plan, const Config& config, const World& world) {
  std::vector<Finding> found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (!item.changes) continue;
    const SpfDelta delta = compare_spf(item.domain.name, item.before, item.after);
    for (const std::string& lost : delta.loses) {
      const SenderUse* use = owner_of(lost, item);
      if (lost == "all") continue;  // Losing "everybody" is no sender's loss.
      if (use == nullptr) {
        found.push_back(term_removed(item, lost, config));
      } else if (hurts(*use, world)) {
        found.push_back(sender_removed(item, lost, *use));
      }
    }
  }
  return found;
}

}  // namespace rampart
