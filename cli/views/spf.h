/// SPF verdicts, trees and flattened records, as text and JSON.
#pragma once

#include <map>
#include <string>

#include "mail/spf/check_host.h"
#include "policies/model/policy.h"
#include "policies/spf/flatten.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {

/// The verdict as JSON (contract section 3) and as text.
std::string verdict_json(const spf::Verdict& verdict);
std::string verdict_text(const spf::Verdict& verdict);

/// One domain's record with the cost of every node.
struct SpfReport {
  Name domain;
  PublishedSpf published;
  spf::Tree tree;
  std::map<std::string, std::string> vendors;  ///< By term: "Google Workspace".
};
/// The tree, every node with its lookups and addresses (contract section 3), and as a table.
std::string spf_tree_json(const SpfReport& report);
std::string spf_tree_text(const SpfReport& report);

/// A record before and after flattening.
struct FlattenReport {
  Name domain;
  spf::Record record;
  int lookups_before = 0;
  FlatSpf flat;
  std::map<std::string, std::string> reasons = {};  ///< Why terms were not taken into spf.lock.
};
/// Both records, the fragments and the lookups, as JSON and as text.
std::string flatten_json(const FlattenReport& report);
std::string flatten_text(const FlattenReport& report);

}  // namespace rampart
