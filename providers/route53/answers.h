/// Route 53's answers, read from XML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/record.h"
#include "providers/http/http.h"

namespace rampart::route53 {

/// A public hosted zone. Private ones answer nobody's questions about mail and are left out.
struct HostedZone {
  std::string id;
  Name name;
  int count = 0;  ///< Of its record sets.
};

struct ZonePage {
  std::vector<HostedZone> zones;
  std::string next_marker;  ///< Empty on the last page.
};

/// A record set with the very text in which the host keeps it.
struct StoredSet {
  RecordKey key;
  RecordSet set;
  std::vector<std::string> texts;  ///< The values as they are stored.
  std::string special;  ///< What makes it more than a plain set: "weighted", an alias; or empty.
};

/// Where a list goes on.
struct NextSet {
  std::string name;
  std::string type;
  std::string identifier;

  bool operator==(const NextSet&) const = default;
};

struct SetPage {
  std::vector<StoredSet> sets;
  std::optional<NextSet> next;
};

/// What a refusal says, whichever of its two forms it has.
struct Refusal {
  std::string code;
  std::string message;
};

enum class ChangeState { Pending, InSync };

Result<ZonePage> read_zones(const HttpResponse& response);
Result<SetPage> read_sets(const HttpResponse& response);
Result<std::string> read_change_id(const HttpResponse& response);
Result<ChangeState> read_change_state(const HttpResponse& response);

/// `<ErrorResponse>`, or a bare `<InvalidChangeBatch>` with its messages.
Refusal read_refusal(const HttpResponse& response);

/// What an answer says about trying again.
Verdict evaluate(const HttpResponse& response);

}  // namespace rampart::route53
