#include "mail/dkim/arc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/decimal.h"
#include "mail/dkim/signature_check.h"
#include "mail/syntax/tags.h"

namespace rampart::arc {
namespace {

using dkim::Outcome;
using dkim::Refusal;
using dkim::Signature;

constexpr int kMostSets = 50;  // RFC 8617 section 4.2.1.

// A set while it is read: the indices of its fields in the head, and their content.
struct Link {
  std::array<std::vector<std::size_t>, 3> fields;  // Results, message signatures, seals.
  std::optional<Signature> signature;
  std::optional<Signature> seal;
  std::string results;
};
constexpr std::size_t kResults = 0;
constexpr std::size_t kSignature = 1;
constexpr std::size_t kSeal = 2;

// The sets of a chain, or why it cannot be read.
struct Chain {
  std::map<int, Link> links;
  std::string problem;
};

std::optional<std::size_t> kind_of(std::string_view name) {
  const std::string lower = ascii_lower(name);
  if (lower == "arc-authentication-results") return kResults;
  if (lower == "arc-message-signature") return kSignature;
  if (lower == "arc-seal") return kSeal;
  return std::nullopt;
}

// RFC 8617 section 4.1.1: "i=1; authserv-id; ...".
Result<int> read_results(std::string_view value, std::string& results) {
  const auto end = value.find(';');
  const auto first = split_tag(value.substr(0, end));
  const auto number =
      first && first->first == "i" ? parse_decimal<int>(first->second) : std::nullopt;
  if (end == std::string_view::npos || !number || *number < 1 || *number > kMostSets) {
    return Error{.what = "it does not begin with `i=`"};
  }
  // Canonical text: a report shows it on one line, and equal results compare as equal.
  results = dkim::canonical_field(":" + std::string(value.substr(end + 1)),
                                  dkim::Canonicalization::Relaxed)
                .substr(1);
  return *number;
}

Result<Ok> add_field(Chain& chain, const mail::HeaderField& field, std::size_t kind,
                     std::size_t index) {
  if (kind == kResults) {
    std::string results;
    TRY(const auto instance, read_results(field.value(), results));
    Link& link = chain.links[instance];
    link.fields[kind].push_back(index);
    link.results = std::move(results);
    return Ok{};
  }
  TRY(auto signature, kind == kSeal ? dkim::parse_arc_seal(field.value())
                                    : dkim::parse_arc_signature(field.value()));
  // The instance is set: both parsers fail without i=.
  Link& link = chain.links[*signature.instance];
  link.fields[kind].push_back(index);
  (kind == kSeal ? link.seal : link.signature) = std::move(signature);
  return Ok{};
}

Chain read_chain(const mail::Head& head) {
  Chain chain;
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const auto kind = kind_of(head.fields[i].name);
    if (!kind) continue;
    // A broken field is remembered and the others are still read, since they name the sets for the
    // report.
    const auto added = add_field(chain, head.fields[i], *kind, i);
    if (!added && chain.problem.empty()) {
      chain.problem =
          fmt::format("an {} field cannot be read: {}", head.fields[i].name, added.error().what);
    }
  }
  return chain;
}

// RFC 8617 section 5.2, step 3: each set complete, instances 1 to N, cv none first and pass after.
std::string structure_fault(const Chain& chain) {
  int expected = 1;
  for (const auto& [instance, link] : chain.links) {
    if (instance != expected++) return fmt::format("set {} is missing", expected - 1);
    for (const auto& fields : link.fields) {
      if (fields.size() != 1) {
        return fmt::format("set {} does not have exactly one field of each kind", instance);
      }
    }
    const std::string& status = link.seal->chain;
    const bool newest = instance == static_cast<int>(chain.links.size());
    if (newest && status == "fail") return fmt::format("set {} has cv=fail", instance);
    if (status != (instance == 1 ? "none" : "pass")) {
      return fmt::format("set {} has cv={}", instance, status);
    }
  }
  return "";
}

std::optional<Refusal> check_key_and(const Signature& signature, const std::string& octets,
                                     const Answers& answers, std::vector<Question>& unknown) {
  const auto search = dkim::find_key(signature, answers, unknown);
  if (search.refusal) return search.refusal;
  // The key has no answer yet; this round only collects questions.
  if (!search.key) return std::nullopt;
  return dkim::check_signature(signature, *search.key, octets);
}

std::optional<Refusal> check_newest(const Link& link, const dkim::Verifier& verifier,
                                    const Answers& answers, std::int64_t now,
                                    std::vector<Question>& unknown) {
  const Signature& signature = *link.signature;
  // RFC 8617 section 4.1.2: seals are not signed by it.
  if (std::ranges::find(signature.headers, "arc-seal") != signature.headers.end()) {
    return Refusal{Outcome::PermError, "it signs an ARC-Seal"};
  }
  if (auto refusal = dkim::check_tags(signature, now)) return refusal;
  if (auto refusal = dkim::check_body(signature, verifier.bodies())) return refusal;
  const auto octets =
      dkim::signed_octets(signature, verifier.head(), link.fields[kSignature].front());
  return check_key_and(signature, octets, answers, unknown);
}

// RFC 8617 section 5.1.1: the sets up to this one in order, each results, signature, seal.
std::string sealed_octets(const Chain& chain, int instance, const mail::Head& head) {
  std::string octets;
  for (const auto& [number, link] : chain.links) {
    if (number > instance) break;
    for (std::size_t kind = kResults; kind <= kSeal; ++kind) {
      const std::string& raw = head.fields[link.fields[kind].front()].raw;
      // The seal that is checked comes last, with its signature removed and without a line end (RFC
      // 8617 section 5.1.1).
      const bool last = number == instance && kind == kSeal;
      octets += dkim::canonical_field(last ? dkim::without_signature(raw) : raw,
                                      dkim::Canonicalization::Relaxed);
      if (!last) octets += "\r\n";
    }
  }
  return octets;
}

std::optional<Refusal> check_seal(const Chain& chain, int instance, const mail::Head& head,
                                  const Answers& answers, std::vector<Question>& unknown) {
  const Signature& seal = *chain.links.at(instance).seal;
  // RFC 8617 section 4.1.3 takes the algorithms from DKIM, and with them this rule.
  if (seal.algorithm == dkim::Algorithm::RsaSha1) {
    return Refusal{Outcome::Fail, "rsa-sha1 counts as failed (RFC 8301 section 3.1)"};
  }
  return check_key_and(seal, sealed_octets(chain, instance, head), answers, unknown);
}

Verdict refused(Verdict verdict, const std::string& what, const Refusal& refusal) {
  // A chain has no other outcomes: each other refusal means that it does not validate.
  const bool later = refusal.outcome == Outcome::TempError;
  verdict.outcome = later ? Outcome::TempError : Outcome::Fail;
  verdict.reason = fmt::format("{}: {}", what, refusal.reason);
  return verdict;
}

// Also for a chain that fails: the report lists what was there.
std::vector<Set> sets_of(const Chain& chain) {
  std::vector<Set> sets;
  for (const auto& [instance, link] : chain.links) {
    Set set{.instance = instance, .results = link.results};
    if (link.seal) {
      set.domain = link.seal->domain.text();
      set.selector = link.seal->selector.text();
      set.chain = link.seal->chain;
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace

// RFC 8617 section 5.2, in its order: structure, the newest message signature, then all seals from
// the newest to the oldest. Earlier message signatures are not checked: later handlers may have
// changed what they covered.
Verdict evaluate(const dkim::Verifier& verifier, const Answers& answers, std::int64_t now,
                 std::vector<Question>& unknown) {
  const Chain chain = read_chain(verifier.head());
  Verdict verdict{.sets = sets_of(chain)};
  if (chain.links.empty() && chain.problem.empty()) return verdict;
  const std::string fault = chain.problem.empty() ? structure_fault(chain) : chain.problem;
  if (!fault.empty()) {
    verdict.outcome = Outcome::Fail;
    verdict.reason = fault;
    return verdict;
  }
  // structure_fault() made sure that the instances are 1 to N.
  const int newest = static_cast<int>(chain.links.size());
  // Everything is checked before anything is refused, so that one round resolves all keys.
  const auto refusal = check_newest(chain.links.at(newest), verifier, answers, now, unknown);
  std::map<int, std::optional<Refusal>> seals;
  for (int i = newest; i >= 1; --i) {
    seals[i] = check_seal(chain, i, verifier.head(), answers, unknown);
  }
  if (refusal) {
    return refused(verdict, fmt::format("the message signature of set {}", newest), *refusal);
  }
  for (int i = newest; i >= 1; --i) {
    if (seals[i]) return refused(verdict, fmt::format("the seal of set {}", i), *seals[i]);
  }
  verdict.outcome = Outcome::Pass;
  return verdict;
}

}  // namespace rampart::arc
