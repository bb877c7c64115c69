#include "mail/dkim/signature_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/base64.h"
#include "base/counted.h"
#include "base/text.h"
#include "mail/dkim/public_key.h"
#include "mail/syntax/tags.h"

namespace rampart::dkim {
namespace {

constexpr int kMostBits = 8192;  // Checking a longer key would cost a receiver noticeable time.

Refusal refuse(Outcome outcome, std::string reason) { return {outcome, std::move(reason)}; }

KeySearch no_key(Outcome outcome, std::string reason) {
  return {.key = {}, .refusal = refuse(outcome, std::move(reason))};
}

bool lists(const std::vector<std::string>& items, std::string_view item) {
  return std::ranges::find(items, item) != items.end();
}

// The one key record among a selector's TXT records. With several, RFC 6376 section 3.6.2.2 leaves
// the result undefined: which one a receiver uses depends on the order of arrival.
KeySearch one_record(const Name& name, const std::vector<std::string>& values) {
  std::vector<LenientKey> keys;
  std::string problem;
  for (const std::string& value : values) {
    auto key = parse_key_leniently(value);
    if (key) {
      keys.push_back(std::move(key).value());
    } else {
      // Foreign TXT records at the name are skipped; the last one's problem is named where no key
      // remains.
      problem = key.error().what;
    }
  }
  if (keys.empty()) {
    return no_key(Outcome::PermError,
                  fmt::format("{} has no usable key: {}", name.text(), problem));
  }
  if (keys.size() > 1) {
    return no_key(Outcome::PermError, fmt::format("{} has {} keys (RFC 6376 section 3.6.2.2)",
                                                  name.text(), keys.size()));
  }
  FoundKey found{.record = std::move(keys.front().record), .shape = {}, .remarks = {}};
  if (values.size() > 1) {
    found.remarks.push_back(
        fmt::format("{} is beside the key at {}, and some verifiers refuse both (RFC 6376 "
                    "section 3.6.2.2)",
                    counted(values.size() - 1, "other TXT value"), name.text()));
  }
  for (const std::string& slip : keys.front().slips) {
    found.remarks.push_back("the key record breaks the grammar: " + slip);
  }
  return {.key = std::move(found), .refusal = {}};
}

// RFC 6376 section 6.1.2: what the record allows the key to be used for, and by whom.
std::optional<Refusal> check_use(const Signature& signature, const KeyRecord& record) {
  if (record.revoked()) return refuse(Outcome::PermError, "the key is revoked (`p=` is empty)");
  // Both algorithms that are accepted hash with SHA-256.
  if (record.hashes && !lists(*record.hashes, "sha256")) {
    return refuse(Outcome::PermError, "the key's `h=` does not allow sha256");
  }
  const std::string_view type = signature.algorithm == Algorithm::Ed25519Sha256 ? "ed25519" : "rsa";
  if (record.type != type) {
    return refuse(Outcome::PermError, fmt::format("the key has k={}, but the signature has a={}",
                                                  record.type, to_text(signature.algorithm)));
  }
  if (record.services && !lists(*record.services, "*") && !lists(*record.services, "email")) {
    return refuse(Outcome::PermError, "the key's `s=` is not for email");
  }
  // RFC 6376 section 3.6.1: t=s requires i= at d= itself.
  if (lists(record.flags, "s") && signature.identity_domain != signature.domain) {
    return refuse(Outcome::PermError,
                  fmt::format("the key's `t=s` forbids `i={}`", signature.identity));
  }
  return std::nullopt;
}

std::optional<Refusal> check_shape(const KeyRecord& record, FoundKey& key) {
  const auto shape = shape_of(record);
  if (!shape) return refuse(Outcome::PermError, shape.error().what);
  key.shape = *shape;
  if (shape->algorithm != "rsa") return std::nullopt;
  if (shape->bits > kMaxRsaBits) {
    key.remarks.push_back(
        fmt::format("verifiers need not check RSA keys of more than {} bits (RFC "
                    "8301 section 3.2)",
                    kMaxRsaBits));
  }
  // RFC 8301 section 3.2: receivers must not accept shorter keys.
  if (shape->bits < kMinRsaBits) {
    return refuse(Outcome::Fail, fmt::format("an RSA key of {} bits counts as failed "
                                             "(RFC 8301 section 3.2)",
                                             shape->bits));
  }
  if (shape->bits > kMostBits) {
    // Not a fail: the signature may be right, this receiver just does not check it (RFC 8601
    // section 2.4).
    return refuse(Outcome::Policy,
                  fmt::format("an RSA key of {} bits is too long to be checked", shape->bits));
  }
  return std::nullopt;
}

}  // namespace

// In the order of RFC 6376 section 6.1.2: find the record, read it, check its use, then its
// strength.
KeySearch find_key(const Signature& signature, const Answers& answers,
                   std::vector<Question>& unknown) {
  const auto name = signature.domain.child(signature.selector.text() + "._domainkey");
  if (!name) return no_key(Outcome::PermError, "the key's name would be too long");
  const Answer* answer = find_answer(answers, *name, RecordType::TXT);
  if (answer == nullptr) {
    const Question question{*name, RecordType::TXT};
    // Several signatures of a message often use one key.
    if (std::ranges::find(unknown, question) == unknown.end()) unknown.push_back(question);
    return {};
  }
  KeySearch search = answer->match(
      [&](const std::vector<std::string>& values) { return one_record(*name, values); },
      [&] {
        return no_key(Outcome::PermError, fmt::format("there is no key at {}", name->text()));
      },
      [&](const std::string& detail) {
        return no_key(Outcome::TempError,
                      fmt::format("{} could not be resolved ({})", name->text(), detail));
      });
  if (!search.key) return search;
  auto refusal = check_use(signature, search.key->record);
  if (!refusal) refusal = check_shape(search.key->record, *search.key);
  if (refusal) return {.key = {}, .refusal = std::move(refusal)};
  search.key->testing = lists(search.key->record.flags, "y");
  return search;
}

std::optional<Refusal> check_tags(const Signature& signature, std::int64_t now) {
  if (signature.algorithm == Algorithm::RsaSha1) {
    return refuse(Outcome::Fail, "rsa-sha1 counts as failed (RFC 8301 section 3.1)");
  }
  // Otherwise anybody could replace the author that DMARC looks at.
  if (!lists(signature.headers, "from")) {
    return refuse(Outcome::PermError, "`h=` does not sign From (RFC 6376 section 5.4)");
  }
  if (!signature.identity_domain.is_within(signature.domain)) {
    return refuse(Outcome::PermError, fmt::format("`i={}` is not within `d={}`", signature.identity,
                                                  signature.domain.text()));
  }
  if (signature.expires && now > *signature.expires) {
    return refuse(Outcome::Fail, fmt::format("it expired (`x={}`)", *signature.expires));
  }
  return std::nullopt;
}

std::string signed_octets(const Signature& signature, const mail::Head& head, std::size_t field) {
  // By name, the fields not signed yet; the lowest in the header is at the back.
  std::map<std::string, std::vector<const mail::HeaderField*>> left;
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    if (i != field) left[ascii_lower(head.fields[i].name)].push_back(&head.fields[i]);
  }
  std::string octets;
  for (const std::string& name : signature.headers) {
    const auto found = left.find(name);
    // RFC 6376 section 5.4: a name without a field left signs that there is none.
    if (found == left.end() || found->second.empty()) continue;
    octets += canonical_field(found->second.back()->raw, signature.header) + "\r\n";
    // RFC 6376 section 5.4.2: repeated names take fields from the bottom of the header up.
    found->second.pop_back();
  }
  return octets + canonical_field(without_signature(head.fields[field].raw), signature.header);
}

std::optional<Refusal> check_body(const Signature& signature, const BodyHashes& bodies) {
  const auto found = bodies.find(signature);
  // RFC 6376 section 3.5: the body was cut after signing.
  if (signature.length && *signature.length > found.length) {
    return refuse(Outcome::Fail, fmt::format("`l={}` is more than the body's {} octets",
                                             *signature.length, found.length));
  }
  if (found.hash != signature.body_hash) {
    return refuse(Outcome::Fail, "the body hash does not match: the body was changed");
  }
  return std::nullopt;
}

std::optional<Refusal> check_signature(const Signature& signature, const FoundKey& key,
                                       std::string_view octets) {
  const auto der = decode_base64(key.record.key);
  if (!der) return refuse(Outcome::PermError, der.error().what);
  const auto good = signature.algorithm == Algorithm::Ed25519Sha256
                        ? verify_ed25519(*der, octets, signature.octets)
                        : verify_rsa(*der, octets, signature.octets);
  if (!good) return refuse(Outcome::PermError, good.error().what);
  if (*good) return std::nullopt;
  return refuse(
      Outcome::Fail,
      "the signature does not match: a signed field was changed, or the key is another one");
}

}  // namespace rampart::dkim
