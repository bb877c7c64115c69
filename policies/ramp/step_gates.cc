/// The gates of a step up, one function each, and the facts that they read.
#include "policies/ramp/step_gates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/counted.h"
#include "policies/model/sender_use.h"
#include "policies/ramp/order.h"
#include "policies/ramp/ramp.h"
#include "policies/ramp/step_back.h"

namespace rampart {
namespace {

using std::chrono::days;

const Gates& gates_for(const StepFacts& facts) { return facts.domain.dmarc.ramp->gates; }

Date today_of(const StepFacts& facts) { return utc_day(facts.world.now); }

std::string span_of(EvidenceWindow window) {
  return fmt::format("{} to {}", to_text(window.from), to_text(window.until - days(1)));
}

// A gate is met where there is no reason against it, so that its state and its explanation cannot
// differ.
Gate gate(GateKind kind, std::string figure, std::string asked, std::string reason) {
  const bool met = reason.empty();
  return {kind, met, std::move(figure), std::move(asked), std::move(reason)};
}

std::string text_of(const std::vector<std::string>& reasons) {
  return fmt::format("{}", fmt::join(reasons, "; "));
}

// The tags that show in reports which position is live.
std::string published_at(const DmarcSpec& spec) {
  const auto record = record_for(spec);
  std::string text = fmt::format("p={}", dmarc::to_text(*record.p));
  if (record.testing) text += "; t=y";
  if (record.pct) text += fmt::format("; pct={}", *record.pct);
  return text;
}

// A `since` in the future is named first: without it, people would look for missing reports.
std::string why_held(const StepFacts& facts, const StepCalendar& calendar) {
  const DmarcSpec& spec = facts.domain.dmarc;
  if (calendar.over) return "";
  const std::string hold = to_text(hold_at(*spec.ramp, spec.position));
  if (spec.since && *spec.since > today_of(facts)) {
    return fmt::format(
        "`since` ({}) is in the future: the minimum time at {} (hold: {}) begins then",
        to_text(*spec.since), to_text(spec.position), hold);
  }
  if (!calendar.start) {
    const std::string when = spec.since ? " since " + to_text(*spec.since) : "";
    return fmt::format(
        "the minimum time at {} (hold: {}) has not begun: no verified report{} shows `{}`",
        to_text(spec.position), hold, when, published_at(spec));
  }
  return fmt::format("the minimum time at {} (hold: {}, live since {}) ends on {}",
                     to_text(spec.position), hold, to_text(*calendar.start),
                     to_text(utc_day(*calendar.ends)));
}

Gate hold_gate(const StepFacts& facts, const StepCalendar& calendar) {
  const DmarcSpec& spec = facts.domain.dmarc;
  const std::string figure =
      calendar.start ? "since " + to_text(*calendar.start) : std::string("not seen live");
  return gate(GateKind::Hold, figure, to_text(hold_at(*spec.ramp, spec.position)),
              why_held(facts, calendar));
}

std::string why_stale(const StepFacts& facts) {
  std::set<std::string> groups;
  for (const EvidenceRow* row : facts.known_rows) {
    groups.insert(facts.reporters.at(row->reporter).group);
  }
  return fmt::format(
      "the newest verified report covers {}, and evidence older than {} days does not count: check "
      "that the reports of {} still arrive",
      to_text(facts.known_rows.back()->day), kEvidenceAge.count(), fmt::join(groups, ", "));
}

// Why there is no evidence at all: the most general reason that applies.
std::string why_none(const StepFacts& facts) {
  if (!facts.evidence.newest) {
    return "there are no verified reports: read some with `rampart reports ingest` or `rampart "
           "reports fetch`";
  }
  if (rows_of(facts.evidence, facts.domain.name).empty()) {
    return "no verified report covers this domain: check that reports sent to its `rua` are read";
  }
  return "no known reporter covers this domain, and unknown reporters alone do not count; to trust "
         "one, add its domain to `reporters: {known: [...]}`";
}

// A large reporter that stopped holds the step: it may be the one that would show failures.
Gate evidence_gate(const StepFacts& facts, const StepEvidence& seen) {
  const std::string asked = fmt::format("not older than {} days", kEvidenceAge.count());
  if (!facts.evidence.newest || facts.known_rows.empty()) {
    return gate(GateKind::Evidence, "none", asked, why_none(facts));
  }
  const std::string last = to_text(facts.known_rows.back()->day);
  if (!has_fresh_evidence(facts)) return gate(GateKind::Evidence, last, asked, why_stale(facts));
  std::vector<std::string> silent;
  for (const SilentReporter& one :
       silent_reporters(facts.domain, facts.known_rows, facts.reporters, seen.window)) {
    silent.push_back(fmt::format("{}, which saw {} of the mail, has sent no report since {}",
                                 one.group, percent(one.share), to_text(one.last)));
  }
  return gate(GateKind::Evidence, last, asked, text_of(silent));
}

// Both windows are named where neither has enough, so that a reader sees that the longer one was
// tried.
Gate messages_gate(const StepFacts& facts, const StepEvidence& seen) {
  const Gates& gates = gates_for(facts);
  const std::int64_t least = seen.low_volume ? gates.low_volume_min_messages : gates.min_messages;
  const std::int64_t own = seen.tally.own;
  std::string asked = fmt::format("at least {}", grouped(least));
  if (own >= least) return gate(GateKind::Messages, grouped(own), asked, "");
  asked += fmt::format(" in {}, or {} in {}", to_text(gates.window),
                       grouped(gates.low_volume_min_messages), to_text(gates.low_volume_window));
  const std::int64_t others = seen.tally.unmarked + seen.tally.unanswered;
  const std::string and_others =
      others == 0 ? ""
                  : fmt::format(" (reports also show {} failing messages that nothing ties to it)",
                                grouped(others));
  return gate(
      GateKind::Messages, grouped(own), asked,
      fmt::format(
          "known reporters saw {} of the domain's own messages from {}{}; the gate requires {}",
          grouped(own), span_of(seen.window), and_others, asked));
}

Gate reporters_gate(const StepFacts& facts, const StepEvidence& seen) {
  const int least = gates_for(facts).min_reporters;
  const std::string asked = fmt::format("at least {}", least);
  const std::string why =
      fmt::format("reports of {} count for the mail of {}; the gate requires {}",
                  counted(seen.reporters, "organization"), span_of(seen.window), asked);
  return gate(GateKind::Reporters, std::to_string(seen.reporters), asked,
              seen.reporters >= least ? "" : why);
}

// Unanswered mail is among the failing messages, as in legit_rate(), and named apart: another run
// may resolve it.
Gate legit_gate(const StepFacts& facts, const StepEvidence& seen) {
  const double least = gates_for(facts).min_legit_rate;
  const std::string asked = "at least " + percent(least);
  if (!seen.legit_rate) {
    return gate(GateKind::LegitRate, "none", asked,
                "reports show none of the domain's own mail, so there is no legit_rate");
  }
  const LegitTally& tally = seen.tally;
  const std::string figure = percent(*seen.legit_rate);
  std::string unanswered;
  if (tally.unanswered > 0) {
    unanswered = fmt::format(", {} of them from sources that could not be looked up",
                             grouped(tally.unanswered));
  }
  const std::string why = fmt::format(
      "legit_rate is {} ({} of the domain's own messages pass, {} fail{}; each reporter is "
      "weighted by its past share); the gate requires {}",
      figure, grouped(tally.passing), grouped(tally.marked + tally.unanswered), unanswered, asked);
  const bool reached = *seen.legit_rate + kRounding >= least;
  return gate(GateKind::LegitRate, figure, asked, reached ? why_doubtful(tally, least) : why);
}

// Whether a share reaches the ramp's limit; zero never does, even if the limit is zero.
bool reaches(double share, double limit) { return share > 0 && share + 1e-12 >= limit; }

// Three days: spam through a service comes and goes, but a forgotten sender keeps sending.
constexpr std::size_t kSteadyDays = 3;

// Two kinds of mail may hide a sender that enforcement would break: that of an undeclared service,
// and that of sources whose lookup failed. Each is compared with the limit by itself.
Gate unresolved_gate(const StepFacts& facts, const StepEvidence& seen) {
  const double limit = gates_for(facts).max_unresolved_share;
  const LegitTally& tally = seen.tally;
  std::vector<std::string> reasons;
  double largest = 0;
  for (const SourceTally& one : tally.sources) {
    const double share = tally.failing_share(one);
    if (!one.undeclared_service() || one.failing_days.size() < kSteadyDays) continue;
    largest = std::max(largest, share);
    if (!reaches(share, limit)) continue;
    reasons.push_back(fmt::format(
        "{} is not declared, and its failing mail, seen on {} days, would be {} of the domain's "
        "mail: if it is yours, add `- {}` to the domain's `senders:`; otherwise ignore it with "
        "`sources: {{ignore: [{{source: {}, reason: ...}}]}}`",
        one.source, one.failing_days.size(), percent_up(share), one.source, one.source));
  }
  const double lacking = tally.lacking_share();
  if (reaches(lacking, limit)) {
    // An ignored source is in no share, so it cannot be the reason.
    const auto one = std::ranges::max_element(tally.sources, {}, [](const SourceTally& source) {
      return source.ignored ? 0 : source.lacking;
    });
    reasons.push_back(
        fmt::format("{} of the mail fails and comes from sources that could not be identified, "
                    "because DNS did not answer for {} ({}); run again when it does",
                    percent_up(lacking), one->lacks, one->source));
  }
  // The limit is rounded up, and the share towards its verdict: 0.4991 % is below 0.50 %, and must
  // not print as 0.50 %.
  const double share = std::max(largest, lacking);
  return gate(GateKind::Unresolved, reasons.empty() ? percent(share) : percent_up(share),
              "below " + percent_up(limit), text_of(reasons));
}

// Two days and one reporter are enough, since waiting costs little.
constexpr LossRule kHold{.days = kFailingDaysToHold, .reporters = 1, .expected = Expected::AnyDay};

Gate senders_gate(const StepFacts& facts) {
  std::vector<std::string> reasons;
  for (const BrokenSender& one : broken_senders(facts, kHold)) {
    reasons.push_back(fmt::format("mail of {} has failed since {}: {} of {} messages", one.id,
                                  to_text(one.first), grouped(one.failing), grouped(one.messages)));
  }
  return gate(GateKind::Senders, fmt::format("{} failing", reasons.size()), "none failing",
              text_of(reasons));
}

bool seen_by_dkim(const StepFacts& facts, const std::string& id) {
  const Date today = today_of(facts);
  const EvidenceWindow window{before(today, gates_for(facts).low_volume_window), today + days(1)};
  return std::ranges::any_of(rows_within(facts.known_rows, window), [&](const EvidenceRow* row) {
    return row->source == id && row->dkim_aligned();
  });
}

// RFC 9989 section 7.4: p=reject must not rely on SPF alone, which forwarding breaks. The
// low-volume window is used for all senders: a monthly newsletter has no mail in most windows of
// two weeks.
Gate dkim_gate(const StepFacts& facts) {
  std::vector<std::string> missing;
  std::size_t senders = 0;
  for (const SenderUse& use : facts.domain.declared_senders()) {
    if (use.rare || is_retired(use, facts.world.now)) continue;
    ++senders;
    if (!seen_by_dkim(facts, use.sender->id)) missing.push_back(use.sender->id);
  }
  std::string why;
  if (!missing.empty()) {
    why = fmt::format(
        "p=reject requires every sender to align by DKIM (RFC 9989 section 7.4), and no report "
        "shows that for {}: set up DKIM there, or set `expect: rare` for one that seldom sends",
        fmt::join(missing, ", "));
  }
  return gate(GateKind::Dkim, fmt::format("{} of {} senders", senders - missing.size(), senders),
              "every sender", why);
}

std::string day_name(Date day) {
  constexpr std::array<std::string_view, 7> kNames = {
      "a Sunday", "a Monday", "a Tuesday", "a Wednesday", "a Thursday", "a Friday", "a Saturday"};
  return std::string(kNames.at(std::chrono::weekday(day).c_encoding()));
}

// A freeze is named rather than the weekday, because it is the longer of the two.
Gate calendar_gate(const StepFacts& facts) {
  const Ramp& ramp = *facts.domain.dmarc.ramp;
  const Date today = today_of(facts);
  std::string why;
  const auto frozen =
      std::ranges::find_if(ramp.freeze, [&](const auto& range) { return range.contains(today); });
  if (frozen != ramp.freeze.end()) {
    why = fmt::format("ramp {} is frozen from {} to {}", ramp.name, to_text(frozen->first),
                      to_text(frozen->last));
  } else if (allowed_day(ramp, today) != today) {
    why = fmt::format("today is {}, and ramp {} takes no steps on that weekday", day_name(today),
                      ramp.name);
  }
  return gate(GateKind::Calendar, to_text(today), "a day that the ramp allows", why);
}

Gate freeze_gate(const StepFacts& facts) {
  return gate(GateKind::Freeze, facts.world.frozen ? "on" : "off", "off",
              facts.world.frozen ? "RAMPART_FREEZE is set: no policy is tightened" : "");
}

}  // namespace

// By the newest known report on this domain: reports on other domains and those of unknown
// reporters show nothing about it. The age counts from the end of the reported day.
bool has_fresh_evidence(const StepFacts& facts) {
  return !facts.known_rows.empty() &&
         facts.world.now - Time(facts.known_rows.back()->day + days(1)) < kEvidenceAge;
}

// The rows are selected once for all gates, since this is the costly part of a decision.
StepFacts facts_of(const Domain& domain, const Config& config, const World& world) {
  static const Evidence none;
  const Evidence& evidence = world.evidence ? *world.evidence : none;
  const EvidenceRows rows = rows_of(evidence, domain.name);
  CountingReporters reporters =
      counting_reporters(config, {rows, evidence.heard_on(domain.name)}, utc_day(world.now));
  EvidenceRows counting = counting_rows(rows, reporters);
  EvidenceRows known;
  std::ranges::copy_if(counting, std::back_inserter(known),
                       [&](const EvidenceRow* row) { return reporters.at(row->reporter).known; });
  return {domain,          config, world, evidence, std::move(reporters), std::move(counting),
          std::move(known)};
}

StepEvidence evidence_over(const StepFacts& facts, EvidenceWindow window) {
  StepEvidence seen;
  seen.window = window;
  seen.tally = tally_of(facts.domain, facts.config,
                        {rows_within(facts.rows, window),
                         rows_within(facts.rows, {Date::min(), window.from}), facts.reporters});
  seen.messages = seen.tally.messages;
  seen.legit_rate = seen.tally.legit_rate();
  seen.reporters = seen.tally.reporters_with_mail();
  return seen;
}

// The usual window first: recent mail shows the current state best. Domains with little mail get
// the longer one, or they could never leave monitor.
StepEvidence gate_evidence(const StepFacts& facts) {
  const Gates& gates = gates_for(facts);
  StepEvidence seen = evidence_over(facts, gate_window(facts.world.now, gates.window));
  if (seen.tally.own >= gates.min_messages) return seen;
  StepEvidence low = evidence_over(facts, gate_window(facts.world.now, gates.low_volume_window));
  low.low_volume = true;
  return low.tally.own >= gates.low_volume_min_messages ? low : seen;
}

// In the order in which people ask: time, then volume, then quality, then the calendar. Views and
// tests rely on it.
std::vector<Gate> gates_of(const StepFacts& facts, const StepCalendar& calendar,
                           const StepDecision& decision) {
  const StepEvidence& seen = decision.evidence;
  std::vector<Gate> gates = {hold_gate(facts, calendar), evidence_gate(facts, seen),
                             messages_gate(facts, seen), reporters_gate(facts, seen),
                             legit_gate(facts, seen),    unresolved_gate(facts, seen),
                             senders_gate(facts)};
  if (decision.next && decision.next->phase == Phase::Reject) gates.push_back(dkim_gate(facts));
  if (decision.next && !facts.domain.dmarc.after.empty()) {
    gates.push_back(order_gate(facts.domain, *decision.next, facts.config));
  }
  gates.push_back(calendar_gate(facts));
  gates.push_back(freeze_gate(facts));
  return gates;
}

bool only_days_missing(const std::vector<Gate>& gates, const StepCalendar& calendar) {
  // While the hold runs, every figure may still change, and a date can be given unless there is no
  // evidence. After it, only the calendar changes by itself.
  return std::ranges::all_of(gates, [&](const Gate& gate) {
    const bool time_alone =
        calendar.over ? gate.kind == GateKind::Calendar : gate.kind != GateKind::Evidence;
    return gate.met || time_alone;
  });
}

std::string percent(double share) {
  // 0.98 is a little less than 0.98 in binary: without the addition it would print as 97.99.
  return fmt::format("{:.2f} %", std::floor(share * 10'000 + 1e-6) / 100);
}

std::string percent_up(double share) {
  return fmt::format("{:.2f} %", std::max(0.0, std::ceil(share * 10'000 - 1e-6) / 100));
}

}  // namespace rampart
