/// Applying: recomputed from provider truth, limited by a reviewed plan, written by turn, read
/// back.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "reconciler/observe/observe.h"

namespace rampart {

enum class WriteState {
  Written,  ///< Written and read back.
  AlreadyLive,
  Withheld,     ///< Not in the reviewed plan, stale, blocked, or after an earlier failure.
  Failed,       ///< The host refused, could not be reached, or somebody else wrote meanwhile;
                ///< nothing of it stands.
  Unconfirmed,  ///< Written, but reading back showed something else.
};

/// What became of one change.
struct WriteOutcome {
  Change change;
  WriteState state;
  std::string why;  ///< Empty for Written.
};

/// The changes of `now` that `reviewed` allows; the others become withheld with a Finding
/// (plan-stale, not-in-plan). Changes of `reviewed` that already stand are named in `already_live`.
/// A zone that moved since the review is withheld whole (all zones where `strict`), except for what
/// the review allows to be loosened.
struct Limited {
  Plan plan;
  std::vector<Change> already_live;
};
Limited limit_to(const Plan& now, const Plan& reviewed, const World& world, bool strict);

/// Writes `plan` turn by turn: a turn completes on every host before the next begins. Within a turn
/// a zone that fails keeps its own later turns back, and those of the domains it failed, never
/// another's. Loosening is written one change at a time, so that no sibling can block it.
/// Each set is read just before it is written, and again after.
std::vector<WriteOutcome> write_plan(const Plan& plan, const Providers& providers,
                                     const std::function<void(const std::string&)>& progress);

/// Every change of a run in one account: those already live, those written (or not), and those
/// that the plan withholds, each with its finding's own words.
std::vector<WriteOutcome> account_for(const Limited& limited, std::vector<WriteOutcome> written);

/// Whether exactly `side` stands at the change's name among `sets`, of the types that the change
/// is about (a CNAME always is one: nothing may stand beside it).
bool stands(const SetChange& change, const std::optional<TypedSet>& side,
            const std::map<RecordKey, RecordSet>& sets);

}  // namespace rampart
