/// Addresses of senders.
#include "reports/analysis/sender_networks.h"

#include <algorithm>

#include "mail/spf/tree.h"
#include "policies/spf/record.h"

namespace rampart::reports {
namespace {

/// Each round resolves one level of nested includes; RFC 7208 section 4.6.4 permits ten lookups.
constexpr int kIncludeRounds = 12;

/// How long the record of a service that nobody declared is used before it is looked up again.
/// Declared senders are looked up in every run.
constexpr std::chrono::days kCatalogueAge{14};

/// A sender's terms as a record of their own.
struct SenderRecordTree {
  const Sender* sender = nullptr;
  Name domain;
  spf::Record record;
};

std::optional<spf::Record> record_of(const std::vector<std::string>& terms) {
  std::string text = "v=spf1";
  for (const std::string& term : terms) text += " " + term;
  auto record = spf::parse(text + " -all");
  return record ? std::optional(std::move(record).value()) : std::nullopt;
}

spf::Address count_of(const spf::IpSet& set) {
  spf::Address count = 0;
  for (const auto* intervals : {&set.v4(), &set.v6()}) {
    for (const spf::Interval& one : *intervals) count += one.last - one.first + 1;
  }
  return count;
}

/// What got no answer in a tree, or empty.
std::string unanswered_in(const spf::Tree& tree, const Answers& answers) {
  for (const Question& one : tree.unknown) {
    return (one.type == RecordType::TXT ? "the SPF record of " : "the addresses of ") +
           one.name.text();
  }
  std::vector<const spf::TreeNode*> open = {&tree.root};
  while (!open.empty()) {
    const spf::TreeNode* node = open.back();
    open.pop_back();
    if (node->temporary) {
      const Result<Name> name = Name::parse(node->domain);
      const Answer* record = name ? find_answer(answers, *name, RecordType::TXT) : nullptr;
      const bool failed = record != nullptr && record->status == AnswerStatus::Failed;
      return (failed ? "the SPF record of " : "the addresses of ") + node->domain;
    }
    // In reverse onto the stack, so that the first problem in the record's order is reported.
    for (auto child = node->children.rbegin(); child != node->children.rend(); ++child) {
      open.push_back(&*child);
    }
  }
  return {};
}

void resolve_trees(const std::vector<SenderRecordTree>& trees, KeptAnswers& answers,
                   std::chrono::seconds fresh) {
  for (int round = 0; round < kIncludeRounds; ++round) {
    std::set<Question> unknown;
    // All trees ask in the same round, so that one batch of queries resolves a level of each.
    for (const SenderRecordTree& one : trees) {
      const spf::Tree tree = spf::tree_of(one.domain, one.record, answers.table());
      unknown.insert(tree.unknown.begin(), tree.unknown.end());
    }
    if (unknown.empty()) return;
    answers.look_up({unknown.begin(), unknown.end()}, fresh);
  }
}

/// Whether an include leads to a domain of other services than `sender`. A domain of no known
/// service belongs to the sender that includes it.
bool is_foreign(std::string_view target, const Sender& sender, const SenderIndex& senders) {
  const auto owns = [&](const SenderIndex::Senders& owners) {
    return owners.empty() || std::ranges::find(owners, &sender) != owners.end();
  };
  return !owns(senders.by_host(target)) || !owns(senders.by_envelope(target));
}

/// The includes in a tree, however deep, that lead to other services.
std::vector<Name> foreign_includes(const SenderRecordTree& one, const SenderIndex& senders,
                                   const Answers& answers) {
  std::vector<Name> found;
  const spf::Tree tree = spf::tree_of(one.domain, one.record, answers);
  std::vector<const spf::TreeNode*> open = {&tree.root};
  while (!open.empty()) {
    const spf::TreeNode* node = open.back();
    open.pop_back();
    for (const spf::TreeNode& child : node->children) open.push_back(&child);
    if (node == &tree.root || !is_foreign(node->domain, *one.sender, senders)) continue;
    if (const Result<Name> name = Name::parse(node->domain)) found.push_back(*name);
  }
  return found;
}

/// Adds the addresses of one service, its own and those of others that it includes.
void add_networks(const SenderRecordTree& one, const SenderIndex& senders, const Answers& answers,
                  CatalogueNetworks& networks,
                  std::vector<std::pair<const Sender*, spf::IpSet>>& own) {
  spf::IpSet all = spf::admitted_by(one.domain, one.record, answers).pass;
  const std::vector<Name> foreign = foreign_includes(one, senders, answers);
  if (foreign.empty()) {
    own.emplace_back(one.sender, std::move(all));
    return;
  }
  Answers without = answers;
  for (const Name& name : foreign) {
    // An empty record in the place of each foreign include leaves the addresses that are the
    // service's own.
    without[{name, RecordType::TXT}] = Answer{AnswerStatus::Data, {"v=spf1 -all"}, {}, {}, ""};
  }
  spf::IpSet its = spf::admitted_by(one.domain, one.record, without).pass;
  networks.included.emplace(one.sender, all.without(its));
  own.emplace_back(one.sender, std::move(its));
}

/// The ip4 and ip6 terms that the YAML itself has. Those of a catalogue row are hosts of a shared
/// service: its other customers send from them too.
spf::IpSet own_addresses(const Domain& domain) {
  std::vector<std::string> terms;
  const auto add = [&](const std::vector<std::string>& some) {
    std::ranges::copy_if(some, std::back_inserter(terms), [](const std::string& term) {
      return term.starts_with("ip4:") || term.starts_with("ip6:") || term.starts_with("+ip");
    });
  };
  if (domain.senders) {
    for (const SenderUse& use : *domain.senders) {
      if (!use.sender->builtin) add(terms_of(use, domain.name));
    }
  }
  if (domain.spf) add(domain.spf->extra);
  const auto record = record_of(terms);
  return record ? spf::admitted_by(domain.name, *record, {}).pass : spf::IpSet();
}

}  // namespace

/// Where networks overlap, the smaller one wins: a service that rents hosts of a cloud has a few of
/// its addresses.
SenderNetworks::SenderNetworks(std::vector<std::pair<const Sender*, spf::IpSet>> sets) {
  std::ranges::stable_sort(sets, {},
                           [](const auto& one) -> spf::Address { return count_of(one.second); });
  spf::IpSet taken;
  for (const auto& [sender, set] : sets) {
    const spf::IpSet left = set.without(taken);
    for (const spf::Interval& one : left.v4()) v4_.push_back({one, sender});
    for (const spf::Interval& one : left.v6()) v6_.push_back({one, sender});
    taken = taken.united(set);
  }
  const auto first = [](const Stretch& one) -> spf::Address { return one.interval.first; };
  std::ranges::sort(v4_, {}, first);
  std::ranges::sort(v6_, {}, first);
}

const Sender* SenderNetworks::find(const spf::Ip& ip) const {
  const auto& stretches = ip.v6 ? v6_ : v4_;
  const spf::Address number = spf::number_of(ip);
  const auto after = std::ranges::upper_bound(
      stretches, number, {}, [](const Stretch& one) -> spf::Address { return one.interval.first; });
  if (after == stretches.begin() || std::prev(after)->interval.last < number) return nullptr;
  return std::prev(after)->sender;
}

std::optional<KnownAnswer> KeptAnswers::kept(const Question& question) {
  auto known = store_.answer(question);
  return known ? std::move(known).value() : std::nullopt;
}

void KeptAnswers::look_up(const std::vector<Question>& questions, std::chrono::seconds fresh) {
  std::vector<Question> missing;
  for (const Question& one : questions) {
    if (table_.contains(one)) continue;
    const auto known = fresh.count() > 0 ? kept(one) : std::nullopt;
    if (known && now_ - known->seen <= fresh) {
      table_[one] = known->answer;
    } else {
      missing.push_back(one);
    }
  }
  if (missing.empty()) return;
  Answers came;
  if (resolve_) resolve_(came, missing);
  // If the store cannot be written now, the only cost is that an outage has nothing to fall back
  // on.
  const bool writing = store_.begin().ok();
  for (const Question& one : missing) {
    const auto found = came.find(one);
    if (found != came.end() && found->second.status != AnswerStatus::Failed) {
      table_[one] = found->second;
      if (writing) (void)store_.remember_answer(one, found->second, now_);
      // An old answer is better than none, however old it is: a resolver that is down must not take
      // the names of all senders away.
    } else if (const auto known = kept(one)) {
      table_[one] = known->answer;
    } else {
      table_[one] = Answer{.status = AnswerStatus::Failed};
    }
  }
  if (writing && !store_.commit()) store_.rollback();
}

DeclaredNetworks declared_networks(const Domain* domain, KeptAnswers& answers) {
  DeclaredNetworks declared;
  if (domain == nullptr) return declared;
  declared.own = own_addresses(*domain);
  std::vector<SenderRecordTree> trees;
  for (const SenderUse& use : domain->senders.value_or(std::vector<SenderUse>())) {
    auto record = record_of(terms_of(use, domain->name));
    if (record) trees.push_back({use.sender.get(), domain->name, std::move(*record)});
  }
  resolve_trees(trees, answers, std::chrono::seconds(0));
  for (const SenderRecordTree& one : trees) {
    const spf::Tree tree = spf::tree_of(one.domain, one.record, answers.table());
    if (declared.lacks.empty()) declared.lacks = unanswered_in(tree, answers.table());
  }
  std::vector<std::pair<const Sender*, spf::IpSet>> sets;
  for (const SenderRecordTree& one : trees) {
    sets.emplace_back(one.sender, spf::admitted_by(one.domain, one.record, answers.table()).pass);
  }
  declared.networks = SenderNetworks(std::move(sets));
  return declared;
}

const Sender* CatalogueNetworks::find(const spf::Ip& ip,
                                      const SenderIndex::Senders& by_host) const {
  // A service that sends through another's hosts is recognised by the host's name; without one, the
  // owner of the network is meant.
  for (const Sender* sender : by_host) {
    const auto found = included.find(sender);
    if (found != included.end() && found->second.contains(ip)) return sender;
  }
  return own.find(ip);
}

CatalogueNetworks catalogue_networks(const Config& config, const SenderIndex& senders,
                                     KeptAnswers& answers) {
  std::vector<SenderRecordTree> trees;
  for (const auto& [id, sender] : config.senders) {
    // Templates that need values of one customer cannot be filled, and are left out.
    auto record = record_of(terms_of({.sender = sender}, Name::root()));
    // One directive is the final "-all" alone.
    if (record && record->directives.size() > 1) {
      trees.push_back({sender.get(), Name::root(), std::move(*record)});
    }
  }
  resolve_trees(trees, answers, kCatalogueAge);
  CatalogueNetworks networks;
  std::vector<std::pair<const Sender*, spf::IpSet>> own;
  for (const SenderRecordTree& one : trees) {
    add_networks(one, senders, answers.table(), networks, own);
  }
  networks.own = SenderNetworks(std::move(own));
  return networks;
}

}  // namespace rampart::reports
