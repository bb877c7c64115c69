/// What was written, zone by zone, and what the servers return.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/counted.h"
#include "cli/views/plan_lines.h"
#include "cli/views/views.h"
#include "dns/txt.h"

namespace rampart {
namespace {

/// The word and the colour of a state.
struct StateWord {
  WriteState state;
  std::string_view word;
  int hue;
};

/// In the order of the totals: what was done, then what was not, then what failed.
constexpr std::array<StateWord, 6> kStateWords = {{{WriteState::Written, "written", kGreen},
                                                   {WriteState::AlreadyLive, "already live", kCyan},
                                                   {WriteState::Withheld, "withheld", kYellow},
                                                   {WriteState::Failed, "failed", kRed},
                                                   {WriteState::Unconfirmed, "unconfirmed", kRed},
                                                   {WriteState::NotBegun, "not started", kYellow}}};

/// Where the reason of a row is: below it, or below a later row with the same one.
enum class Reason { Shown, Below };

/// Whether both have the same reason, which one line below the last of them explains.
bool same_reason(const WriteOutcome& one, const WriteOutcome& other) {
  return one.state == other.state && one.why == other.why;
}

/// The reason is on a line of its own, aligned with the names; "already live" explains itself.
void show_outcome(std::string& out, const WriteOutcome& outcome, Reason reason, Colour colour) {
  const StateWord& word = *std::ranges::find(kStateWords, outcome.state, &StateWord::state);
  out += fmt::format("  {}{:{}} {:>3} {}\n", paint(colour, word.hue, word.word), "",
                     12 - word.word.size(), glyph(outcome.change), title(outcome.change));
  if (reason == Reason::Shown && !outcome.why.empty() && outcome.state != WriteState::AlreadyLive) {
    out += fmt::format("{:>19}{}\n", "", printable(outcome.why));
    if (!outcome.hint.empty()) {
      out += fmt::format("{:>19}hint: {}\n", "", printable(outcome.hint));
    }
  }
}

/// Only states that occur are counted: "3 written." is the usual case. What waits, what is wrong
/// and what could not be read is counted too: it may need changes that were not written.
std::string totals(const Plan& plan, const std::vector<WriteOutcome>& outcomes) {
  std::vector<std::string> counts;
  for (const StateWord& word : kStateWords) {
    const auto count = std::ranges::count(outcomes, word.state, &WriteOutcome::state);
    if (count > 0) counts.push_back(fmt::format("{} {}", count, word.word));
  }
  std::vector<std::string> open = open_clauses(plan);
  const auto outdated =
      std::ranges::count(plan.findings, std::string("plan-outdated"), &Finding::code);
  if (outdated > 0) {
    open.push_back(counted(static_cast<std::size_t>(outdated),
                           "reviewed change is no longer planned",
                           "reviewed changes are no longer planned"));
  }
  if (counts.empty()) {
    return open.empty() ? "Nothing to write."
                        : fmt::format("Nothing was written: {}.", fmt::join(open, ", "));
  }
  std::ranges::move(open, std::back_inserter(counts));
  return fmt::format("{}.", fmt::join(counts, ", "));
}

// "nothing" and not an empty text, which would look like an empty record.
std::string server_value(std::string_view value) {
  return value.empty() ? "nothing" : printable(value);
}

/// A server with a problem returned nothing to compare, so only the problem is shown.
void show_difference(std::string& out, const Difference& difference, Colour colour) {
  out +=
      fmt::format("  {} {}", printable(difference.key.name.text()), to_text(difference.key.type));
  if (!difference.server.empty()) out += " at " + printable(difference.server);
  if (!difference.problem.empty()) {
    out += "\n    " + printable(difference.problem) + "\n";
    return;
  }
  out += "\n    " + paint_sign(colour, '+', "want: " + server_value(difference.desired));
  out += "\n    " + paint_sign(colour, '-', "got:  " + server_value(difference.got)) + "\n";
}

/// A finding below its domain's verdict.
void show_finding(std::string& out, const Finding& finding, Colour colour) {
  const std::string label = fmt::format("{}[{}]", to_text(finding.severity), finding.code);
  out += fmt::format("  {}: {}\n", paint(colour, colour_of(finding.severity), label),
                     printable(finding.message));
  if (!finding.hint.empty()) out += fmt::format("      hint: {}\n", printable(finding.hint));
}

}  // namespace

// Zones are written one by one and fail one by one, so the outcome is grouped by zone.
// The totals are the last line, where a long log is read first.
std::string outcome_text(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                         Colour colour) {
  std::map<std::pair<Name, std::string>, std::vector<const WriteOutcome*>> zones;
  for (const WriteOutcome& outcome : outcomes) {
    zones[{outcome.change.zone, outcome.change.provider}].push_back(&outcome);
  }
  std::string out;
  for (const auto& [zone, rows] : zones) {
    out += paint(
        colour, kBold,
        fmt::format("{} at provider {}", printable(zone.first.text()), printable(zone.second)));
    out += '\n';
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool repeats = i + 1 < rows.size() && same_reason(*rows[i], *rows[i + 1]);
      show_outcome(out, *rows[i], repeats ? Reason::Below : Reason::Shown, colour);
    }
    out += '\n';
  }
  return out + totals(plan, outcomes) + "\n";
}

// Domains without a difference have one line too, so that a missing domain is noticed.
std::string verify_text(const std::vector<DomainVerification>& domains, Colour colour) {
  std::string out;
  std::size_t differing = 0;
  std::size_t unanswered = 0;
  for (const DomainVerification& domain : domains) {
    // Silence is no difference: what is published there is unknown, so the domain counts neither as
    // equal nor as different.
    if (domain.unanswered()) {
      out += fmt::format("{}: {}: {}\n", printable(domain.domain.text()),
                         paint(colour, kRed, "no server answered"),
                         printable(domain.differences.front().problem));
      ++unanswered;
      continue;
    }
    const std::size_t count = domain.differences.size();
    const std::string verdict =
        count == 0 ? paint(colour, kGreen, "ok")
                   : paint(colour, kRed,
                           fmt::format("{} {}", count, count == 1 ? "difference" : "differences"));
    out += fmt::format("{}: {}\n", printable(domain.domain.text()), verdict);
    for (const Difference& difference : domain.differences) {
      show_difference(out, difference, colour);
    }
    for (const Finding& finding : domain.findings) show_finding(out, finding, colour);
    if (count > 0) ++differing;
  }
  if (!out.empty()) out += '\n';
  if (unanswered > 0) {
    out += fmt::format("Not verified: {}.\n", counted(unanswered, "domain"));
    // Without any answer, a sentence about domains that match would be about none.
    if (unanswered == domains.size()) return out;
  }
  const std::size_t answered = domains.size() - unanswered;
  if (differing == 0) {
    return out + fmt::format("Verified: {} the YAML.\n",
                             counted(answered, "domain matches", "domains match"));
  }
  return out + fmt::format("{} of {} {} from the YAML.\n", differing, counted(answered, "domain"),
                           differing == 1 ? "differs" : "differ");
}

}  // namespace rampart
