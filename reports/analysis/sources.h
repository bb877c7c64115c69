/// Names the source behind each address: a declared sender, a service of the catalogue, the domain
/// of a forward-confirmed host name, or the address itself.
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
  const Sender* sender = nullptr;  ///< For a service, else null; owned by the Config.
  bool declared = false;           ///< The domain's YAML declares that service.
  std::string host;                ///< Its forward-confirmed host name, or empty.
  bool ignored = false;            ///< `sources: {ignore: [...]}` names it.
  HostOwner owner;                 ///< By the user's map; only displayed, no decision uses it.

  bool operator==(const Source&) const = default;
};

/// What sources are named from.
struct NamingContext {
  const Config& config;
  const Domain* domain = nullptr;  ///< Null where the YAML does not have the domain.
  Name name;                       ///< The policy domain.
  Time now;
  Resolve resolve;                        ///< Empty: nothing is looked up.
  const ReverseDnsMap* owners = nullptr;  ///< The user's map, or null.
};

/// Forward-confirmed host names by address; addresses without one are left out. They are looked up
/// all at once and kept in the store.
std::map<spf::Ip, std::string> find_hosts(const std::set<spf::Ip>& addresses, Store& store,
                                          const NamingContext& context);

/// The addresses that each declared sender's own SPF terms authorize. Looks up what `answers`
/// lacks.
std::vector<std::pair<const SenderUse*, spf::IpSet>> admitted_by_senders(
    const NamingContext& context, Answers& answers);

/// The source of every address in `groups`. Pure except for looking up what `answers` lacks.
std::map<spf::Ip, Source> name_sources(const TrafficGroups& groups,
                                       const std::map<spf::Ip, std::string>& hosts,
                                       const NamingContext& context, Answers& answers);

/// The entry of `sources: {ignore: [...]}` that matches this source or this address, or null.
const IgnoredSource* ignoring(const NamingContext& context, const Source& source,
                              const spf::Ip& ip);

/// The declared sender that signs as the domain with this selector, or null.
const SenderUse* sender_of_selector(const NamingContext& context, const std::string& selector);

}  // namespace rampart::reports
