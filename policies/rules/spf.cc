#include "policies/rules/spf.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "mail/spf/limits.h"

namespace rampart::rules {
namespace {

// From here on one more include of a vendor may break the record without notice.
constexpr int kNearLookups = 8;

// Ten lookups are the budget, so the terms after the ten costliest hardly matter.
constexpr std::size_t kCostliest = 10;

// The hint for a domain of which nothing but its record is known, as in an audit.
std::string costs_of(const spf::TreeNode& root, const std::vector<std::string>& needless) {
  std::vector<const spf::TreeNode*> terms;
  for (const spf::TreeNode& child : root.children) terms.push_back(&child);
  std::ranges::stable_sort(terms, std::ranges::greater{}, &spf::TreeNode::lookups);
  terms.resize(std::min(terms.size(), kCostliest));
  std::vector<std::string> costs;
  for (const spf::TreeNode* term : terms) {
    costs.push_back(fmt::format("{} costs {}", term->term, term->lookups));
  }
  if (needless.empty()) {
    return fmt::format("{}; drop a term, or give a sender its own sub-domain",
                       fmt::join(costs, ", "));
  }
  return fmt::format(
      "{}; drop `{}` first: that mail bounces to a domain of the service, so the "
      "term aligns none of it",
      fmt::join(costs, ", "), fmt::join(needless, "`, `"));
}

// The extent counts the terms, so that a plan which removes one of two is not refused.
std::optional<Fault> everybody_passes(const SpfFacts& facts) {
  if (facts.pass_all == 0) return std::nullopt;
  return Fault{
      .severity = Severity::Error,
      .code = "spf-all",
      .message = fmt::format("`+all` lets the whole internet pass as {}", facts.domain.text()),
      .hint = "end the record with `~all` or `-all` (`all: softfail` or `all: fail`)",
      .extent = facts.pass_all,
      .blocks = true};
}

// Blocks new uses only: some old records have relied on it for years.
std::optional<Fault> uses_ptr(const SpfFacts& facts) {
  if (facts.ptr_terms == 0) return std::nullopt;
  return Fault{
      .code = "spf-ptr",
      .message = fmt::format("the SPF record of {} uses `ptr`, which should not be used (RFC 7208 "
                             "section 5.5)",
                             facts.domain.text()),
      .hint = "name the hosts with ip4, ip6 or a; many receivers skip ptr altogether",
      .extent = facts.ptr_terms,
      .blocks = true};
}

// One measure with two codes: only a record over the limit withholds, so only that can be waived.
std::optional<Fault> too_many_lookups(const SpfFacts& facts) {
  if (facts.root == nullptr || facts.lookups < kNearLookups) return std::nullopt;
  const std::string needs = fmt::format("the SPF record of {} needs {}{}", facts.domain.text(),
                                        facts.lower_bound ? "at least " : "", facts.lookups);
  Fault fault{.code = "spf-lookups-near",
              .message = needs + " of ten DNS lookups",
              .hint = costs_of(*facts.root, facts.needless),
              .extent = facts.lookups};
  if (facts.lookups <= spf::kMaxLookups) return fault;
  fault.severity = Severity::Error;
  fault.code = "spf-lookups";
  fault.message =
      needs +
      " DNS lookups, and ten are allowed: every check that reaches the eleventh ends in permerror "
      "(RFC 7208 section 4.6.4)";
  fault.blocks = true;
  return fault;
}

// Receivers count a lookup as void for NXDOMAIN and for an empty answer alike.
std::optional<Fault> too_many_voids(const SpfFacts& facts) {
  if (facts.void_lookups <= spf::kMaxVoidLookups) return std::nullopt;
  return Fault{.severity = Severity::Error,
               .code = "spf-voids",
               .message = fmt::format(
                   "{} terms in the SPF record of {} lead to names without a usable record: every "
                   "check that gets to the third ends in permerror (RFC 7208 "
                   "section 4.6.4)",
                   facts.void_lookups, facts.domain.text()),
               .hint = "remove the terms whose names no longer exist",
               .extent = facts.void_lookups,
               .blocks = true};
}

// Only a record that is too long by itself blocks: other values at the name belong to others.
std::optional<Fault> too_long(const SpfFacts& facts) {
  if (facts.txt_octets <= spf::kMaxRecordOctets) return std::nullopt;
  const bool alone = facts.record_octets > spf::kMaxRecordOctets;
  return Fault{
      .code = "spf-length",
      .message = fmt::format(
          "the TXT records at {} have {} octets in all (the SPF record: {}); above {} they "
          "may not fit a plain UDP answer (RFC 7208 section 3.4)",
          facts.domain.text(), facts.txt_octets, facts.record_octets, spf::kMaxRecordOctets),
      .hint = alone ? "shorten the record; `flatten: auto` spreads its networks over several names"
                    : "remove site verifications that are no longer needed",
      .extent = static_cast<std::int64_t>(facts.txt_octets),
      .blocks = alone};
}

}  // namespace

Faults spf_limits(const SpfFacts& facts) {
  Faults faults;
  for (const auto rule : {everybody_passes, uses_ptr, too_many_lookups, too_many_voids, too_long}) {
    add(faults, rule(facts));
  }
  return faults;
}

bool within_lookup_limits(const spf::Tree& tree) {
  return tree.lookups <= spf::kMaxLookups && tree.void_lookups <= spf::kMaxVoidLookups;
}

Fault spf_unresolved(const spf::TreeNode& node) {
  // The problem is the end of a sentence about the domain, but some begin with it already.
  const bool named = node.domain.empty() || node.problem.starts_with(node.domain);
  return {
      .severity = node.temporary ? Severity::Warning : Severity::Error,
      .code = "spf-unresolved",
      .message = fmt::format("`{}`: {}{}{}; a check that reaches it ends in {}", node.term,
                             named ? "" : node.domain, named ? "" : " ", node.problem,
                             node.temporary ? "temperror" : "permerror (RFC 7208 section 5.2)"),
      .hint =
          node.temporary
              ? "try again later; if it persists, ask the operator of that name, or drop the term"
              : "ask the vendor, or drop the term",
      .blocks = !node.temporary};
}

// The value is quoted, because a typing error is found by looking at it.
Fault spf_near_miss(const Name& domain, const std::string& value, const std::string& slip) {
  return {.code = "spf-near-miss",
          .message = fmt::format("{} holds `{}`, which is not an SPF record: {}", domain.text(),
                                 value, slip),
          .hint = "correct or remove the value by hand"};
}

// RFC 7208 section 8.2: receivers treat neutral like no record.
std::optional<Fault> spf_neutral(const Name& domain, std::optional<spf::Qualifier> ending) {
  if (ending != spf::Qualifier::Neutral) return std::nullopt;
  return Fault{
      .code = "spf-neutral",
      .message = fmt::format("the SPF record of {} neither passes nor fails the hosts that it "
                             "does not name",
                             domain.text()),
      .hint = "end the record with `~all` or `-all`"};
}

std::optional<Fault> spf_dead_terms(const spf::Record& record) {
  std::vector<std::string> dead;
  // RFC 7208 section 5.1: evaluation ends at the first `all`, and ignores a redirect beside it.
  bool ended = false;
  for (const spf::Directive& one : record.directives) {
    if (ended) dead.push_back(spf::print(one));
    ended = ended || one.mechanism == spf::Mechanism::All;
  }
  const spf::Modifier* redirect = record.find_modifier("redirect");
  if (ended && redirect != nullptr) dead.push_back("redirect=" + redirect->value);
  if (dead.empty()) return std::nullopt;
  return Fault{.code = "spf-dead-terms",
               .message = fmt::format("`{}` follows `all` and is never evaluated (RFC 7208 "
                                      "section 5.1)",
                                      fmt::join(dead, " ")),
               .hint = "put it before `all`, or remove it"};
}

// Legal (RFC 7208 section 6), so that no receiver ever tells: it passes nobody.
std::optional<Fault> spf_term_ignored(const Name& domain, const spf::Record& record) {
  std::vector<std::string> ignored;
  std::vector<std::string> meant;
  for (const spf::Modifier& modifier : record.modifiers) {
    std::string term = spf::mechanism_meant_by(modifier);
    if (term.empty()) continue;
    ignored.push_back(modifier.name + "=" + modifier.value);
    meant.push_back(std::move(term));
  }
  if (ignored.empty()) return std::nullopt;
  return Fault{.code = "spf-term-ignored",
               .message = fmt::format("the SPF record of {} has `{}`: with `=` receivers ignore "
                                      "it, so nobody passes by it (RFC 7208 section 6)",
                                      domain.text(), fmt::join(ignored, " ")),
               .hint = fmt::format("did you mean `{}`?", fmt::join(meant, " ")),
               .extent = std::ssize(ignored)};
}

// RFC 7208 section 4.5: receivers must not choose one of them.
Fault spf_multiple(const Name& domain, const std::string& problem) {
  return {.severity = Severity::Error,
          .code = "spf-multiple",
          .message = fmt::format("{} {}: every check ends in permerror", domain.text(), problem),
          .hint = "merge their terms into one record"};
}

Fault spf_invalid(const Name& domain, const std::string& problem) {
  return {.severity = Severity::Error,
          .code = "spf-invalid",
          .message = fmt::format("{} {}; every check ends in permerror (RFC 7208 section 4.6)",
                                 domain.text(), problem),
          .hint = "correct the term: one mistake makes receivers ignore the whole record"};
}

}  // namespace rampart::rules
