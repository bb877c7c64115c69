#include "mail/spf/tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sorting.h"
#include "mail/spf/compiled.h"
#include "mail/spf/terms.h"

namespace rampart::spf {
namespace {

constexpr int kMostNodes = 400;  // A tree this large fails everywhere; the rest is not resolved.
constexpr int kLoopCost = 11;    // A loop always exceeds the limit of ten.

// One node with all below it.
struct Branch {
  TreeNode node;
  IpSet pass;  ///< What the node's record passes; for a plain term, what it matches.
};

// Adds a child and its cost.
void attach(TreeNode child, TreeNode& parent) {
  parent.lookups += child.lookups;
  parent.void_lookups += child.void_lookups;
  parent.lower_bound = parent.lower_bound || child.lower_bound;
  parent.children.push_back(std::move(child));
}

// Walks one tree. First match wins: addresses that an earlier term matches are removed from later
// ones.
class Walk {
 public:
  explicit Walk(RecordCache& cache) : cache_(cache) {}

  Branch grow(const CompiledRecord& compiled);
  Branch host_branch(const CompiledDirective& step, const Directive& directive);

  std::vector<Question> unknown;
  std::vector<std::string> open;
  std::vector<std::string> open_pass;
  bool complete = true;

 private:
  IpSet matched_by(const CompiledRecord& compiled, std::size_t index, Branch& branch);
  Branch visit(const CompiledDirective& step, const Directive& directive);
  Branch follow(Target& target);
  Branch open_record(const CompiledRecord& compiled);
  Branch exists_branch(const Target& target);
  Branch stuck(std::string domain, std::string problem);
  void note_open(const std::string& term);

