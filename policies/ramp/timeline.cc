/// Collects the dated events of domains.
#include "policies/ramp/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/counted.h"
#include "policies/dkim/rotation_events.h"
#include "policies/model/lookup.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using Events = std::vector<TimelineEvent>;

int days_late(Date due, Date today) { return std::max(static_cast<int>((today - due).count()), 0); }

// An event that is overdue if `date` is in the past. Overdue time is counted in days, because
// nothing here is planned to the hour.
TimelineEvent event(const Domain& domain, TimelineEvent::Kind kind, Date date, Date today,
                    std::string what) {
  return {date, domain.name, kind, std::move(what), days_late(date, today)};
}

// When hold and calendar allow the step after `position`, entered on `since`; empty: never.
std::optional<Date> end_of_hold(const Ramp& ramp, RampPosition position, Date since) {
  return allowed_day(ramp, utc_day(add(Time(since), hold_at(ramp, position))));
}

// With the ramp's name, since one list has domains of different ramps.
std::string step_text(const DmarcSpec& spec, RampPosition from, RampPosition to) {
  return fmt::format("{} -> {} (ramp {})", to_text(from), to_text(to), spec.ramp->name);
}

// The first day on which the decision's next step can be taken. A day in the past is kept, so that
// the step shows as overdue. Where no report shows the position live, the hold has not begun: it
// can end no earlier than if it began today.
std::optional<Date> day_of_next(const DmarcSpec& spec, const StepDecision& decision, Date today) {
  if (decision.action == StepAction::Advance) return decision.due.value_or(today);
  if (decision.earliest) return decision.earliest;
  if (decision.due) return decision.due;
  return end_of_hold(*spec.ramp, decision.from, std::max(spec.since.value_or(today), today));
}

// The first reason is enough here; `explain` lists all of them.
std::string first_reason(const StepDecision& decision) {
  return decision.reasons.empty() ? "" : ": " + decision.reasons.front();
}

std::string what_next(const DmarcSpec& spec, const StepDecision& decision) {
  const std::string step = step_text(spec, decision.from, *decision.next);
  if (decision.action == StepAction::Advance) return step + ": all gates are met";
  if (decision.earliest) return step + ", at the earliest";
  return step + " is held" + first_reason(decision);
}

// Adds every step that follows if the domain enters `position` on `day`. Each date assumes that all
// steps before it are taken on time, so that it reads "at the earliest".
void add_later_steps(const Domain& domain, RampPosition position, Date day, Date until,
                     Events& events) {
  DmarcSpec spec = domain.dmarc;
  spec.position = position;
  for (auto next = next_position(spec); next; next = next_position(spec)) {
    const auto date = end_of_hold(*spec.ramp, spec.position, day);
    if (!date || *date > until) return;
    events.push_back({*date, domain.name, TimelineEvent::Kind::Ramp,
                      step_text(spec, spec.position, *next) + ", at the earliest", 0});
    spec.position = *next;
    day = *date;
  }
}

// When a waiver ends, its finding withholds changes again: people should know before a run fails.
void add_waivers(const Domain& domain, Date today, Events& events) {
  for (const Waiver& waiver : domain.waivers) {
    events.push_back(event(domain, TimelineEvent::Kind::Waiver, waiver.until, today,
                           fmt::format("the waiver of {} ends ({})", waiver.code, waiver.reason)));
  }
}

// Built-in senders are reviewed with each release of the catalogue, not by the user.
void add_reviews(const Domain& domain, Date today, Events& events) {
  for (const SenderUse& use : domain.declared_senders()) {
    const Sender& sender = *use.sender;
    if (use.retired && *use.retired >= today) {
      events.push_back(event(domain, TimelineEvent::Kind::Review, *use.retired, today,
                             fmt::format("{} retires: its SPF terms are removed", sender.id)));
    }
    const auto reviewed = parse_date(sender.reviewed);
    const bool gone = use.retired && *use.retired < today;
    if (sender.builtin || !reviewed || gone) continue;
    const Date due = utc_day(add(Time(*reviewed), kReviewEvery));
    const std::string owner = sender.owner.empty() ? "" : fmt::format(" (owner: {})", sender.owner);
    events.push_back(event(
        domain, TimelineEvent::Kind::Review, due, today,
        fmt::format("review sender {}{}, last reviewed {}", sender.id, owner, to_text(*reviewed))));
  }
}

