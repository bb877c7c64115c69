/// Route 53's questions and its one command, signed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/http/http.h"
#include "providers/model/provider.h"
#include "providers/route53/answers.h"
#include "providers/route53/credentials.h"

namespace rampart::route53 {

/// Public zones by name; several of one name are twins, of which only one is delegated to.
using ZonesByName = std::map<Name, std::vector<HostedZone>>;

/// One account's API. Every Error is already redacted.
class Client {
 public:
  Client(const ProviderSettings& settings, double requests_per_second, const Clock& clock,
         const std::function<Exchange(const HttpRequest&)>& exchange);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<ZonesByName> list_zones();

  /// A page of a zone's record sets, from its beginning or from a place on.
  Result<SetPage> list_sets(const std::string& zone_id, const std::optional<NextSet>& from);

  /// Sends a batch once; the answer may be a refusal. An Error or a status of 500 and more leaves
  /// open whether it was applied.
  Result<HttpResponse> change_sets(const std::string& zone_id, const std::string& body);

  Result<ChangeState> change_state(std::string_view change_id);

  /// What a refusing answer says, for a person.
  Error refusal(const HttpResponse& response) const;

  const Clock& clock() const { return http_.clock(); }

 private:
  HttpSettings http_settings(const ProviderSettings& settings, double requests_per_second,
                             const std::function<Exchange(const HttpRequest&)>& exchange);
  Result<Ok> sign(HttpRequest& request);
  Result<HttpResponse> get(const std::string& path);

  std::string base_;
  CredentialChain credentials_;
  Http http_;
};

}  // namespace rampart::route53
