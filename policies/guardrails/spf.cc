/// Guardrails on SPF: limits, widths and who would be lost.
#include "policies/guardrails/spf.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/spf/limits.h"
#include "mail/spf/tree.h"
#include "policies/spf/cases.h"
#include "policies/spf/compare.h"
#include "policies/spf/hints.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;
using spf::IpSet;

constexpr int kNearLookups = 8;
constexpr std::uint64_t kWide4 = 65536;
constexpr spf::Address kWide6 = spf::Address{1} << 104;  // A /24.

/// New where the plan writes the record and makes `after` worse than `before`.
Fault fault_of(const SpfCase& item, std::int64_t before, std::int64_t after) {
  return item.changes && after > before ? Fault::New : Fault::Standing;
}

std::int64_t count_of(const std::optional<spf::Record>& record, spf::Mechanism mechanism,
                      std::optional<spf::Qualifier> qualifier) {
  if (!record) return 0;
  return std::ranges::count_if(record->directives, [&](const spf::Directive& directive) {
    return directive.mechanism == mechanism &&
           directive.qualifier == qualifier.value_or(directive.qualifier);
  });
}

SpfCost cost_of_view(const SpfCase& item, const SpfView& view, const Config& config) {
  if (!view.record) return {};
  return cost_of(spf::tree_of(item.domain.name, *view.record, *view.answers), config);
}

/// What a record admits besides the terms of catalogue senders, whose width is the vendor's affair.
IpSet own_width(const SpfCase& item, const SpfView& view, const Config& config) {
  if (!view.record) return {};
  spf::Record own;
  for (const spf::Directive& directive : view.record->directives) {
    const Sender* sender = sender_of_term(spf::print(directive), config);
    const bool catalogue = sender != nullptr && sender->builtin;
    if (!catalogue) own.directives.push_back(directive);
  }
  return spf::admitted_by(item.domain.name, own, *view.answers).pass;
}

bool is_wide6(const IpSet& gained) {
  return std::ranges::any_of(gained.v6(), [](const spf::Interval& interval) {
    return interval.last - interval.first >= kWide6;
  });
}

/// What each term costs, where nothing better is known.
std::string costs_hint(const spf::Tree& tree) {
  std::string costs;
  std::vector<const spf::TreeNode*> children;
  for (const spf::TreeNode& child : tree.root.children) children.push_back(&child);
  std::ranges::stable_sort(children, std::ranges::greater{}, &spf::TreeNode::lookups);
  for (const spf::TreeNode* child : children) {
    costs += fmt::format("{}{} costs {}", costs.empty() ? "" : ", ", child->term, child->lookups);
    if (costs.size() > 200) break;
  }
  return costs + "; drop a term, or give a sender its own sub-domain";
}

std::string lookups_hint(const std::vector<Remediation>& ways, const spf::Tree& tree) {
  std::string hint;
  for (const Remediation& way : ways) hint += (hint.empty() ? "" : "; ") + way.what;
  return hint.empty() ? costs_hint(tree) : hint;
}

Finding too_many_lookups(const SpfCase& item, const SpfCost& before, const SpfCost& after,
                         std::string hint) {
  const char* least = after.lower_bound ? "at least " : "";
  Finding finding = spf_finding(
      item, fault_of(item, before.lookups, after.lookups), "spf-lookups",
      fmt::format("the record of {} needs {}{} DNS lookups, ten are allowed: every check that gets "
                  "that far ends in permerror",
                  item.domain.name.text(), least, after.lookups));
  if (item.changes && before.lookups > after.lookups) {
    finding.message += fmt::format("; it needed {} before", before.lookups);
  }
  finding.hint = std::move(hint);
  return finding;
}

}  // namespace

Findings spf_all(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    const auto after = count_of(item.after.record, spf::Mechanism::All, spf::Qualifier::Pass);
    if (after == 0) continue;
    const auto before = count_of(item.before.record, spf::Mechanism::All, spf::Qualifier::Pass);
    found.push_back(spf_finding(
        item, fault_of(item, before, after), "spf-all",
        fmt::format("`+all` lets the whole internet pass as {}", item.domain.name.text())));
    found.back().hint = "end the record with `~all` or `-all` (`all: softfail` or `all: fail`)";
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
    found.push_back(
        spf_finding(item, Fault::New, "spf-wide",
                    fmt::format("{} would let {} more IPv4 addresses{} pass than before",
                                item.domain.name.text(), gained.count4(),
                                is_wide6(gained) ? " and an IPv6 network wider than /24" : "")));
    found.back().hint =
        "check the prefix lengths: name the hosts that send, not the network they live in";
  }
  return found;
}

