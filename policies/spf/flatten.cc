/// Choosing what to flatten, and writing the outcome down as records.
#include "policies/spf/flatten.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

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
constexpr std::string_view kLongestLabel = "_spf99";  // More fragments cost more than ten lookups.

using Directives = std::vector<Directive>;

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

// What DNS shows now is better than what the lock remembers; a term known to neither costs its own
// lookup.
int lookups_of(const std::string& term, const FlattenInput& input) {
  if (const int* known = find_value(input.costs, term)) return *known;
  const LockedTerm* locked = find_value(input.lock.terms, term);
  return locked == nullptr ? 1 : locked->lookups;
}

std::size_t octets_of(const Directives& directives) {
  std::size_t octets = 0;
  for (const Directive& directive : directives) octets += spf::print(directive).size() + 1;
  return octets;
}

Directives terms_for(const IpSet& set) {
  Directives terms;
  std::ranges::transform(set.networks(), std::back_inserter(terms), network_term);
  return terms;
}

IpSet networks_in(const Directives& directives) {
  return spf::admitted_by(Name::root(), {directives, {}}, {}).pass;
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
      if (stays(directive)) ahead_octets_ += octets_of({directive});
    }
    Directives run;
    for (const Directive& directive : input_.record.directives) {
      if (directive.qualifier == Qualifier::Pass && directive.mechanism != Mechanism::All) {
        run.push_back(directive);
        continue;
      }
      add_run(std::exchange(run, {}));
      keep(directive);
    }
    add_run(std::move(run));
    keep_redirect();
    return std::move(flat_);
  }

 private:
  bool is_replaced(const Directive& directive) const {
    return is_flattenable(directive) && replaced_.contains(spf::print(directive));
  }

  bool stays(const Directive& directive) const {
    return !is_network(directive) && !is_replaced(directive);
  }

  /// Writes a term of the input as it is.
  void keep(const Directive& directive) {
    if (stays(directive)) ahead_octets_ -= octets_of({directive});
    if (spf::costs_lookup(directive)) flat_.lookups += lookups_of(spf::print(directive), input_);
    flat_.record.directives.push_back(directive);
  }

  // A redirect takes over the whole check, its end included, so that its networks alone would say
  // something else. Beside `all` it is ignored and costs nothing (RFC 7208 section 6.1).
  void keep_redirect() {
    const spf::Modifier* redirect = flat_.record.find_modifier("redirect");
    if (redirect == nullptr ||
        contains(flat_.record.directives, Mechanism::All, &Directive::mechanism)) {
      return;
    }
    flat_.redirect = "redirect=" + redirect->value;
    flat_.lookups += lookups_of(flat_.redirect, input_);
  }

  /// A run of passing terms: inside it order decides nothing, so its networks may be grouped.
  void add_run(const Directives& run) {
    IpSet set;
    for (const Directive& directive : run) {
      if (!is_replaced(directive)) continue;
      const std::string term = spf::print(directive);
      set = set.united(set_of(input_.lock.terms.at(term).networks));
      flat_.flattened.push_back(term);
    }
    Directives own;
    std::ranges::copy_if(run, std::back_inserter(own), is_network);
    if (!set.empty()) add_networks(set, own);
    for (const Directive& directive : run) {
      if (stays(directive) || (set.empty() && is_network(directive))) keep(directive);
    }
  }

  // Preference: everything in the record itself; else the domain's own networks there and the
  // vendors' in fragments, since own networks rarely change; else all of them in fragments.
  void add_networks(const IpSet& set, const Directives& own) {
    const IpSet own_set = networks_in(own);
    const Directives vendors = terms_for(set.without(own_set));
    if (fits(octets_of(own) + octets_of(vendors))) {
      write(own);
      return write(vendors);
    }
    const Packing packing = packed(vendors);
    if (!fits(octets_of(own) + octets_of(includes_of(packing)))) {
      return add_fragments(packed(terms_for(set.united(own_set))));
    }
    write(own);
    add_fragments(packing);
  }

  void write(const Directives& directives) {
    std::ranges::copy(directives, std::back_inserter(flat_.record.directives));
  }

  /// Whether the record stays within its size with this many octets more. Where foreign TXT alone
  /// exceeds the limit it is ignored, since no shortening of ours could help.
  bool fits(std::size_t more) const {
    const std::size_t octets = spf::print(flat_.record).size() + ahead_octets_ + more;
    const std::size_t owner = input_.domain.text().size();
    const std::size_t foreign =
        owner + input_.foreign_octets < spf::kMaxRecordOctets ? input_.foreign_octets : 0;
    return owner + foreign + octets <= spf::kMaxRecordOctets;
  }

  // A fragment is a record of its own: its name, version and end count towards the limit too.
  Packing packed(const Directives& directives) const {
    const std::size_t owner = kLongestLabel.size() + 1 + input_.domain.text().size();
    const std::size_t frame = owner + kOpen.size() + kClose.size();
    const std::size_t capacity = frame < spf::kMaxRecordOctets ? spf::kMaxRecordOctets - frame : 1;
    Packing published = input_.published;
    if (!flat_.fragments.empty()) {
      // A second run of passing terms: its fragments are its own.
      published.clear();
      for (const auto& [number, record] : flat_.fragments) published[number] = {};
    }
    std::vector<std::string> terms;
    for (const Directive& directive : directives) terms.push_back(spf::print(directive));
    return pack(terms, published, capacity);
  }

  Directives includes_of(const Packing& packing) const {
    Directives includes;
    for (const auto& [number, terms] : packing) {
      includes.push_back(
          {.mechanism = Mechanism::Include, .domain = fragment_name(input_.domain, number).text()});
    }
    return includes;
  }

  void add_fragments(const Packing& packing) {
    for (const auto& [number, terms] : packing) {
      spf::Record& record = flat_.fragments[number];
      for (const std::string& term : terms) {
        record.directives.push_back(spf::parse_terms(term).value().directives.front());
      }
      record.directives.push_back({.qualifier = Qualifier::SoftFail});
      ++flat_.lookups;
    }
    write(includes_of(packing));
  }

  const FlattenInput& input_;
  std::set<std::string> replaced_;
  FlatSpf flat_;
  std::size_t ahead_octets_ = 0;  ///< Of terms that stay and are not written yet, networks aside.
};

