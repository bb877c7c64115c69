/// Which selectors to query where none is declared.
#include "policies/dkim/selectors.h"

#include <algorithm>
#include <array>
#include <set>

#include "policies/dkim/names.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_pattern.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

// Sorted. Names that signers' manuals use in their examples, and what people make of them.
constexpr std::array<std::string_view, 62> kCommon = {
    "1",        "2020",    "2021",     "2022",    "2023",     "2024",     "2025",       "2026",
    "a",        "a1",      "b",        "beta",    "d1",       "d2",       "default",    "dk",
    "dk1",      "dkim",    "dkim1",    "dkim2",   "dkim2024", "dkim2025", "dkim2026",   "dkimkey",
    "dkimmail", "dkrnt",   "domk",     "ed25519", "email",    "exim",     "k1",         "k2",
    "key",      "key1",    "key2",     "mail",    "mail1",    "mail2",    "mailo",      "mailrelay",
    "main",     "mta",     "mx",       "mx1",     "mx2",      "my1",      "newsletter", "office",
    "postfix",  "private", "public",   "rsa",     "s1",       "s1024",    "s2",         "s2048",
    "sel1",     "sel2",    "selector", "server",  "smtp",     "x"};

}  // namespace

std::span<const std::string_view> common_selectors() { return kCommon; }

// Without a `with:` only fixed selectors can be filled; the others differ from customer to
// customer.
std::vector<std::string> selectors_of(const Sender& sender, const Name& domain) {
  std::set<std::string> selectors;
  for (const std::string& text : sender.selectors) {
    const auto filled = fill(text, domain, {});
    if (filled && !filled->empty()) selectors.insert(*filled);
  }
  return {selectors.begin(), selectors.end()};
}

// Guesses cost one query each, so the list is short and sorted: a run is repeatable.
std::vector<std::string> guessed_selectors(
    const std::map<std::string, std::shared_ptr<const Sender>>& senders, const Name& domain) {
  std::set<std::string> selectors(kCommon.begin(), kCommon.end());
  for (const auto& [id, sender] : senders) {
    for (std::string& own : selectors_of(*sender, domain)) selectors.insert(std::move(own));
  }
  return {selectors.begin(), selectors.end()};
}

SendersByTerm::Senders SendersByTerm::find(std::string_view term) const {
  Senders found;
  const auto row = exact.find(term);
  if (row != exact.end()) found = row->second;
  for (const auto& [pattern, senders] : patterns) {
    Bindings bindings;
    if (!unify(pattern, term, nullptr, bindings)) continue;
    for (const Sender* sender : senders) {
      if (!contains(found, sender)) found.push_back(sender);
    }
  }
  std::ranges::stable_partition(found, [](const Sender* one) { return one->spf_shared.empty(); });
  return found;
}

// Built once for a run, since an audit of many domains looks up every term of every record.
SendersByTerm senders_by_term(const std::map<std::string, std::shared_ptr<const Sender>>& senders) {
  SendersByTerm by_term;
  for (const auto& [id, sender] : senders) {
    std::vector<std::string> terms = sender->spf;
    terms.insert(terms.end(), sender->spf_aliases.begin(), sender->spf_aliases.end());
    for (const std::string& term : terms) {
      if (is_specific(term) && !placeholders_in(term).empty()) {
        by_term.patterns[term].push_back(sender.get());
      }
      const auto parsed = spf::parse_terms(term);
      if (!parsed) continue;
      for (const spf::Directive& one : parsed->directives) {
        by_term.exact[spf::print(one)].push_back(sender.get());
      }
    }
  }
  return by_term;
}

// The order of the record's terms is kept, because people read the senders in that order.
std::vector<const Sender*> senders_in(const spf::Record& record, const SendersByTerm& by_term) {
  std::vector<const Sender*> found;
  for (const spf::Directive& directive : record.directives) {
    for (const Sender* sender : by_term.find(spf::print(directive))) {
      if (!contains(found, sender)) found.push_back(sender);
    }
  }
  return found;
}

}  // namespace rampart
