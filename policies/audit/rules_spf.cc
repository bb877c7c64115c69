/// From facts to findings: SPF and DKIM.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mail/spf/limits.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

constexpr std::uint64_t kBroad = 1ULL << 24U;  // A /8.
constexpr std::size_t kNamed = 5;

void collect_broken(const spf::TreeNode& node, std::vector<const spf::TreeNode*>& broken) {
  for (const spf::TreeNode& child : node.children) {
    // A term whose macros depend on the message has no domain, and is no fault.
    const bool open = child.domain.empty() && child.lower_bound;
    if (!child.problem.empty() && !open) broken.push_back(&child);
    collect_broken(child, broken);
  }
}

void check_missing_spf(const Facts& facts, Findings& found) {
  const bool mail = facts.is_org || !facts.mx.hosts.empty();
  std::string hint = facts.mx.null || facts.mx.state == State::None
                         ? "publish `v=spf1 -all` where nothing sends as this domain"
                         : "publish `v=spf1`, the senders' terms, and `~all` or `-all`";
  found.push_back(finding_of(facts, mail ? Severity::Error : Severity::Warning, "spf-missing",
                             name_of(facts) + " publishes no SPF record", std::move(hint)));
}

void check_unusable_spf(const Facts& facts, Findings& found) {
  const SpfFacts& spf = facts.spf;
  if (spf.state == State::None) check_missing_spf(facts, found);
  if (spf.state == State::Several) {
    found.push_back(
        finding_of(facts, Severity::Error, "spf-multiple",
                   fmt::format("{} {}: every check ends in permerror", name_of(facts), spf.problem),
                   "merge their terms into one record"));
  }
  if (spf.state == State::Invalid) {
    found.push_back(
        finding_of(facts, Severity::Error, "spf-invalid",
                   fmt::format("{} {}: every check ends in permerror (RFC 7208 section 4.6)",
                               name_of(facts), spf.problem),
                   "correct the term; receivers use nothing of a record with one mistake"));
  }
}

std::string costs_of(const spf::Tree& tree) {
  std::vector<const spf::TreeNode*> children;
  for (const spf::TreeNode& child : tree.root.children) children.push_back(&child);
  std::ranges::stable_sort(children, std::ranges::greater{}, &spf::TreeNode::lookups);
  children.resize(std::min(children.size(), kNamed));
  std::vector<std::string> costs;
  for (const spf::TreeNode* child : children) {
    costs.push_back(fmt::format("{} costs {}", child->term, child->lookups));
  }
  return fmt::format("{}; drop a term, or give a sender its own sub-domain",
                     fmt::join(costs, ", "));
}

void check_limits(const Facts& facts, Findings& found) {
  const spf::Tree& tree = facts.spf.tree;
  const char* least = tree.lower_bound ? "at least " : "";
  if (tree.lookups > spf::kMaxLookups) {
    found.push_back(finding_of(
        facts, Severity::Error, "spf-lookups",
        fmt::format("the record of {} needs {}{} DNS lookups, ten are allowed: every check that "
                    "gets that far ends in permerror (RFC 7208 section 4.6.4)",
                    name_of(facts), least, tree.lookups),
        costs_of(tree)));
  } else if (tree.lookups >= kNearLookups) {
    found.push_back(finding_of(facts, Severity::Warning, "spf-lookups-near",
                               fmt::format("the record of {} needs {}{} of ten DNS lookups",
                                           name_of(facts), least, tree.lookups),
                               costs_of(tree)));
  }
  if (tree.void_lookups > spf::kMaxVoidLookups) {
    found.push_back(finding_of(
        facts, Severity::Error, "spf-voids",
        fmt::format("{} terms of {} lead to names that give nothing; the third ends every check "
                    "that gets that far in permerror (RFC 7208 section 4.6.4)",
                    tree.void_lookups, name_of(facts)),
        "remove the terms whose names are gone"));
  }
}