/// The terms that flattening may replace by the lock, the most costly first. The term breaks ties,
/// so that two terms of equal cost are always taken in the same order.
std::vector<std::string> by_saving(const FlattenInput& input) {
  std::vector<std::string> terms;
  for (const std::string& term : flattenable_terms(input.record)) {
    if (input.lock.terms.contains(term)) terms.push_back(term);
  }
  std::ranges::sort(terms, {}, [&](const std::string& term) {
    return std::pair(-lookups_of(term, input), term);
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
  // Most names are refused before anything is allocated.
  if (!name.text().starts_with("_spf") || name.parent() != domain) return 0;
  const std::string_view label = name.labels().front();
  int number = 0;
  const auto read = std::from_chars(label.data() + 4, label.data() + label.size(), number);
  const bool whole = read.ec == std::errc{} && read.ptr == label.data() + label.size();
  return whole && number > 0 && fragment_name(domain, number) == name ? number : 0;
}

int included_fragment(const Name& domain, const Directive& directive) {
  if (directive.mechanism != Mechanism::Include) return 0;
  const auto name = Name::parse(directive.domain);
  return name ? fragment_number(domain, *name) : 0;
}

Directive network_term(const spf::Network& network) {
  const bool single = network.length == spf::bits_of(network.ip.family());
  Directive term{.mechanism = network.ip.v6 ? Mechanism::Ip6 : Mechanism::Ip4,
                 .network = network.ip.text()};
  if (!single) (network.ip.v6 ? term.cidr6 : term.cidr4) = network.length;
  return term;
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
// in mode auto. A name that leaves no room for a fragment's label is not flattened.
FlatSpf flatten(const FlattenInput& input) {
  const bool has_room = input.domain.child(kLongestLabel).ok();
  if (input.mode == Flatten::Never || !has_room) return Attempt(input, {}).build();
  const std::vector<std::string> terms = by_saving(input);
  FlatSpf flat = input.mode == Flatten::Auto ? flatten_as_needed(input, terms)
                                             : Attempt(input, {terms.begin(), terms.end()}).build();
  std::ranges::sort(flat.flattened);
  if (input.mode == Flatten::Auto && flat.lookups <= spf::kMaxLookups) return flat;
  std::ranges::copy_if(flattenable_terms(input.record), std::back_inserter(flat.unlocked),
                       [&](const std::string& term) { return !input.lock.terms.contains(term); });
  return flat;
}

}  // namespace rampart
