/// The state of one domain, for `rampart explain`: its position, its gates today, the cost of its
/// SPF, the state of its keys, the reason for each record, and what comes next.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "policies/ramp/step.h"
#include "policies/ramp/timeline.h"

namespace rampart {

/// What one term of the SPF record costs.
struct TermCost {
  std::string term;
  std::string sender;  ///< What requires it: a sender's id, "extra", or empty where nothing does.
  int lookups = 0;
};

/// The budget of RFC 7208 section 4.6.4.
struct SpfBudget {
  std::string record;           ///< After the plan, else the live one; empty where there is none.
  int lookups = 0;              ///< Of ten.
  int void_lookups = 0;         ///< Of two.
  bool lower_bound = false;     ///< Macros or unanswered names hide part of the cost.
  std::vector<TermCost> terms;  ///< Those that cost something, in the record's order.
};

/// One selector of the domain.
struct SelectorNow {
  std::string selector;
  std::string state;              ///< "active", "published", "absent", ...
  std::optional<Date> made;       ///< Where its name or its rotation shows it.
  std::optional<Date> last_seen;  ///< In a verified report.
  std::optional<Date> next;       ///< When its state changes, or its rotation acts.
  std::string why;                ///< What it waits for, or what proves its state.
  std::string what;               ///< What its rotation does on `next`, where that is known.
  std::string rotated_by;         ///< Who rotates the key, and how.
};

/// One desired record.
struct RecordWhy {
  RecordKey key;
  std::string state;  ///< "published", "absent", "to be created", "to be changed", "to be removed",
                      ///< "withheld", "held", "blocked" (an error leaves no change to withhold),
                      ///< "unknown" (it could not be read).
  std::string reason;
  Mark mark;  ///< The line of the YAML that declares it.
};

/// What `rampart explain` shows.
struct Explanation {
  Domain domain;
  /// What DNS has in place of the step in the YAML: "p=none", "p=reject; pct=10", "no DMARC
  /// record"; empty where it has this step, and where that is not known.
  std::string other_policy = {};
  StepDecision step;
  SpfBudget spf;
  std::vector<SelectorNow> selectors;
  std::vector<RecordWhy> records;
  std::vector<Hold> holds;
  std::vector<Finding> findings;
  std::vector<TimelineEvent> coming;  ///< The next year's, the overdue first.
};

/// Explains `domain`. `config` and `world` must have at least this domain, those above it and those
/// below.
Explanation explain(const Domain& domain, const Config& config, const World& world);

}  // namespace rampart
