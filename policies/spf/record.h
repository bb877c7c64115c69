/// The SPF record that a domain's YAML declares, and where each of its terms comes from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/spf/spf.h"
#include "policies/model/policy.h"

namespace rampart {

/// One term and who requires it.
struct SpfOrigin {
  std::string term;    ///< As printed.
  std::string sender;  ///< The sender's id, or "extra".

  bool operator==(const SpfOrigin&) const = default;
};

/// What the YAML declares.
struct DesiredSpf {
  spf::Record record;
  std::vector<SpfOrigin> origins;  ///< In the record's order; one row a sender and term.
  std::vector<Finding> findings;   ///< An Error among them withholds the record.
};

/// Whether Rampart manages the domain's SPF record at all: managed, declared, and its phase
/// beyond discovery (contract, "Phases").
bool manages_spf(const Domain& domain);

/// The key of the record.
RecordKey spf_key(const Domain& domain);

/// The TTL that the YAML declares for the record, else for the domain.
std::optional<std::chrono::seconds> spf_ttl(const Domain& domain);

/// Builds the record. Its order does not depend on the YAML's: terms of `extra` with a qualifier
/// other than `+` first, then ip4, ip6, a, mx, include, exists, ptr, bytewise inside each, then
/// `all`; none with a redirect. A term required twice appears once.
DesiredSpf desired_spf(const Domain& domain, Time now);

/// Whether the record holds the sender's terms: `spf: auto` asks the catalogue.
bool uses_spf(const SenderUse& use);

/// A term with its `{placeholders}` filled; macros (`%{i}`) stay. The Error names the placeholder.
Result<std::string> fill_spf_term(std::string_view term, const SenderUse& use, const Name& domain);

/// The sender's terms, filled and as printed; those that cannot be filled or read are left out.
std::vector<std::string> terms_of(const SenderUse& use, const Name& domain);

/// The SPF values at the domain's own name in one zone, in order.
std::vector<ParsedValue> live_spf(const LiveZone& zone, const Domain& domain);

}  // namespace rampart
