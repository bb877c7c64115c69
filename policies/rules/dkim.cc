#include "policies/rules/dkim.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart::rules {

// In the order in which verifiers give up (RFC 6376 section 6.1.2), so that the problem named is
// the first that they meet. A revoked key has no p= to decode.
KeyReading read_key(const std::string& text) {
  KeyReading reading;
  const auto record = dkim::parse_key(text);
  if (!record) {
    reading.problem = sentence(record.error());
    return reading;
  }
  reading.testing = std::ranges::find(record->flags, "y") != record->flags.end();
  reading.revoked = record->revoked();
  if (reading.revoked) return reading;
  // An absent h= or s= allows everything; only a list that lacks the word excludes it.
  const auto lists = [](const auto& field, const char* word) {
    return !field || std::ranges::find(*field, word) != field->end();
  };
  const auto shape = dkim::shape_of(*record);
  if (!shape) {
    reading.problem = sentence(shape.error());
  } else if (!lists(record->hashes, "sha256")) {
    reading.problem =
        "`h=` does not list sha256, the one hash that verifiers accept (RFC 8301 section 3)";
  } else if (!lists(record->services, "email") && !lists(record->services, "*")) {
    reading.problem = "`s=` does not list email, so the key is not for mail";
  } else {
    reading.shape = *shape;
  }
  return reading;
}

KeyLength length_of(const dkim::KeyShape& shape) {
  if (shape.algorithm != "rsa" || shape.bits >= dkim::kRecommendedRsaBits) return KeyLength::Strong;
  return shape.bits < dkim::kMinRsaBits ? KeyLength::Weak : KeyLength::Short;
}

// RSA alone has a choice of lengths: every Ed25519 key is as long as the standard makes it.
std::optional<Fault> key_too_short(const Name& selector, const dkim::KeyShape& shape,
                                   KeyHolder holder) {
  const KeyLength length = length_of(shape);
  if (length == KeyLength::Strong) return std::nullopt;
  const bool weak = length == KeyLength::Weak;
  const bool vendors = holder == KeyHolder::Vendor;
  return Fault{
      .severity = weak ? Severity::Error : Severity::Warning,
      .code = weak ? "dkim-key-weak" : "dkim-key-short",
      .message =
          fmt::format("the {} {} has {} bits{} (RFC 8301 section 3.2)",
                      vendors ? "vendor's key behind" : "key at", selector.text(), shape.bits,
                      weak ? ": verifiers treat it as no key"
                           : fmt::format("; {} are recommended", dkim::kRecommendedRsaBits)),
      .hint = vendors ? "ask the vendor for a longer key"
                      : fmt::format("make a key of {} bits at a new selector and move the signer "
                                    "to it",
                                    dkim::kRecommendedRsaBits),
      // A vendor's key is not in our zone: withholding a change would not make it longer.
      .blocks = weak && !vendors};
}

// Blocks a plan: a record that verifiers reject makes signed mail fail, where no record would leave
// it unsigned.
Fault key_invalid(const Name& selector, const std::string& problem) {
  return {
      .severity = Severity::Error,
      .code = "dkim-key-invalid",
      .message = fmt::format("the key record at {} cannot be used: {}", selector.text(), problem),
      .hint = "copy the record again from where the key was made",
      .blocks = true};
}

// During a rotation two keys live at two selectors, so that this is always a mistake.
Fault several_keys(const Name& selector) {
  return {.severity = Severity::Error,
          .code = "dkim-several-keys",
          .message = fmt::format("{} holds several key records: which one a verifier uses is "
                                 "undefined (RFC 6376 section 3.6.2.2)",
                                 selector.text()),
          .hint = "remove all but one; a new key goes to a new selector"};
}

// RFC 6376 section 3.6.1 lets verifiers treat such mail as if it were unsigned, which hides faults.
Fault key_testing(const Name& selector) {
  return {
      .severity = Severity::Info,
      .code = "dkim-testing",
      .message = fmt::format("the key at {} is marked as a test (`t=y`)", selector.text()),
      .hint = "remove the flag once the signer works; verifiers may treat its mail as unsigned"};
}

// The most dangerous of the selector faults: a forger who registers the name signs as the domain.
Fault selector_dangling(const Name& domain, const Name& selector, const Name& target) {
  return {.code = "selector-dangling",
          .message = fmt::format("{} points to {}, which does not exist: no signature can be "
                                 "verified, and anyone who can register that name can sign as {}",
                                 selector.text(), target.text(), domain.text()),
          .hint = "set the key up at its vendor, or remove the selector"};
}

// The usual cause is a set-up that was never finished, so it is a warning.
Fault target_without_key(const Name& selector, const Name& target) {
  return {.code = "dkim-unresolved",
          .message = fmt::format("{} points to {}, which holds no DKIM key", selector.text(),
                                 target.text()),
          .hint = "finish the set-up at the vendor"};
}

}  // namespace rampart::rules
