/// The guardrails on SPF: the rule book before and after a plan, and whom the plan admits and
/// drops.
#include "policies/guardrails/spf.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/counted.h"
#include "mail/spf/tree.h"
#include "policies/guardrails/names.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_pattern.h"
#include "policies/model/sender_use.h"
#include "policies/rules/spf.h"
#include "policies/spf/compare.h"
#include "policies/spf/flatten.h"
#include "policies/spf/hints.h"
#include "policies/spf/lock.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// One side of a case: the tree of its record, what it costs, and its faults by the rule book.
struct Side {
  spf::Tree tree;
  SpfCost cost;  ///< Refers to `tree`.
  rules::Faults faults;
};

// A side without a record has no faults: a missing record is the policy's subject.
Side side_of(const SpfCase& item, const SpfView& view, std::size_t txt_octets,
             std::size_t record_octets, const Config& config) {
  Side side;
  std::vector<Question> unknown;  // The policy asked them.
  rules::SpfFacts facts{
      .domain = item.domain.name, .txt_octets = txt_octets, .record_octets = record_octets};
  if (view.record) {
    side.tree = spf_tree(item.domain.name, view, unknown);
    side.cost = cost_of(side.tree, config);
    // Counted and not just found, so that a second `+all` counts as worse than the first.
    for (const spf::Directive& directive : view.record->directives) {
      const bool passes = directive.qualifier == spf::Qualifier::Pass;
      facts.pass_all += directive.mechanism == spf::Mechanism::All && passes;
      facts.ptr_terms += directive.mechanism == spf::Mechanism::Ptr;
    }
    facts.lookups = side.cost.lookups;
    facts.void_lookups = side.cost.voids;
    facts.lower_bound = side.cost.lower_bound;
    facts.root = &side.tree.root;
  }
  side.faults = rules::spf_limits(facts);
  return side;
}

// The remediations that the YAML and the catalogue allow to name, in one line; empty where there
// are none. The rule's own hint only lists what each term costs.
std::string remedies_for(const SpfCase& item, const Config& config, const World& world) {
  std::vector<std::string> remedies;
  for (const Remediation& one : remediations(item, config, world)) remedies.push_back(one.what);
  return fmt::format("{}", fmt::join(remedies, "; "));
}

// Whether the plan names a record that certainly does not exist or cannot be used, where no record
// before it did. A fragment of our own is `spf-fragment-missing`.
bool breaks_by(const spf::TreeNode& node, const SpfCase& item, const SpfCost& before,
               const World& world) {
  if (item.changes.empty() || node.temporary) return false;
  const auto name = Name::parse(node.domain);
  if (name && fragment_number(item.domain.name, *name) > 0) return false;
  if (name && is_in_zones(world, item.domain, {*name, RecordType::TXT})) return false;
  return std::ranges::none_of(before.broken, [&](const spf::TreeNode* other) {
    return other->term == node.term && other->domain == node.domain;
  });
}

// The message says what the include counts as, because its cost is not known.
rules::Fault unresolved(const spf::TreeNode& node, const Config& config) {
  rules::Fault fault = rules::spf_unresolved(node);
  const Sender* sender = sender_of_term(node.term, config);
  fault.message += sender != nullptr && sender->lookups
                       ? fmt::format("; counted as {}, its cost in the catalogue ({})",
                                     counted(*sender->lookups, "lookup"), sender->lookups_as_of)
                       : "; counted as 1 lookup";
  return fault;
}

