/// Recognizes sending services by SPF terms and selectors.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "mail/spf/spf.h"
#include "policies/dkim/names.h"
#include "policies/dkim/selectors.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_pattern.h"
#include "policies/model/sender_use.h"
#include "reconciler/init/draft.h"

namespace rampart {
namespace {

/// Whether `text` contains the sender's id or the domain of one of its hosts.
bool mentions(const Sender& sender, std::string_view text) {
  const std::string low = ascii_lower(text);
  const auto in = [&](const std::string& word) {
    return word.size() >= 4 && low.find(word) != low.npos;
  };
  std::string joined = sender.id;
  std::erase(joined, '_');
  return in(joined) || in(sender.id.substr(0, sender.id.find('_'))) ||
         std::ranges::any_of(sender.rdns, in);
}

/// What one sender explains of a domain's records.
struct Claim {
  const Sender* sender = nullptr;
  Bindings bindings;
  std::vector<std::string> terms;
  std::vector<std::string> selectors;
  bool knows_key = false;
  int score = 0;
};

/// Claims the sender's terms if all of them are in the record, else none: a service is used with
/// its whole record.
void claim_terms(const SenderClues& clues, Claim& claim) {
  Bindings bindings = claim.bindings;
  std::vector<std::string> terms;
  for (const std::string& pattern : claim.sender->spf) {
    const auto found = std::ranges::find_if(clues.terms, [&](const std::string& term) {
      if (!is_specific(pattern) && !mentions(*claim.sender, term)) return false;
      return unify(pattern, term, &clues.domain, bindings);
    });
    if (found == clues.terms.end()) return;
    terms.push_back(*found);
  }
  claim.bindings = std::move(bindings);
  claim.terms = std::move(terms);
}

/// Binds the placeholders of the row's target, or of another right one, to those of `target`.
bool bind_target(const SenderClues& clues, const Sender& sender, const DkimTemplate& row,
                 std::string_view target, Bindings& bindings) {
  if (unify(row.target, target, &clues.domain, bindings)) return true;
  return std::ranges::any_of(row.targets, [&](const std::string& other) {
    Bindings tried = bindings;
    if (!is_specific(other) || !unify(other, target, &clues.domain, tried)) return false;
    const bool regional = placeholders_in(other).contains("region");
    if (regional && !contains(sender.regions, tried["region"])) return false;
    bindings = std::move(tried);
    return true;
  });
}

// One CNAME for each row of the catalogue, in its order: a service with three selectors has three
// rows.
void claim_cnames(const SenderClues& clues, Claim& claim) {
  for (const DkimTemplate& row : claim.sender->dkim) {
    if (row.type != RecordType::CNAME) continue;
    for (const auto& [selector, target] : clues.cnames) {
      if (std::ranges::find(claim.selectors, selector) != claim.selectors.end()) continue;
      if (!is_specific(row.target) && !mentions(*claim.sender, target) &&
          !mentions(*claim.sender, selector)) {
        continue;
      }
      Bindings bindings = claim.bindings;
      if (!unify(row.host, selector + "._domainkey", &clues.domain, bindings)) continue;
      if (!bind_target(clues, *claim.sender, row, target, bindings)) continue;
      claim.bindings = std::move(bindings);
      claim.selectors.push_back(selector);
      break;
    }
  }
}

/// Whether there is a key at a selector that only this sender uses.
/// Selectors such as `default` or `s1` are used by many services and identify none.
bool holds_own_key(const SenderClues& clues, const Sender& sender) {
  return std::ranges::any_of(sender.dkim, [&](const DkimTemplate& row) {
    if (row.type != RecordType::TXT || !placeholders_in(row.host).empty()) return false;
    const auto host = fill(row.host, clues.domain, {});
    if (!host) return false;
    const std::string selector = host->substr(0, host->find("._domainkey"));
    const bool common = std::ranges::binary_search(common_selectors(), selector);
    return !common && selector.size() >= 4 && clues.keys.contains(selector);
  });
}

/// How well the sender explains the records, to order claims on the same ones. CNAMEs count most,
/// as their targets name the service; terms and keys may be shared between brands of one company.
int score_of(const Claim& claim) {
  const Sender& sender = *claim.sender;
  int score = 0;
  if (!claim.terms.empty()) score += 8;
  if (!claim.selectors.empty()) score += 16;
  if (claim.knows_key) score += 8;
  const auto sounds = [&](const std::string& text) { return mentions(sender, text); };
  if (std::ranges::any_of(claim.terms, sounds)) score += 4;
  if (sender.include_needed == IncludeNeeded::Yes) score += 2;
  if (sender.category == "mailbox") score += 1;
  return score;
}

/// Which templates of a sender count.
enum class Templates { Spf, All };

/// The placeholders that must have values, by the rules of the YAML's reader.
/// The same rule as the YAML reader's, so that a named sender always loads.
std::set<std::string> needed(const Sender& sender, Templates which) {
  std::vector<std::string> texts = sender.spf;
  if (which == Templates::All) {
    texts.insert(texts.end(), sender.selectors.begin(), sender.selectors.end());
    for (const DkimTemplate& row : sender.dkim) {
      texts.push_back(row.host);
      texts.push_back(row.target);
    }
  }
  std::set<std::string> names;
  for (const std::string& text : texts) names.merge(placeholders_in(text));
  return names;
}

bool has_all(const Bindings& bindings, const std::set<std::string>& names) {
  return std::ranges::all_of(names, [&](const std::string& one) { return bindings.contains(one); });
}

/// Whether every CNAME that the sender asks for with these values exists, or a key in its place.
bool asks_for_nothing_new(const SenderClues& clues, const Sender& sender, const Bindings& with) {
  return std::ranges::all_of(sender.dkim, [&](const DkimTemplate& row) {
    if (row.type != RecordType::CNAME || row.target.empty()) return true;
    const auto host = fill(row.host, clues.domain, with);
    if (!host || !filled_target(sender, row, clues.domain, with)) return true;
    const std::string selector = ascii_lower(host->substr(0, host->find("._domainkey")));
    return host->ends_with("._domainkey") &&
           (clues.cnames.contains(selector) || clues.keys.contains(selector));
  });
}

/// The CNAMEs that the sender asks for with these values, as far as they exist as asked.
/// Only exact matches: a CNAME with another target would be changed by naming the sender.
std::vector<DraftSelector> existing_cnames(const SenderClues& clues, const Sender& sender,
                                           const Bindings& with) {
  std::vector<DraftSelector> cnames;
  std::set<std::string> seen;
  for (const DkimTemplate& row : sender.dkim) {
    const auto host = fill(row.host, clues.domain, with);
    const auto target = filled_target(sender, row, clues.domain, with);
    if (row.type != RecordType::CNAME || !host || !target || target->empty()) continue;
    const std::string selector = ascii_lower(host->substr(0, host->find("._domainkey")));
    if (!seen.insert(selector).second) continue;
    const auto live = clues.cnames.find(selector);
    if (live != clues.cnames.end() &&
        is_right_target(sender, row, clues.domain, with, live->second)) {
      cnames.push_back({selector, RecordType::CNAME, live->second});
    }
  }
  return cnames;
}

// Names `spf:` only where the default would give another record than the existing one.
SpfUse use_of(const Claim& claim) {
  const bool needed_there = claim.sender->include_needed == IncludeNeeded::Yes;
  if (!claim.terms.empty()) return needed_there ? SpfUse::Auto : SpfUse::Always;
  return needed_there && !claim.sender->spf.empty() ? SpfUse::Never : SpfUse::Auto;
}

/// The sender as the YAML can name it; empty where every way would create records.
/// With all placeholders first, since that manages most; without any as the second way, if the
/// terms need none.
std::optional<DraftSender> named(const SenderClues& clues, const Claim& claim) {
  const Sender& sender = *claim.sender;
  DraftSender draft{.id = sender.id, .spf = use_of(claim), .terms = claim.terms};
  const bool complete =
      !claim.bindings.empty() && has_all(claim.bindings, needed(sender, Templates::All));
  std::vector<Bindings> ways;
  if (complete) ways.push_back(claim.bindings);
  if (claim.terms.empty() || needed(sender, Templates::Spf).empty()) ways.emplace_back();
  for (const Bindings& with : ways) {
    if (!asks_for_nothing_new(clues, sender, with)) continue;
    draft.with = with;
    draft.cnames = existing_cnames(clues, sender, with);
    return draft;
  }
  return std::nullopt;
}

// Terms before CNAMEs: values bound by an include narrow what the CNAMEs may match.
Claim claim_of(const SenderClues& clues, const Sender& sender) {
  Claim claim{.sender = &sender};
  if (!sender.spf.empty()) claim_terms(clues, claim);
  claim_cnames(clues, claim);
  claim.knows_key = holds_own_key(clues, sender);
  claim.score = score_of(claim);
  return claim;
}

/// Assigns the claim's records to its sender; false where none of them was left.
/// A claim with nothing left is dropped, although its sender may be in use: two names for one
/// record would be worse than none.
bool assign(const Claim& claim, std::set<std::string>& terms, std::set<std::string>& selectors) {
  const auto free = [](const std::set<std::string>& taken) {
    return [&taken](const std::string& one) { return !taken.contains(one); };
  };
  const bool any = std::ranges::any_of(claim.terms, free(terms)) ||
                   std::ranges::any_of(claim.selectors, free(selectors)) ||
                   (claim.knows_key && claim.terms.empty() && claim.selectors.empty());
  if (!any) return false;
  terms.insert(claim.terms.begin(), claim.terms.end());
  selectors.insert(claim.selectors.begin(), claim.selectors.end());
  return true;
}

}  // namespace

// Greedy, best claim first: a record that two services would explain goes to the one with more
// evidence.
std::vector<DraftSender> senders_for(const SenderClues& clues, const Config& catalogue) {
  std::vector<Claim> claims;
  for (const auto& [id, sender] : catalogue.senders) {
    Claim claim = claim_of(clues, *sender);
    const bool any = !claim.terms.empty() || !claim.selectors.empty() || claim.knows_key;
    if (any) claims.push_back(std::move(claim));
  }
  std::ranges::stable_sort(claims, std::greater<>(), &Claim::score);
  std::set<std::string> terms;
  std::set<std::string> selectors;
  std::vector<DraftSender> found;
  for (Claim& claim : claims) {
    const auto taken = [&](const std::string& term) { return terms.contains(term); };
    // A term is assigned once; other senders with the same term are recognized by selectors alone.
    if (std::ranges::any_of(claim.terms, taken)) claim.terms.clear();
    const auto draft = named(clues, claim);
    if (draft && assign(claim, terms, selectors)) found.push_back(*draft);
  }
  std::ranges::sort(found, {}, &DraftSender::id);
  return found;
}

}  // namespace rampart
