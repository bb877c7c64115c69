/// Weighs each term of a record: its cost in lookups and the mail that it aligns.
#include "policies/spf/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/counted.h"
#include "mail/spf/limits.h"
#include "mail/spf/tree.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/spf/flatten.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using spf::Directive;
using spf::Mechanism;
using spf::Record;
using spf::TreeNode;

/// A directive of the record with what it costs. The node lives in the tree of the search, which
/// outlives it.
struct Term {
  std::string text;
  Directive directive;
  const TreeNode* node = nullptr;
  int cost = 0;
};

std::string lookups(int count) { return counted(count, "lookup"); }

/// Whether nothing that aligns is lost without this sender's include. SPF aligns only by the From
/// domain, so that mail which bounces elsewhere gains nothing here.
bool is_needless(const Sender& sender) {
  return sender.include_needed != IncludeNeeded::Yes || sender.spf_aligns == Aligns::No;
}

std::string_view why_needless(const Sender& sender) {
  return sender.spf_aligns == Aligns::No ? "its mail never aligns by SPF" : why_unneeded(sender);
}

/// Whether `domain` is the node's or included below it, by passing includes all the way: an include
/// with another qualifier passes nobody.
bool reaches(const TreeNode& node, const std::string& domain) {
  const bool opens = node.term.starts_with("include:") || node.term.starts_with("redirect=");
  if (!opens) return false;
  return node.domain == domain || std::ranges::any_of(node.children, [&](const TreeNode& child) {
           return reaches(child, domain);
         });
}

/// Searches for the remediations of one record.
class Search {
 public:
  Search(const SpfCase& item, const Config& config, const World& world)
      : item_(item),
        config_(config),
        world_(world),
        tree_(spf::tree_of(item.domain.name, *item.after.record, *item.after.answers)),
        lookups_(cost_of(tree_, config).lookups) {
    for (const Directive& directive : item.after.record->directives) {
      const std::string text = spf::print(directive);
      if (contains(terms_, text, &Term::text)) continue;
      const auto node = std::ranges::find(tree_.root.children, text, &TreeNode::term);
      if (node == tree_.root.children.end()) continue;
      terms_.push_back({text, directive, &*node, node->lookups});
    }
    std::ranges::sort(terms_, {},
                      [](const Term& term) { return std::pair(-term.cost, term.text); });
  }

  // Easy steps first: what is dropped is no longer proposed for a sub-domain.
  std::vector<Remediation> run() {
    drop_needless();
    drop_doubled();
    flatten_terms();
    move_a_sender();
    std::ranges::sort(found_, {},
                      [](const Remediation& way) { return std::pair(-way.saves, way.what); });
    return std::move(found_);
  }

 private:
  /// Who asks for a term: the domain's senders, else every row of the catalogue that names it.
  /// Retired senders do not count, since dropping their term is due anyway.
  std::vector<const Sender*> owners_of(const std::string& term) const {
    std::vector<const Sender*> owners;
    for (const SenderUse& use : item_.domain.declared_senders()) {
      const auto own = terms_of(use, item_.domain.name);
      if (contains(own, term) && !is_retired(use, world_.now)) owners.push_back(use.sender.get());
    }
    if (!owners.empty()) return owners;
    return senders_of_term(term, config_);
  }

  /// The record without what has been dropped so far.
  Record rest() const {
    Record rest = *item_.after.record;
    std::erase_if(rest.directives, [&](const Directive& directive) {
      return dropped_.contains(spf::print(directive));
    });
    return rest;
  }

  /// Another term of the record that contains the same include. By domain, because the same include
  /// may be written with another qualifier.
  const TreeNode* reached_again(const Term& term) const {
    if (term.node->domain.empty() || !term.node->problem.empty()) return nullptr;
    for (const TreeNode& other : tree_.root.children) {
      const bool same = other.term == term.text || dropped_.contains(other.term);
      if (!same && reaches(other, term.node->domain)) return &other;
    }
    return nullptr;
  }

  /// Why the rest of the record does all that this term does; empty where it does not. One other
  /// term is named where possible: "the others together" is hard to check by hand.
  std::string doubled_by(const Term& term) const {
    const TreeNode* again = reached_again(term);
    if (again != nullptr) return fmt::format("`{}` includes it as well", again->term);
    const spf::Admitted own = admitted({{term.directive}, {}});
    if (!own.complete || own.pass.empty()) return {};
    Record others = rest();
    std::erase(others.directives, term.directive);
    if (!own.pass.without(admitted(others).pass).empty()) return {};
    for (const Directive& other : others.directives) {
      if (other.qualifier != spf::Qualifier::Pass || other.mechanism == Mechanism::All) continue;
      if (own.pass.without(admitted({{other}, {}}).pass).empty()) {
        return fmt::format("`{}` admits all its networks", spf::print(other));
      }
    }
    return "the other terms admit all its networks";
  }