  RecordCache& cache_;
  std::vector<Name> above_;
  int nodes_ = 0;
  bool passing_ = true;  ///< Every term on the path from the root has the qualifier `+`.
};

void Walk::note_open(const std::string& term) {
  open.push_back(term);
  if (passing_) open_pass.push_back(term);
}

// A node that cannot be opened, and why; its cost is a lower bound.
Branch Walk::stuck(std::string domain, std::string problem) {
  complete = false;
  Branch branch;
  branch.node.domain = std::move(domain);
  branch.node.problem = std::move(problem);
  branch.node.lower_bound = true;
  return branch;
}

// The target of an include or a redirect.
Branch Walk::follow(Target& target) {
  // A macro names another record for each message, so no static cost exists.
  if (target.dynamic) return stuck("", "depends on the message, so its cost is unknown");
  if (!target.name) return stuck("", "is not a valid domain name");
  if (std::ranges::find(above_, *target.name) != above_.end()) {
    Branch branch = stuck(target.name->text(), "includes itself, which never ends");
    branch.node.lookups = kLoopCost;
    return branch;
  }
  if (nodes_ > kMostNodes)
    return stuck(target.name->text(), "was not followed: the tree is too large");
  return open_record(cache_.of(target));
}

// A record that cannot be read still has a place in the tree: its includer fails because of it, and
// the reader must see where.
Branch Walk::open_record(const CompiledRecord& compiled) {
  if (compiled.state == CompiledRecord::State::Ready) return grow(compiled);
  if (compiled.state == CompiledRecord::State::Unasked) {
    unknown.push_back({compiled.domain, RecordType::TXT});
    Branch branch = stuck(compiled.domain.text(), "has not been resolved");
    branch.node.temporary = true;
    return branch;
  }
  Branch branch = stuck(compiled.domain.text(), compiled.problem);
  branch.node.temporary = compiled.state == CompiledRecord::State::TempError;
  if (!compiled.text.empty()) branch.node.record = compiled.text;
  // RFC 7208 section 4.6.4 counts it for include and redirect too.
  branch.node.void_lookups = compiled.is_void ? 1 : 0;
  return branch;
}

// The addresses of an a or mx term, both families.
Branch Walk::host_branch(const CompiledDirective& step, const Directive& directive) {
  Branch branch;
  const Target& target = *step.target;
  if (target.dynamic || !target.name) {
    branch.node.problem = target.dynamic ? "" : "is not a valid domain name";
    return branch;
  }
  branch.node.domain = target.name->text();
  const auto find = step.mechanism == Mechanism::A ? address_hosts : mx_hosts;
  std::vector<Network> networks;
  for (const Family family : kFamilies) {
    const ResolvedHosts hosts = find(*target.name, family, cache_.answers(), unknown);
    const int length =
        (family == Family::V6 ? directive.cidr6 : directive.cidr4).value_or(bits_of(family));
    for (const Address address : hosts.addresses) {
      networks.push_back({ip_of(address, family), length});
    }
    // One at most for both families: a receiver queries only the client's.
    if (hosts.is_void) branch.node.void_lookups = 1;
    if (!hosts.failure.empty()) branch.node.problem = hosts.failure;
    branch.node.temporary = branch.node.temporary || !hosts.failure.empty();
    if (hosts.too_many) branch.node.problem = "has more than ten MX names";
    if (!branch.node.problem.empty()) complete = false;
  }
  branch.pass = IpSet::of(networks);
  return branch;
}

// `exists` of a fixed name matches every client or none.
Branch Walk::exists_branch(const Target& target) {
  Branch branch;
  if (target.dynamic || !target.name) return branch;
  branch.node.domain = target.name->text();
  const Answer* answer = find_or_note(cache_.answers(), {*target.name, RecordType::A}, unknown);
  if (!answer) return branch;
  if (answer->status == AnswerStatus::Failed) {
    branch.node.problem = "could not be resolved (" + answer->detail + ")";
    branch.node.temporary = true;
  } else if (is_void(*answer)) {
    branch.node.void_lookups = 1;
  } else {
    branch.pass = IpSet::everything();
  }
  return branch;
}

// `ptr` and macros match by message, so they add cost but no addresses.
Branch Walk::visit(const CompiledDirective& step, const Directive& directive) {
  switch (step.mechanism) {
    case Mechanism::Include:
      return follow(*step.target);
    case Mechanism::Exists:
      return exists_branch(*step.target);
    case Mechanism::A:
    case Mechanism::Mx:
      return host_branch(step, directive);
    default:
      return {};
  }
}

// What a term that costs a lookup matches; its node becomes a child of `branch`.
IpSet Walk::matched_by(const CompiledRecord& compiled, std::size_t index, Branch& branch) {
  const CompiledDirective& step = compiled.steps[index];
  ++nodes_;
  const Directive& directive = compiled.record.directives[index];
  // What an include passes counts with the include's own qualifier (RFC 7208 section 5.2).
  const bool outer = passing_;
  passing_ = passing_ && step.qualifier == Qualifier::Pass;
  Branch child = visit(step, directive);
  child.node.term = print(directive);
  child.node.lookups += step.target->uses_p ? 2 : 1;
  child.node.addresses4 = child.pass.count4();
  if (step.target->dynamic || step.mechanism == Mechanism::Ptr) note_open(child.node.term);
  passing_ = outer;
  attach(std::move(child.node), branch.node);
  return std::move(child.pass);
}

// Directives with the same qualifier in a row are matched as one set: the order within such a run
// changes nothing, and one set operation for hundreds of ip4 terms is much cheaper than one each.
Branch Walk::grow(const CompiledRecord& compiled) {
  Branch branch;
  branch.node.domain = compiled.domain.text();
  branch.node.record = compiled.text;
  // The path from the root, not all visited records: two includes of one record are legal and both
  // count.
  above_.push_back(compiled.domain);
  IpSet left = IpSet::everything();
  bool all = false;
  for (std::size_t i = 0; i < compiled.steps.size() && !all;) {
    const Qualifier qualifier = compiled.steps[i].qualifier;
    std::vector<Network> networks;
    IpSet matched;
    for (; i < compiled.steps.size() && compiled.steps[i].qualifier == qualifier && !all; ++i) {
      const CompiledDirective& step = compiled.steps[i];
      all = step.mechanism == Mechanism::All;
      if (step.target) {
        matched = matched.united(matched_by(compiled, i, branch));
      } else if (!all) {
        networks.push_back(network_of(compiled.record.directives[i]));
      }
    }
    // `all` matches what is left, and nothing after it can match any more.
    matched = all ? left : matched.united(IpSet::of(networks)).common(left);
    // Other qualifiers match too and so take addresses away from later terms.
    if (qualifier == Qualifier::Pass) branch.pass = branch.pass.united(matched);
    left = left.without(matched);
  }
  if (compiled.redirect) {
    Branch child = follow(*compiled.redirect);
    child.node.term = "redirect=" + compiled.record.find_modifier("redirect")->value;
    child.node.lookups += compiled.redirect->uses_p ? 2 : 1;
    child.node.addresses4 = child.pass.count4();
    if (compiled.redirect->dynamic) note_open(child.node.term);
    branch.pass = branch.pass.united(left.common(child.pass));
    attach(std::move(child.node), branch.node);
  }
  above_.pop_back();
  branch.node.addresses4 = branch.pass.count4();
  return branch;
}

}  // namespace

Tree tree_of(const Name& domain, const Record& record, const Answers& answers) {
  RecordCache cache(answers);
  return tree_of(*compile(domain, record), cache);
}

Tree tree_of(const CompiledRecord& compiled, RecordCache& cache) {
  Walk walk(cache);
  Tree tree;
  tree.root = walk.grow(compiled).node;
  tree.lookups = tree.root.lookups;
  tree.void_lookups = tree.root.void_lookups;
  tree.lower_bound = tree.root.lower_bound;
  tree.unknown = std::move(walk.unknown);
  sort_unique(tree.unknown);
  return tree;
}

// Complete only where nothing depends on messages or on answers that are missing: guardrails treat
// every other set as a lower bound.
Admitted admitted_by(const Name& domain, const Record& record, const Answers& answers) {
  RecordCache cache(answers);
  return admitted_by(*compile(domain, record), cache);
}

Admitted admitted_by(const CompiledRecord& compiled, RecordCache& cache) {
  Walk walk(cache);
  Admitted admitted;
  admitted.pass = walk.grow(compiled).pass;
  admitted.complete = walk.complete && walk.open.empty() && walk.unknown.empty();
  admitted.open = std::move(walk.open);
  sort_unique(admitted.open);
  admitted.open_pass = std::move(walk.open_pass);
  sort_unique(admitted.open_pass);
  return admitted;
}

// Compiled as a record of one term, so that macros and prefix lengths are read in one place only.
IpSet addresses_of(const Directive& directive, const Name& domain, const Answers& answers,
                   std::vector<Question>& unknown) {
  const auto compiled = compile(domain, Record{.directives = {directive}, .modifiers = {}});
  RecordCache cache(answers);
  Walk walk(cache);
  IpSet pass = walk.host_branch(compiled->steps[0], directive).pass;
  unknown.insert(unknown.end(), walk.unknown.begin(), walk.unknown.end());
  return pass;
}

}  // namespace rampart::spf
