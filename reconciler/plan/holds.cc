/// Finds what each stricter record waits for, and turns its change into a hold.
#include "reconciler/plan/holds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/sorting.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

// What a domain's enforcement waits for: changes that this plan writes, or what an error prevents.
struct Awaited {
  std::vector<std::string> written;    ///< "s1._domainkey.example.com TXT"
  std::vector<std::string> prevented;  ///< The same, with the codes of the errors.
};

std::string shown_key(const RecordKey& key) { return key.name.text() + " " + to_text(key.type); }

// What the errors of a domain keep from being published, DMARC aside. No change may have come of a
// record that an error concerns.
std::optional<std::string> prevented_by(const Finding& finding, const Config& config) {
  if (finding.severity != Severity::Error || !finding.domain) return std::nullopt;
  // A parked domain has no keys to wait for where a DNAME hides its names.
  const Domain* domain = find_value(config.domains, *finding.domain);
  const bool parked = domain != nullptr && domain->state == DomainState::Parked;
  if (parked && finding.code == "occluded") return std::nullopt;
  const auto key = std::ranges::find_if(finding.withholds, [](const RecordKey& one) {
    return name_kind(one.name) != NameKind::Dmarc;
  });
  if (key == finding.withholds.end()) return std::nullopt;
  return fmt::format("{} ({})", shown_key(*key), finding.code);
}

// By domain, the keys and senders that are still to be published, including those that an error
// withholds: mail of a sender that is not published yet would fail under a stricter policy.
std::map<Name, Awaited> awaited_by_domain(const Config& config, const Plan& plan) {
  std::map<Name, Awaited> awaited;
  const auto admits = [](const Change& change) {
    return change.stage == Stage::Publish || change.stage == Stage::Authorize;
  };
  for (const Change& change : plan.changes) {
    if (!admits(change)) continue;
    awaited[change.domain].written.push_back(shown_key({change.name(), change.type()}));
  }
  for (const Withheld& one : plan.withheld) {
    if (!admits(one.change)) continue;
    for (const std::string& code : one.codes) {
      awaited[one.change.domain].prevented.push_back(
          fmt::format("{} ({})", shown_key({one.change.name(), one.change.type()}), code));
    }
  }
  for (const Finding& finding : plan.findings) {
    const auto prevented = prevented_by(finding, config);
    if (prevented) awaited[*finding.domain].prevented.push_back(*prevented);
  }
  return awaited;
}

// The first one is named, which is enough to find the others in the plan.
std::string first_and_more(const std::vector<std::string>& names) {
  return names.size() == 1 ? names.front()
                           : fmt::format("{} and {} more", names.front(), names.size() - 1);
}

std::string why_awaited(const Awaited& awaited) {
  if (awaited.prevented.empty()) {
    return fmt::format(
        "it waits for {}, which must be published first; apply this plan, then plan again",
        first_and_more(awaited.written));
  }
  std::vector<std::string> prevented = awaited.prevented;
  sort_unique(prevented);
  return fmt::format("it waits for {}; correct that error first", first_and_more(prevented));
}

// Replaces the changes that `must_wait` selects by holds of this code, with the reason that
// `reason` returns.
template <class MustWait, class Reason>
void hold_back(Plan& plan, CodeName code, MustWait must_wait, Reason reason) {
  const auto held = std::ranges::stable_partition(plan.changes, std::not_fn(must_wait));
  for (const Change& change : held) {
    plan.holds.push_back(
        {change.domain, code,
         fmt::format("{} is held: {}", shown_key({change.name(), change.type()}), reason(change))});
  }
  plan.changes.erase(held.begin(), held.end());
}

}  // namespace

// Held rather than withheld: nothing is wrong, the order of publication requires it.
void hold_for_keys(const Config& config, const World&, Plan& plan) {
  const std::map<Name, Awaited> awaited = awaited_by_domain(config, plan);
  hold_back(
      plan, "keys-first",
      [&](const Change& change) {
        return change.stage == Stage::Enforce && awaited.contains(change.domain);
      },
      [&](const Change& change) { return why_awaited(awaited.at(change.domain)); });
}

// Loosening stays possible in a freeze: it is what stops a loss of mail.
void hold_for_freeze(const Config&, const World& world, Plan& plan) {
  if (!world.frozen) return;
  hold_back(
      plan, "frozen", [](const Change& change) { return change.stage != Stage::Relax; },
      [](const Change&) {
        return std::string("RAMPART_FREEZE=1 permits only changes that loosen a policy");
      });
}

}  // namespace rampart
