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
  int lookups = 0;                      ///< DNS lookups (RFC 7208 section 4.6.4).
  int void_lookups = 0;                 ///< Of those, without a usable answer.
  bool lower_bound = false;             ///< Some terms may cost more lookups than is known.
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
/// may be a temporary failure of another party's name server.
Fault spf_unresolved(const spf::TreeNode& node);

/// `spf-near-miss`: `value` at the domain is no SPF record; `slip` says why.
Fault spf_near_miss(const Name& domain, const std::string& value, const std::string& slip);

/// `spf-neutral`: `ending`, the qualifier for all hosts that no term names, is neutral; nullopt
/// where it is another one or not known.
std::optional<Fault> spf_neutral(const Name& domain, std::optional<spf::Qualifier> ending);

/// `spf-dead-terms`: terms after `all`, which are never evaluated (RFC 7208 section 5.1).
std::optional<Fault> spf_dead_terms(const spf::Record& record);

/// `spf-broad`: more than a /8 of IPv4 addresses passes.
std::optional<Fault> spf_broad(const Name& domain, std::uint64_t addresses4);

/// Who passes by a record and by all that it includes.
struct SpfReach {
  std::uint64_t addresses4 = 0;   ///< IPv4 addresses that pass.
  bool everybody = false;         ///< Every address of a family passes.
  bool wide6 = false;             ///< IPv6 networks of more than a /16 in all pass.
  std::vector<std::string> open;  ///< Terms that decide for each message: `Admitted::open_pass`.
};
/// The reach of what passes by a record. A term without an answer adds nothing to it, so that the
/// result is a lower bound.
SpfReach spf_reach(const spf::Admitted& admitted);

/// Whether `authority_wide` has anything to report.
bool is_wide(const SpfReach& reach);

/// Whether these are more IPv4 addresses than a list of senders has: more than a /8.
bool is_broad(std::uint64_t addresses4);

/// `authority-wide`: everybody passes as `domain`, or too many hosts, or an unknown number; nullopt
/// where none of them applies. The message names the include that is the cause, which is found in
/// `root`, the record's tree. The extent orders the three, and counts /8 networks or terms.
std::optional<Fault> authority_wide(const Name& domain, const SpfReach& reach,
                                    const spf::TreeNode& root);

/// Whether a fault of `authority_wide` is about terms that decide for each message, not addresses.
bool is_open_alone(const Fault& fault);

/// `spf-multiple` and `spf-invalid`: `problem` continues a sentence that begins with the domain.
Fault spf_multiple(const Name& domain, const std::string& problem);
Fault spf_invalid(const Name& domain, const std::string& problem);

}  // namespace rampart::rules
