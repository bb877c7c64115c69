/// Names the source of each group of mail: a declared sender, a service of the catalogue, the
/// domain of a forward-confirmed host name, or the address itself.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "policies/model/policy.h"
#include "reports/analysis/facts_traits.h"
#include "reports/analysis/reverse_dns_map.h"
#include "reports/analysis/sender_index.h"
#include "reports/analysis/sender_networks.h"
#include "reports/analysis/traffic_groups.h"
#include "reports/ingest.h"

namespace rampart::reports {

/// What a source was named by, from the most certain to the least.
enum class NamedBy { Dkim, Envelope, Spf, Ptr, Address };

/// Whether a name is proved, by DNS or by a result of the receiver, or only likely: a likely name
/// is for people, and no gate uses it.
enum class Sureness { Proved, Likely };

/// "dkim", "envelope", "spf", "ptr", "address"; "proved", "likely".
std::string_view to_text(NamedBy named_by);
std::string_view to_text(Sureness sure);

/// Who sends some mail.
struct Source {
  std::string label;               ///< "google_workspace", "ptr:example.net", "ip:192.0.2.1".
  const Sender* sender = nullptr;  ///< For a service, else null; owned by the Config.
  bool declared = false;           ///< The domain's YAML declares that service.
  NamedBy named_by = NamedBy::Address;
  Sureness sure = Sureness::Proved;
  HostOwner owner;  ///< By the user's map; only displayed, no decision uses it.

  bool operator==(const Source&) const = default;
};

/// What the domains of one run share: who may be named, and answers of DNS.
class NamingCache {
 public:
  NamingCache(const Config& config, Store& store, const Resolve& resolve, Time now)
      : config_(config), senders_(config), answers_(store, resolve, now) {}

  const SenderIndex& senders() const { return senders_; }
  KeptAnswers& answers() { return answers_; }
  /// The addresses of all services in the catalogue, looked up at the first call.
  const CatalogueNetworks& catalogue();

 private:
  const Config& config_;
  SenderIndex senders_;
  KeptAnswers answers_;
  std::unique_ptr<CatalogueNetworks> catalogue_;
};

/// The most addresses of one domain that are looked up in one run, those with the most messages
/// first: an outsider's botnet must not decide how long a run takes.
constexpr std::size_t kMostLookups = 10'000;

/// How many host names a run may look up, and how long.
struct LookupLimits {
  std::size_t most = kMostLookups;  ///< Addresses of one domain.
  /// What is left of the time, shared by the domains of a run; an address that it does not suffice
  /// for counts as unanswered. Null: as long as it takes.
  std::shared_ptr<std::chrono::steady_clock::duration> left = nullptr;
};

/// Limits with so much time for a whole run.
inline LookupLimits lookups_within(std::chrono::steady_clock::duration time,
                                   std::size_t most = kMostLookups) {
  return {most, std::make_shared<std::chrono::steady_clock::duration>(time)};
}

/// What sources are named from.
struct NamingContext {
  const Config& config;
  const Domain* domain = nullptr;  ///< Null where the YAML does not have the domain.
  Name name;                       ///< The policy domain.
  Time now;
  Resolve resolve;                        ///< Empty: no lookup gets an answer.
  const ReverseDnsMap* owners = nullptr;  ///< The user's map, or null.
  /// Whose overrides excuse failing mail as forwarded; empty: every verified reporter's.
  std::function<bool(const std::string& reporter)> counts;
  std::shared_ptr<NamingCache> cache;  ///< Of a run over several domains, or null.
  LookupLimits lookups = {};
};

/// The host names of addresses.
struct HostNames {
  /// Forward-confirmed; addresses without one are left out.
  std::unordered_map<spf::Ip, std::string, IpHash> names;
  /// Which lookup got no answer, as "the PTR record of 192.0.2.1".
  std::unordered_map<spf::Ip, std::string, IpHash> unanswered;
};

/// Forward-confirmed host names of all addresses, looked up all at once and kept in the store. A
/// name that was found once is used when a later lookup gets no answer.
HostNames find_hosts(const TrafficGroups& groups, Store& store, const NamingContext& context);
HostNames find_hosts(const AddressTable& addresses, Store& store, const NamingContext& context);

/// What is known of one address, apart from what its mail shows.
struct AddressFacts {
  std::string host;                  ///< Forward-confirmed, or empty.
  const Sender* sender = nullptr;    ///< Whose hosts it is one of, or null.
  NamedBy sender_by = NamedBy::Ptr;  ///< How that is known: Spf or Ptr.
  bool own = false;                  ///< In the ip4 and ip6 terms that the YAML itself has.
  bool own_host = false;             ///< Its host is in a domain of the YAML.
  std::string lacks_host;            ///< Which lookup of its host name got no answer, or empty.
  std::string
      lacks_record;  ///< Which SPF record of a declared sender, that could have it, did not.
};

/// Everything that sources of one domain are named from.
class SourceNamer {
 public:
  /// `context` and `hosts` must outlive it.
  SourceNamer(const NamingContext& context, NamingCache& cache, const HostNames& hosts);

  const NamingContext& context() const { return context_; }
  const SenderIndex& senders() const { return cache_.senders(); }
  const DeclaredSenders& declared() const { return declared_; }
  /// Whether an address is one of the domain's own or of a service, by SPF records.
  bool has_network(const spf::Ip& ip) const;
  /// Whether anybody may send from an address, for all that is known of it: failing mail without a
  /// mark is then an outsider's. False where some lookup got no answer.
  bool is_anybodys(const spf::Ip& ip) const;
  /// Which SPF record of a declared sender got no answer, or empty.
  const std::string& lacks_record() const { return networks_.lacks; }
  AddressFacts facts_of(const spf::Ip& ip) const;
  /// Names mail. `only_signer` is the one declared sender that signs the address's other mail, or
  /// null.
  Source name(const spf::Ip& ip, const AddressFacts& address, const FactsTraits& traits,
              const Sender* only_signer) const;
  /// The name without likely ones, as evidence carries it.
  Source name_by_address(const spf::Ip& ip, const AddressFacts& address) const;

 private:
  Source service(const Sender* sender, NamedBy named_by, Sureness sure) const;

  const NamingContext& context_;
  NamingCache& cache_;
  const HostNames& hosts_;
  DeclaredSenders declared_;
  DeclaredNetworks networks_;
};

/// The entry of `sources: {ignore: [...]}` that matches this source or this address, or null.
const IgnoredSource* ignoring(const NamingContext& context, const Source& source,
                              const AddressFacts& address, const spf::Ip& ip);

}  // namespace rampart::reports
