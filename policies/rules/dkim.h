/// Rules on one DKIM key record and its selector (RFC 6376, RFC 8301).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/dkim/key.h"
#include "policies/rules/fault.h"

namespace rampart::rules {

/// What verifiers make of one key record (RFC 6376 section 3.6.1).
struct KeyReading {
  dkim::KeyShape shape;            ///< Of a key that can be used.
  std::string problem;             ///< Not empty: why verifiers cannot use the record.
  bool revoked = false;            ///< `p=` is empty.
  bool testing = false;            ///< `t=y`
  std::vector<std::string> slips;  ///< Where it breaks the grammar, and verifiers accept it.
};
/// Reads a record as verifiers do, up to its first problem.
KeyReading read_key(const std::string& text);

/// How long an RSA key is (RFC 8301 section 3.2); Ed25519 keys have one length and are Strong.
enum class KeyLength {
  Weak,   ///< Below 1024 bits: verifiers treat it as no key.
  Short,  ///< Below 2048 bits: it works, but longer ones are recommended.
  Strong,
};
/// The length of a key by these limits.
KeyLength length_of(const dkim::KeyShape& shape);

/// Who can replace a key: the domain's owner, or the vendor to whom a CNAME delegates it.
enum class KeyHolder { Domain, Vendor };

/// `dkim-key-weak`, which blocks, or `dkim-key-short`.
std::optional<Fault> key_too_short(const Name& selector, const dkim::KeyShape& shape,
                                   KeyHolder holder);

/// `dkim-key-invalid`: verifiers cannot use the record.
Fault key_invalid(const Name& selector, const std::string& problem);

/// `dkim-key-long`: an RSA key of more bits than verifiers must be able to check (RFC 8301
/// section 3.2).
std::optional<Fault> key_too_long(const Name& selector, const dkim::KeyShape& shape);

/// `dkim-key-syntax`: a record that verifiers accept breaks the grammar.
std::optional<Fault> key_syntax(const Name& selector, const std::vector<std::string>& slips);

/// What is wrong with the one key record at a selector, beside `others` TXT values that are none.
/// A revoked key has no fault: that is how a key is retired.
Faults faults_of(const Name& selector, const KeyReading& reading, KeyHolder holder,
                 std::size_t others);

/// `dkim-key-revoked`: the selector's CNAME leads to `target`, whose key is revoked.
Fault key_revoked(const Name& selector, const Name& target);

/// `dkim-several-keys`: more than one key record at a selector.
Fault several_keys(const Name& selector);

/// `dkim-several-keys`, a warning: `others` TXT values that are no key exist beside the key.
std::optional<Fault> values_beside_key(const Name& selector, std::size_t others);

/// `dkim-testing`: the key is marked `t=y`.
Fault key_testing(const Name& selector);

/// `selector-dangling`: the selector's CNAME leads to a name that does not exist. Anyone who
/// registers that name signs as `domain`; a target within `domain` is named as one whose final dot
/// is missing.
Fault selector_dangling(const Name& domain, const Name& selector, const Name& target);

/// `dkim-unresolved`: the selector's CNAME leads to a name without a key.
Fault target_without_key(const Name& selector, const Name& target);

}  // namespace rampart::rules
