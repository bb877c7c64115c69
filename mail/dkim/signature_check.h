/// The checks that DKIM and ARC signatures share: key, body hash, signature.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answers.h"
#include "mail/dkim/key.h"
#include "mail/dkim/verify.h"

namespace rampart::dkim {

/// Why a signature does not pass.
struct Refusal {
  Outcome outcome = Outcome::None;
  std::string reason;
};

/// A key that may verify this signature.
struct FoundKey {
  KeyRecord record;
  KeyShape shape;
  bool testing = false;
  std::vector<std::string> remarks;  ///< Why other verifiers may refuse it, each as a clause.
};

/// The result of a key lookup: one of the two, or neither while the answer is unknown.
struct KeySearch {
  std::optional<FoundKey> key;
  std::optional<Refusal> refusal;
};

/// Fetches and checks the key (RFC 6376 section 6.1.2); adds its question to `unknown` where there
/// is no answer yet.
KeySearch find_key(const Signature& signature, const Answers& answers,
                   std::vector<Question>& unknown);

/// What is wrong with the signature's tags, whatever its key is (RFC 6376 section 6.1.1).
std::optional<Refusal> check_tags(const Signature& signature, std::int64_t now);

/// What a signature over a message covers: the fields of h=, the lowest of a name first, and last
/// the field that carries the signature (RFC 6376 section 5.4.2).
std::string signed_octets(const Signature& signature, const mail::Head& head, std::size_t field);

/// Compares the body's hash with bh=; nullopt where they are equal.
std::optional<Refusal> check_body(const Signature& signature, const BodyHashes& bodies);

/// Verifies b= over these octets; nullopt where it is valid.
std::optional<Refusal> check_signature(const Signature& signature, const FoundKey& key,
                                       std::string_view octets);

}  // namespace rampart::dkim