void check_tree(const Facts& facts, Findings& found) {
  for (const spf::TreeNode* node : broken_nodes(facts.spf.tree.root)) {
    const bool domain = !node->domain.empty() && !node->problem.starts_with(node->domain);
    found.push_back(
        finding_of(facts, node->temporary ? Severity::Warning : Severity::Error, "spf-unresolved",
                   fmt::format("`{}`: {}{}{}; a check that gets there ends in {}", node->term,
                               domain ? node->domain : "", domain ? " " : "", node->problem,
                               node->temporary ? "temperror" : "permerror (RFC 7208 section 5.2)"),
                   node->temporary ? "ask again later; if it stays so, ask whoever runs that name"
                                   : "ask the vendor, or drop the term"));
  }
}

// What an `all` makes of everything behind it (RFC 7208 section 5.1).
std::string dead_terms(const spf::Record& record) {
  std::vector<std::string> dead;
  bool ended = false;
  for (const spf::Directive& one : record.directives) {
    if (ended) dead.push_back(spf::print(one));
    ended = ended || one.mechanism == spf::Mechanism::All;
  }
  const spf::Modifier* redirect = record.find_modifier("redirect");
  if (ended && redirect != nullptr) dead.push_back("redirect=" + redirect->value);
  return fmt::format("{}", fmt::join(dead, " "));
}

void check_ending(const Facts& facts, Findings& found) {
  const SpfFacts& spf = facts.spf;
  if (spf.ending == spf::Qualifier::Pass) {
    found.push_back(
        finding_of(facts, Severity::Error, "spf-all",
                   fmt::format("`+all` lets the whole internet pass as {}", name_of(facts)),
                   "end the record with `~all` or `-all`"));
  } else if (spf.ending == spf::Qualifier::Neutral) {
    found.push_back(
        finding_of(facts, Severity::Warning, "spf-neutral",
                   fmt::format("the record of {} says nothing about those whom it does not name",
                               name_of(facts)),
                   "end the record with `~all` or `-all`"));
  }
  if (const std::string dead = dead_terms(spf.record); !dead.empty()) {
    found.push_back(finding_of(facts, Severity::Warning, "spf-dead-terms",
                               fmt::format("`{}` stands behind `all`, where nobody reads it", dead),
                               "put it before `all`, or remove it"));
  }
}

void check_terms(const Facts& facts, Findings& found) {
  const SpfFacts& spf = facts.spf;
  const auto ptr = [](const spf::Directive& one) { return one.mechanism == spf::Mechanism::Ptr; };
  if (std::ranges::any_of(spf.record.directives, ptr)) {
    found.push_back(
        finding_of(facts, Severity::Warning, "spf-ptr",
                   fmt::format("{} uses `ptr`, which must not be published (RFC 7208 section 5.5)",
                               name_of(facts)),
                   "name the hosts with ip4, ip6 or a; many receivers skip ptr altogether"));
  }
  if (spf.ending != spf::Qualifier::Pass && spf.tree.root.addresses4 > kBroad) {
    found.push_back(finding_of(facts, Severity::Warning, "spf-broad",
                               fmt::format("{} IPv4 addresses may send as {}, more than a /8",
                                           spf.tree.root.addresses4, name_of(facts)),
                               "check the prefix lengths of the record and of what it includes"));
  }
  if (spf.octets > spf::kMaxRecordOctets) {
    found.push_back(finding_of(
        facts, Severity::Warning, "spf-length",
        fmt::format("all TXT at {} comes to {} octets (the record: {}); above 450 it may not fit a "
                    "plain UDP answer (RFC 7208 section 3.4)",
                    name_of(facts), spf.octets, spf.text.size()),
        "remove site verifications that are no longer needed, or shorten the record"));
  }
}

