/// Route 53's API: its lists and its one write, signed.
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

/// Public zones by name; of several with one name only one is delegated to.
using ZonesByName = std::map<Name, std::vector<HostedZone>>;

/// One account's API. Every Error is already redacted.
class Client {
 public:
  Client(const ProviderSettings& settings, double requests_per_second, const Clock& clock,
         const std::function<Exchange(const HttpRequest&)>& exchange);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// All public zones of the account.
  Result<ZonesByName> list_zones();

  /// A page of a zone's record sets, from its beginning or from `from`.
  Result<SetPage> list_sets(const std::string& zone_id, const std::optional<NextSet>& from);

  /// Sends a batch once; the response may be a refusal. After an Error or a status of 500 and more
  /// it is unknown whether the batch was applied.
  Result<HttpResponse> change_sets(const std::string& zone_id, const std::string& body);

  /// Whether a change is served by all of Route 53's name servers.
  Result<ChangeState> change_state(std::string_view change_id);

  /// The Error for a refusing response.
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
