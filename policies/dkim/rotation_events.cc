/// Rotations foreseen: the step function asked again and again, as if each step were taken.
#include "policies/dkim/rotation_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "policies/dkim/names.h"
#include "policies/dkim/past_selectors.h"
#include "policies/dkim/rotation.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

using std::chrono::ceil;
using std::chrono::days;
using std::chrono::floor;

// A step a day for half a century: no `until` asks for more.
constexpr int kMostSteps = 20'000;

// How many past selectors the foresight carries along: its time would grow with their square.
constexpr std::size_t kRemembered = 8;

constexpr std::string_view kIfProven = "if it is proven by then that nothing signs with it";

// A pair of keys is one event for people, though it is two records.
std::string joined(const std::string& key) {
  const auto selectors = selectors_of(key);
  return selectors.size() == 1 ? key : fmt::format("{} and {}", selectors[0], selectors[1]);
}

// One rotation carried on from today, one step after another. It simulates with the same step
// function that `keys rotate` uses, so that the timeline cannot promise what a run would not do.
class Foresight {
 public:
  Foresight(const Domain& domain, const RotationSpec& spec, const World& world, Date until)
      : domain_(domain),
        spec_(spec),
        live_(facts_for(domain, spec, world).live),
        today_(floor<days>(world.now)),
        until_(until) {
    const RotationStep step = rotation_step(facts_for(domain, spec, world));
    for (const SelectorState& state : step.selectors) foresee_past(state);
  }

  std::vector<RotationEvent> events() {
    Date day = today_;
    for (int steps = 0; day <= std::max(until_, today_) && steps < kMostSteps; ++steps) {
      const RotationStep step = rotation_step({domain_.name, spec_, live_, nullptr, Time(day)});
      day = std::max(day + days{1}, apply(step, day));
    }
    return std::move(events_);
  }

 private:
  // Events after `until` are dropped here, so that the callers need not check the date of each.
  void add(Date due, const std::string& selector, RotationEvent::Kind kind, std::string what) {
    if (due > until_) return;
    const int late = static_cast<int>((today_ - due).count());
    events_.push_back({due, selector, kind, std::move(what), std::max(late, 0)});
  }

  // Applies the step of `day`; returns when the next one is due. The order is that of a rotation's
  // life: make, promote, publish. One step a day is enough, since no step depends on the hour.
  Date apply(const RotationStep& step, Date day) {
    const Date due = step.due ? ceil<days>(*step.due) : day;
    if (step.make) {
      // What is overdue keeps its date, though the key will bear the day on which it is made.
      return publish(*step.make, std::min(due, day), day);
    }
    if (step.promote) return sign(std::min(due, day), day);
    if (spec_.next && !is_published(*spec_.next)) {
      return publish(*spec_.next, std::min(date_of(*spec_.next).value_or(day), day), day);
    }
    if (step.published) spec_.published = step.published;
    return due;
  }

  // Foreseen keys count as published at once: the simulation cannot know how long a zone takes.
  bool is_published(const std::string& key) const {
    return std::ranges::all_of(selectors_of(key), [this](const std::string& one) {
      const auto live = live_.find(one);
      return live != live_.end() && live->second == LiveKey::Published;
    });
  }

  // A `next` that was never used is left like any other key, since it may be cached by receivers.
  Date publish(const std::string& key, Date due, Date day) {
    add(due, key, RotationEvent::Kind::Publish,
        fmt::format("publish {} (rotation {})", joined(key), spec_.name));
    if (spec_.next && *spec_.next != key) {
      for (const std::string& one : selectors_of(*spec_.next)) leave(one, day);
    }
    spec_.next = key;
    spec_.published = day;
    for (const std::string& one : selectors_of(key)) live_[one] = LiveKey::Published;
    return day;
  }

  // The old key leaves on the same day: from then on its mail only becomes less.
  Date sign(Date due, Date day) {
    const std::string key = *spec_.next;
    add(due, key, RotationEvent::Kind::Sign,
        fmt::format("sign with {} (rotation {})", joined(key), spec_.name));
    if (spec_.current) {
      for (const std::string& one : selectors_of(*spec_.current)) leave(one, day);
    }
    spec_.current = key;
    spec_.next.reset();
    spec_.published.reset();
    return day;
  }

