/// The state of one domain, for `rampart explain`: its step and gates, the cost of its SPF record,
/// the state of its keys, the reason for each record, and what is due next.
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
  std::string sender;  ///< What requires it: ids of senders and "extra", joined by ", "; or empty.
  int lookups = 0;
};

/// What the SPF record costs, of what RFC 7208 section 4.6.4 permits.
struct SpfBudget {
  std::string record;           ///< After the plan, else the live one; empty where there is none.
  int lookups = 0;              ///< Of at most ten.
  int void_lookups = 0;         ///< Of at most two.
  bool lower_bound = false;     ///< Macros or unanswered names hide part of the cost.
  std::vector<TermCost> terms;  ///< Those that cost something, in the record's order.
};

/// One selector of the domain.
struct SelectorNow {
  std::string selector;
  std::string state;              ///< "active", "published", "absent", ...
  std::optional<Date> made;       ///< By the date in its name.
  std::optional<Date> last_seen;  ///< In a verified report.
  std::optional<Date> next;       ///< When its state changes, or its rotation acts.
  std::string why;                ///< What it waits for, or what proves its state.
  std::string what;               ///< What its rotation does on `next`, where that is known.
  std::string rotated_by;         ///< Who rotates the key, and how.
};

/// One desired record.
struct RecordWhy {
  RecordKey key;
  /// "published", "absent", "to be created", "to be changed", "to be removed", "withheld", "held",
  /// "blocked" (an error prevents that there is a change), "unknown" (it could not be read). What
  /// is to be changed may have a limit behind it, in parentheses.
  std::string state;
  std::string reason;
  Mark mark;  ///< The line of the YAML that declares it.
};

/// What `rampart explain` shows.
struct Explanation {
  Domain domain;
  /// What DNS has where that is not the step in the YAML: "p=none", "p=reject; pct=10", "no DMARC
  /// record"; empty where it is, and where that is not known.
  std::string other_policy = {};
  StepDecision step;
  SpfBudget spf;
  std::vector<SelectorNow> selectors;
  std::vector<RecordWhy> records;
  std::vector<Hold> holds;
  std::vector<Finding> findings;
  std::vector<TimelineEvent> coming;  ///< The next year's, the overdue first.
};

/// Explains `domain`. `config` and `world` must have at least this domain, and the domains above
/// and below it.
Explanation explain(const Domain& domain, const Config& config, const World& world);

}  // namespace rampart
