/// Compares the rules of two configurations: waivers, ramps, gates, providers.
#include "reconciler/plan/policy_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "policies/model/lookup.h"

namespace rampart {
namespace {

const Waiver* find_waiver(const std::vector<Waiver>& waivers, const std::string& code) {
  const auto found = std::ranges::find(waivers, code, &Waiver::code);
  return found == waivers.end() ? nullptr : &*found;
}

// By code: a waiver that moves to another line is no edit.
void compare_waivers(const std::vector<Waiver>& before, const Domain& now, Edits& edits) {
  for (const Waiver& waiver : now.waivers) {
    const Waiver* old = find_waiver(before, waiver.code);
    if (old == nullptr) {
      note(edits, waiver.mark, "waiver added: {} until {}", waiver.code, to_text(waiver.until));
    } else if (old->until != waiver.until) {
      note(edits, waiver.mark, "waiver changed: {} until {} (was {})", waiver.code,
           to_text(waiver.until), to_text(old->until));
    }
  }
  for (const Waiver& waiver : before) {
    // A removed waiver has no line, so that its domain is marked.
    if (find_waiver(now.waivers, waiver.code) == nullptr) {
      note(edits, now.mark, "waiver removed: {}", waiver.code);
    }
  }
}

// Only added entries are listed: an entry that is removed makes gates stricter.
void compare_ignored(const Domain& before, const Domain& now, Edits& edits) {
  for (const IgnoredSource& ignored : now.ignored_sources) {
    if (!contains(before.ignored_sources, ignored.source, &IgnoredSource::source)) {
      note(edits, ignored.mark, "source ignored: {}", ignored.source);
    }
  }
}

// A hold counts from `since`: moving it back shortens the hold.
void compare_ramp_position(const Domain& before, const Domain& now, Edits& edits) {
  const bool same_position = before.dmarc.position == now.dmarc.position;
  const bool earlier =
      before.dmarc.since && now.dmarc.since && *now.dmarc.since < *before.dmarc.since;
  if (same_position && earlier) {
    note(edits, now.dmarc.mark, "since moved back: {} to {}", to_text(*before.dmarc.since),
         to_text(*now.dmarc.since));
  }
  if (before.dmarc.after != now.dmarc.after) {
    note(edits, now.dmarc.mark, "order changed: {}", now.name.text());
  }
  if (before.dmarc.ramp->name != now.dmarc.ramp->name) {
    note(edits, now.dmarc.mark, "ramp changed: {} to {}", before.dmarc.ramp->name,
         now.dmarc.ramp->name);
  }
  if (before.dmarc.target != now.dmarc.target) {
    note(edits, now.dmarc.mark, "target changed: {} to {}", to_text(before.dmarc.target),
         to_text(now.dmarc.target));
  }
}

// Only settings that loosen a rule or move responsibility are listed; records are the plan's
// subject.
void compare_domain(const Domain& before, const Domain& now, Edits& edits) {
  compare_waivers(before.waivers, now, edits);
  compare_ignored(before, now, edits);
  compare_ramp_position(before, now, edits);
  if (!before.take_over && now.take_over) {
    note(edits, now.mark, "take_over set: CNAMEs at the names of desired records may be replaced");
  }
  if (before.providers != now.providers) {
    note(edits, now.mark, "provider changed for {}", now.name.text());
  }
}

// The gates whose figures differ, each with both values.
void compare_gates(const Ramp& before, const Ramp& now, Edits& edits) {
  const auto differs = [&](std::string_view name, const auto& old, const auto& value) {
    if (old != value) {
      note(edits, now.mark, "gate changed: {} {} {} to {}", now.name, name, old, value);
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

// A ramp of the YAML that replaces a built-in one of its name is compared with that.
void compare_ramps(const Config& base, const Config& now, Edits& edits) {
  for (const auto& [name, ramp] : now.ramps) {
    const auto* old = find_value(base.ramps, name);
    if (old == nullptr) {
      note(edits, ramp->mark, "ramp added: {}", name);
      continue;
    }
    const Ramp& before = **old;
    compare_gates(before, *ramp, edits);
    if (before.steps != ramp->steps) note(edits, ramp->mark, "steps changed: {}", name);
    if (before.order != ramp->order) note(edits, ramp->mark, "order changed: {}", name);
    if (before.mode != ramp->mode) note(edits, ramp->mark, "mode changed: {}", name);
    if (before.freeze != ramp->freeze || before.weekdays != ramp->weekdays) {
      note(edits, ramp->mark, "weekdays or freeze changed: {}", name);
    }
  }
}

// Another provider may be another account: records could be written to a zone that somebody else
// controls.
void compare_providers(const Config& base, const Config& now, Edits& edits) {
  for (const auto& [name, provider] : now.providers) {
    const ProviderSpec* old = find_value(base.providers, name);
    if (old == nullptr) {
      note(edits, provider.mark, "provider added: {} ({})", name, provider.type);
    } else if (old->type != provider.type || old->settings != provider.settings ||
               old->zone_ids != provider.zone_ids) {
      note(edits, provider.mark, "provider changed: {}", name);
    }
  }
}

}  // namespace

// Of a new domain only the waivers are listed: its other settings loosen nothing that existed.
Edits policy_edits(const Config& base, const Config& now, const FilesBeside& base_files,
                   const FilesBeside& now_files) {
  Edits edits = trust_edits(base, base_files, now, now_files);
  const Mark top{now.file, 1, 1};  // For what has no line of its own.
  // Other resolvers could answer with other senders' addresses.
  if (base.resolvers != now.resolvers) note(edits, top, "resolvers changed");
  compare_providers(base, now, edits);
  compare_ramps(base, now, edits);
  for (const auto& [name, domain] : now.domains) {
    if (const Domain* old = find_value(base.domains, name)) {
      compare_domain(*old, domain, edits);
      std::ranges::move(trust_edits(*old, domain), std::back_inserter(edits));
    } else {
      compare_waivers({}, domain, edits);
    }
  }
  for (const auto& [name, domain] : base.domains) {
    if (now.domains.contains(name)) continue;
    note(edits, top,
         "domain dropped: {} (its records are left alone; `state: absent` removes them)",
         name.text());
  }
  std::ranges::sort(edits, {}, [](const PolicyEdit& edit) {
    return std::tie(edit.mark.file, edit.mark.line, edit.what);
  });
  const auto repeated = std::ranges::unique(edits);
  edits.erase(repeated.begin(), repeated.end());
  return edits;
}

}  // namespace rampart
