/// The backends of the contract suite: one line here and one in backends.cc for each.
#pragma once

#include "tests/contract/contract.h"

namespace rampart::contract {

std::unique_ptr<Backend> make_cloudflare_backend();
std::unique_ptr<Backend> make_zonefile_backend();
std::unique_ptr<Backend> make_route53_backend();
std::unique_ptr<Backend> make_powerdns_backend();
std::unique_ptr<Backend> make_rfc2136_backend();

/// `sets` without the SOA and NS sets at the zone's apex.
Sets without_authority(const Name& zone, Sets sets);

/// A real name server behind the adapter's back, by dig and nsupdate.
class DnsSideDoor {
 public:
  DnsSideDoor();
  Result<Sets> dump(const Name& zone) const;
  Result<Ok> make_zone(const Name& zone, const Sets& sets) const;
  Result<Ok> put(const Name& zone, const RecordKey& key, const std::optional<RecordSet>& set) const;

 private:
  Result<std::string> listing(const Name& zone) const;
  Result<Ok> send(const Name& zone, const std::vector<std::string>& lines) const;

  std::string port_;
  std::string secret_;
  std::string pdns_folder_;  ///< Empty for other servers.
};

}  // namespace rampart::contract
