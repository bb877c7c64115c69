#include "reconciler/plan/policy_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace rampart {
namespace {

using Edits = std::vector<PolicyEdit>;

void add(Edits& edits, const Mark& mark, std::string what) {
  edits.push_back({mark, std::move(what)});
}

using Waivers = std::vector<Waiver>;

const Waiver* find_waiver(const Waivers& waivers, const std::string& code) {
  const auto found = std::ranges::find(waivers, code, &Waiver::code);
  return found == waivers.end() ? nullptr : &*found;
}

// By code: a waiver that moves to another line is no edit.
void compare_waivers(const Waivers& before, const Domain& now, Edits& edits) {
  for (const Waiver& waiver : now.waivers) {
    const Waiver* old = find_waiver(before, waiver.code);
    if (old == nullptr) {
      add(edits, waiver.mark,
          fmt::format("waiver added: {} until {}", waiver.code, to_text(waiver.until)));
    } else if (old->until != waiver.until) {
      add(edits, waiver.mark,
          fmt::format("waiver changed: {} until {} (was {})", waiver.code, to_text(waiver.until),
                      to_text(old->until)));
    }
  }
  for (const Waiver& waiver : before) {
    if (find_waiver(now.waivers, waiver.code) == nullptr) {
      add(edits, now.mark, fmt::format("waiver removed: {}", waiver.code));
    }
  }
}

void compare_ignored(const Domain& before, const Domain& now, Edits& edits) {
  for (const IgnoredSource& ignored : now.ignored_sources) {
    const auto& old = before.ignored_sources;
    if (std::ranges::find(old, ignored.source, &IgnoredSource::source) == old.end()) {
      add(edits, ignored.mark, fmt::format("source ignored: {}", ignored.source));
    }
  }
}

// `since` moved back lets the next step come sooner than the days really watched.
void compare_ramp_place(const Domain& before, const Domain& now, Edits& edits) {
  const bool same_position = before.dmarc.position == now.dmarc.position;
  const bool earlier =
      before.dmarc.since && now.dmarc.since && *now.dmarc.since < *before.dmarc.since;
  if (same_position && earlier) {
    add(edits, now.dmarc.mark,
        fmt::format("since moved back: {} to {}", to_text(*before.dmarc.since),
                    to_text(*now.dmarc.since)));
  }
  if (before.dmarc.ramp->name != now.dmarc.ramp->name) {
    add(edits, now.dmarc.mark,
        fmt::format("ramp changed: {} to {}", before.dmarc.ramp->name, now.dmarc.ramp->name));
  }
  if (before.dmarc.target != now.dmarc.target) {
    add(edits, now.dmarc.mark,
        fmt::format("target changed: {} to {}", to_text(before.dmarc.target),
                    to_text(now.dmarc.target)));
  }
}

// Only settings that loosen a rule or move responsibility are listed; records are the plan's
// subject.
void compare_domain(const Domain& before, const Domain& now, Edits& edits) {
  compare_waivers(before.waivers, now, edits);
  compare_ignored(before, now, edits);
  compare_ramp_place(before, now, edits);
  if (!before.take_over && now.take_over) {
    add(edits, now.mark, "take_over set: CNAMEs at the names of desired records may be replaced");
  }
  if (before.providers != now.providers) {
    add(edits, now.mark, fmt::format("provider changed for {}", now.name.text()));
  }
}

// The gates whose figures differ, each with both values.
// All figures in one list, so that a new gate is not forgotten in reviews.
void compare_gates(const Ramp& before, const Ramp& now, Edits& edits) {
  const auto differs = [&](std::string_view name, const auto& old, const auto& value) {
    if (old != value) {
      add(edits, now.mark, fmt::format("gate changed: {} {} {} to {}", now.name, name, old, value));
    }
  };
  const Gates& a = before.gates;
  const Gates& b = now.gates;
  differs("window", to_text(a.window), to_text(b.window));
  differs("min_messages", a.min_messages, b.min_messages);
  differs("min_legit_rate", a.min_legit_rate, b.min_legit_rate);
  differs("min_reporters", a.min_reporters, b.min_reporters);
  differs("max_unresolved_share", a.max_unresolved_share, b.max_unresolved_share);
  differs("low_volume window", to_text(a.low_volume_window), to_text(b.low_volume_window));
  differs("low_volume min_messages", a.low_volume_min_messages, b.low_volume_min_messages);
  differs("rollback_below", a.rollback_below, b.rollback_below);
  differs("max_domains_per_run", before.max_domains_per_run, now.max_domains_per_run);
}

// A built-in ramp that the YAML replaces is compared with the built-in one.
void compare_ramps(const Config& base, const Config& now, Edits& edits) {
  for (const auto& [name, ramp] : now.ramps) {
    const auto old = base.ramps.find(name);
    if (old == base.ramps.end()) {
      add(edits, ramp->mark, fmt::format("ramp added: {}", name));
      continue;
    }
    const Ramp& before = *old->second;
    compare_gates(before, *ramp, edits);
    if (before.steps != ramp->steps) add(edits, ramp->mark, fmt::format("steps changed: {}", name));
    if (before.mode != ramp->mode) add(edits, ramp->mark, fmt::format("mode changed: {}", name));
    if (before.freeze != ramp->freeze || before.weekdays != ramp->weekdays) {
      add(edits, ramp->mark, fmt::format("weekdays or freeze changed: {}", name));
    }
  }
}

// Another provider may mean another account: records would be written where nobody reviews them.
void compare_providers(const Config& base, const Config& now, Edits& edits) {
  for (const auto& [name, provider] : now.providers) {
    const auto old = base.providers.find(name);
    if (old == base.providers.end()) {
      add(edits, provider.mark, fmt::format("provider added: {} ({})", name, provider.type));
    } else if (old->second.type != provider.type || old->second.settings != provider.settings) {
      add(edits, provider.mark, fmt::format("provider changed: {}", name));
    }
  }
}

}  // namespace

// A new domain's waivers are listed, its other settings are not: they loosen nothing that existed.
std::vector<PolicyEdit> policy_edits(const Config& base, const Config& now) {
  Edits edits;
  const Mark top{now.file, 1, 1};
  if (base.resolvers != now.resolvers) add(edits, top, "resolvers changed");
  if (base.key_recipients != now.key_recipients) add(edits, top, "key recipients changed");
  compare_providers(base, now, edits);
  compare_ramps(base, now, edits);
  for (const auto& [name, domain] : now.domains) {
    const auto old = base.domains.find(name);
    if (old == base.domains.end()) {
      compare_waivers({}, domain, edits);
      continue;
    }
    compare_domain(old->second, domain, edits);
  }
  for (const auto& [name, domain] : base.domains) {
    if (now.domains.contains(name)) continue;
    add(edits, top,
        fmt::format("domain dropped: {} (its records are left alone; `state: absent` removes them)",
                    name.text()));
  }
  std::ranges::sort(edits, {}, [](const PolicyEdit& edit) {
    return std::tie(edit.mark.file, edit.mark.line, edit.what);
  });
  return edits;
}

}  // namespace rampart
