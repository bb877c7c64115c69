/// Rules on how many hosts an SPF record lets pass. One scale of widths serves audits, plans and
/// spf.lock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/spf/check_host.h"
#include "mail/spf/tree.h"
#include "policies/rules/fault.h"

namespace rampart::rules {

/// How far a set of addresses goes, in order of harm. The IPv6 measures are networks of 2000::/3,
/// the only part of the space in public use (RFC 4291 section 2.4, IANA's registry).
enum class Width {
  Narrow,     ///< What a list of senders has.
  Shared,     ///< Over 65,536 IPv4 addresses, or an IPv6 network over a /24: other parties' too.
  Broad,      ///< Over a /8 of IPv4 in all, or over a /16 of IPv6.
  Most,       ///< Half of IPv4, or half of public IPv6, or more.
  Everybody,  ///< All of IPv4, or all of public IPv6.
};

/// The width of a set.
Width width_of(const spf::IpSet& pass);

/// Whether an IPv6 network of the set is wider than a /24.
bool is_wide6(const spf::IpSet& pass);

/// Who passes by a record and by all that it includes.
struct SpfReach {
  std::uint64_t addresses4 = 0;   ///< IPv4 addresses that pass.
  Width width = Width::Narrow;    ///< Of both families.
  std::vector<std::string> open;  ///< Terms that decide for each message, as in spf::Admitted.
};
/// What `admitted` amounts to. A term without an answer counts as what the others pass: at least.
SpfReach spf_reach(const spf::Admitted& admitted);

/// "16,777,217 IPv4 addresses", or what is wide in IPv6 where that is it. Of Broad and wider.
std::string text_of(const SpfReach& reach);

/// Whether `authority_wide` has anything to report.
bool is_wide(const SpfReach& reach);

/// `authority-wide`: everybody, far too many, or nobody knows who may pass as `domain`. `root` is
/// the record's tree, by which the message names the include that is the cause. The extent orders
/// the three, and counts terms or networks.
std::optional<Fault> authority_wide(const Name& domain, const SpfReach& reach,
                                    const spf::TreeNode& root);

/// Whether that fault is about terms that decide for each message, and not about addresses.
bool is_open_alone(const Fault& fault);

/// What the ip4, ip6, a and mx terms of the record itself pass: its owner's own decision, where
/// vendors decide about an include.
spf::IpSet own_networks(const Name& domain, const spf::Record& record, const Answers& answers);

/// `spf-broad`: more than a /8 of IPv4 passes in all, or the record's own networks are wider than a
/// list of hosts that send. A cloud provider's range belongs to all of its customers. The extent
/// counts addresses in the first case, and is 1 in the second.
std::optional<Fault> spf_broad(const Name& domain, const SpfReach& reach, const spf::IpSet& own);

/// `spf-private`: own networks that exist in private use alone (RFC 1918, RFC 6598, RFC 4193,
/// loopback and link-local), from which no mail arrives over the internet.
std::optional<Fault> spf_private(const Name& domain, const spf::IpSet& own);

}  // namespace rampart::rules
