/// Rotation of keys: states and steps.
#include "policies/dkim/rotation.h"

#include <fmt/format.h>

#include <algorithm>

#include "policies/dkim/rotation_proof.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

// A name server may remember that a name is missing for a day (RFC 2308 section 5).
constexpr days kNegativeCache{1};

// What was not observed is Unclear, never Absent: a key that cannot be seen must not be taken for
// removed.
LiveKey live_of(const RotationFacts& facts, const std::string& selector) {
  const auto found = facts.live.find(selector);
  return found == facts.live.end() ? LiveKey::Unclear : found->second;
}

// Both halves of a pair must be live: a verifier may support only one of the algorithms.
bool all_published(const RotationFacts& facts, const std::string& selector) {
  return std::ranges::all_of(selectors_of(selector), [&](const std::string& one) {
    return live_of(facts, one) == LiveKey::Published;
  });
}

bool is_compromised(const RotationFacts& facts, const std::string& selector) {
  return std::ranges::any_of(selectors_of(selector), [&](const std::string& one) {
    return contains(facts.spec.compromised, one);
  });
}

// The calendar does not apply then: a thief of the key can sign as the domain until another one is
// in use.
bool is_emergency(const RotationFacts& facts) {
  return facts.spec.current && is_compromised(facts, *facts.spec.current);
}

// When a published key may be signed with. The first key of a rotation need not wait: no receiver
// has asked for its name before, so none remembers that it was missing.
Time signs_from(const RotationFacts& facts) {
  const RotationSpec& spec = facts.spec;
  const Date seen = spec.published.value_or(floor<days>(facts.now));
  if (!spec.current || is_emergency(facts)) return facts.now;
  const Time ahead = add(date_of(*spec.next).value_or(seen), spec.publish_ahead);
  return std::max<Time>(ahead, seen + kNegativeCache);
}

// Date and text are set together, since one without the other would show a date for the wrong
// action.
void set_due(RotationStep& step, Time due, std::string what) {
  step.due = due;
  step.what = std::move(what);
}

// The signer moves to `next` only after every server shows it and negative answers have expired.
void evaluate_next(const RotationFacts& facts, RotationStep& step) {
  const std::string& next = *facts.spec.next;
  if (is_compromised(facts, next)) {
    step.make = new_selector(facts);
    for (const std::string& one : selectors_of(next)) {
      SelectorState state{.selector = one};
      const bool published = live_of(facts, one) == LiveKey::Published;
      state.state = published ? KeyState::Published : KeyState::Pending;
      state.why = "it is compromised and will never sign; another key takes its place";
      step.selectors.push_back(std::move(state));
    }
    return set_due(step, facts.now,
                   fmt::format("make another key, because {} is compromised", next));
  }
  const bool published = all_published(facts, next);
  const Time from = signs_from(facts);
  for (const std::string& one : selectors_of(next)) {
    SelectorState state{.selector = one};
    state.state = published ? KeyState::Published : KeyState::Pending;
    state.why = published ? "on every server" : "not on every server yet";
    if (published) state.changes = from;
    step.selectors.push_back(std::move(state));
  }
  if (!published)
    return set_due(step, facts.now, fmt::format("publish {} with `rampart apply`", next));
  step.promote = facts.now >= from;
  if (!facts.spec.published && !step.promote) step.published = floor<days>(facts.now);
  set_due(step, from, fmt::format("make {} the current key", next));
}

// When the key after `current` is to be made. A selector without a date in its name was made by
// hand; its age is unknown, so that it counts as due.
Time next_due(const RotationFacts& facts) {
  const auto made = date_of(*facts.spec.current);
  if (is_emergency(facts) || !made) return facts.now;
  return add(*made, facts.spec.every);
}

// The name of a new key bears today's date even when it is overdue, because the date shows how old
// the key is.
void evaluate_making(const RotationFacts& facts, RotationStep& step) {
  const Time due = facts.spec.current ? next_due(facts) : facts.now;
  if (facts.now >= due) step.make = new_selector(facts);
  set_due(step, due, facts.spec.current ? "make the next key" : "make the first key");
}

