/// The rule book on SPF, before and after a plan; and how many addresses the plan admits.
#include "policies/guardrails/spf.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mail/spf/tree.h"
#include "policies/rules/spf.h"
#include "policies/spf/hints.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;
using spf::IpSet;

constexpr std::uint64_t kWide4 = 65536;                  // A /16.
constexpr spf::Address kWide6 = spf::Address{1} << 104;  // A /24.

std::int64_t count_of(const spf::Record& record, spf::Mechanism mechanism,
                      std::optional<spf::Qualifier> qualifier = std::nullopt) {
  return std::ranges::count_if(record.directives, [&](const spf::Directive& directive) {
    return directive.mechanism == mechanism &&
           directive.qualifier == qualifier.value_or(directive.qualifier);
  });
}

// One side of a case: the tree of its record, what it costs, and its faults by the rule book.
struct Side {
  spf::Tree tree;
  SpfCost cost;
  rules::Faults faults;
};

Side side_of(const SpfCase& item, const SpfView& view, std::size_t txt_octets,
             std::size_t record_octets, const Config& config) {
  Side side;
  rules::SpfFacts facts{
      .domain = item.domain.name, .txt_octets = txt_octets, .record_octets = record_octets};
  if (view.record) {
    side.tree = spf::tree_of(item.domain.name, *view.record, *view.answers);
    side.cost = cost_of(side.tree, config);
    facts.pass_all = count_of(*view.record, spf::Mechanism::All, spf::Qualifier::Pass);
    facts.ptr_terms = count_of(*view.record, spf::Mechanism::Ptr);
    facts.lookups = side.cost.lookups;
    facts.void_lookups = side.cost.voids;
    facts.lower_bound = side.cost.lower_bound;
    facts.root = &side.tree.root;
  }
  side.faults = rules::spf_limits(facts);
  return side;
}

// The rule's hint lists what each term costs. A domain in the YAML can be advised better.
std::string remedies_for(const SpfCase& item, const Config& config, const World& world) {
  std::vector<std::string> remedies;
  for (Remediation& one : remediations(item, config, world)) {
    remedies.push_back(std::move(one.what));
  }
  return fmt::format("{}", fmt::join(remedies, "; "));
}

// What the catalogue last knew of an include that cannot be opened keeps the count honest.
rules::Fault unresolved(const spf::TreeNode& node, const Config& config) {
  rules::Fault fault = rules::spf_unresolved(node);
  const Sender* sender = sender_of_term(node.term, config);
  fault.message +=
      sender != nullptr && sender->lookups
          ? fmt::format("; counted as {} lookup{}, its cost in the catalogue ({})",
                        *sender->lookups, *sender->lookups == 1 ? "" : "s", sender->lookups_as_of)
          : "; counted as one lookup";
  return fault;
}

void check_case(const SpfCase& item, const Config& config, const World& world, Findings& found) {
  // Facts about the record alone: its own octets before the plan play no part in comparing.
  const Side after = side_of(item, item.after, item.octets_after, item.spf_octets_after, config);
  const Side before =
      item.changes ? side_of(item, item.before, item.octets_before, 0, config) : Side{};
  for (rules::Fault fault : after.faults) {
    const bool refused = item.changes && fault.blocks && rules::worsens(fault, before.faults);
    if (fault.code.starts_with("spf-lookups")) {
      if (std::string remedies = remedies_for(item, config, world); !remedies.empty()) {
        fault.hint = std::move(remedies);
      }
    }
    if (fault.code == "spf-lookups" && before.cost.lookups > after.cost.lookups) {
      fault.message += fmt::format("; it needed {} before", before.cost.lookups);
    }
    found.push_back(refused ? spf_refusal(item, std::move(fault))
                            : spf_finding(item, std::move(fault)));
  }
  for (const spf::TreeNode* node : after.cost.broken) {
    found.push_back(spf_finding(item, unresolved(*node, config)));
  }
}

// What a record admits other than by the terms of catalogue senders, whose width their vendors
// choose.
IpSet own_width(const SpfCase& item, const SpfView& view, const Config& config) {
  if (!view.record) return {};
  spf::Record own;
  for (const spf::Directive& directive : view.record->directives) {
    const Sender* sender = sender_of_term(spf::print(directive), config);
    if (sender == nullptr || !sender->builtin) own.directives.push_back(directive);
  }
  return spf::admitted_by(item.domain.name, own, *view.answers).pass;
}

bool is_wide6(const IpSet& gained) {
  return std::ranges::any_of(gained.v6(), [](const spf::Interval& interval) {
    return interval.last - interval.first >= kWide6;
  });
}

}  // namespace

Finding spf_finding(const SpfCase& item, rules::Fault fault) {
  // What is live already never withholds: an unchanged record stays as it is either way.
  fault.severity = std::max(fault.severity, Severity::Warning);
  return to_finding(std::move(fault), item.domain.name,
                    item.domain.spf ? item.domain.spf->mark : item.domain.mark);
}

Finding spf_refusal(const SpfCase& item, rules::Fault fault) {
  Finding finding = spf_finding(item, std::move(fault));
  finding.severity = Severity::Error;
  finding.withholds = {spf_key(item.domain)};
  return finding;
}

Findings spf_rules(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    check_case(item, config, world, found);
  }
  return found;
}

Findings spf_wide(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (!item.changes) continue;
    const IpSet gained =
        own_width(item, item.after, config).without(own_width(item, item.before, config));
    if (gained.count4() <= kWide4 && !is_wide6(gained)) continue;
    found.push_back(spf_refusal(
        item,
        {.code = "spf-wide",
         .message = fmt::format("{} would let {} more IPv4 addresses{} pass than before",
                                item.domain.name.text(), gained.count4(),
                                is_wide6(gained) ? " and an IPv6 network wider than /24" : ""),
         .hint = "check the prefix lengths: name the hosts that send, not their whole network"}));
  }
  return found;
}

}  // namespace rampart
