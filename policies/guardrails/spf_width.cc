/// How many hosts a record's own terms let pass: what a plan adds, and what is live already.
#include <fmt/format.h>

#include "base/counted.h"
#include "policies/guardrails/spf.h"
#include "policies/model/lookup.h"
#include "policies/rules/spf_width.h"
#include "policies/spf/lock.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using rules::Width;
using spf::IpSet;

IpSet passed_by(const SpfCase& item, const spf::Record& record, const SpfView& view) {
  return spf::admitted_by(item.domain.name, record, *view.answers).pass;
}

// What the declared senders of the catalogue pass, as DNS and as spf.lock have it: flattening
// publishes the latter. Their vendors choose the width, which is no decision of this plan.
IpSet vendors_width(const SpfCase& item, const World& world) {
  const SpfLock* lock = find_value(world.spf_locks, item.domain.name);
  IpSet width;
  for (const SenderUse& use : item.domain.declared_senders()) {
    if (!use.sender->builtin) continue;
    for (const std::string& term : terms_of(use, item.domain.name)) {
      const auto alone = spf::parse_terms(term);
      if (alone) width = width.united(passed_by(item, *alone, item.after));
      const LockedTerm* locked = lock == nullptr ? nullptr : find_value(lock->terms, term);
      if (locked != nullptr) width = width.united(set_of(locked->networks));
    }
  }
  return width;
}

// What the record passes other than by terms of the catalogue, declared or not.
IpSet chosen_width(const SpfCase& item, const Config& config) {
  spf::Record chosen = *item.after.record;
  std::erase_if(chosen.directives, [&](const spf::Directive& directive) {
    const Sender* sender = sender_of_term(spf::print(directive), config);
    return sender != nullptr && sender->builtin;
  });
  return passed_by(item, chosen, item.after);
}

// Whatever passed before is no gain, by whichever term: a flattened include is the same addresses.
IpSet gained_by(const SpfCase& item, const Config& config, const World& world) {
  const IpSet chosen = chosen_width(item, config);
  if (rules::width_of(chosen) < Width::Shared) return {};
  IpSet known = vendors_width(item, world);
  if (item.before.record) known = known.united(passed_by(item, *item.before.record, item.before));
  return chosen.without(known);
}

Finding too_wide(const SpfCase& item, const IpSet& gained) {
  return spf_refusal(
      item,
      {.code = "spf-wide",
       .message =
           fmt::format("{} would let {} more IPv4 addresses{} pass than before",
                       item.domain.name.text(), grouped(static_cast<std::int64_t>(gained.count4())),
                       rules::is_wide6(gained) ? " and an IPv6 network wider than /24" : ""),
       .hint = "check the prefix lengths: name the hosts that send, not their whole network"});
}

// More than a /8 is `authority-wide`, which looks at the whole tree.
void check_own(const SpfCase& item, const IpSet& own, std::vector<Finding>& found) {
  if (auto fault = rules::spf_broad(item.domain.name, {}, own)) {
    found.push_back(spf_finding(item, std::move(*fault)));
  }
  if (auto fault = rules::spf_private(item.domain.name, own)) {
    found.push_back(spf_finding(item, std::move(*fault)));
  }
}

}  // namespace

void check_width(const SpfCase& item, const Config& config, const World& world,
                 std::vector<Finding>& found) {
  if (!item.after.record) return;
  const IpSet gained = item.changes.empty() ? IpSet{} : gained_by(item, config, world);
  if (rules::width_of(gained) >= Width::Shared) {
    found.push_back(too_wide(item, gained));
    return;
  }
  const IpSet own = rules::own_networks(item.domain.name, *item.after.record, *item.after.answers);
  // A flattened vendor's networks are not the owner's choice.
  if (!own.empty()) check_own(item, own.without(vendors_width(item, world)), found);
}

}  // namespace rampart
