/// Turns changes that must wait into holds, with what each waits for.
#include "reconciler/plan/holds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/counted.h"
#include "policies/model/lookup.h"
#include "policies/ramp/order.h"

namespace rampart {
namespace {

// What a domain's enforcement waits for. Two providers of one zone write the same record once each.
struct Awaited {
  std::set<std::string> written;    ///< By this plan: "s1._domainkey.example.com TXT".
  std::set<std::string> prevented;  ///< By an error: the same, with "(CODE)".
};

std::string shown_key(const RecordKey& key) { return key.name.text() + " " + to_text(key.type); }

// Whether mail could fail under a stricter policy because the record is missing.
bool matters_to_mail(const Name& name) {
  const NameKind kind = name_kind(name);
  return kind != NameKind::MtaSts && kind != NameKind::TlsRpt && kind != NameKind::Bimi;
}

// The record that an error keeps from being published, DMARC aside. There may be no change of it in
// the plan, for instance where the name is occupied.
std::optional<std::string> prevented_by(const Finding& finding, const Config& config) {
  if (finding.severity != Severity::Error || !finding.domain) return std::nullopt;
  // Where a DNAME hides the names of a parked domain, they have no keys to wait for.
  const Domain* domain = find_value(config.domains, *finding.domain);
  const bool parked = domain != nullptr && domain->state == DomainState::Parked;
  if (parked && finding.code == "occluded") return std::nullopt;
  const auto key = std::ranges::find_if(finding.withholds, [](const RecordKey& one) {
    return name_kind(one.name) != NameKind::Dmarc && matters_to_mail(one.name);
  });
  if (key == finding.withholds.end()) return std::nullopt;
  return fmt::format("{} ({})", shown_key(*key), finding.code);
}

// By domain, the records that are still to be published, including those that an error withholds:
// mail of a sender that is not published yet would fail under a stricter policy.
std::map<Name, Awaited> awaited_by_domain(const Config& config, const Plan& plan) {
  std::map<Name, Awaited> awaited;
  const auto admits = [](const Change& change) {
    const bool adds = change.stage == Stage::Publish || change.stage == Stage::Authorize;
    return adds && matters_to_mail(change.name());
  };
  for (const Change& change : plan.changes) {
    if (!admits(change)) continue;
    awaited[change.domain].written.insert(shown_key({change.name(), change.type()}));
  }
  for (const Withheld& one : plan.withheld) {
    if (!admits(one.change)) continue;
    for (const std::string& code : one.codes) {
      awaited[one.change.domain].prevented.insert(
          fmt::format("{} ({})", shown_key({one.change.name(), one.change.type()}), code));
    }
  }
  for (const Finding& finding : plan.findings) {
    const auto prevented = prevented_by(finding, config);
    if (prevented) awaited[*finding.domain].prevented.insert(*prevented);
  }
  return awaited;
}

// The first one is named, which is enough to find the others in the plan.
std::string first_and_more(const std::set<std::string>& names, std::string_view what) {
  return names.size() == 1
             ? *names.begin()
             : fmt::format("{} and {}", *names.begin(), counted(names.size() - 1, what));
}

std::string why_awaited(const Awaited& awaited) {
  if (awaited.prevented.empty()) {
    return fmt::format(
        "it waits for {}, which must be published first; apply this plan, then plan again",
        first_and_more(awaited.written, "more record"));
  }
  return fmt::format("it waits for {}; correct {} first",
                     first_and_more(awaited.prevented, "more error"),
                     awaited.prevented.size() == 1 ? "that error" : "these errors");
}

// Replaces the changes for which `must_wait` is true by holds, with what `reason` returns for each.
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

// Held rather than withheld: nothing is wrong with the change, but others come first.
void hold_for_keys(const Config& config, const World&, Plan& plan) {
  const std::map<Name, Awaited> awaited = awaited_by_domain(config, plan);
  hold_back(
      plan, "keys-first",
      [&](const Change& change) {
        return change.stage == Stage::Enforce && awaited.contains(change.domain);
      },
      [&](const Change& change) { return why_awaited(awaited.at(change.domain)); });
}

// By live records: a sub-domain whose own step this plan writes is waited for until the next plan,
// since that step may fail.
void hold_for_order(const Config& config, const World& world, Plan& plan) {
  const auto awaited = [&](const Change& change) {
    const Domain* domain = find_value(config.domains, change.domain);
    const bool own = domain != nullptr && name_kind(change.name()) == NameKind::Dmarc &&
                     change.name().parent() == change.domain;
    if (!own || change.stage != Stage::Enforce) return std::vector<AwaitedDomain>();
    return awaited_live(*domain, domain->dmarc.position, config, world);
  };
  hold_back(
      plan, "order-first", [&](const Change& change) { return !awaited(change).empty(); },
      [&](const Change& change) {
        return fmt::format("by `order` other domains reach {} first: {}",
                           to_text(config.domains.at(change.domain).dmarc.position),
                           to_text(awaited(change)));
      });
}

// Loosening stays possible in a freeze, because it is how a loss of mail is stopped.
void hold_for_freeze(const Config&, const World& world, Plan& plan) {
  if (!world.frozen) return;
  hold_back(
      plan, "frozen", [](const Change& change) { return change.stage != Stage::Relax; },
      [](const Change&) {
        return std::string("RAMPART_FREEZE=1 permits only changes that loosen a policy");
      });
}

}  // namespace rampart
