/// Choosing what to flatten, and writing the outcome down as records.
#include "policies/spf/flatten.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "mail/spf/limits.h"
#include "mail/spf/macro.h"
#include "policies/model/lookup.h"
#include "policies/spf/flatten_pack.h"

namespace rampart {
namespace {

using spf::Directive;
using spf::IpSet;
using spf::Mechanism;
using spf::Qualifier;

constexpr int kRoomyLookups = 7;  // Below the mark at which a plan warns.
// Fragments end in softfail: an include ignores it (RFC 7208 section 5.2), and a query at the name
// itself then fails softly.
constexpr std::string_view kOpen = "v=spf1";
constexpr std::string_view kClose = " ~all";

bool is_network(const Directive& directive) {
  return directive.mechanism == Mechanism::Ip4 || directive.mechanism == Mechanism::Ip6;
}

// Terms with macros depend on the message, and qualifiers other than `+` would change their
// meaning.
bool is_flattenable(const Directive& directive) {
  const bool kind = directive.mechanism == Mechanism::Include ||
                    directive.mechanism == Mechanism::A || directive.mechanism == Mechanism::Mx;
  if (!kind || directive.qualifier != Qualifier::Pass) return false;
  if (directive.domain.empty()) return true;
  const auto spec = spf::parse_domain_spec(directive.domain);
  return spec && !spf::has_macros(*spec);
}

/// "ip4:192.0.2.0/24"; a single address without its length. Printed in one form, so that the same
/// networks give the same record in every run.
std::vector<std::string> terms_for(const IpSet& set) {
  std::vector<std::string> terms;
  for (const spf::Network& network : set.networks()) {
    const bool single = network.length == (network.ip.v6 ? 128 : 32);
    terms.push_back((network.ip.v6 ? "ip6:" : "ip4:") +
                    (single ? network.ip.text() : spf::to_text(network)));
  }
  return terms;
}

IpSet networks_in(const std::vector<Directive>& directives) {
  spf::Record alone{directives, {}};
  return spf::admitted_by(Name::root(), alone, {}).pass;
}

Directive directive_of(const std::string& term) {
  return spf::parse_terms(term).value().directives.front();
}

/// One way of flattening: a set of terms to replace.
class Attempt {
 public:
  Attempt(const FlattenInput& input, std::set<std::string> replaced)
      : input_(input), replaced_(std::move(replaced)) {}

  // Only runs of passing terms are regrouped. A failing or neutral term between them keeps its
  // place, since receivers evaluate terms from left to right.
  FlatSpf build() {
    flat_.record.modifiers = input_.record.modifiers;
    for (const Directive& directive : input_.record.directives) {
      const std::string term = spf::print(directive);
      if (!is_network(directive) && !replaced_.contains(term)) rest_octets_ += term.size() + 1;
    }
    std::vector<Directive> run;
    for (const Directive& directive : input_.record.directives) {
      const bool in_run =
          directive.qualifier == Qualifier::Pass && directive.mechanism != Mechanism::All;
      if (in_run) {
        run.push_back(directive);
        continue;
      }
      add_run(std::exchange(run, {}));
      flat_.lookups += cost_of(directive);
      flat_.record.directives.push_back(directive);
    }
    add_run(std::move(run));
    if (flat_.record.find_modifier("redirect")) ++flat_.lookups;
    return std::move(flat_);
  }

 private:
  /// A run of passing terms: inside it order decides nothing, so its networks may be grouped.
  void add_run(std::vector<Directive> run) {
    IpSet set;
    std::vector<Directive> kept;
    for (Directive& directive : run) {
      const std::string term = spf::print(directive);
      if (!replaced_.contains(term) || !is_flattenable(directive)) {
        flat_.lookups += cost_of(directive);
        kept.push_back(std::move(directive));
        continue;
      }
      set = set.united(set_of(input_.lock.terms.at(term).networks));
      flat_.flattened.push_back(term);
    }
    if (set.empty()) {
      std::ranges::move(kept, std::back_inserter(flat_.record.directives));
    } else {
      add_networks(set, kept);
    }
  }

  // Preference: everything in the record itself; else the domain's own networks there and the
  // vendors' in fragments, since own networks rarely change; else all of them in fragments.
  void add_networks(const IpSet& set, const std::vector<Directive>& kept) {
    std::vector<Directive> own, others;
    for (const Directive& directive : kept) {
      (is_network(directive) ? own : others).push_back(directive);
    }
    const IpSet own_set = networks_in(own);
    std::vector<Directive> inline_terms = own;
    for (const std::string& term : terms_for(set.without(own_set))) {
      inline_terms.push_back(directive_of(term));
    }
    auto& directives = flat_.record.directives;
    if (fits(inline_terms)) {
      std::ranges::copy(inline_terms, std::back_inserter(directives));
    } else if (fits(own)) {
      std::ranges::copy(own, std::back_inserter(directives));
      add_fragments(terms_for(set.without(own_set)));
    } else {
      add_fragments(terms_for(set.united(own_set)));
    }
    std::ranges::copy(others, std::back_inserter(directives));
  }

