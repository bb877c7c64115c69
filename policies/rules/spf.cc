#include "policies/rules/spf.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "mail/spf/limits.h"

namespace rampart::rules {
namespace {

// From here on one more include of a vendor may break the record without notice.
constexpr int kNearLookups = 8;

constexpr std::uint64_t kBroad = 1ULL << 24U;              // A /8: hardly a list of senders.
constexpr spf::Address kBroad6 = spf::Address{1} << 112U;  // A /16: no provider has as much.
constexpr std::uint64_t kAll4 = 1ULL << 32U;

// The extents of `authority-wide`, in order of harm. What is added to one of them, a number of
// terms or of /8 networks, never reaches the next.
constexpr std::int64_t kOpenExtent = std::int64_t{1} << 40U;
constexpr std::int64_t kBroadExtent = std::int64_t{2} << 40U;
constexpr std::int64_t kEverybodyExtent = std::int64_t{3} << 40U;

// Ten lookups are the budget, so the terms after the ten costliest hardly matter.
constexpr std::size_t kCostliest = 10;

// The hint for a domain of which nothing but its record is known, as in an audit.
std::string costs_of(const spf::TreeNode& root) {
  std::vector<const spf::TreeNode*> terms;
  for (const spf::TreeNode& child : root.children) terms.push_back(&child);
  std::ranges::stable_sort(terms, std::ranges::greater{}, &spf::TreeNode::lookups);
  terms.resize(std::min(terms.size(), kCostliest));
  std::vector<std::string> costs;
  for (const spf::TreeNode* term : terms) {
    costs.push_back(fmt::format("{} costs {}", term->term, term->lookups));
  }
  return fmt::format("{}; drop a term, or give a sender its own sub-domain",
                     fmt::join(costs, ", "));
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
              .hint = costs_of(*facts.root),
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

bool is_whole6(const spf::Interval& interval) {
  return interval.first == 0 && interval.last == ~spf::Address{0};
}

// ", by `TERM`: DOMAIN publishes `RECORD`": the term through which most IPv4 addresses pass, and
// the record behind it that lists them, which may be several includes away. Empty where no term has
// half of them.
std::string cause_of(const spf::TreeNode& root) {
  const spf::TreeNode* at = &root;
  std::string term;
  while (!at->children.empty()) {
    const auto widest = std::ranges::max_element(at->children, {}, &spf::TreeNode::addresses4);
    if (widest->addresses4 == 0 || widest->addresses4 * 2 < at->addresses4) break;
    if (term.empty()) term = widest->term;
    at = &*widest;
  }
  if (term.empty()) return "";
  if (!at->record) return fmt::format(", by `{}`", term);
  // A long record would hide the sentence around it.
  constexpr std::size_t kMostShown = 120;
  const bool cut = at->record->size() > kMostShown;
  return fmt::format(", by `{}`: {} publishes `{}{}`", term, at->domain,
                     at->record->substr(0, kMostShown), cut ? "..." : "");
}

constexpr std::string_view kCheckPrefixes =
    "check the prefix lengths of the record and of what it includes";

std::string broad_message(const Name& domain, std::uint64_t addresses4) {
  return fmt::format("{} IPv4 addresses may send as {}, more than a /8",
                     grouped(static_cast<std::int64_t>(addresses4)), domain.text());
}

}  // namespace

SpfReach spf_reach(const spf::Admitted& admitted) {
  SpfReach reach{.addresses4 = admitted.pass.count4(), .open = admitted.open_pass};
  spf::Address left6 = kBroad6;  // How many addresses may still pass.
  for (const spf::Interval& interval : admitted.pass.v6()) {
    // One too small, because the size of all of IPv6 would overflow.
    const spf::Address size = interval.last - interval.first;
    reach.wide6 = reach.wide6 || size >= left6;
    left6 -= std::min(left6, size);
  }
  reach.everybody = reach.addresses4 == kAll4 || std::ranges::any_of(admitted.pass.v6(), is_whole6);
  return reach;
}

bool is_wide(const SpfReach& reach) {
  return reach.everybody || reach.wide6 || is_broad(reach.addresses4) || !reach.open.empty();
}

bool is_broad(std::uint64_t addresses4) { return addresses4 > kBroad; }

// Only IPv4 addresses are counted by term, so that no cause is known where IPv6 alone is wide.
std::optional<Fault> authority_wide(const Name& domain, const SpfReach& reach,
                                    const spf::TreeNode& root) {
  const std::string name = domain.text();
  if (reach.everybody) {
    return Fault{.severity = Severity::Error,
                 .code = "authority-wide",
                 .message = fmt::format("everybody may send as {}{}", name,
                                        reach.addresses4 == kAll4 ? cause_of(root) : ""),
                 .hint =
                     "anybody's mail passes SPF, and so DMARC: drop the term today, and ask its "
                     "operator whether this is meant",
                 .extent = kEverybodyExtent,
                 .blocks = true};
  }
  if (is_broad(reach.addresses4)) {
    return Fault{.code = "authority-wide",
                 .message = broad_message(domain, reach.addresses4) + cause_of(root),
                 .hint = std::string(kCheckPrefixes),
                 .extent = kBroadExtent + static_cast<std::int64_t>(reach.addresses4 / kBroad),
                 .blocks = true};
  }
  if (reach.wide6) {
    return Fault{
        .code = "authority-wide",
        .message = fmt::format("IPv6 networks of more than a /16 in all may send as {}", name),
        .hint = std::string(kCheckPrefixes),
        .extent = kBroadExtent,
        .blocks = true};
  }
  if (reach.open.empty()) return std::nullopt;
  return Fault{.code = "authority-wide",
               .message = fmt::format("`{}` decides for each message who may send as {}: how many "
                                      "addresses that are is not known, and may be all",
                                      fmt::join(reach.open, "`, `"), name),
               .hint =
                   "keep it only if its operator is trusted to answer for nobody but your own "
                   "senders; else let the operator name its networks",
               .extent = kOpenExtent + std::ssize(reach.open),
               .blocks = true};
}

bool is_open_alone(const Fault& fault) {
  return fault.code == "authority-wide" && fault.extent < kBroadExtent;
}

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
              : "ask the vendor, or drop the term"};
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

std::optional<Fault> spf_broad(const Name& domain, std::uint64_t addresses4) {
  if (!is_broad(addresses4)) return std::nullopt;
  return Fault{.code = "spf-broad",
               .message = broad_message(domain, addresses4),
               .hint = std::string(kCheckPrefixes)};
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
