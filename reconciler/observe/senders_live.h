/// The catalogue against the live DNS: what services publish now of what its rows say.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policies/model/config.h"
#include "reconciler/observe/dns_session.h"

namespace rampart {

/// Unknown: no answer came, which shows nothing about the row.
enum class RowState { Holds, Moved, Unknown };

/// The word of JSON.
constexpr std::string_view to_text(RowState state) {
  constexpr std::array words = {"holds", "moved", "unknown"};
  return words.at(static_cast<std::size_t>(state));
}

/// What a fact of a row is about.
enum class RowFact { Spf, Dkim, Lookups };

/// The word of JSON.
constexpr std::string_view to_text(RowFact fact) {
  constexpr std::array words = {"spf", "dkim", "lookups"};
  return words.at(static_cast<std::size_t>(fact));
}

/// One fact of a row, compared.
struct RowCheck {
  RowFact fact = RowFact::Spf;
  std::string record;  ///< "include:_spf.example.net", "s1._domainkey CNAME s1.example.net".
  RowState state = RowState::Unknown;
  std::string detail;  ///< What was found, or why nothing could be; empty where the fact holds.
};

/// One row, compared.
struct SenderCheck {
  std::shared_ptr<const Sender> sender;  ///< Never null.
  std::vector<RowCheck> checks;
  std::vector<std::string> skipped;  ///< Records with placeholders or macros, which differ by user.

  /// Whether a fact of the row is in this state.
  bool any(RowState state) const;
};

/// Queries, all at once, whether each SPF term has what it needs (an include or redirect one SPF
/// record, RFC 7208 section 5.2; `a` an address; `mx` an MX record), whether each DKIM target has a
/// key, and what the terms cost where the row has a figure. A term that another
/// row owns is checked there. In the order of `senders`.
std::vector<SenderCheck> check_senders(std::span<const std::shared_ptr<const Sender>> senders,
                                       DnsSession& session);

}  // namespace rampart
