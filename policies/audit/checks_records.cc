/// The checks on SPF, DKIM and DMARC that profiles share.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policies/audit/parts.h"
#include "policies/audit/rule_table.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/spf.h"

namespace rampart::audit {
namespace {

/// The governing record, or why a rule about it is broken or open.
const DmarcFacts* governing(const Facts& facts, Check& check) {
  if (facts.dmarc.state == State::Valid) return &facts.dmarc;
  check = facts.dmarc.state == State::Unobservable
              ? unknown(describe(facts.dmarc))
              : failed("the DMARC record " + describe(facts.dmarc));
  return nullptr;
}

// The policy in words, with each tag that keeps a kind of receiver from applying it.
std::string policy_words(const DmarcFacts& dmarc, dmarc::Policy policy) {
  std::string text = fmt::format("p={}", dmarc::to_text(policy));
  if (policy == dmarc::Policy::None) return text;
  if (dmarc.record.pct.value_or(100) < 100) text += fmt::format("; pct={}", *dmarc.record.pct);
  if (dmarc.record.testing.value_or(false)) {
    text += "; t=y: receivers that follow RFC 9989 apply the next milder policy";
  }
  return text;
}

bool enforces(const DmarcFacts& dmarc) {
  return enforcement_of(dmarc).policy != dmarc::Policy::None;
}

}  // namespace

// A temporary failure proves nothing about the record, so it leaves the rule open.
Check spf_works(const Facts& facts) {
  const SpfFacts& spf = facts.spf;
  if (spf.state == State::Unobservable) return unknown(describe(spf));
  if (spf.state != State::Valid) return failed("the SPF record " + describe(spf));
  for (const spf::TreeNode* node : broken_nodes(spf.tree.root)) {
    const std::string what = fmt::format("`{}` {}", node->term, node->problem);
    return node->temporary ? unknown(what) : failed(what);
  }
  std::string costs = fmt::format("{} of 10 lookups, {} of 2 void lookups", spf.tree.lookups,
                                  spf.tree.void_lookups);
  return rules::within_lookup_limits(spf.tree) ? passed(costs) : failed(costs);
}

// Softfail is accepted as well as fail.
Check spf_restricts(const Facts& facts) {
  const SpfFacts& spf = facts.spf;
  if (spf.state == State::Unobservable) return unknown(describe(spf));
  if (spf.state != State::Valid) return failed("the record " + describe(spf));
  if (!spf.ending) return unknown(describe_ending(spf));
  const bool good = spf.ending == spf::Qualifier::Fail || spf.ending == spf::Qualifier::SoftFail;
  return good ? passed(describe_ending(spf)) : failed(describe_ending(spf));
}

// Without a known selector the rule stays open: DNS cannot show that no key exists.
Check dkim_key(const Facts& facts) {
  std::vector<std::string> names;
  for (const KeyFacts* key : usable_keys(facts.dkim)) names.push_back(key->query.selector);
  if (!names.empty()) return passed(fmt::format("{}", fmt::join(names, ", ")));
  if (facts.dkim.keys.empty()) return unknown(describe_no_key(facts.dkim));
  return failed("no selector holds a usable key");
}

// The shortest key decides, because the guidelines concern every signature.
Check dkim_strong(const Facts& facts) {
  const auto keys = usable_keys(facts.dkim);
  if (keys.empty()) return unknown("no usable key is known");
  const KeyFacts* shortest = shortest_key(keys);
  if (shortest == nullptr) return passed("every key has 2048 bits or more, or is Ed25519");
  return failed(fmt::format("{} has {} bits", shortest->query.selector, shortest->shape.bits));
}

// DKIM is only unknown where no selector is known; then SPF's failure proves nothing.
Check spf_or_dkim(const Facts& facts) {
  const Check spf = spf_works(facts);
  const Check dkim = dkim_key(facts);
  if (spf.verdict == Verdict::Pass) return {Verdict::Pass, "SPF: " + spf.reason};
  if (dkim.verdict == Verdict::Pass) return {Verdict::Pass, "DKIM: " + dkim.reason};
  return dkim.verdict == Verdict::Unknown ? unknown(dkim.reason) : spf;
}

// A domain that may send nothing needs no key.
Check dkim_key_or_silent(const Facts& facts) {
  return sends_nothing(facts) ? passed("nothing may send as the domain") : dkim_key(facts);
}

// Ed25519 beside RSA: a verifier that knows one of them alone must find its key.
Check dkim_both_algorithms(const Facts& facts) {
  if (sends_nothing(facts)) return passed("nothing may send as the domain");
  const auto keys = usable_keys(facts.dkim);
  if (keys.empty()) return dkim_key(facts);
  const auto selector_of = [&keys](std::string_view algorithm) {
    const auto found = std::ranges::find(keys, algorithm, [](const KeyFacts* key) {
      return std::string_view(key->shape.algorithm);
    });
    return found == keys.end() ? std::string() : (*found)->query.selector;
  };
  const std::string rsa = selector_of("rsa");
  const std::string ed25519 = selector_of("ed25519");
  if (!rsa.empty() && !ed25519.empty()) {
    return passed(fmt::format("RSA at {}, Ed25519 at {}", rsa, ed25519));
  }
  // DNS lists no selectors: the other key may be at one that is not known here.
  return unknown(fmt::format("no {} key is known at the selectors that were queried",
                             rsa.empty() ? "RSA" : "Ed25519"));
}

// A record that only one generation of receivers finds protects at some of them alone.
Check dmarc_published(const Facts& facts) {
  const DmarcFacts& dmarc = facts.dmarc;
  if (dmarc.state == State::Unobservable) return unknown(describe(dmarc));
  if (dmarc.state != State::Valid) return failed("the DMARC record " + describe(dmarc));
  const bool both = dmarc.by_walk && dmarc.by_psl;
  if (both) return passed("at _dmarc." + dmarc.discovered()->at.text());
  return failed(
      fmt::format("only receivers that follow RFC {} find it", dmarc.by_walk ? "9989" : "7489"));
}

// Quarantine is enough; a record that is limited for some receivers is not.
Check dmarc_enforced(const Facts& facts) {
  Check check;
  const DmarcFacts* dmarc = governing(facts, check);
  if (dmarc == nullptr) return check;
  const Enforcement enforcement = enforcement_of(*dmarc);
  std::string policy = policy_words(*dmarc, enforcement.policy);
  return enforces(*dmarc) && enforcement.whole ? passed(std::move(policy))
                                               : failed(std::move(policy));
}

Check dmarc_not_testing(const Facts& facts) {
  Check check;
  const DmarcFacts* dmarc = governing(facts, check);
  if (dmarc == nullptr) return check;
  std::string policy = policy_words(*dmarc, enforcement_of(*dmarc).policy);
  const bool good = enforces(*dmarc) && !dmarc->record.testing.value_or(false);
  return good ? passed(std::move(policy)) : failed(std::move(policy));
}

// Where p=reject is required at all receivers, a record that is limited does not conform.
Check dmarc_rejects(const Facts& facts) {
  Check check;
  const DmarcFacts* dmarc = governing(facts, check);
  if (dmarc == nullptr) return check;
  const Enforcement enforcement = enforcement_of(*dmarc);
  const bool good = enforcement.policy == dmarc::Policy::Reject && enforcement.whole;
  std::string policy = fmt::format("p={}{}", dmarc::to_text(enforcement.policy),
                                   enforcement.whole ? "" : ", limited by pct or t=y");
  return good ? passed(std::move(policy)) : failed(std::move(policy));
}

Check dmarc_sub_domains(const Facts& facts) {
  Check check;
  const DmarcFacts* dmarc = governing(facts, check);
  if (dmarc == nullptr) return check;
  return enforcement_of(*dmarc).sub_domains ? passed("sp and np are as strict as p")
                                            : failed("sp or np is milder than p");
}

// An address whose host has not agreed gets no reports, so it counts as none.
Check dmarc_reports(const Facts& facts) {
  Check check;
  const DmarcFacts* dmarc = governing(facts, check);
  if (dmarc == nullptr) return check;
  if (dmarc->rua.empty()) return failed("there is no rua");
  return enforcement_of(*dmarc).reports ? passed(dmarc->rua.front().uri)
                                        : failed("no address has agreed");
}

// All three records, since each alone leaves a way: SPF for the envelope, DMARC for the author, the
// null MX for bounces. Silence about one of them leaves the rule open.
Check parked_domain(const Facts& facts) {
  if (facts.spf.state == State::Unobservable) return unknown(describe(facts.spf));
  if (!sends_nothing(facts))
    return passed("the domain may send mail, so that the rule is not for it");
  if (facts.mx.state == State::Unobservable) return unknown("the MX " + describe(facts.mx));
  const Check policy = dmarc_rejects(facts);
  if (policy.verdict != Verdict::Pass) return policy;
  const bool receives = facts.mx.state == State::Valid && !facts.mx.null;
  if (receives) return passed("v=spf1 -all and p=reject; it receives mail");
  return facts.mx.null ? passed("v=spf1 -all, p=reject and a null MX")
                       : failed("there is neither an MX nor a null MX (RFC 7505)");
}

}  // namespace rampart::audit
