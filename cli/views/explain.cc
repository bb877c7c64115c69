/// One domain explained, for people.
#include "cli/views/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/views/plan_lines.h"
#include "dns/txt.h"
#include "policies/ramp/ramp.h"

namespace rampart {
namespace {

using TableRows = std::vector<std::vector<std::string>>;

/// Cells in columns, each as wide as its widest cell; the last column has no limit.
/// Widths are counted in octets; cells in these tables are ASCII, and colour codes are of equal
/// length in a column.
std::string table(const TableRows& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t width = i + 1 < row.size() ? widths[i] : 0;
      line += fmt::format(" {:<{}} ", row[i], width);
    }
    // Without blanks at the end, so that stories and diffs of the output are stable in editors that
    // strip them.
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

// A reason behind one of these states would be read as the cause of the state.
bool is_stopped(const RecordWhy& record) {
  const std::string& state = record.state;
  return state == "blocked" || state == "withheld" || state == "held" || state == "unknown";
}

/// The text of one explanation, section by section, in the order in which a person asks: where the
/// domain is, what the next step needs, then the records behind it, then the future.
/// A class only because nine sections share the text and the colour.
class ExplanationPage {
 public:
  ExplanationPage(const Explanation& all, Date today, Colour colour)
      : all_(all), today_(today), colour_(colour) {}

  // The order answers questions as they come: where, what next, why not yet, and only then the
  // details.
  std::string text() && {
    head();
    unmanaged();
    ramp();
    gates();
    spf();
    selectors();
    records();
    held();
    findings();
    coming();
    return std::move(text_);
  }

 private:
  void section(std::string_view title) { text_ += "\n" + paint(colour_, kBold, title) + "\n"; }

  // Parked and absent domains have no ramp; one sentence is all there is.
  void head() {
    const Domain& domain = all_.domain;
    const DmarcSpec& spec = domain.dmarc;
    const std::string name = paint(colour_, kBold, domain.name.unicode());
    if (domain.state == DomainState::Parked) {
      text_ += name + " is parked: it sends no mail\n";
    } else if (domain.state == DomainState::Absent) {
      text_ += name + " is absent: its records are removed\n";
    } else {
      const std::string since = spec.since ? " since " + to_text(*spec.since) : "";
      const std::string target =
          spec.position >= spec.target ? " (the target)" : "; target: " + to_text(spec.target);
      const bool ahead = !all_.other_policy.empty();
      text_ += fmt::format("{}: {}{}{}{}\n", name, to_text(spec.position),
                           ahead ? " in the YAML" : "", since, target);
      if (ahead) text_ += fmt::format("  DNS still has {}\n", all_.other_policy);
    }
  }

  // Before all else: nothing that the page says of these records is a thing to change here.
  void unmanaged() {
    const auto line = [&](std::string_view key, std::string_view what) {
      text_ += fmt::format(
          "  {} is unmanaged (`{}: unmanaged`): another tool manages it; Rampart "
          "evaluates it and never changes it\n",
          what, key);
    };
    if (all_.domain.leaves_spf()) line("spf", "SPF");
    if (all_.domain.dkim == Upkeep::Unmanaged) line("dkim", "DKIM");
  }

  void ramp() {
    const DmarcSpec& spec = all_.domain.dmarc;
    // Below monitor, the domain publishes no DMARC record by Rampart, and is on no step.
    if (all_.domain.state != DomainState::Managed || spec.position.phase < Phase::Monitor) return;
    section(fmt::format("Ramp {}", spec.ramp->name));
    TableRows rows;
    // A position between two steps gets a row of its own, before the first stricter step.
    bool marked = false;
    for (const RampStep& step : spec.ramp->steps) {
      if (!marked && step.position > spec.position) {
        rows.push_back({"*", to_text(spec.position), "",
                        all_.other_policy.empty()
                            ? "current, not a step of this ramp"
                            : "in the YAML, not in DNS yet; not a step of this ramp"});
        marked = true;
      }
      const bool here = step.position == spec.position;
      marked = marked || here;
      rows.push_back({here ? "*" : "", to_text(step.position),
                      step.hold ? "hold " + to_text(*step.hold) : "",
                      here ? where() : (step.position > spec.target ? "beyond the target" : "")});
    }
    text_ += table(rows);
  }

  // A step counts from the day on which a report showed its policy, not from the edit of the YAML.
  std::string where() const {
    if (!all_.other_policy.empty()) return "in the YAML, not in DNS yet";
    return all_.step.live ? "current, live since " + to_text(*all_.step.live)
                          : "current, not yet seen in a report";
  }

  // A met gate shows what it requires; an unmet one its reason, which contains that already.
  void gates() {
    if (all_.domain.state != DomainState::Managed) return;
    const StepDecision& step = all_.step;
    section(title_of(step));
    TableRows rows;
    for (const Gate& gate : step.gates) {
      const std::string word = gate.met ? "met" : "not yet";
      rows.push_back({paint(colour_, gate.met ? kGreen : kRed, fmt::format("{:<7}", word)),
                      std::string(to_text(gate.kind)), gate.figure,
                      gate.met ? "required: " + gate.asked : gate.reason});
    }
    text_ += table(rows);
    // The reasons of unmet gates are in the table already; those of a step back are not.
    if (!step.gates.empty() && step.action != StepAction::StepBack) return;
    for (const std::string& reason : step.reasons) text_ += "  " + printable(reason) + "\n";
  }