  /// Whether the record stays within its size with these terms added. Where foreign TXT alone
  /// exceeds the limit it is ignored, since no shortening of ours could help.
  bool fits(const std::vector<Directive>& more) const {
    std::size_t octets = spf::print(flat_.record).size() + rest_octets_;
    for (const Directive& directive : more) octets += spf::print(directive).size() + 1;
    const std::size_t owner = input_.domain.text().size();
    const std::size_t foreign =
        owner + input_.foreign_octets < spf::kMaxRecordOctets ? input_.foreign_octets : 0;
    return owner + foreign + octets <= spf::kMaxRecordOctets;
  }

  // A fragment is a record of its own: its name, version and end count towards the limit too.
  void add_fragments(const std::vector<std::string>& terms) {
    const std::size_t name = fragment_name(input_.domain, 99).text().size();
    const std::size_t frame = name + kOpen.size() + kClose.size();
    const std::size_t capacity = frame < spf::kMaxRecordOctets ? spf::kMaxRecordOctets - frame : 1;
    Packing published = input_.published;
    if (!flat_.fragments.empty()) {
      // A second run of passing terms: its fragments are its own.
      published.clear();
      for (const auto& [number, record] : flat_.fragments) published[number] = {};
    }
    for (const auto& [number, own] : pack(terms, published, capacity)) {
      spf::Record record;
      for (const std::string& term : own) record.directives.push_back(directive_of(term));
      record.directives.push_back({.qualifier = Qualifier::SoftFail});
      flat_.fragments[number] = std::move(record);
      flat_.record.directives.push_back(
          {.mechanism = Mechanism::Include, .domain = fragment_name(input_.domain, number).text()});
      ++flat_.lookups;
    }
  }

  // What DNS shows now is better than what the lock remembers; a term known to neither costs its
  // own lookup.
  int cost_of(const Directive& directive) const {
    if (!spf::costs_lookup(directive)) return 0;
    const std::string term = spf::print(directive);
    const auto known = input_.costs.find(term);
    if (known != input_.costs.end()) return known->second;
    const auto locked = input_.lock.terms.find(term);
    return locked == input_.lock.terms.end() ? 1 : locked->second.lookups;
  }

  const FlattenInput& input_;
  std::set<std::string> replaced_;
  FlatSpf flat_;
  std::size_t rest_octets_ = 0;  ///< Of the record's other terms and modifiers.
};

/// Those that the lock knows, the most costly first. The term breaks ties, so that two terms of
/// equal cost are always taken in the same order.
std::vector<std::string> by_saving(const FlattenInput& input) {
  std::vector<std::string> terms;
  for (const std::string& term : flattenable_terms(input.record)) {
    if (input.lock.terms.contains(term)) terms.push_back(term);
  }
  std::ranges::sort(terms, {}, [&](const std::string& term) {
    const auto known = input.costs.find(term);
    const int cost = known == input.costs.end() ? input.lock.terms.at(term).lookups : known->second;
    return std::pair(-cost, term);
  });
  return terms;
}

/// The first attempt that leaves room, else the cheapest.
FlatSpf flatten_as_needed(const FlattenInput& input, const std::vector<std::string>& terms) {
  FlatSpf best = Attempt(input, {}).build();
  if (best.lookups <= spf::kMaxLookups) return best;
  std::set<std::string> replaced;
  for (const std::string& term : terms) {
    replaced.insert(term);
    FlatSpf next = Attempt(input, replaced).build();
    if (next.lookups < best.lookups) best = std::move(next);
    if (best.lookups <= kRoomyLookups) break;
  }
  return best;
}

}  // namespace

Name fragment_name(const Name& domain, int number) {
  auto name = domain.child(fmt::format("_spf{}", number));
  return name ? std::move(name).value() : domain;
}

// The number must print back to the same name: `_spf01` is another party's.
int fragment_number(const Name& domain, const Name& name) {
  // Asked of every name of a zone, so that nearly all are refused before anything is allocated.
  if (!name.text().starts_with("_spf") || name.parent() != domain) return 0;
  const std::string_view label = name.labels().front();
  if (!label.starts_with("_spf")) return 0;
  int number = 0;
  const auto read = std::from_chars(label.data() + 4, label.data() + label.size(), number);
  const bool whole = read.ec == std::errc{} && read.ptr == label.data() + label.size();
  return whole && number > 0 && fragment_name(domain, number) == name ? number : 0;
}

std::vector<std::string> flattenable_terms(const spf::Record& record) {
  std::vector<std::string> terms;
  for (const Directive& directive : record.directives) {
    if (is_flattenable(directive)) terms.push_back(spf::print(directive));
  }
  sort_unique(terms);
  return terms;
}

// Terms that spf.lock lacks are reported only where flattening them would help: not below the limit
// in mode auto.
FlatSpf flatten(const FlattenInput& input) {
  const std::vector<std::string> terms = by_saving(input);
  FlatSpf flat;
  switch (input.mode) {
    case Flatten::Never:
      flat = Attempt(input, {}).build();
      break;
    case Flatten::Auto:
      flat = flatten_as_needed(input, terms);
      break;
    case Flatten::Always:
      flat = Attempt(input, {terms.begin(), terms.end()}).build();
      break;
  }
  std::ranges::sort(flat.flattened);
  const bool enough = input.mode == Flatten::Auto && flat.lookups <= spf::kMaxLookups;
  if (input.mode == Flatten::Never || enough) return flat;
  std::ranges::copy_if(flattenable_terms(input.record), std::back_inserter(flat.unlocked),
                       [&](const std::string& term) { return !input.lock.terms.contains(term); });
  return flat;
}

}  // namespace rampart
