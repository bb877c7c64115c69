/// Decisions on ramps and rollbacks, as text and JSON.
#include "cli/views/advance.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/views/json_parts.h"

namespace rampart {
namespace {

Json reporter_json(const ReporterTally& one) {
  return {{"reporter", one.group},
          {"known", one.known},
          {"share", one.share},
          {"messages", one.messages},
          {"legit_rate", or_null(one.rate())}};
}

// The window's end is exclusive inside the program and inclusive for people.
Json evidence_json(const StepEvidence& seen) {
  const Date last = seen.window.until - std::chrono::days(1);
  return {{"messages", seen.messages},
          {"legit_rate", or_null(seen.legit_rate)},
          {"reporters", seen.reporters},
          {"unresolved_share", seen.tally.unresolved_share()},
          {"by_reporter", array_of(seen.tally.reporters, reporter_json)},
          {"first_day", to_text(seen.window.from)},
          {"last_day", to_text(last)}};
}

// What a dashboard needs to draw a ramp without the YAML: where it is, what comes next, and what is
// missing.
Json decision_json(const StepDecision& decision) {
  return {{"domain", decision.domain.text()},
          {"action", to_text(decision.action)},
          {"from", position_json(decision.from)},
          {"to", position_json(decision.to)},
          {"next", position_json(decision.next)},
          {"earliest", date_json(decision.earliest)},
          {"live", date_json(decision.live)},
          {"due", date_json(decision.due)},
          {"overdue_days", decision.overdue_days},
          {"reasons", decision.reasons},
          {"alerts", decision.alerts},
          {"corroborated", decision.corroborated},
          {"gates", array_of(decision.gates, gate_json)},
          {"evidence", evidence_json(decision.evidence)}};
}

// "stay" names the position as well, because a reader of many lines compares positions.
std::string headline(const StepDecision& decision) {
  const std::string from = to_text(decision.from);
  if (decision.action == StepAction::Stay) return fmt::format("stay at {}", from);
  return fmt::format("{} from {} to {}",
                     decision.action == StepAction::Advance ? "advance" : "step back", from,
                     to_text(*decision.to));
}

// Reasons as they were computed; the next step and its date only where the domain waits.
std::string decision_text(const StepDecision& decision) {
  std::string text = fmt::format("{}: {}\n", decision.domain.unicode(), headline(decision));
  for (const std::string& reason : decision.reasons) text += fmt::format("  - {}\n", reason);
  // Alerts have another mark than reasons, because they ask a person to look and decide nothing.
  for (const std::string& alert : decision.alerts) text += fmt::format("  ! {}\n", alert);
  if (decision.action != StepAction::Stay || !decision.next) return text;
  const std::string when = decision.earliest
                               ? fmt::format("on {} at the earliest", to_text(*decision.earliest))
                               : "once the gates are met";
  return text + fmt::format("  next: {}, {}\n", to_text(*decision.next), when);
}

}  // namespace

// Text and Markdown end, or begin, with the same sentence.
std::string advance_counts(const std::vector<StepDecision>& decisions) {
  const auto count = [&](StepAction action) {
    return std::ranges::count(decisions, action, &StepDecision::action);
  };
  return fmt::format("{} to advance, {} to step back, {} to stay.", count(StepAction::Advance),
                     count(StepAction::StepBack), count(StepAction::Stay));
}

/// The ramp's name is in the YAML and not in the decision, which is about one position.
std::string advance_json(const std::vector<StepDecision>& decisions, const Config& config) {
  const auto row_json = [&](const StepDecision& decision) {
    Json row = decision_json(decision);
    row["ramp"] = config.domains.at(decision.domain).dmarc.ramp->name;
    return row;
  };
  return document({{"domains", array_of(decisions, row_json)}});
}

std::string advance_text(const std::vector<StepDecision>& decisions, Written written) {
  if (decisions.empty()) return "No domain is on a ramp.\n";
  std::string text;
  for (const StepDecision& decision : decisions) text += decision_text(decision) + "\n";
  text += advance_counts(decisions) + "\n";
  // Advice about --write only where it would write something.
  const bool moves = std::ranges::any_of(
      decisions, [](const StepDecision& one) { return one.action != StepAction::Stay; });
  if (!moves) return text;
  return text + (written == Written::Yes ? "Written into the YAML; DNS is unchanged. Next: "
                                           "`rampart plan`, then `rampart apply`.\n"
                                         : "Run again with --write to edit the YAML.\n");
}

std::string rollback_json(const Rollback& rollback) {
  const std::string domain = rollback.domain.text();
  return document(
      {{"domain", domain},
       {"from", position_json(rollback.from)},
       {"to", position_json(rollback.to)},
       {"since", to_text(rollback.since)},
       {"file", rollback.file},
       {"lifetime", rollback.lifetime},
       {"next", {"rampart plan --domain " + domain, "rampart apply --domain " + domain}}});
}

// The next commands are spelled out: a rollback is done in a hurry.
std::string rollback_text(const Rollback& rollback) {
  const std::string domain = rollback.domain.text();
  // A repeated rollback succeeds: in an incident, two people may run it.
  if (rollback.from == rollback.to) {
    return fmt::format(
        "{0} is at {1} already: nothing was written\n"
        "Next: `rampart plan --domain {2}` shows whether DNS has this policy\n",
        rollback.domain.unicode(), to_text(rollback.to), domain);
  }
  return fmt::format(
      "{0}: changed from {1} to {2} in {4} (since: {3}). DNS is unchanged.\n"
      "Next: rampart plan --domain {5}, then rampart apply --domain {5}\n"
      "Receivers may apply the old record until its TTL expires: {6}.\n"
      "`rampart advance` raises the policy again when the minimum time at this step (hold: {7}) is "
      "over and the gates are met.\n",
      rollback.domain.unicode(), to_text(rollback.from), to_text(rollback.to),
      to_text(rollback.since), rollback.file, domain, rollback.lifetime, to_text(rollback.hold));
}

}  // namespace rampart
