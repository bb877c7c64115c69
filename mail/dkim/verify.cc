#include "mail/dkim/verify.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "mail/dkim/signature_check.h"
#include "mail/syntax/tags.h"

namespace rampart::dkim {
namespace {

// RFC 6376 section 8.4 warns of messages with a flood of signatures.
constexpr std::size_t kMostSignatures = 20;

// The clocks of mail servers differ by this much at most.
constexpr std::int64_t kClockSkew = 300;

// What a pass does not cover, and why other verifiers may refuse the signature; empty where there
// is nothing to say.
std::string remark(const SignatureVerdict& verdict, const Signature& signature, const FoundKey& key,
                   std::int64_t now) {
  std::vector<std::string> clauses;
  if (verdict.unsigned_octets > 0) {
    clauses.push_back(
        fmt::format("`l=` leaves {} octets of the body unsigned", verdict.unsigned_octets));
  }
  if (verdict.testing) clauses.emplace_back("the key is in testing mode (`t=y`)");
  // RFC 6376 section 3.5 lets verifiers ignore such signatures, and some do.
  if (signature.time && *signature.time > now + kClockSkew) {
    clauses.push_back(fmt::format(
        "it was made in the future (`t={}`), and some verifiers refuse that", *signature.time));
  }
  for (const std::string& slip : signature.slips) {
    clauses.push_back("the signature breaks the grammar: " + slip);
  }
  std::ranges::copy(key.remarks, std::back_inserter(clauses));
  return fmt::format("{}", fmt::join(clauses, "; "));
}

SignatureVerdict refused(SignatureVerdict verdict, const Refusal& refusal) {
  verdict.outcome = refusal.outcome;
  verdict.reason = refusal.reason;
  return verdict;
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  constexpr std::array<std::string_view, 7> kNames = {"none",    "pass",      "fail",     "policy",
                                                      "neutral", "temperror", "permerror"};
  return kNames[static_cast<std::size_t>(outcome)];
}

BodyHashes::Stream::Stream(Canonicalization canonicalization, std::optional<std::uint64_t> most)
    : method(canonicalization),
      limit(most),
      canonicalizer(canonicalization, [this](std::string_view octets) { add(octets); }) {}

void BodyHashes::Stream::add(std::string_view octets) {
  // The whole body is counted, since what `l=` leaves unsigned is reported.
  const std::uint64_t room = limit ? *limit - std::min(*limit, length) : octets.size();
  sha.add(octets.substr(0, room));
  length += octets.size();
}

void BodyHashes::add(const Signature& signature) {
  const auto same = [&](const Stream& stream) {
    return stream.method == signature.body && stream.limit == signature.length;
  };
  // Signatures usually agree in method and length, so the body is hashed once for all.
  if (std::ranges::any_of(streams_, same)) return;
  streams_.emplace_back(signature.body, signature.length);
}

void BodyHashes::feed(std::string_view octets) {
  for (Stream& stream : streams_) stream.canonicalizer.feed(octets);
}

void BodyHashes::finish() {
  for (Stream& stream : streams_) {
    stream.canonicalizer.finish();
    stream.hash = stream.sha.finish();
  }
}

// Every signature whose body is hashed was added before, so a miss occurs only for signatures
// beyond the limit, which are not checked.
BodyHashes::Found BodyHashes::find(const Signature& signature) const {
  for (const Stream& stream : streams_) {
    if (stream.method == signature.body && stream.limit == signature.length) {
      return {stream.hash, stream.length};
    }
  }
  return {};
}

Verifier::Verifier(const mail::Head& head) : head_(head) {
  // Of ARC's message signatures only the newest counts (RFC 8617 section 5.2).
  std::optional<Signature> newest;
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const std::string name = ascii_lower(head.fields[i].name);
    if (name == "dkim-signature") {
      items_.push_back({i, parse_signature(head.fields[i].value())});
      const auto& signature = items_.back().signature;
      if (signature && items_.size() <= kMostSignatures) bodies_.add(*signature);
    } else if (name == "arc-message-signature") {
      auto signature = parse_arc_signature(head.fields[i].value());
      // A broken one is reported by the chain's own evaluation.
      if (!signature || (newest && newest->instance >= signature->instance)) continue;
      newest = std::move(signature).value();
    }
  }
  if (newest) bodies_.add(*newest);
}

// Checks in order of cost: tags, key lookup, body hash, and last the public-key operation. A
// verdict without an answer for its key stays None and is evaluated again.
SignatureVerdict Verifier::check_one(const Item& item, const Answers& answers, std::int64_t now,
                                     std::vector<Question>& unknown) const {
  SignatureVerdict verdict;
  if (!item.signature) {
    // RFC 8601 section 2.7.1: a signature with a syntax error is neutral.
    const auto owner = owner_of(head_.fields[item.field].value());
    verdict.domain = owner.domain;
    verdict.selector = owner.selector;
    return refused(verdict, {Outcome::Neutral,
                             "the signature cannot be read: " + item.signature.error().what});
  }
  const Signature& signature = *item.signature;
  verdict.domain = signature.domain.text();
  verdict.selector = signature.selector.text();
  verdict.identity = signature.identity;
  verdict.algorithm = to_text(signature.algorithm);
  verdict.beginning = signature.beginning;
  if (const auto refusal = check_tags(signature, now)) return refused(verdict, *refusal);
  const KeySearch search = find_key(signature, answers, unknown);
  if (search.refusal) return refused(verdict, *search.refusal);
  if (!search.key) return verdict;
  verdict.key_bits = search.key->shape.bits;
  verdict.testing = search.key->testing;
  if (const auto refusal = check_body(signature, bodies_)) return refused(verdict, *refusal);
  const auto octets = signed_octets(signature, head_, item.field);
  if (const auto refusal = check_signature(signature, *search.key, octets)) {
    return refused(verdict, *refusal);
  }
  verdict.outcome = Outcome::Pass;
  if (signature.length)
    verdict.unsigned_octets = bodies_.find(signature).length - *signature.length;
  verdict.reason = remark(verdict, signature, *search.key, now);
  return verdict;
}

// All signatures are checked, not only up to the first pass: reports list each of them, and
// alignment needs a particular domain.
Verdict Verifier::evaluate(const Answers& answers, std::int64_t now) const {
  Verdict verdict;
  for (const Item& item : items_) {
    if (verdict.signatures.size() == kMostSignatures) break;
    verdict.signatures.push_back(check_one(item, answers, now, verdict.unknown));
  }
  // Listed and not dropped: the report must show that they were there.
  for (std::size_t i = kMostSignatures; i < items_.size(); ++i) {
    const auto owner = owner_of(head_.fields[items_[i].field].value());
    SignatureVerdict skipped{.domain = owner.domain, .selector = owner.selector};
    verdict.signatures.push_back(refused(
        std::move(skipped), {Outcome::Policy, "the message has more signatures than are checked"}));
  }
  return verdict;
}

Result<Verdict> verify(std::string_view message, const Answers& answers, std::int64_t now) {
  TRY(const auto head, mail::read_head(message));
  Verifier verifier(head);
  verifier.feed(message.substr(head.body_offset));
  verifier.finish();
  return verifier.evaluate(answers, now);
}

}  // namespace rampart::dkim
