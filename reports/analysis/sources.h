/// Names the source behind each address, once a source: a declared sender, a service of the
/// catalogue, a forward-confirmed host's domain, or the address itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mail/spf/ip_set.h"
#include "policies/model/policy.h"
#include "reports/analysis/reverse_dns_map.h"
#include "reports/analysis/traffic_groups.h"
#include "reports/ingest.h"

namespace rampart::reports {

/// Who sends from an address.
struct Source {
  std::string label;               ///< "google_workspace", "ptr:example.net", "ip:192.0.2.1".
  const Sender* sender = nullptr;  ///< For a service; lives in the Config.
  bool declared = false;           ///< The domain's YAML uses that service.
  std::string host;                ///< Its forward-confirmed host name, or empty.
  bool ignored = false;            ///< `sources: {ignore: [...]}` names it.
  HostOwner owner;                 ///< By the user's map, for people alone: it decides nothing.

  bool operator==(const Source&) const = default;
};

/// What naming is done by.
struct NamingContext {
  const Config& config;
  const Domain* domain = nullptr;  ///< Null where the YAML does not have it.
  Name name;                       ///< The policy domain.
  Time now;
  Resolve resolve;                        ///< Empty: no name is looked up.
  const ReverseDnsMap* owners = nullptr;  ///< The user's map, where there is one.
};

/// Forward-confirmed host names by address; addresses without one are left out. Looked up all at
/// once, and remembered in the store.
std::map<spf::Ip, std::string> find_hosts(const std::set<spf::Ip>& addresses, Store& store,
                                          const NamingContext& context);

/// The addresses that each declared sender's own SPF terms admit.
std::vector<std::pair<const SenderUse*, spf::IpSet>> admitted_by_senders(
    const NamingContext& context, Answers& answers);

/// The source of every address of `flows`. Pure but for what `answers` lacks, which it asks.
std::map<spf::Ip, Source> name_sources(const TrafficGroups& groups,
                                       const std::map<spf::Ip, std::string>& hosts,
                                       const NamingContext& context, Answers& answers);

/// The row of `sources: {ignore: [...]}` that names this source or this address of it, or null.
const IgnoredSource* ignoring(const NamingContext& context, const Source& source,
                              const spf::Ip& ip);

/// The declared sender that signs as the domain with this selector, or null.
const SenderUse* sender_of_selector(const NamingContext& context, const std::string& selector);

}  // namespace rampart::reports