// A sender is reviewed once for all domains that use it: its review is one row, at the first of
// them. Removing the later rows keeps the list sorted.
void join_reviews(Events& events) {
  struct Seen {
    std::size_t at = 0;
    int more = 0;
  };
  std::map<std::pair<Date, std::string>, Seen> reviews;
  Events joined;
  for (TimelineEvent& one : events) {
    if (one.kind == TimelineEvent::Kind::Review) {
      const auto [seen, fresh] = reviews.try_emplace({one.date, one.what}, Seen{joined.size(), 0});
      if (!fresh) {
        ++seen->second.more;
        continue;
      }
    }
    joined.push_back(std::move(one));
  }
  for (const auto& [key, seen] : reviews) {
    if (seen.more > 0)
      joined[seen.at].what += fmt::format(" (and {})", counted(seen.more, "more domain"));
  }
  events = std::move(joined);
}

}  // namespace

std::string_view to_text(TimelineEvent::Kind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"ramp", "rotation", "waiver", "review"};
  return word_of(kNames, kind);
}

// A step back is shown today: the next run takes it.
Events ramp_events(const Domain& domain, const StepDecision& decision, Date today, Date until) {
  Events events;
  if (decision.action == StepAction::StepBack) {
    const RampPosition to = decision.to.value_or(decision.from);
    events.push_back(event(domain, TimelineEvent::Kind::Ramp, today, today,
                           fmt::format("step back from {} to {}{}", to_text(decision.from),
                                       to_text(to), first_reason(decision))));
    add_later_steps(domain, to, today, until, events);
    return events;
  }
  if (!decision.next) return events;
  const auto date = day_of_next(domain.dmarc, decision, today);
  if (!date || *date > until) return events;
  events.push_back(
      event(domain, TimelineEvent::Kind::Ramp, *date, today, what_next(domain.dmarc, decision)));
  add_later_steps(domain, *decision.next, std::max(*date, today), until, events);
  return events;
}

// The kind breaks ties between events of one day, so that output is stable.
Events events_of(const Domain& domain, const StepDecision& decision, const World& world,
                 Date until) {
  const Date today = utc_day(world.now);
  Events events = ramp_events(domain, decision, today, until);
  for (RotationEvent& one : rotation_events(domain, world, until)) {
    events.push_back({one.date, domain.name, TimelineEvent::Kind::Rotation, std::move(one.what),
                      one.overdue_days});
  }
  add_waivers(domain, today, events);
  add_reviews(domain, today, events);
  std::erase_if(events, [&](const TimelineEvent& one) { return one.date > until; });
  std::ranges::sort(
      events, {}, [](const TimelineEvent& one) { return std::tie(one.date, one.kind, one.what); });
  return events;
}

// Ramps are decided for all domains together, since a run advances only some of them. An absent
// domain has no future.
Events timeline_of(const Config& config, const World& world, Date until) {
  std::map<Name, StepDecision> decisions;
  for (StepDecision& one : steps_of(config, world)) decisions.emplace(one.domain, std::move(one));
  Events events;
  for (const auto& [name, domain] : config.domains) {
    if (domain.state == DomainState::Absent) continue;
    const StepDecision* decision = find_value(decisions, name);
    Events more = events_of(domain, decision ? *decision : StepDecision{}, world, until);
    std::ranges::move(more, std::back_inserter(events));
  }
  std::ranges::sort(events, {}, [](const TimelineEvent& one) {
    return std::tie(one.date, one.domain, one.kind, one.what);
  });
  join_reviews(events);
  return events;
}

}  // namespace rampart