  // A key that no longer signs from `day` on is revoked and removed in time. A key goes through the
  // same wait whether it was signed with or not.
  void leave(const std::string& selector, Date day) {
    // The names of the latest keys are enough for the next not to take one of them.
    spec_.past.push_back(selector);
    if (spec_.past.size() > kRemembered) {
      live_.erase(spec_.past.front());
      spec_.past.erase(spec_.past.begin());
    }
    if (contains(spec_.compromised, selector)) {
      return revoke(selector, day, "because it is compromised");
    }
    revoke(selector, ceil<days>(add_keep(day)), kIfProven);
  }

  // The signer's acknowledgement needs no reports, which come late.
  Time add_keep(Date day) const {
    const Time kept = rampart::add(day, spec_.keep);
    return spec_.signing ? kept : kept + kReportDelay;
  }

  // An overdue revocation cannot be followed by a removal in the past, so the wait begins today at
  // the earliest.
  void revoke(const std::string& selector, Date due, std::string_view why) {
    add(due, selector, RotationEvent::Kind::Revoke, fmt::format("revoke {} {}", selector, why));
    remove(selector, ceil<days>(rampart::add(std::max(due, today_), spec_.revoke)));
  }

  void remove(const std::string& selector, Date due) {
    add(due, selector, RotationEvent::Kind::Remove,
        fmt::format("remove the record of the revoked key {}", selector));
  }

  // A key that is past already, by today's evidence. Today's evidence is used for keys that are
  // past already; for later ones nothing is known yet.
  void foresee_past(const SelectorState& state) {
    const auto due = state.changes ? std::optional(ceil<days>(*state.changes)) : std::nullopt;
    if (state.state == KeyState::Revoked) {
      return remove(state.selector, due.value_or(ceil<days>(rampart::add(today_, spec_.revoke))));
    }
    if (state.state != KeyState::Retiring) return;
    if (state.revoke_now)
      return revoke(state.selector, due.value_or(today_),
                    "since it is proven that nothing signs with it");
    if (due) return revoke(state.selector, *due, "if nothing signs with it by then");
    revoke(state.selector, ceil<days>(add_keep(today_)), kIfProven);
  }

  const Domain& domain_;
  RotationSpec spec_;
  std::map<std::string, LiveKey> live_;
  Date today_;
  Date until_;
  std::vector<RotationEvent> events_;
};

// When the CNAMEs of retired senders go. A proven CNAME keeps its earliest date even if that is
// past, so that it shows as overdue; an unproven one cannot go before today.
void foresee_retired(const Domain& domain, const World& world, Date until,
                     std::vector<RotationEvent>& events) {
  const Date today = floor<days>(world.now);
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    const SenderUse& use = (*domain.senders)[record.sender];
    const auto publishes = [&](const LiveZone* zone) {
      return zone->at({record.name, RecordType::CNAME}).state == LiveState::Present;
    };
    if (!use.retired || !record.target ||
        std::ranges::none_of(world.zones_for(domain, record.name), publishes)) {
      continue;
    }
    const Date earliest = ceil<days>(add(*use.retired, kKeepRetired) + kReportDelay);
    const bool may_go = retirement_of(domain, world, use, record.name).may_go;
    const Date due = may_go ? earliest : std::max(earliest, today);
    if (due > until) continue;
    const std::string text = record.name.text();
    events.push_back(
        {due, text.substr(0, text.find("._domainkey")), RotationEvent::Kind::Remove,
         fmt::format("remove {}, the key of {}, {}", text, use.sender->name,
                     may_go ? "since it is proven that nothing signs with it" : kIfProven),
         std::max(static_cast<int>((today - due).count()), 0)});
  }
}

}  // namespace

// Parked and absent domains have no keys of their own, and below phase dkim none is published.
std::vector<RotationEvent> rotation_events(const Domain& domain, const World& world, Date until) {
  std::vector<RotationEvent> events;
  const bool ours =
      domain.state == DomainState::Managed && domain.dmarc.position.phase >= Phase::Dkim;
  if (!ours) return events;
  for (const RotationSpec& spec : domain.rotations) {
    std::ranges::move(Foresight(domain, spec, world, until).events(), std::back_inserter(events));
  }
  foresee_retired(domain, world, until, events);
  std::ranges::sort(events, {}, [](const RotationEvent& one) {
    return std::tuple(one.date, one.selector, one.kind);
  });
  return events;
}

}  // namespace rampart