// Refused only where the plan makes it worse: repairing an old fault step by step must stay
// possible.
void check_rules(const SpfCase& item, const Config& config, const World& world, Findings& found) {
  const bool changes = !item.changes.empty();
  const Side after = side_of(item, item.after, item.octets_after, item.spf_octets_after, config);
  // Faults are compared by their extents, which do not depend on the octets of the record alone.
  const Side before = changes ? side_of(item, item.before, item.octets_before, 0, config) : Side{};
  for (rules::Fault fault : after.faults) {
    const bool refused = changes && fault.blocks && rules::worsens(fault, before.faults);
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
  // The YAML cannot declare such a term, so that a plan never creates one.
  if (item.after.record) {
    if (auto fault = rules::spf_term_ignored(item.domain.name, *item.after.record)) {
      found.push_back(spf_finding(item, std::move(*fault)));
    }
  }
  for (const spf::TreeNode* node : after.cost.broken) {
    rules::Fault fault = unresolved(*node, config);
    found.push_back(breaks_by(*node, item, before.cost, world)
                        ? spf_refusal(item, std::move(fault))
                        : spf_finding(item, std::move(fault)));
  }
}

// By number, since two spellings of one name are one fragment.
std::set<int> fragments_named(const Name& domain, const std::optional<spf::Record>& record) {
  std::set<int> numbers;
  if (!record) return numbers;
  for (const spf::Directive& directive : record->directives) {
    numbers.insert(included_fragment(domain, directive));
  }
  numbers.erase(0);
  return numbers;
}

bool holds_spf(const ParsedSet& set) {
  return contains(set.values, RecordKind::Spf, &ParsedValue::kind);
}

using Keys = std::set<RecordKey>;

// What the errors so far withhold: a withheld fragment is not written, so that a record which
// includes it would break.
Keys withheld_keys(const Plan& plan) {
  Keys keys;
  for (const Finding& finding : plan.findings) {
    if (finding.severity != Severity::Error) continue;
    keys.insert(finding.withholds.begin(), finding.withholds.end());
  }
  return keys;
}

// Whether receivers would find nothing at the fragment's name: neither its live value nor the one
// that the plan writes is an SPF record. A name that could not be read is not taken for absent.
bool is_missing(const SpfCase& item, const Name& fragment, const Keys& withheld) {
  const RecordKey key{fragment, RecordType::TXT};
  const auto change = std::ranges::find(item.changes, fragment, &Change::name);
  if (change != item.changes.end() && !withheld.contains(key)) {
    const auto& after = (*change)->set.after;
    return !after || !holds_spf(after->set);
  }
  const LiveSet live = item.zone.at(key);
  if (live.state == LiveState::Present) return !holds_spf(live.set);
  return live.state == LiveState::Absent;
}

// Permissions of SPF are printed from parsed terms, so that they can always be read again.
spf::Record record_of(const std::string& term) { return spf::parse_terms(term).value(); }

// Whether the term is one by which the sender is recognized, while the record has none of its own:
// it was declared without the values that its own term needs, or uses another region's or an older
// one.
bool is_served_by(const std::string& term, const SenderUse& use, const Name& domain,
                  const std::optional<spf::Record>& after) {
  if (!owns_term(*use.sender, term, use.with)) return false;
  const auto own = terms_of(use, domain);
  return !after || std::ranges::none_of(after->directives, [&](const spf::Directive& one) {
    return contains(own, spf::print(one));
  });
}

// The declared sender that the lost term belongs to: it asks for that very term, or for addresses
// that only that term let pass, or is recognized by it. Null where there is none. Compared by
// addresses as well, because flattening replaces a vendor's include by its networks.
const SenderUse* owner_of(const Permission& lost, const SpfCase& item) {
  const Name& name = item.domain.name;
  const auto pass = [&](const spf::Record& record) {
    return spf::admitted_by(name, record, *item.before.answers).pass;
  };
  const spf::Record term = record_of(lost.text());
  const spf::IpSet gone = pass(term).without(
      spf::admitted_by(name, item.after.record.value_or(spf::Record{}), *item.after.answers).pass);
  for (const SenderUse& use : item.domain.declared_senders()) {
    for (const std::string& own : terms_of(use, name)) {
      const spf::Record asked = record_of(own);
      if (spf::same_meaning(term, asked) || !gone.common(pass(asked)).empty()) return &use;
    }
    if (is_served_by(lost.text(), use, name, item.after.record)) return &use;
  }
  return nullptr;
}

// Marked at the sender's own line, which is where it is resolved.
Finding sender_removed(const SpfCase& item, const std::string& lost, const SenderUse& use) {
  const std::string& id = use.sender->id;
  // `spf: always` writes the row's own term, which may need values and may be another one.
  const std::string keep =
      contains(terms_of(use, item.domain.name), lost)
          ? fmt::format("set `spf: always` on {} to keep the term", id)
          : fmt::format(
                "write `{}` to `extra:` of `spf:` to keep the term, or give {} the values "
                "of its own in `with:` and `spf: always`",
                lost, id);
  return marked(
      spf_refusal(
          item, {.code = "spf-sender-removed",
                 .message = fmt::format("`{}` would no longer pass as {}, but {} is still declared "
                                        "for it",
                                        lost, item.domain.name.text(), use.sender->id),
                 .hint = fmt::format("{}, `spf: never` to drop it, or `retired:` when {} has "
                                     "stopped sending",
                                     keep, id)}),
      use.mark);
}

// Whether the sender's mail needs the term at this domain. Mail that bounces to the vendor's own
// domain is checked there (RFC 7208 section 2.4). `spf: never` is the user's own word that the term
// is not needed.
bool is_needed(const SenderUse& use, const World& world) {
  const IncludeNeeded needed = use.sender->include_needed;
  const bool needless =
      use.spf == SpfUse::Never || (use.spf == SpfUse::Auto && needed != IncludeNeeded::Yes &&
                                   needed != IncludeNeeded::Optional);
  return !needless && !is_retired(use, world.now);
}

// Only a warning: nobody declared the sender, so nothing shows that the term is still in use.
Finding term_removed(const SpfCase& item, const std::string& lost, const Config& config) {
  if (lost == "+all") {
    return spf_finding(
        item,
        {.code = "spf-term-removed",
         .message = fmt::format("`+all`, which passes every host, is removed from the SPF record "
                                "of {}",
                                item.domain.name.text()),
         .hint = "declare every host that sends as this domain under `senders:` or `extra:`"});
  }
  const Sender* sender = sender_of_term(lost, config);
  std::string owner = "no service of the catalogue uses it";
  if (sender != nullptr) {
    owner = "it belongs to " + sender->name;
    if (sender->name != sender->id) owner += fmt::format(" ({})", sender->id);
  }
  return spf_finding(
      item, {.code = "spf-term-removed",
             .message = fmt::format(
                 "`{}` is removed from the SPF record of {}: no declared sender needs it; {}", lost,
                 item.domain.name.text(), owner),
             .hint = sender == nullptr
                         ? "if mail still comes from there, add it to `senders:` or to `extra:`"
                         : fmt::format("if it still sends as this domain, add `{}` to `senders:`",
                                       sender->id)});
}

// A fragment that was missing before is a warning: this plan did not cause it.
void check_fragments(const SpfCase& item, const Keys& withheld, Findings& found) {
  const Name& domain = item.domain.name;
  const std::set<int> before = fragments_named(domain, item.before.record);
  for (const int number : fragments_named(domain, item.after.record)) {
    const Name fragment = fragment_name(domain, number);
    if (!is_missing(item, fragment, withheld)) continue;
    rules::Fault fault{
        .code = "spf-fragment-missing",
        .message = fmt::format("the SPF record of {} includes {}, which has no SPF record: every "
                               "check that gets that far ends in permerror (RFC 7208 section 5.2)",
                               domain.text(), fragment.text()),
        .hint = fmt::format("set `flatten: auto` or `always`, which writes {} first, or drop the "
                            "include",
                            fragment.text())};
    found.push_back(before.contains(number) ? spf_finding(item, std::move(fault))
                                            : spf_refusal(item, std::move(fault)));
  }
}

void check_losses(const SpfCase& item, const Config& config, const World& world, Findings& found) {
  const SpfDelta delta = compare_spf(item.domain.name, item.before, item.after);
  for (const Permission& permission : delta.loses) {
    const std::string& lost = permission.text();
    const SenderUse* use = owner_of(permission, item);
    if (use == nullptr) {
      found.push_back(term_removed(item, lost, config));
    } else if (is_needed(*use, world)) {
      found.push_back(sender_removed(item, lost, *use));
    }
  }
}

}  // namespace