Findings spf_ptr(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    const auto after = count_of(item.after.record, spf::Mechanism::Ptr, std::nullopt);
    if (after == 0) continue;
    const auto before = count_of(item.before.record, spf::Mechanism::Ptr, std::nullopt);
    found.push_back(
        spf_finding(item, fault_of(item, before, after), "spf-ptr",
                    fmt::format("{} uses `ptr`, which must not be published (RFC 7208 section 5.5)",
                                item.domain.name.text())));
    found.back().hint = "name the hosts with ip4, ip6 or a; many receivers skip ptr altogether";
  }
  return found;
}

Findings spf_lookups(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (!item.after.record) continue;
    const spf::Tree tree = spf::tree_of(item.domain.name, *item.after.record, *item.after.answers);
    const SpfCost after = cost_of(tree, config);
    if (after.lookups < kNearLookups) continue;
    const SpfCost before = cost_of_view(item, item.before, config);
    std::string hint = lookups_hint(remediations(item, config, world), tree);
    if (after.lookups > spf::kMaxLookups) {
      found.push_back(too_many_lookups(item, before, after, std::move(hint)));
      continue;
    }
    found.push_back(spf_finding(
        item, Fault::Standing, "spf-lookups-near",
        fmt::format("the record of {} needs {}{} of ten DNS lookups", item.domain.name.text(),
                    after.lower_bound ? "at least " : "", after.lookups)));
    found.back().hint = std::move(hint);
  }
  return found;
}

Findings spf_voids(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    const SpfCost after = cost_of_view(item, item.after, config);
    if (after.voids <= spf::kMaxVoidLookups) continue;
    const SpfCost before = cost_of_view(item, item.before, config);
    found.push_back(spf_finding(
        item, fault_of(item, before.voids, after.voids), "spf-voids",
        fmt::format("{} terms of {} lead to names without addresses; the third ends every check "
                    "in permerror (RFC 7208 section 4.6.4)",
                    after.voids, item.domain.name.text())));
    found.back().hint = "remove the a, mx and exists terms whose names are gone";
  }
  return found;
}

Findings spf_length(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (item.octets_after <= spf::kMaxRecordOctets) continue;
    const bool ours = item.spf_octets_after > spf::kMaxRecordOctets;
    const auto before = static_cast<std::int64_t>(item.octets_before);
    const auto after = static_cast<std::int64_t>(item.octets_after);
    found.push_back(spf_finding(
        item, ours ? fault_of(item, before, after) : Fault::Standing, "spf-length",
        fmt::format("all TXT at {} comes to {} octets (our record: {}); above 450 it may not fit "
                    "a plain UDP answer (RFC 7208 section 3.4)",
                    item.domain.name.text(), item.octets_after, item.spf_octets_after)));
    found.back().hint = ours ? "set `flatten: auto`, which spreads the networks over several names"
                             : "remove site verifications that are no longer needed";
  }
  return found;
}

Findings spf_unresolved(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    if (!item.after.record) continue;
    const spf::Tree tree = spf::tree_of(item.domain.name, *item.after.record, *item.after.answers);
    for (const spf::TreeNode* node : cost_of(tree, config).broken) {
      const Sender* sender = sender_of_term(node->term, config);
      const std::string counted =
          sender != nullptr && sender->lookups
              ? fmt::format("counted as {} lookup{}, as the catalogue saw it in {}",
                            *sender->lookups, *sender->lookups == 1 ? "" : "s",
                            sender->lookups_as_of)
              : "counted as one lookup";
      found.push_back(spf_finding(
          item, Fault::Standing, "spf-unresolved",
          fmt::format("`{}`: {} {}; {}", node->term, node->domain, node->problem, counted)));
      found.back().hint =
          "receivers answer temperror or permerror for whoever stands behind it: if it stays so, "
          "ask the vendor or drop the term";
    }
  }
  return found;
}

}  // namespace rampart
