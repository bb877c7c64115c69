/// Rules on one SPF record and its tree (RFC 7208).
#pragma once

#include <optional>
#include <string>

#include "mail/spf/check_host.h"
#include "policies/rules/fault.h"

namespace rampart::rules {

/// What the rules on limits read: a record as published, or as a plan would leave it.
struct SpfFacts {
  const Name& domain;
  std::int64_t pass_all = 0;  ///< `+all` terms.
  std::int64_t ptr_terms = 0;
  int lookups = 0;
  int void_lookups = 0;
  bool lower_bound = false;             ///< `lookups` leaves out terms of unknown cost.
  std::size_t txt_octets = 0;           ///< The owner name and all TXT values there.
  std::size_t record_octets = 0;        ///< The SPF record alone.
  const spf::TreeNode* root = nullptr;  ///< What each term costs; null where there is no record.
};

/// `spf-all`, `spf-ptr`, `spf-lookups` or `spf-lookups-near`, `spf-voids` and `spf-length`. The
/// extent counts terms, lookups or octets.
Faults spf_limits(const SpfFacts& facts);

/// Whether the tree stays within both lookup limits of RFC 7208 section 4.6.4.
bool within_lookup_limits(const spf::Tree& tree);

/// `spf-unresolved`: an include, redirect, a or mx whose target cannot be used. Never blocks: it
/// may be a passing failure of another party's name server.
Fault spf_unresolved(const spf::TreeNode& node);

/// `spf-near-miss`: `value` at the domain is no SPF record; `slip` says why.
Fault spf_near_miss(const Name& domain, const std::string& value, const std::string& slip);

/// `spf-neutral`: `ending`, the `all` that decides, neither passes nor fails the others.
std::optional<Fault> spf_neutral(const Name& domain, std::optional<spf::Qualifier> ending);

/// `spf-dead-terms`: terms after `all`, which are never evaluated (RFC 7208 section 5.1).
std::optional<Fault> spf_dead_terms(const spf::Record& record);

/// `spf-broad`: more than a /8 of IPv4 addresses passes.
std::optional<Fault> spf_broad(const Name& domain, std::uint64_t addresses4);

/// `spf-multiple` and `spf-invalid`: `problem` continues a sentence that begins with the domain.
Fault spf_multiple(const Name& domain, const std::string& problem);
Fault spf_invalid(const Name& domain, const std::string& problem);

}  // namespace rampart::rules
