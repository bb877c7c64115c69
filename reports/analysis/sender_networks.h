/// Whose hosts an address belongs to, by the SPF records of senders.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mail/spf/ip_set.h"
#include "policies/model/policy.h"
#include "reports/analysis/sender_index.h"
#include "reports/ingest.h"

namespace rampart::reports {

/// Senders by address: an ordered search, whatever the number of senders.
class SenderNetworks {
 public:
  SenderNetworks() = default;
  /// Of several senders that have an address, the one with the fewest addresses gets it: a service
  /// that sends through another one authorizes all of that one's hosts too. Equal sets: the first.
  explicit SenderNetworks(std::vector<std::pair<const Sender*, spf::IpSet>> sets);

  /// The sender that has the address, or null.
  const Sender* find(const spf::Ip& ip) const;

 private:
  struct Stretch {
    spf::Interval interval;
    const Sender* sender = nullptr;
  };
  std::vector<Stretch> v4_;  ///< Sorted and disjoint.
  std::vector<Stretch> v6_;
};

/// Answers about SPF records. One that fails is replaced by the last one that the store has,
/// however old: a resolver's outage changes no name.
class KeptAnswers {
 public:
  KeptAnswers(Store& store, Resolve resolve, Time now)
      : store_(store), resolve_(std::move(resolve)), now_(now) {}

  /// Adds answers to the table. One that the store has and that is younger than `fresh` is used
  /// without a lookup.
  void look_up(const std::vector<Question>& questions, std::chrono::seconds fresh);
  /// All answers so far; a question without any answer is in it as Failed.
  const Answers& table() const { return table_; }

 private:
  std::optional<KnownAnswer> kept(const Question& question);
  Store& store_;
  Resolve resolve_;
  Time now_;
  Answers table_;
};

/// The addresses of one domain's declared senders.
struct DeclaredNetworks {
  spf::IpSet own;           ///< ip4 and ip6 terms that the YAML itself has: the domain's own hosts.
  SenderNetworks networks;  ///< Of all declared senders, includes followed.
  /// The first record that got no answer, as "the SPF record of servers.mcsv.net": addresses that
  /// `networks` lacks may be in it. Empty where all were answered.
  std::string lacks;
};

/// Looks up what `answers` lacks. `domain` may be null: the YAML does not have it.
DeclaredNetworks declared_networks(const Domain* domain, KeptAnswers& answers);

/// The addresses of the services in the catalogue, as far as their SPF terms have no placeholder.
/// Many services authorize all of another one, as with amazonses.com: such an address shows the
/// other one, unless its host is theirs.
struct CatalogueNetworks {
  SenderNetworks own;  ///< Without those of other services that they include.
  std::map<const Sender*, spf::IpSet> included;  ///< Those, by the service that includes them.

  /// The service that has the address, or null. `by_host` are those that its confirmed host is of.
  const Sender* find(const spf::Ip& ip, const SenderIndex::Senders& by_host) const;
};

/// Looks up what `answers` lacks.
CatalogueNetworks catalogue_networks(const Config& config, const SenderIndex& senders,
                                     KeptAnswers& answers);

}  // namespace rampart::reports
