/// The desired records at past selectors: a key goes only on proof that nothing signs with it.
#include "policies/dkim/past_selectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/dkim/key.h"
#include "policies/dkim/names.h"
#include "policies/dkim/rotation.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

using std::chrono::ceil;
using std::chrono::days;
using std::chrono::floor;

// The record that replaces a key: of the same type, with an empty p= (RFC 6376 section 3.6.1).
// Verifiers cache by name, not by type of key, so the type matters only to people and to signers
// that check their own record.
ParsedValue revoked_record(const Domain& domain, const World& world, const std::string& selector) {
  const auto made = world.keys.find(rotation_key_path(domain.name, selector));
  const bool known = made != world.keys.end() && made->second.record && made->second.record->key();
  dkim::KeyRecord revoked;
  revoked.version = "DKIM1";
  if (known) revoked.type = made->second.record->key()->record.type;
  return ParsedValue(RecordKind::DkimKey, dkim::print_key(revoked));
}

// A held selector is listed with its reason and date, so that a plan without changes still shows
// what is coming.
void desire_one(const Domain& domain, const World& world, const SelectorState& state,
                PolicyResult& policy_result) {
  const auto name = selector_name(domain, state.selector);
  if (!name) return;
  if (!state.hold.empty()) {
    const std::string until = state.changes ? fmt::format("; it will be revoked on {}",
                                                          to_text(floor<days>(*state.changes)))
                                            : "";
    policy_result.holds.push_back({domain.name, state.hold,
                                   fmt::format("the revocation of selector {} is held: {}{}",
                                               state.selector, state.why, until)});
    return;
  }
  if (!state.revoke_now && !state.remove_now) return;
  DesiredRecord desired =
      removal({*name, RecordType::TXT}, RecordKind::DkimKey, fmt::format("because {}", state.why));
  desired.ttl = domain.ttl;
  if (state.revoke_now) desired.value = revoked_record(domain, world, state.selector);
  policy_result.desired_records.push_back(std::move(desired));
}

}  // namespace

// `rotation_step` is pure and cheap, so that it is computed again here in place of being passed
// through.
void desire_past(const Domain& domain, const World& world, PolicyResult& policy_result) {
  for (const RotationSpec& spec : domain.rotations) {
    for (const SelectorState& state : rotation_step(facts_for(domain, spec, world)).selectors) {
      desire_one(domain, world, state, policy_result);
    }
  }
}

// The guardrail against removing keys in use trusts exactly these names.
std::set<Name> proven_unused(const Domain& domain, const World& world) {
  std::set<Name> names;
  for (const RotationSpec& spec : domain.rotations) {
    for (const SelectorState& state : rotation_step(facts_for(domain, spec, world)).selectors) {
      const auto name = selector_name(domain, state.selector);
      if (name && (state.revoke_now || state.remove_now)) names.insert(*name);
    }
  }
  if (!domain.senders) return names;
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    const SenderUse& use = (*domain.senders)[record.sender];
    if (retirement_of(domain, world, use, record.name).may_go) names.insert(record.name);
  }
  return names;
}

// Proof needs three things: time for mail under way, fresh reports without the selector, and that
// reporters who once saw it still report selectors at all.
Retirement retirement_of(const Domain& domain, const World& world, const SenderUse& use,
                         const Name& name) {
  if (!is_retired(use, world.now)) return {};
  const std::string text = name.text();
  const std::string selector[] = {text.substr(0, text.find("._domainkey"))};
  const Time kept = add(*use.retired, kKeepRetired);
  // Queues and delayed mail are verified days after they were signed.
  if (world.now < kept) {
    return {false, "selector-unproven",
            fmt::format("mail of {} may be in transit until {}", use.sender->name,
                        to_text(floor<days>(kept)))};
  }
  if (!world.evidence || !is_fresh(*world.evidence, world.now)) {
    return {false, "no-evidence",
            "no recent reports can prove that nothing signs with it: ingest some with `rampart "
            "reports ingest`, or remove the record by hand once the vendor has confirmed it"};
  }
  const auto silent = silent_since(*world.evidence, domain.name, selector);
  const Time quiet = add(std::max(silent.value_or(*use.retired), *use.retired), kKeepRetired);
  // The reports about the last silent day arrive up to three days late.
  if (world.now < quiet + kReportDelay) {
    const std::string seen =
        silent ? fmt::format("a report last showed it on {}", to_text(*silent - days{1}))
               : "no report has shown it, but those of the last days may still arrive";
    return {false, "selector-unproven",
            fmt::format("{}; it can be removed on {} or later", seen,
                        to_text(ceil<days>(quiet + kReportDelay)))};
  }
  if (still_reported(*world.evidence, domain.name, selector, floor<days>(quiet) - days{1})) {
    return {true, "",
            fmt::format("{} was retired on {}, and reports no longer show this key",
                        use.sender->name, to_text(*use.retired))};
  }
  return {false, "selector-unproven",
          "the reporters that saw it no longer name selectors in their reports, which proves "
          "nothing: ask the vendor, then remove the record by hand"};
}

}  // namespace rampart
