/// Which selectors to query where none is declared: DNS cannot list them.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mail/spf/spf.h"
#include "policies/model/policy.h"

namespace rampart {

/// Selectors that mail servers and administrators choose when left to themselves, sorted.
std::span<const std::string_view> common_selectors();

/// The selectors that this sender signs with, where they are the same for every customer or follow
/// from the domain's name; those with other placeholders are left out. Sorted, each once.
std::vector<std::string> selectors_of(const Sender& sender, const Name& domain);

/// All that can be guessed for `domain`: the common ones and those of every sender, sorted, each
/// once.
std::vector<std::string> guessed_selectors(
    const std::map<std::string, std::shared_ptr<const Sender>>& senders, const Name& domain);

/// The senders whose an SPF term is. The catalogue must outlive it.
struct SendersByTerm {
  using Senders = std::vector<const Sender*>;
  std::map<std::string, Senders, std::less<>> exact;  ///< By the term, as spf::print writes it.
  std::map<std::string, Senders> patterns;            ///< By a term with placeholders.

  /// The owners of the term first, then those that share it.
  Senders find(std::string_view term) const;
};

/// The table of all terms of these senders, their `spf_aliases` included.
SendersByTerm senders_by_term(const std::map<std::string, std::shared_ptr<const Sender>>& senders);

/// The senders that `record` names by one of their terms, in the order of the record, each once.
std::vector<const Sender*> senders_in(const spf::Record& record, const SendersByTerm& by_term);

}  // namespace rampart
