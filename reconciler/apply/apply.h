/// Applying a plan: limit it to what a reviewed plan allows, write it stage by stage, read it back.
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
  Written,      ///< Written, and confirmed by reading back.
  AlreadyLive,  ///< The desired RRset was live already, so nothing was written.
  Withheld,     ///< Not written: withheld by the plan, or after a failure of its zone or domain.
  Failed,       ///< Not written: the host refused or could not be reached, or another party wrote
                ///< meanwhile.
  Unconfirmed,  ///< Perhaps written: reading back failed or showed another RRset, or the host does
                ///< not serve it yet.
  NotBegun,     ///< Not written: the run was interrupted before it.
};

/// One change with its outcome.
struct WriteOutcome {
  Change change;
  WriteState state;
  std::string why;        ///< Why the state is not Written; empty for Written.
  std::string hint = {};  ///< What resolves it, from the findings that withhold the change.
};

/// What is withheld where a reviewed record changed since the review: its zone, or all zones.
enum class Strictness { ItsZone, AllZones };

/// A plan limited to what a reviewed plan allows.
struct Limited {
  Plan plan;                         ///< Only `changes` may be written; the others are `withheld`.
  std::vector<Change> already_live;  ///< Reviewed changes that need no write.
};
/// Keeps the changes of `now` that `reviewed` contains with the same RRsets, and withholds the
/// others by a finding (not-in-plan). Where a reviewed record changed since the review, its whole
/// zone is withheld (plan-stale), except for reviewed changes that loosen enforcement; under
/// Strictness::AllZones every change of every zone is. A reviewed change that is live already is
/// listed in `already_live`; one that `now` no longer needs gets a warning (plan-outdated).
Limited limit_to(const Plan& now, const Plan& reviewed, const World& world, Strictness strictness);

/// Writes `plan` stage by stage: a stage completes on every host before the next begins. After a
/// change that is Failed or Unconfirmed, the later stages of its zone and of its domain are
/// withheld; all others are written. Changes that loosen enforcement are written one at a time, so
/// that no other change can block them. Each RRset is read just before the write, and again after
/// it. `progress`, if set, receives one line for each write, failed ones too. `stopped`, if set, is
/// called before each write: once it returns true, no further write begins, and what was written is
/// still read back. Returns one outcome for each change of `plan`, in order of writing.
std::vector<WriteOutcome> write_plan(const Plan& plan, const Providers& providers,
                                     const std::function<void(const std::string&)>& progress,
                                     const std::function<bool()>& stopped = {});

/// One outcome for every change of a run: those already live, then `written`, then those that the
/// plan withholds, each with its codes and the messages of their findings.
std::vector<WriteOutcome> account_for(const Limited& limited, std::vector<WriteOutcome> written);

/// Whether `side` (`before` or `after` of `change`; nullopt: no RRset) is exactly what `sets`
/// contain at the change's name. The types of the change are compared, and CNAME, which excludes
/// every other type; where the change publishes a CNAME, all types but those that a signer adds.
bool is_live(const SetChange& change, const std::optional<TypedSet>& side,
             const std::map<RecordKey, RecordSet>& sets);

}  // namespace rampart
