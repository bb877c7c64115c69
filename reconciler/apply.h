/// Applying: recomputed from provider truth, limited by a reviewed plan, written by turn, read back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policies/plan.h"
#include "reconciler/observe.h"

namespace rampart {

enum class WriteState {
  Written,     ///< Written and read back.
  AlreadyLive,
  Withheld,    ///< Not in the reviewed plan, stale, blocked, or after an earlier failure.
  Failed,      ///< The host refused or could not be reached; nothing of it stands.
  Unconfirmed, ///< Written, but reading back showed something else.
};

/// What became of one change.
struct WriteOutcome {
  Change change;
  WriteState state;
  std::string why;  ///< Empty for Written.
};

/// What applying came to; the exit code follows from it.
struct ApplyReport {
  std::vector<WriteOutcome> outcomes;  ///< In the order of writing.
  Plan plan;                           ///< As recomputed, limited by the reviewed plan.
};

struct ApplyOptions {
  std::optional<Plan> reviewed;  ///< Limits what may be written.
  bool strict = false;           ///< One stale zone withholds all.
};

/// The changes of `now` that `reviewed` allows; the others become withheld with a Finding
/// (plan-stale, not-in-plan). Changes of `reviewed` that already stand are named in `already_live`.
struct Limited {
  Plan plan;
  std::vector<Change> already_live;
};
Limited limit_to(const Plan& now, const Plan& reviewed, const World& world, bool strict);

/// Writes `plan` turn by turn: a turn completes on every host before the next begins. Within a turn
/// a zone that fails keeps its own later turns back, never another zone's.
std::vector<WriteOutcome> write_plan(const Plan& plan, const Providers& providers,
                                     const std::function<void(const std::string&)>& progress);

}  // namespace rampart
