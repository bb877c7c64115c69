/// How SPF verdicts and trees are shown.
#pragma once

#include <map>
#include <string>

#include "mail/check_host.h"
#include "policies/policy.h"
#include "reconciler/spf_live.h"

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
std::string spf_tree_json(const SpfReport& report);
std::string spf_tree_text(const SpfReport& report);

}  // namespace rampart
