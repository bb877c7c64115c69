/// What each domain's mail loses: keys, SPF terms, addresses, and leniency of DMARC.
#include "policies/dmarc/impact_losses.h"

#include <algorithm>

#include "mail/dkim/key.h"
#include "mail/spf/tree.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/dmarc/receiver_impact.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/spf/cases.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

constexpr std::string_view kSelectorPart = "._domainkey.";

// Calls `look` for every change, and whether it is withheld. Withheld changes are written as soon
// as somebody waives the finding, so that their effect is shown too.
template <class Look>
void each_change(const Plan& plan, Look look) {
  for (const Change& change : plan.changes) look(change, false);
  for (const Withheld& withheld : plan.withheld) look(withheld.change, true);
}

bool is_dmarc(const Change& change) { return name_kind(change.name()) == NameKind::Dmarc; }

// What can sign at a selector: keys that are not revoked, or a CNAME's target. Keys are compared by
// fingerprint, since one key can be written in several ways.
std::set<std::string> signing_at(const std::optional<ParsedTypedSet>& set) {
  std::set<std::string> signing;
  if (!set) return signing;
  for (const ParsedValue& value : set->set.values) {
    if (set->type == RecordType::CNAME) signing.insert("cname " + value.text());
    const ParsedKey* key = value.key();
    if (key == nullptr || key->record.revoked()) continue;
    signing.insert(key->shape ? key->shape->fingerprint : value.text());
  }
  return signing;
}

// Adds the selector of a change that removes a key. A replaced key is removed too: the window's
// mail was signed with it.
void note_selector(const Change& change, LostAuthorization& losses) {
  const std::string& name = change.name().text();
  const std::size_t at = name.find(kSelectorPart);
  if (at == std::string::npos) return;
  const auto after = signing_at(change.set.after);
  const bool lost = std::ranges::any_of(signing_at(change.set.before),
                                        [&](const auto& key) { return !after.contains(key); });
  if (lost) losses.selectors.insert(name.substr(0, at));
}

// Whether an alignment mode becomes strict.
bool goes_strict(const dmarc::Record& before, const dmarc::Record& after) {
  using dmarc::Alignment;
  const auto becomes_strict = [](const auto& from, const auto& to) {
    return from.value_or(Alignment::Relaxed) == Alignment::Relaxed && to == Alignment::Strict;
  };
  return becomes_strict(before.adkim, after.adkim) || becomes_strict(before.aspf, after.aspf);
}

// RFC 9989 section 4.10.2: which names have a record, and its psd tag, decide where the
// organizational domain is.
bool may_move_organization(const Change& change) {
  const auto psd_at = [](const std::optional<ParsedTypedSet>& set) {
    const std::optional<ParsedValue> value = record_in(set);
    const ParsedDmarc* read = value ? value->dmarc() : nullptr;
    return read == nullptr ? '-' : read->lenient.record.psd.value_or('u');
  };
  return psd_at(change.set.before) != psd_at(change.set.after);
}

// Both generations are compared, since a record may tighten for one of them alone.
void note_enforcement(const Change& change, const World& world, LostAuthorization& losses) {
  const EffectivePolicyChange policies = effective_policy_change(change, world);
  // Before the change, an unknown record counts as p=none: this makes the effect the larger one.
  // After it, p=none would make any effect vanish, so that it stays unknown.
  const auto known = [](const Known<dmarc::Record>& record) {
    return record.match([](const dmarc::Record& one) { return one; }, [] { return ungoverned(); },
                        [](const Unanswered&) { return ungoverned(); });
  };
  const auto compare = [&](const auto& before, const auto& after) {
    if (const Unanswered* gap = after.gap()) losses.policy_gap = *gap;
    const dmarc::Record from = known(before);
    const dmarc::Record to = known(after);
    losses.tightens = losses.tightens || dmarc::tightens(from, to);
    losses.aligns_strictly = losses.aligns_strictly || goes_strict(from, to);
  };
  compare(policies.before.by_psl, policies.after.by_psl);
  compare(policies.before.by_walk, policies.after.by_walk);
  losses.may_realign = losses.may_realign || may_move_organization(change);
}

// Whether a declared sender passes SPF without a term here: its return path is in a domain of its
// own, so that this domain's SPF record never decided about its mail.
bool keeps_passing(const Domain& domain, const Sender& sender, Time now) {
  if (!domain.senders || domain.state != DomainState::Managed) return false;
  return std::ranges::any_of(*domain.senders, [&](const SenderUse& use) {
    return use.sender->id == sender.id && !is_retired(use, now) && !uses_spf(use);
  });
}

// The sender that asks for `term`, its placeholders filled as the domain fills them. The domain's
// own senders come first: two rows of the catalogue may share a term.
const Sender* owner_of(const std::string& term, const Domain& domain, const Config& config) {
  for (const SenderUse& use : domain.senders.value_or(std::vector<SenderUse>())) {
    const auto terms = terms_of(use, domain.name);
    if (contains(terms, term)) return use.sender.get();
  }
  return sender_of_term(term, config);
}

// The SPF record that a domain is left with, where the plan writes it.
using SpfAfter = std::map<Name, spf::Record>;

// Only records at the domain's own name count; fragments are reached through it.
void note_spf_after(const Change& change, SpfAfter& after) {
  if (change.name() != change.domain || !change.set.after) return;
  for (const ParsedValue& value : change.set.after->set.values) {
    if (value.spf()) after.insert_or_assign(change.domain, *value.spf());
  }
}

// Adds the senders and addresses of the SPF terms that a domain loses.
void note_senders(const Authority& row, const Domain& domain, const Config& config,
                  const World& world, LostAuthorization& losses) {
  for (const Permission& lost : row.loses) {
    const spf::Directive* term = lost.spf_term();
    if (term == nullptr) continue;  // Selectors are handled by note_selector.
    const Sender* sender = owner_of(lost.text(), domain, config);
    if (sender != nullptr && keeps_passing(domain, *sender, world.now)) continue;
    if (sender != nullptr) losses.senders.insert(sender->id);
    losses.addresses =
        losses.addresses.united(spf::admitted_by(domain.name, {{*term}, {}}, world.answers).pass);
  }
}

}  // namespace

std::map<Name, LostAuthorization> lost_authorization(const Plan& plan,
                                                     std::span<const Authority> authority,
                                                     const Config& config, const World& world) {
  std::map<Name, LostAuthorization> all;
  SpfAfter spf_after;
  each_change(plan, [&](const Change& change, bool withheld) {
    LostAuthorization& losses = all[change.domain];
    if (is_dmarc(change)) note_enforcement(change, world, losses);
    note_selector(change, losses);
    note_spf_after(change, spf_after);
    losses.withheld = losses.withheld || withheld;
  });
  for (const Authority& row : authority) {
    const auto domain = config.domains.find(row.domain);
    if (domain == config.domains.end()) continue;
    LostAuthorization& losses = all[row.domain];
    note_senders(row, domain->second, config, world, losses);
    const auto after = spf_after.find(row.domain);
    if (after == spf_after.end()) continue;
    // Compared as sets of addresses: what another term still admits is not lost.
    losses.addresses =
        losses.addresses.without(spf::admitted_by(row.domain, after->second, world.answers).pass);
  }
  std::erase_if(all, [](const auto& row) { return !row.second.any(); });
  return all;
}

DmarcChanges planned_dmarc_changes(const Plan& plan) {
  DmarcChanges changes;
  each_change(plan, [&](const Change& change, bool) {
    if (is_dmarc(change)) changes.emplace(change.name().parent(), &change);
  });
  return changes;
}

}  // namespace rampart
