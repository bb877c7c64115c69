#include "policies/rules/dkim.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"

namespace rampart::rules {

// One problem is enough: any of them makes verifiers ignore the record (RFC 6376 section 6.1.2). A
// revoked key has no p= to decode.
KeyReading read_key(const std::string& text) {
  KeyReading reading;
  const auto key = dkim::parse_key_leniently(text);
  if (!key) {
    reading.problem = sentence(key.error());
    return reading;
  }
  const dkim::KeyRecord* const record = &key->record;
  reading.slips = key->slips;
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

// A warning: most verifiers check longer keys too, and some refuse them.
std::optional<Fault> key_too_long(const Name& selector, const dkim::KeyShape& shape) {
  if (shape.algorithm != "rsa" || shape.bits <= dkim::kMaxRsaBits) return std::nullopt;
  return Fault{.code = "dkim-key-long",
               .message = fmt::format(
                   "the key at {} has {} bits: verifiers need not check keys of more than "
                   "{} (RFC 8301 section 3.2), and some do not",
                   selector.text(), shape.bits, dkim::kMaxRsaBits),
               .hint = "make a key of 2048 bits at a new selector and move the signer to it"};
}

std::optional<Fault> key_syntax(const Name& selector, const std::vector<std::string>& slips) {
  if (slips.empty()) return std::nullopt;
  return Fault{.code = "dkim-key-syntax",
               .message = fmt::format("the key record at {} breaks the grammar "
                                      "(RFC 6376 section 3.6.1): {}; verifiers in wide use "
                                      "accept it",
                                      selector.text(), fmt::join(slips, "; ")),
               .hint = "publish the record again without that"};
}

// RFC 6376 section 3.6.2.2 calls the result undefined: some verifiers take the first value, and
// some refuse whenever there are two.
std::optional<Fault> values_beside_key(const Name& selector, std::size_t others) {
  if (others == 0) return std::nullopt;
  return Fault{
      .code = "dkim-several-keys",
      .message = fmt::format("{} holds {} beside the key: which one a verifier reads is undefined, "
                             "and some refuse them all (RFC 6376 section 3.6.2.2)",
                             selector.text(), counted(others, "other TXT value")),
      .hint = "remove all but the key from this name"};
}

// One fault where it cannot be used: a key that cannot be read says nothing about its length.
Faults faults_of(const Name& selector, const KeyReading& reading, KeyHolder holder,
                 std::size_t others) {
  Faults faults;
  if (reading.revoked) return faults;
  if (!reading.problem.empty()) return {key_invalid(selector, reading.problem)};
  add(faults, key_too_short(selector, reading.shape, holder));
  add(faults, key_too_long(selector, reading.shape));
  add(faults, key_syntax(selector, reading.slips));
  add(faults, values_beside_key(selector, others));
  if (reading.testing) faults.push_back(key_testing(selector));
  return faults;
}

// The domain's own empty p= is how it retires a key; a vendor's may be a rotation of the vendor's.
Fault key_revoked(const Name& selector, const Name& target) {
  return {.code = "dkim-key-revoked",
          .message = fmt::format("{} points to {}, whose key is revoked: no signature can be "
                                 "verified with it",
                                 selector.text(), target.text()),
          .hint = "check on the vendor's page which selector it signs with now"};
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

// RFC 6376 section 3.6.1: verifiers treat such mail like unsigned mail, which hides faults.
Fault key_testing(const Name& selector) {
  return {
      .severity = Severity::Info,
      .code = "dkim-testing",
      .message = fmt::format("the key at {} is marked as a test (`t=y`)", selector.text()),
      .hint = "remove the flag once the signer works; verifiers may treat its mail as unsigned"};
}

// Who could take the name shows only at its registered domain: `takeover` says so.
Fault selector_dangling(const Name& domain, const Name& selector, const Name& target) {
  // A zone file completes a name without its final dot by the zone's own name, which nobody else
  // can register.
  if (target.is_within(domain)) {
    const std::string vendors =
        target.text().substr(0, target.text().size() - domain.text().size() - 1);
    return {.code = "selector-dangling",
            .message = fmt::format("{} points to {}, which does not exist: no signature can be "
                                   "verified",
                                   selector.text(), target.text()),
            .hint = fmt::format("if `{}` is meant, a dot is missing after it in the zone file",
                                vendors),
            .blocks = true};
  }
  return {.code = "selector-dangling",
          .message = fmt::format("{} points to {}, which does not exist: no signature can be "
                                 "verified",
                                 selector.text(), target.text()),
          .hint = "set the key up at its vendor, or remove the selector",
          .blocks = true};
}

// The usual cause is a set-up that was never finished, so it is a warning.
Fault target_without_key(const Name& selector, const Name& target) {
  return {.code = "dkim-unresolved",
          .message = fmt::format("{} points to {}, which holds no DKIM key", selector.text(),
                                 target.text()),
          .hint = "finish the set-up at the vendor"};
}

}  // namespace rampart::rules