// What is live already never withholds: an unchanged record stays as it is either way.
Finding spf_finding(const SpfCase& item, rules::Fault fault) {
  fault.severity = std::max(fault.severity, Severity::Warning);
  return to_finding(std::move(fault), item.domain.name,
                    item.domain.spf ? item.domain.spf->mark : item.domain.mark);
}

// With its fragments: a record that stays must still find them as they are.
Finding spf_refusal(const SpfCase& item, rules::Fault fault) {
  std::vector<RecordKey> keys{spf_key(item.domain)};
  for (const Change* change : item.changes) {
    const RecordKey key{change->name(), change->type()};
    if (key != keys.front()) keys.push_back(key);
  }
  Finding finding = withholding(spf_finding(item, std::move(fault)), std::move(keys));
  finding.severity = Severity::Error;
  return finding;
}

Findings spf_guardrails(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  const Keys withheld = withheld_keys(plan);
  for (const SpfCase& item : spf_cases(plan, config, world)) {
    Findings of_case;
    check_rules(item, config, world, of_case);
    check_authority(item, world, of_case);
    check_width(item, config, world, of_case);
    check_names(item, world, of_case);
    if (!item.changes.empty()) {
      check_fragments(item, withheld, of_case);
      check_losses(item, config, world, of_case);
    }
    for (Finding& finding : of_case) {
      // Another tool keeps that record: its faults cannot be corrected by a plan.
      if (item.domain.leaves_spf()) finding.severity = Severity::Info;
      found.push_back(std::move(finding));
    }
  }
  return found;
}

}  // namespace rampart
