/// Findings about the keys of a domain.
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/counted.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/dkim.h"
#include "policies/rules/names.h"

namespace rampart::audit {
namespace {

// A selector that reports or the YAML name is known to be in use, so a missing key is a fault and
// no guess.
rules::Fault key_missing(const KeyFacts& key) {
  return {.code = "dkim-not-found",
          .message = fmt::format(
              "there is no key at {}, although the selector is {}", key.name.text(),
              key.query.source == Source::Declared ? "declared in the YAML" : "in use in reports"),
          .hint = "publish the key, or stop signing with this selector"};
}

void check_dangling(const Facts& facts, const KeyFacts& key, rules::Faults& faults) {
  const Name& domain = facts.subject.domain;
  add(faults, rules::selector_dangling(domain, key.name, key.cnames.back()));
  if (!key.target) return;
  add(faults, rules::takeover(rules::selector_reference(domain, key.name), *key.target));
}

// Each state has one rule at most: a key that cannot be read says nothing about its length.
void check_key(const Facts& facts, const KeyFacts& key, rules::Faults& faults) {
  switch (key.state) {
    case KeyState::Key:
      std::ranges::move(
          rules::faults_of(key.name,
                           {.shape = key.shape,
                            .problem = {},
                            .revoked = false,
                            .testing = key.testing,
                            .slips = key.slips},
                           key.cnames.empty() ? rules::KeyHolder::Domain : rules::KeyHolder::Vendor,
                           key.others),
          std::back_inserter(faults));
      return;
    case KeyState::Absent:
      return add(faults, key_missing(key));
    case KeyState::Several:
      return add(faults, rules::several_keys(key.name));
    case KeyState::Invalid:
      return add(faults, rules::key_invalid(key.name, key.problem));
    case KeyState::Dangling:
      return check_dangling(facts, key, faults);
    case KeyState::Unset:
      return add(faults, rules::target_without_key(key.name, key.cnames.back()));
    case KeyState::Revoked:
      // Publishing an empty p= is how a domain retires a key.
      if (!key.cnames.empty()) add(faults, rules::key_revoked(key.name, key.cnames.back()));
      return;
    case KeyState::Unobservable:  // Reported with all other names that DNS did not answer for.
      return;
  }
}

// All that the domain has are retired keys: whatever it signs with now was not found.
std::optional<rules::Fault> all_revoked(const Facts& facts) {
  std::vector<std::string> revoked;
  for (const KeyFacts& key : facts.dkim.keys) {
    if (key.state == KeyState::Absent) continue;
    if (key.state != KeyState::Revoked) return std::nullopt;
    revoked.push_back(key.query.selector);
  }
  return rules::Fault{
      .code = "dkim-not-found",
      .message = fmt::format("every key that was found for {} is revoked ({}): no mail signed with "
                             "it passes DKIM",
                             name_of(facts), fmt::join(revoked, ", ")),
      .hint = "name the selector that signs now in domains.yaml, or publish a key"};
}

// A domain that sends nothing needs no key. Elsewhere DNS cannot list selectors, so "none known"
// and "none found" are kept apart. A selector without an answer may hold a key: it is among the
// names of `unobservable`, and nothing is said to be missing.
}  // namespace

void check_dkim(const Facts& facts, rules::Faults& faults) {
  const DkimFacts& dkim = facts.dkim;
  for (const KeyFacts& key : dkim.keys) check_key(facts, key, faults);
  const bool some = std::ranges::any_of(
      dkim.keys, [](const KeyFacts& key) { return key.state != KeyState::Absent; });
  if (sends_nothing(facts) || dkim.unanswered > 0) return;
  if (some) return add(faults, all_revoked(facts));
  if (dkim.queried == 0) {
    faults.push_back(
        {.severity = Severity::Info,
         .code = "dkim-not-asked",
         .message = fmt::format("no selector of {} is known, so its DKIM keys were not "
                                "checked",
                                name_of(facts)),
         .hint = "try the usual selectors with --guess-selectors"});
  } else if (dkim.keys.empty() && is_revoked_for_all(dkim)) {
    faults.push_back(
        {.code = "dkim-not-found",
         .message = fmt::format("a wildcard record revokes the key of every selector of {} that "
                                "was queried: no mail signed with one of them passes DKIM",
                                name_of(facts)),
         .hint = "this is right for a domain that sends no mail; else publish a key at the "
                 "selector that signs"});
  } else if (dkim.keys.empty()) {
    faults.push_back({.code = "dkim-not-found",
                      .message = fmt::format("none of the {} queried for {} holds a key",
                                             counted(dkim.queried, "selector"), name_of(facts)),
                      .hint = dkim.guessed
                                  ? "name the selectors in domains.yaml; DNS cannot list them"
                                  : "try the usual selectors with --guess-selectors"});
  }
}

}  // namespace rampart::audit
