/// Compares whom two configurations trust: who may send, sign and seal, and whose reports count.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

using Edits = std::vector<PolicyEdit>;

/// Appends an edit at `mark`; `what` and `args` are those of fmt::format.
template <class... Args>
void note(Edits& edits, const Mark& mark, fmt::format_string<Args...> what, Args&&... args) {
  edits.push_back({mark, fmt::format(what, std::forward<Args>(args)...)});
}

/// Files beside the YAML that can change without it.
struct FilesBeside {
  std::map<std::string, std::string> certificates;  ///< PEM texts, by path; none if unreadable.
  std::map<Name, SpfLock> locks;                    ///< spf.lock.
};

/// What `now` changes in trust against `base`, domains aside: certificates that private keys are
/// encrypted to (by fingerprint), reporters, included files, own senders, spf.lock.
Edits trust_edits(const Config& base, const FilesBeside& base_files, const Config& now,
                  const FilesBeside& now_files);

/// The same of one domain: its senders, which tool keeps its records, its rotations.
Edits trust_edits(const Domain& base, const Domain& now);

}  // namespace rampart
