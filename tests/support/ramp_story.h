/// Stories of ramps in a line each: where a domain is, what was reported, and what should come
/// of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policies/ramp/step.h"

namespace rampart::testing {

/// One story. Times are days, at 06:00Z. `words` change what is else a healthy domain of the
/// standard ramp: two reporters, fifty messages a day each of the declared `mta`, all aligned by
/// both; reported to the day before `now` for sixty days; live since `since`.
///
///     target=quarantine:50  mode=legacy  weekdays=mon,tue  freeze=2026-12-15/2027-01-05  frozen
///     steps=monitor@30d,quarantine@30d,reject  min_messages=..  min_legit_rate=..
///     min_reporters=..  max_unresolved=..  low=90d:30  window=14d  rollback=..
///     count=50  reporters=2  from=DATE  last=DATE  live=DATE|never  says=pct:100|t:y|t:n|nothing
///     no-reports  no-senders  sender=ID[:rare|:DATE]  ignore=SOURCE  no-mta
///     mail=SOURCE:OUTCOME:COUNT[:FIRST/LAST][:REPORTER]   more of a day's rows, of each reporter;
///         outcomes: both, dkim, spf, forwarded, fail, marked (fails with the domain's mark),
///         unnamed (fails, and its source could not be looked up)
///     service=ID   a service of the catalogue that is not declared
///     known=NAME,..  refused=NAME,..   the YAML's `reporters:`; r1 to r3.example are known
///     at=HOUR   the hour of now
struct RampStory {
  const char* story;
  const char* position;  ///< "monitor", "quarantine:10"
  const char* since;     ///< "" for none.
  const char* now;
  const char* words;
  const char* expected;  ///< See to_line().
};

/// A story as the step function's arguments.
struct RampScene {
  Config config;
  Domain domain;
  World world;
};

RampScene scene_of(const RampStory& story);

/// "quarantine:10".
RampPosition position_of_word(std::string_view word);

/// "advance quarantine:10", "step-back monitor", or "stay messages,legit_rate 2026-12-01": the
/// gates that are not met and the earliest date, "-" for none.
std::string to_line(const StepDecision& decision);

/// The line of a story's decision.
std::string line_of(const RampStory& story);

}  // namespace rampart::testing