  spf::Admitted admitted(const Record& record) const {
    return spf::admitted_by(item_.domain.name, record, *item_.after.answers);
  }

  /// What spf.lock would hold if it were written from the answers at hand. Fragments of our own are
  /// flat already; what depends on the message stays.
  SpfLock lock_of_answers() const {
    SpfLock lock;
    for (const Term& term : terms_) {
      if (included_fragment(item_.domain.name, term.directive) > 0) continue;
      const spf::Admitted own = admitted({{term.directive}, {}});
      if (!own.complete || own.pass.empty()) continue;
      lock.terms[term.text] = {.lookups = term.cost, .networks = texts_of(own.pass)};
    }
    return lock;
  }

  // Dropping a needless include loses no mail: receivers never look for it at this domain.
  void drop_needless() {
    for (const Term& term : terms_) {
      const auto owners = owners_of(term.text);
      const bool needless =
          !owners.empty() &&
          std::ranges::all_of(owners, [](const Sender* sender) { return is_needless(*sender); });
      if (!needless || term.directive.mechanism != Mechanism::Include || term.cost == 0) continue;
      dropped_.insert(term.text);
      found_.push_back(
          {term.cost, fmt::format("drop `{}` of {} (saves {}): {}", term.text, owners.front()->id,
                                  lookups(term.cost), why_needless(*owners.front()))});
    }
  }

  // Each is evaluated against what then remains, so that all of them may go together.
  void drop_doubled() {
    for (const Term& term : terms_) {
      const bool passes = term.directive.qualifier == spf::Qualifier::Pass;
      const bool include = term.directive.mechanism == Mechanism::Include;
      if (!passes || !include || term.cost == 0 || dropped_.contains(term.text)) continue;
      const std::string why = doubled_by(term);
      if (why.empty()) continue;
      dropped_.insert(term.text);
      found_.push_back(
          {term.cost, fmt::format("drop `{}` (saves {}): {}", term.text, lookups(term.cost), why)});
    }
  }

  // Flattening is computed with a lock made from the answers at hand, since the reviewed spf.lock
  // may not exist yet. The saving is measured against the record without any flattening.
  void flatten_terms() {
    const Domain& domain = item_.domain;
    const Flatten chosen = domain.spf ? domain.spf->flatten : Flatten::Never;
    const Flatten mode = lookups_ > spf::kMaxLookups ? Flatten::Auto : Flatten::Always;
    FlattenInput input{.domain = domain.name, .record = *item_.after.record, .lock = {}};
    for (const TreeNode& child : tree_.root.children) input.costs[child.term] = child.lookups;
    const std::size_t ours = item_.spf_octets_after + domain.name.text().size();
    input.foreign_octets = item_.octets_after - std::min(item_.octets_after, ours);
    input.mode = Flatten::Never;
    const int now = flatten(input).lookups;
    input.lock = lock_of_answers();
    input.mode = mode;
    const int saves = now - flatten(input).lookups;
    if (saves <= 0) return;
    const bool is_set = chosen == mode || chosen == Flatten::Always;
    const std::string how =
        is_set
            ? fmt::format("refresh spf.lock (`rampart spf flatten {} --write`)", domain.name.text())
            : fmt::format("set `flatten: {}`", mode == Flatten::Auto ? "auto" : "always");
    found_.push_back({saves, fmt::format("{} (saves {}): {} instead of {}", how, lookups(saves),
                                         lookups_ - saves, lookups_)});
  }

  // Marketing mail has a name of its own at most organizations, so it moves with the least harm.
  // One sender is named: the costliest.
  void move_a_sender() {
    for (const Term& term : terms_) {
      if (term.cost == 0 || dropped_.contains(term.text)) continue;
      const auto owners = owners_of(term.text);
      const bool bulk = !owners.empty() && std::ranges::all_of(owners, [](const Sender* sender) {
        return sender->category == "marketing" || sender->category == "bulk";
      });
      if (!bulk) continue;
      found_.push_back(
          {term.cost, fmt::format("let {} send from a sub-domain of its own (saves {})",
                                  owners.front()->id, lookups(term.cost))});
      return;
    }
  }

  const SpfCase& item_;
  const Config& config_;
  const World& world_;
  spf::Tree tree_;
  int lookups_ = 0;
  std::vector<Term> terms_;  ///< The most costly first.
  std::set<std::string> dropped_;
  std::vector<Remediation> found_;
};

}  // namespace

std::vector<Remediation> remediations(const SpfCase& item, const Config& config,
                                      const World& world) {
  if (!item.after.record) return {};
  return Search(item, config, world).run();
}

}  // namespace rampart