  // The title answers the usual question at once: what comes next, and when.
  static std::string title_of(const StepDecision& step) {
    if (step.from.phase < Phase::Monitor) return "Before the ramp starts";
    if (step.action == StepAction::StepBack) {
      return fmt::format("Next: step back to {}", to_text(step.to.value_or(step.from)));
    }
    if (!step.next) return "Next: no further step";
    const std::string next = "Next: " + to_text(*step.next);
    if (step.action == StepAction::Advance) return next + ", due now";
    if (step.earliest)
      return fmt::format("{}, on {} at the earliest", next, to_text(*step.earliest));
    return next + ", once the gates are met";
  }

  // RFC 7208 section 4.6.4: at most ten lookups, of which two may be void.
  void spf() {
    const SpfBudget& budget = all_.spf;
    if (budget.record.empty()) return;
    section(fmt::format("SPF: {}{} of 10 lookups, {} of 2 void lookups",
                        budget.lower_bound ? "at least " : "", budget.lookups,
                        budget.void_lookups));
    TableRows rows;
    for (const TermCost& one : budget.terms) {
      // A term without a sender is one that can be removed: it costs lookups for nobody.
      const std::string who = one.sender.empty() ? "no sender needs it" : one.sender;
      rows.push_back({fmt::format("{:>2}", one.lookups), printable(one.term), who});
    }
    text_ += table(rows) + "  " + printable(budget.record) + "\n";
  }

  // A selector in a rotation has a date for its next state; others only have an age.
  void selectors() {
    if (all_.selectors.empty()) return;
    section("Selectors");
    TableRows rows;
    for (const SelectorNow& one : all_.selectors) {
      std::string age = "age unknown";
      if (one.made) age = counted((today_ - *one.made).count(), "day") + " old";
      const std::string seen = one.last_seen ? "seen " + to_text(*one.last_seen) : "in no report";
      std::string more = one.rotated_by;
      if (!one.why.empty()) more += ": " + one.why;
      // Some states simply end on a day, and others begin something that has a name.
      if (one.next && one.what.empty()) {
        more += fmt::format("; {} {}",
                            one.state == "revoked" ? "its record can be removed on" : "until",
                            to_text(*one.next));
      }
      if (one.next && !one.what.empty()) {
        more += fmt::format("; {} on {}", one.what, to_text(*one.next));
      }
      rows.push_back({printable(one.selector), printable(one.state), age, seen, printable(more)});
    }
    text_ += table(rows);
  }

  // Each record with its reason and the line of the YAML that declares it.
  void records() {
    section("Records");
    if (all_.records.empty()) text_ += "  none in this phase\n";
    for (const RecordWhy& one : all_.records) {
      text_ += fmt::format("  {} {}: {}\n", printable(one.key.name.text()), to_text(one.key.type),
                           one.state);
      const std::string at = location(one.mark);
      text_ += fmt::format("      {}{}{}\n", is_stopped(one) ? "intended " : "",
                           printable(one.reason), at.empty() ? "" : fmt::format(" ({})", at));
    }
  }

  // Waivers that have ended are listed too, since they explain why a finding is back.
  void held() {
    if (!all_.holds.empty()) section(kHeldTitle);
    for (const Hold& hold : all_.holds) {
      text_ += fmt::format("  {}: {}\n", hold.code, printable(hold.reason));
    }
    if (!all_.domain.waivers.empty()) section("Waivers");
    for (const Waiver& one : all_.domain.waivers) {
      text_ += fmt::format("  {} {} {}: {}\n", printable(one.code),
                           today_ <= one.until ? "until" : "ended on", to_text(one.until),
                           printable(one.reason));
    }
  }

  // With the hints of errors alone: the plan shows the others, and this page is about the state.
  void findings() {
    if (!all_.findings.empty()) section("Findings");
    for (const Finding& one : all_.findings) {
      text_ +=
          fmt::format("  {}[{}] {}\n", to_text(one.severity), one.code, printable(one.message));
      if (one.severity != Severity::Error || one.hint.empty()) continue;
      text_ += fmt::format("      hint: {}\n", printable(one.hint));
    }
  }

  // A year of rotations can be long; `timeline` has the rest.
  void coming() {
    section("What comes next");
    constexpr std::size_t kMost = 8;
    const auto& events = all_.coming;
    if (events.empty()) text_ += "  nothing within a year\n";
    TableRows rows;
    for (std::size_t i = 0; i < std::min(kMost, events.size()); ++i) {
      const int late = events[i].overdue_days;
      rows.push_back(
          {to_text(events[i].date), std::string(to_text(events[i].kind)),
           (late > 0 ? counted(late, "day") + " overdue: " : "") + printable(events[i].what)});
    }
    text_ += table(rows);
    if (events.size() > kMost) {
      text_ += fmt::format("  and {} more: see `rampart timeline`\n", events.size() - kMost);
    }
  }

  const Explanation& all_;
  Date today_;
  Colour colour_;
  std::string text_;
};

}  // namespace

std::string explain_text(const Explanation& explanation, Date today, Colour colour) {
  return ExplanationPage(explanation, today, colour).text();
}

}  // namespace rampart