void check_usable_key(const Facts& facts, const KeyFacts& key, Findings& found) {
  const bool rsa = key.shape.algorithm == "rsa";
  const std::string bits =
      fmt::format("the key at {} has {} bits", key.name.text(), key.shape.bits);
  if (rsa && key.shape.bits < 1024) {
    found.push_back(finding_of(facts, Severity::Error, "dkim-key-weak",
                               bits + ": verifiers take it for none (RFC 8301 section 3.2)",
                               "make a key of 2048 bits at a new selector"));
  } else if (rsa && key.shape.bits < 2048) {
    found.push_back(finding_of(facts, Severity::Warning, "dkim-key-short",
                               bits + ", 2048 are recommended (RFC 8301 section 3.2)",
                               "make a key of 2048 bits at a new selector"));
  }
  if (key.testing) {
    found.push_back(finding_of(
        facts, Severity::Info, "dkim-testing",
        fmt::format("the key at {} is marked as a test (`t=y`)", key.name.text()),
        "remove the flag once the signer works; verifiers may treat its mail as unsigned"));
  }
}

void check_key(const Facts& facts, const KeyFacts& key, Findings& found) {
  const std::string& name = key.name.text();
  const auto add = [&](Severity severity, const char* code, std::string message, const char* hint) {
    found.push_back(finding_of(facts, severity, code, std::move(message), hint));
  };
  switch (key.state) {
    case KeyState::Key:
      return check_usable_key(facts, key, found);
    case KeyState::Absent:
      return add(Severity::Warning, /*code=*/"dkim-not-found",
                 fmt::format("no key stands at {}, which is {}", name, to_text(key.asked.source)),
                 "publish the key, or stop signing with this selector");
    case KeyState::Several:
      return add(Severity::Error, /*code=*/"dkim-several-keys",
                 fmt::format("several key records stand at {}: which one a verifier takes is "
                             "undefined (RFC 6376 section 3.6.2.2)",
                             name),
                 "remove all but one; a new key goes to a new selector");
    case KeyState::Invalid:
      return add(Severity::Error, /*code=*/"dkim-key-invalid",
                 fmt::format("the key at {} cannot be used: {}", name, key.problem),
                 "publish the record again, as the signer prints it");
    case KeyState::Dangling:
      return add(Severity::Warning, /*code=*/"selector-dangling",
                 fmt::format("{} points at {}, which does not exist: whoever can register it can "
                             "sign as {}",
                             name, key.cnames.back().text(), name_of(facts)),
                 "set the key up at its vendor, or remove the selector");
    case KeyState::Unset:
      return add(Severity::Warning, /*code=*/"dkim-unresolved",
                 fmt::format("{} points at {}, which holds no key", name, key.cnames.back().text()),
                 "finish the set-up at the vendor");
    case KeyState::Revoked:
    case KeyState::Unobservable:
      return;
  }
}

}  // namespace

std::vector<const spf::TreeNode*> broken_nodes(const spf::TreeNode& root) {
  std::vector<const spf::TreeNode*> broken;
  collect_broken(root, broken);
  return broken;
}

bool sends_nothing(const Facts& facts) {
  return facts.spf.state == State::Valid && facts.spf.passes_nobody &&
         facts.spf.ending == spf::Qualifier::Fail;
}

void check_spf(const Facts& facts, Findings& found) {
  if (facts.spf.state != State::Valid) return check_unusable_spf(facts, found);
  check_limits(facts, found);
  check_tree(facts, found);
  check_ending(facts, found);
  check_terms(facts, found);
}

void check_dkim(const Facts& facts, Findings& found) {
  for (const KeyFacts& key : facts.dkim.keys) check_key(facts, key, found);
  const bool some = std::ranges::any_of(
      facts.dkim.keys, [](const KeyFacts& key) { return key.state != KeyState::Absent; });
  if (some || sends_nothing(facts)) return;
  if (facts.dkim.asked == 0) {
    found.push_back(finding_of(facts, Severity::Info, "dkim-not-asked",
                               fmt::format("no selector of {} is known, so that its DKIM keys were "
                                           "not looked at",
                                           name_of(facts)),
                               "try the usual selectors with --guess-selectors"));
  } else if (facts.dkim.keys.empty()) {
    found.push_back(finding_of(
        facts, Severity::Warning, "dkim-not-found",
        fmt::format("none of {} selectors of {} holds a key", facts.dkim.asked, name_of(facts)),
        facts.dkim.guessed ? "name the selectors in domains.yaml; DNS cannot list them"
                           : "try the usual selectors with --guess-selectors"));
  }
}

}  // namespace rampart::audit
