/// The SPF record that a domain's YAML declares, and where each of its terms comes from.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mail/spf/spf.h"
#include "policies/model/policy.h"

namespace rampart {

/// A term of the record, and what in the YAML requires it.
struct SpfOrigin {
  std::string term;    ///< As printed.
  std::string sender;  ///< The sender's id; "extra" for a term of `extra:`.

  bool operator==(const SpfOrigin&) const = default;
};

/// The record that the YAML declares, before any flattening.
struct DesiredSpf {
  spf::Record record;
  std::vector<SpfOrigin> origins;  ///< In the record's order; one row for each sender of a term.
  std::vector<Finding> findings;   ///< An Error among them withholds the record.
};

/// Whether Rampart manages the domain's SPF record at all: managed, declared, and its phase beyond
/// discovery (contract, "Phases").
bool manages_spf(const Domain& domain);

/// The key of the domain's SPF record: TXT at its own name.
RecordKey spf_key(const Domain& domain);

/// The TTL that the YAML declares for the record, else for the domain.
std::optional<std::chrono::seconds> spf_ttl(const Domain& domain);

/// Builds the record; `now` decides which senders are retired. Its order does not depend on the
/// YAML's: terms with a qualifier other than `+` first, then ip4, ip6, a, mx, include, exists, ptr,
/// bytewise inside each, then `all`, which is left out where there is a redirect. A term required
/// twice appears once.
DesiredSpf desired_spf(const Domain& domain, Time now);

/// The senders that require the term, as in `SpfOrigin::sender`.
std::set<std::string> senders_of(const std::string& term, const DesiredSpf& desired);

/// `SpfOrigin::sender` in a sentence: "office", or "`extra:`", which is no sender.
std::string shown_origin(const std::string& sender);

/// Whether the record holds the sender's terms: where `spf:` is auto, the catalogue decides.
bool uses_spf(const SenderUse& use);

/// A clause that says why the sender's terms are not needed, for a sender whose `include_needed` is
/// not Yes.
std::string_view why_unneeded(const Sender& sender);

/// A term with its `{placeholders}` filled; macros (`%{i}`) stay. The Error names the placeholder.
Result<std::string> fill_spf_term(std::string_view term, const SenderUse& use, const Name& domain);

/// The sender's terms, filled and as printed; those that cannot be filled or read are left out.
std::vector<std::string> terms_of(const SenderUse& use, const Name& domain);

/// The first declared sender that asks for exactly `term`; null where none does.
const SenderUse* use_of_term(const std::string& term, const Domain& domain);

/// The SPF values at the domain's own name in one zone, sorted; none where the set is not Present.
std::vector<ParsedValue> live_spf(const LiveZone& zone, const Domain& domain);

}  // namespace rampart