// A compromised key that still signs is held, not revoked: revoking it first would fail all mail.
void evaluate_current(const RotationFacts& facts, RotationStep& step) {
  const std::string& current = *facts.spec.current;
  for (const std::string& one : selectors_of(current)) {
    const bool published = live_of(facts, one) == LiveKey::Published;
    SelectorState state{.selector = one};
    state.state = published ? KeyState::Active : KeyState::Pending;
    state.why =
        published ? "the signer should use it" : "not on every server (`rampart plan` shows why)";
    if (is_compromised(facts, one)) {
      state.hold = "selector-compromised";
      state.why = "it is compromised, and will be revoked once another key signs";
    }
    step.selectors.push_back(std::move(state));
  }
  if (facts.spec.signing && !facts.spec.signing_since && !step.promote &&
      signs_with_current(facts)) {
    step.signing_since = floor<days>(facts.now);
  }
}

// A published key while another one signs. A compromised key is revoked without proof of silence,
// but not before its replacement is live: else all mail would fail.
void evaluate_retiring(const RotationFacts& facts, SelectorState& state) {
  state.state = KeyState::Retiring;
  const bool replaced = facts.spec.current && all_published(facts, *facts.spec.current);
  if (replaced && is_compromised(facts, state.selector)) {
    state.revoke_now = true;
    state.why = fmt::format("it is compromised; the current key is {}", *facts.spec.current);
    return;
  }
  const SwitchProof proof =
      facts.spec.current ? proof_that_unused(facts, state.selector) : SwitchProof{};
  state.changes = proof.revoke_at;
  state.why = proof.why;
  state.hold = proof.hold;
  if (!proof.hold.empty()) return;
  state.revoke_now = replaced;
  if (replaced) return;
  state.hold = "selector-unproven";
  state.why = "no other key is on every server";
}

// The day on which the revocation was first seen is written into the YAML by `keys rotate`; without
// it the waiting time cannot be measured.
void evaluate_revoked(const RotationFacts& facts, SelectorState& state, RotationStep& step) {
  state.state = KeyState::Revoked;
  const auto seen = facts.spec.revoked.find(state.selector);
  if (seen == facts.spec.revoked.end()) {
    step.revoked.emplace(state.selector, floor<days>(facts.now));
    return;
  }
  state.changes = add(seen->second, facts.spec.revoke);
  state.remove_now = facts.now >= *state.changes;
  state.why = fmt::format("it has been revoked since {}", to_text(seen->second));
}

// Removed keys are recognised by their absence, since there is no state file.
SelectorState evaluate_past(const RotationFacts& facts, const std::string& selector,
                            RotationStep& step) {
  SelectorState state{.selector = selector};
  switch (live_of(facts, selector)) {
    case LiveKey::Absent:
      state.state = KeyState::Removed;
      break;
    case LiveKey::Revoked:
      evaluate_revoked(facts, state, step);
      break;
    case LiveKey::Published:
      evaluate_retiring(facts, state);
      break;
    case LiveKey::Unclear:
      state.state = KeyState::Retiring;
      state.hold = "selector-unproven";
      state.why = "its state is not known on every server";
      break;
  }
  return state;
}

}  // namespace

std::string_view to_text(KeyState state) {
  constexpr std::array<std::string_view, 6> kNames = {"pending",  "published", "active",
                                                      "retiring", "revoked",   "removed"};
  return word_of(kNames, state);
}

// `next` is evaluated first, since promoting it changes what counts as the current key.
RotationStep rotation_step(const RotationFacts& facts) {
  RotationStep step;
  if (facts.spec.next) {
    evaluate_next(facts, step);
  } else {
    evaluate_making(facts, step);
  }
  if (facts.spec.current) evaluate_current(facts, step);
  for (const std::string& past : facts.spec.past) {
    if (contains(step.selectors, past, &SelectorState::selector)) continue;
    step.selectors.push_back(evaluate_past(facts, past, step));
  }
  return step;
}

}  // namespace rampart
