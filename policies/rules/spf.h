/// Rules on one SPF record and its tree (RFC 7208).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/spf/check_host.h"
#include "mail/spf/tree.h"
#include "policies/rules/fault.h"

namespace rampart::rules {

/// What `spf_limits` reads: a record as published, or as a plan would leave it.
struct SpfFacts {
  const Name& domain;
  std::int64_t pass_all = 0;  ///< `+all` terms.
  std::int64_t ptr_terms = 0;
  int lookups = 0;                         ///< DNS lookups (RFC 7208 section 4.6.4).
  int void_lookups = 0;                    ///< Of those, without a usable answer.
  bool lower_bound = false;                ///< Some terms may cost more lookups than is known.
  std::size_t txt_octets = 0;              ///< The owner name and all TXT values there.
  std::size_t record_octets = 0;           ///< The SPF record alone.
  const spf::TreeNode* root = nullptr;     ///< What each term costs; null where there is no record.
  std::vector<std::string> needless = {};  ///< Terms of services whose mail never aligns by SPF.
};

/// `spf-all`, `spf-ptr`, `spf-lookups` or `spf-lookups-near`, `spf-voids` and `spf-length`. The
/// extent counts terms, lookups or octets.
Faults spf_limits(const SpfFacts& facts);

/// Whether the tree stays within both lookup limits of RFC 7208 section 4.6.4.
bool within_lookup_limits(const spf::Tree& tree);

/// `spf-unresolved`: an include, redirect, a or mx whose target cannot be used. Blocks a plan that
/// adds it, unless it may be a temporary failure of another party's name server.
Fault spf_unresolved(const spf::TreeNode& node);

/// `spf-near-miss`: `value` at the domain is no SPF record; `slip` says why.
Fault spf_near_miss(const Name& domain, const std::string& value, const std::string& slip);

/// `spf-neutral`: `ending`, the qualifier for all hosts that no term names, is neutral; nullopt
/// where it is another one or not known.
std::optional<Fault> spf_neutral(const Name& domain, std::optional<spf::Qualifier> ending);

/// `spf-dead-terms`: terms after `all`, which are never evaluated (RFC 7208 section 5.1).
std::optional<Fault> spf_dead_terms(const spf::Record& record);

/// `spf-term-ignored`: modifiers with the name of a mechanism, `include=x`, which pass nobody.
std::optional<Fault> spf_term_ignored(const Name& domain, const spf::Record& record);

/// `spf-multiple` and `spf-invalid`: `problem` continues a sentence that begins with the domain.
Fault spf_multiple(const Name& domain, const std::string& problem);
Fault spf_invalid(const Name& domain, const std::string& problem);

}  // namespace rampart::rules
