/// Decisions for a pull request: figures and thresholds, senders, and the effect at receivers.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/counted.h"
#include "cli/views/advance.h"
#include "cli/views/markdown.h"
#include "policies/dmarc/receiver_impact.h"
#include "policies/ramp/ramp.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using markdown::code;
using markdown::prose;

using Group = std::vector<const StepDecision*>;

// A line end would end the table.
std::string cell(std::string_view text) {
  std::string out = prose(text);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

// Figures next to their thresholds, so that a reviewer sees how close a decision was.
std::string gates_table(const StepDecision& decision) {
  if (decision.gates.empty()) return "";
  std::string text = "| Gate | Figure | Required | |\n| --- | ---: | ---: | --- |\n";
  for (const Gate& gate : decision.gates) {
    text += fmt::format("| {} | {} | {} | {} |\n", cell(to_text(gate.kind)), cell(gate.figure),
                        cell(gate.asked), gate.met ? "met" : "**not met**");
  }
  return text + "\n";
}

// Unresolved sources are bold: they are what may still break.
std::string kind_of_source(const SourceTally& source) {
  if (source.ignored) return "ignored";
  if (source.declared) return "declared";
  // A service is named before a missing answer: declaring it is what a person can do at once.
  if (source.undeclared_service()) return "**not declared**";
  if (source.unanswered > 0) return "**not looked up**";
  return source.marked + source.passing > 0 ? "the domain's own" : "not the domain's";
}

// Who reported, and how much each counts: a reviewer sees whether one of them decides.
std::string reporters_table(const StepEvidence& seen) {
  if (seen.tally.reporters.empty()) return "";
  std::string text =
      "| Reporter | | Share | Messages | Domain's own mail that passes |\n"
      "| --- | --- | ---: | ---: | ---: |\n";
  for (const ReporterTally& one : seen.tally.reporters) {
    const auto rate = one.rate();
    text += fmt::format("| {} | {} | {} | {} | {} |\n", cell(one.group),
                        one.known ? "known" : "unknown, with a history", percent(one.share),
                        grouped(one.messages), rate ? percent(*rate) : "none");
  }
  return text + "\n";
}

std::string senders_table(const StepEvidence& seen) {
  // The limit of a pull request's body is shared by all domains that move.
  constexpr std::size_t kMost = 20;
  std::vector<SourceTally> sources = seen.tally.sources;
  // Declared senders first, then by volume: reviewers look for these, and the table is cut off.
  std::ranges::stable_sort(sources, std::ranges::greater(), [](const SourceTally& one) {
    return std::pair(one.declared, one.messages);
  });
  if (sources.empty()) return "";
  std::string text = fmt::format(
      "Mail of {} to {}:\n\n| Source | | Messages | Passing | By DKIM | Forwarded | Failing |\n"
      "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
      to_text(seen.window.from), to_text(seen.window.until - std::chrono::days(1)));
  for (std::size_t i = 0; i < std::min(kMost, sources.size()); ++i) {
    const SourceTally& one = sources[i];
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", cell(one.source),
                        kind_of_source(one), grouped(one.messages), grouped(one.passing),
                        grouped(one.by_dkim), grouped(one.forwarded), grouped(one.failing()));
  }
  if (sources.size() > kMost) {
    text += fmt::format("\n… and {} more sources.\n", sources.size() - kMost);
  }
  return text + "\n";
}

// From the records before and after, not from the step's name: what receivers do differs between
// their generations.
std::string receivers_list(const StepDecision& decision, const Domain& domain) {
  if (!decision.to) return "";
  // Everything but the position stays, so the difference shows the step and nothing else.
  DmarcSpec after = domain.dmarc;
  after.position = *decision.to;
  std::string text = "A message that fails DMARC, by kind of receiver:\n\n";
  for (const ReceiverLine& line : receiver_lines(EffectivePolicy::of(record_for(domain.dmarc)),
                                                 EffectivePolicy::of(record_for(after)))) {
    text += fmt::format("- {}: {}\n", prose(describe(line.receiver)), prose(line.says));
  }
  return text + "\n";
}

std::string title(const StepDecision& decision) {
  const std::string to = decision.to ? " to " + to_text(*decision.to) : "";
  return fmt::format("#### {}: {} from {}{}\n\n", code(decision.domain.text()),
                     decision.action == StepAction::StepBack ? "step back" : "advance",
                     prose(to_text(decision.from)), prose(to));
}

/// The reasons and the effect come first, since the tables below are what they were computed from.
std::string moved_block(const StepDecision& decision, const Domain& domain) {
  std::string text = title(decision);
  for (const std::string& reason : decision.reasons) text += fmt::format("- {}\n", prose(reason));
  for (const std::string& alert : decision.alerts) {
    text += fmt::format("- **Alert:** {}\n", prose(alert));
  }
  return text + "\n" + receivers_list(decision, domain) + gates_table(decision) +
         reporters_table(decision.evidence) + senders_table(decision.evidence);
}

// One row each: domains that stay are many, and only their reason matters.
std::string staying_row(const StepDecision& decision) {
  std::vector<std::string> all = decision.reasons;
  all.insert(all.end(), decision.alerts.begin(), decision.alerts.end());
  const std::string why = fmt::format("{}", fmt::join(all, "; "));
  const std::string next = decision.next ? to_text(*decision.next) : "";
  const std::string when = decision.earliest ? to_text(*decision.earliest) : "";
  return fmt::format("| {} | {} | {} | {} | {} |\n", code(decision.domain.text()),
                     cell(to_text(decision.from)), cell(next), when, cell(why));
}

/// Domains of one ramp are next to each other: they have the same steps and thresholds, and a
/// reviewer compares them.
std::map<std::string, Group> by_ramp(const std::vector<StepDecision>& decisions,
                                     const Config& config, StepAction action) {
  std::map<std::string, Group> groups;
  for (const StepDecision& decision : decisions) {
    if (decision.action != action) continue;
    groups[config.domains.at(decision.domain).dmarc.ramp->name].push_back(&decision);
  }
  return groups;
}

}  // namespace

// Steps back first. They are the ones that a person has to act on; when the page is full, staying
// domains are cut off.
std::string advance_markdown(const std::vector<StepDecision>& decisions, const Config& config,
                             std::size_t limit) {
  markdown::Page page(limit);
  page.add(fmt::format("## Rampart advance\n\n**{}**\n\n", advance_counts(decisions)));
  const auto moved = [&](StepAction action, std::string_view what) {
    for (const auto& [ramp, group] : by_ramp(decisions, config, action)) {
      const std::string heading = fmt::format("### {}: ramp {}\n\n", what, prose(ramp));
      page.add_section(heading, group.size(), page.left(), [&](std::size_t i) {
        return moved_block(*group[i], config.domains.at(group[i]->domain));
      });
    }
  };
  moved(StepAction::StepBack, "Steps back");
  moved(StepAction::Advance, "Steps up");
  for (const auto& [ramp, group] : by_ramp(decisions, config, StepAction::Stay)) {
    const std::string heading = fmt::format(
        "### Staying: ramp {}\n\n| Domain | Position | Next | Earliest | Why |\n"
        "| --- | --- | --- | --- | --- |\n",
        prose(ramp));
    page.add_section(heading, group.size(), page.left(),
                     [&](std::size_t i) { return staying_row(*group[i]); });
  }
  return std::move(page).text();
}

}  // namespace rampart
