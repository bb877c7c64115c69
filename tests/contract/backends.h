/// The backends of the contract suite: one line here and one in backends.cc for each.
#pragma once

#include "providers/http/http.h"
#include "tests/contract/contract.h"

namespace rampart::contract {

std::unique_ptr<Backend> make_cloudflare_backend();
std::unique_ptr<Backend> make_zonefile_backend();
std::unique_ptr<Backend> make_route53_backend();
std::unique_ptr<Backend> make_powerdns_backend();
std::unique_ptr<Backend> make_rfc2136_backend();

/// `sets` without the SOA and NS sets at the zone's apex.
Sets without_authority(const Name& zone, Sets sets);

/// Types that every host keeps; those that name servers and zone files keep.
std::vector<Sample> common_samples();
std::vector<Sample> server_samples();

/// A real name server behind the adapter's back, by dns_door.py.
class DnsSideDoor {
 public:
  DnsSideDoor();
  Result<Sets> dump(const Name& zone);
  Result<std::vector<std::string>> raw(const Name& zone);
  Result<Ok> make_zone(const Name& zone, const Sets& sets);
  Result<Ok> plant(const Name& zone, std::span<const Foreign> foreign);
  Result<Ok> put(const Name& zone, const RecordKey& key, const std::optional<RecordSet>& set);
  /// The rows that `commands` select in PowerDNS' database.
  Result<std::string> sql(const std::string& commands);

 private:
  Result<std::string> ask(const std::string& verb, const std::string& question);

  Http http_;
  std::string address_;
};

}  // namespace rampart::contract
