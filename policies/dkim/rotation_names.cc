/// The names of a rotation's selectors, and their live keys.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mail/dkim/key.h"
#include "policies/dkim/key_files.h"
#include "policies/dkim/names.h"
#include "policies/dkim/rotation.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

constexpr std::size_t kDigits = 8;

// Where the eight digits of a day begin that end the name, but for a counter and a pair's letter.
std::optional<std::size_t> digits_at(std::string_view selector) {
  for (std::size_t dash = selector.find('-'); dash != selector.npos;
       dash = selector.find('-', dash + 1)) {
    const std::string_view digits = selector.substr(dash + 1, kDigits);
    std::string_view rest = selector.substr(std::min(dash + 1 + kDigits, selector.size()));
    if (digits.size() < kDigits || !std::ranges::all_of(digits, is_digit)) continue;
    if (rest.ends_with('r') || rest.ends_with('e')) rest.remove_suffix(1);
    if (rest.starts_with('-') && rest.size() > 1) {
      rest.remove_prefix(1);
      while (!rest.empty() && is_digit(rest.front())) rest.remove_prefix(1);
    }
    if (rest.empty()) return dash + 1;
  }
  return std::nullopt;
}

// The key that exists in the key folder under this selector; null where it has none. Without a key
// folder at hand (a checkout without secrets) any live key is accepted, since there is nothing to
// compare.
const ParsedKey* made_key(const Domain& domain, const World& world, const std::string& selector) {
  const auto made = world.keys.find(rotation_key_path(domain.name, selector));
  if (made == world.keys.end() || !made->second.record) return nullptr;
  const ParsedKey* key = made->second.record->key();
  return key != nullptr && !key->record.revoked() ? key : nullptr;
}

// Several values at one selector are Unclear: verifiers may pick any of them
// (RFC 6376 section 3.6.2.2).
LiveKey key_in(const LiveSet& live, const ParsedKey* made) {
  if (live.state == LiveState::Absent) return LiveKey::Absent;
  if (live.state != LiveState::Present || live.set.values.size() != 1) return LiveKey::Unclear;
  const ParsedKey* key = live.set.values.begin()->key();
  if (key == nullptr) return LiveKey::Unclear;
  if (key->record.revoked()) return LiveKey::Revoked;
  return made == nullptr || made->record.key == key->record.key ? LiveKey::Published
                                                                : LiveKey::Unclear;
}

}  // namespace

// Zones that differ are Unclear too, because receivers may ask either of them.
LiveKey live_key(const Domain& domain, const World& world, const std::string& selector) {
  const auto name = selector_name(domain, selector);
  if (!name) return LiveKey::Unclear;
  const ParsedKey* made = made_key(domain, world, selector);
  std::optional<LiveKey> together;
  for (const LiveZone* zone : world.zones_for(domain, *name)) {
    const LiveKey one = key_in(zone->at({*name, RecordType::TXT}), made);
    if (together && *together != one) return LiveKey::Unclear;
    together = one;
  }
  return together.value_or(LiveKey::Unclear);
}

RotationFacts facts_for(const Domain& domain, const RotationSpec& spec, const World& world) {
  RotationFacts facts{domain.name, spec,
                      {},          world.evidence ? &*world.evidence : nullptr,
                      world.now,   selectors_taken(domain.name, world)};
  for (const std::string& selector : selectors_of(spec)) {
    facts.live[selector] = live_key(domain, world, selector);
  }
  return facts;
}

// The letter marks a pair's halves apart: `r` for RSA and `e` for Ed25519.
std::vector<std::string> selectors_of(const std::string& selector) {
  if (!selector.ends_with('r') || !digits_at(selector)) return {selector};
  return {selector, selector.substr(0, selector.size() - 1) + "e"};
}

std::vector<std::string> selectors_of(const RotationSpec& spec) {
  std::vector<std::string> all;
  const auto add_one = [&all](const std::string& selector) {
    if (!contains(all, selector)) all.push_back(selector);
  };
  for (const auto& key : {spec.next, spec.current}) {
    if (key) std::ranges::for_each(selectors_of(*key), add_one);
  }
  std::ranges::for_each(spec.past, add_one);
  return all;
}

std::optional<Date> date_of(const std::string& selector) {
  const auto at = digits_at(selector);
  if (!at) return std::nullopt;
  const std::string text = selector.substr(*at, kDigits);
  return parse_date(fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6)));
}

// A name is never used twice, even after its removal: old mail may still be verified with it
// (RFC 6376 section 3.1).
std::string new_selector(const RotationFacts& facts) {
  const RotationSpec& spec = facts.spec;
  std::string digits = to_text(utc_day(facts.now));
  std::erase(digits, '-');
  const std::string letter = spec.algorithm == RotationAlgorithm::Both ? "r" : "";
  std::vector<std::string> used = selectors_of(spec);
  used.insert(used.end(), facts.in_folder.begin(), facts.in_folder.end());
  for (int count = 1;; ++count) {
    const std::string counter = count == 1 ? "" : fmt::format("-{}", count);
    const std::string stem = fmt::format("{}-{}{}", spec.name, digits, counter);
    // The other letters of the stem count too: two keys of one day must not be taken for a pair.
    const bool taken = std::ranges::any_of(used, [&](const std::string& one) {
      return one == stem || one == stem + "r" || one == stem + "e";
    });
    if (!taken) return stem + letter;
  }
}

}  // namespace rampart
