/// Applying: planned again from the providers, limited by a reviewed plan, written stage by stage,
/// read back.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "reconciler/observe/observe.h"

namespace rampart {

/// The outcome of one change.
enum class WriteState {
  Written,      ///< Written and read back.
  AlreadyLive,  ///< The desired set was live before the write.
  Withheld,     ///< Not in the reviewed plan, stale, blocked, or after an earlier failure.
  Failed,       ///< The host refused, could not be reached, or somebody else wrote meanwhile;
                ///< nothing of it is live.
  Unconfirmed,  ///< Perhaps written, but reading back failed or showed something else.
  NotBegun,     ///< The run was interrupted before it; nothing of it is live.
};

/// One change with its outcome.
struct WriteOutcome {
  Change change;
  WriteState state;
  std::string why;  ///< Empty for Written.
};

/// What a zone that changed since the review withholds.
enum class Strictness { ItsZone, AllZones };

/// A plan after its limitation by a reviewed one.
struct Limited {
  Plan plan;                         ///< What may be written; the rest is withheld in it.
  std::vector<Change> already_live;  ///< Reviewed changes that need no write.
};
/// The changes of `now` that `reviewed` allows; the others become withheld with a Finding
/// (plan-stale, not-in-plan). Changes of `reviewed` that are live already are listed in
/// `already_live`. A zone in which a reviewed record changed since the review is withheld whole
/// (all zones where Strictness::AllZones), except for reviewed changes that loosen enforcement.
Limited limit_to(const Plan& now, const Plan& reviewed, const World& world, Strictness strictness);

/// Writes `plan` stage by stage: a stage completes on every host before the next begins. A zone
/// that fails withholds its own later stages and those of its failed domains, never another's.
/// Changes that loosen are written one at a time, so that no other change can block them. Each set
/// is read just before it is written, and again afterwards. `stopped` is called before each write:
/// once it is true, what was written is still read back, and no further write is begun.
std::vector<WriteOutcome> write_plan(const Plan& plan, const Providers& providers,
                                     const std::function<void(const std::string&)>& progress,
                                     const std::function<bool()>& stopped = {});

/// The outcome of every change of a run: those already live, those written (or not), and those that
/// the plan withholds, each with the message of its finding.
std::vector<WriteOutcome> account_for(const Limited& limited, std::vector<WriteOutcome> written);

/// Whether `sets` hold exactly `side` at the change's name, of the types that the change involves.
/// A CNAME always is one of them, since it excludes every other type.
bool is_live(const SetChange& change, const std::optional<TypedSet>& side,
             const std::map<RecordKey, RecordSet>& sets);

}  // namespace rampart
