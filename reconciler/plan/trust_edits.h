/// Compares whom two configurations trust: who may send, sign and seal, and whose reports count.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// What lies beside the YAML and changes without it.
struct FilesBeside {
  std::map<std::string, std::string> certificates;  ///< PEM texts, by path; unreadable ones absent.
  std::map<Name, SpfLock> locks;                    ///< spf.lock.
};

/// What `now` changes in trust against `base`, of the whole file: certificates that private keys
/// are encrypted to (by fingerprint), reporters, included files, own senders, spf.lock.
std::vector<PolicyEdit> trust_edits(const Config& base, const FilesBeside& base_files,
                                    const Config& now, const FilesBeside& now_files);

/// The same of one domain: its senders, who keeps its records, its rotations.
std::vector<PolicyEdit> trust_edits(const Domain& base, const Domain& now);

}  // namespace rampart
