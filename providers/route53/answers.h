/// Route 53's responses, read from XML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/record.h"
#include "providers/http/http.h"

namespace rampart::route53 {

/// A public hosted zone. Private ones are invisible to mail receivers and are left out.
struct HostedZone {
  std::string id;
  Name name;
  int count = 0;  ///< Of its record sets.
};

/// One page of the list of zones.
struct ZonePage {
  std::vector<HostedZone> zones;
  std::string next_marker;  ///< Empty on the last page.
};

/// A record set with the exact text that the host stores: a DELETE must repeat it.
struct StoredSet {
  RecordKey key;
  RecordSet set;
  std::vector<std::string> texts;  ///< The values as they are stored.
  std::string special;             ///< Why it is no plain set: "weighted", an alias; or empty.
};

/// Where the next page of a list begins.
struct NextSet {
  std::string name;
  std::string type;
  std::string identifier;

  bool operator==(const NextSet&) const = default;
};

/// One page of a zone's record sets; `next` is empty on the last.
struct SetPage {
  std::vector<StoredSet> sets;
  std::optional<NextSet> next;
};

/// The content of a refusal, in either of its two forms.
struct Refusal {
  std::string code;
  std::string message;
};

/// Whether a change is served by all name servers.
enum class ChangeState { Pending, InSync };

/// Each returns an Error, retryable, where the body is not the documented document.
Result<ZonePage> read_zones(const HttpResponse& response);
Result<SetPage> read_sets(const HttpResponse& response);
Result<std::string> read_change_id(const HttpResponse& response);
Result<ChangeState> read_change_state(const HttpResponse& response);

/// `<ErrorResponse>`, or a bare `<InvalidChangeBatch>` with its messages.
Refusal read_refusal(const HttpResponse& response);

/// Whether a request with this response may be sent again.
Verdict evaluate(const HttpResponse& response);

}  // namespace rampart::route53
