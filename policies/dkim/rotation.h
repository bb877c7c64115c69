/// Rotation of keys as a pure function: the live state of each selector, what reports show, and the
/// clock give each selector its state and the rotation its next step.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// pending -> published -> active -> retiring -> revoked -> removed.
enum class KeyState { Pending, Published, Active, Retiring, Revoked, Removed };

/// "pending", "published", "active", "retiring", "revoked", "removed".
std::string_view to_text(KeyState state);

/// The live state of a selector over all of its zones and servers.
enum class LiveKey {
  Absent,
  Published,  ///< Everywhere, and it is the key folder's key where that has one.
  Revoked,    ///< Everywhere with an empty p=.
  Unclear,    ///< Published in part, another key, or not observable.
};

/// How the zones of the domain hold `selector`, compared with the key folder.
LiveKey live_key(const Domain& domain, const World& world, const std::string& selector);

/// All facts that a rotation depends on.
struct RotationFacts {
  const Name& domain;
  const RotationSpec& spec;
  std::map<std::string, LiveKey> live;  ///< By selector; one that is missing is Unclear.
  const Evidence* evidence = nullptr;   ///< None: no store at hand.
  Time now;
  /// The selectors whose names files of the key folder take. A new key never takes one of these:
  /// the person who put the file there may have the private half.
  std::set<std::string> in_folder = {};
};

/// The facts of one rotation, read from the World. `domain` and `spec` must outlive them.
RotationFacts facts_for(const Domain& domain, const RotationSpec& spec, const World& world);

/// One selector's place in its life.
struct SelectorState {
  std::string selector;
  KeyState state = KeyState::Pending;
  bool revoke_now = false;           ///< Proven: an empty p= is to take the key's place.
  bool remove_now = false;           ///< It has been revoked for long enough.
  std::optional<Time> changes = {};  ///< When its next state is due, where that is known.
  std::string why = {};              ///< One clause: what it waits for, or what proves it.
  std::string hold = {};             ///< The code of what holds it, or empty.

  bool operator==(const SelectorState&) const = default;
};

/// What `rotate` is to write into the YAML, and which key it is to make.
struct RotationStep {
  std::vector<SelectorState> selectors = {};  ///< Of next, current, then past in its order.
  std::optional<std::string> make = {};       ///< The new `next`.
  bool promote = false;                       ///< `next` becomes `current`.
  std::optional<Date> published = {};         ///< To note: `next` was seen everywhere.
  std::optional<Date> signing_since = {};     ///< To note: the signer's word was seen.
  std::map<std::string, Date> revoked = {};   ///< To note: seen with an empty p=.
  std::optional<Time> due = {};               ///< When something is due next.
  std::string what = {};                      ///< What then is due.

  bool acts() const { return make || promote || published || signing_since || !revoked.empty(); }
  bool operator==(const RotationStep&) const = default;
};

/// The step of one rotation. Nothing is ever revoked without proof that the signer left it.
RotationStep rotation_step(const RotationFacts& facts);

/// The selectors of one key: both of a pair, which is named by its first ("office-20261121r").
std::vector<std::string> selectors_of(const std::string& selector);

/// Every selector of a rotation: of `next`, of `current`, and all of `past`; each once.
std::vector<std::string> selectors_of(const RotationSpec& spec);

/// The day in a selector's name: "office-20261121", "office-20261121-2r".
std::optional<Date> date_of(const std::string& selector);

/// A selector for a key made today that was never used before and has no file in the key folder.
std::string new_selector(const RotationFacts& facts);

/// Since when selectors are silent: the day after the last on which any verified report shows one.
/// Empty where none ever does.
std::optional<Date> silent_since(const Evidence& evidence, const Name& domain,
                                 std::span<const std::string> selectors);

/// Whether reports that state selectors still come, on `day` or later, from somebody who had seen
/// one of the selectors, or from anybody where nobody had.
bool still_reported(const Evidence& evidence, const Name& domain,
                    std::span<const std::string> selectors, Date day);

}  // namespace rampart
