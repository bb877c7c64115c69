/// Impact: the mail of the gates' window, evaluated again as if the plan were written.
#include "policies/dmarc/impact.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "policies/dkim/names.h"
#include "policies/dmarc/impact_losses.h"
#include "policies/dmarc/replay.h"
#include "policies/model/lookup.h"
#include "policies/ramp/evidence_window.h"

namespace rampart {
namespace {

// By domain: the listed domains below it, whose mail a change at it may affect: its signatures may
// align for that mail, and its record may move their organizational domain.
using Below = std::map<Name, std::vector<const Domain*>>;

// Computed once for a plan: walking up from every domain for each loss would be quadratic in large
// configurations.
Below domains_below(const std::map<Name, LostAuthorization>& losses, const Config& config) {
  Below descendants;
  for (const auto& [name, domain] : config.domains) {
    for (Name above = name.parent(); !above.is_root(); above = above.parent()) {
      const auto found = losses.find(above);
      if (found != losses.end() && found->second.reaches_below()) {
        descendants[above].push_back(&domain);
      }
    }
  }
  return descendants;
}

// Whether the row of a sub-domain passed by a lost key. Rows with a selector that the sub-domain
// itself declares are left out: it signs with a key of its own.
bool signed_by_lost_key(const EvidenceRow& row, const Domain& below,
                        const LostAuthorization& losses) {
  const auto own = declared_selectors(below);
  const bool own_selector = std::ranges::any_of(
      row.selectors, [&](const std::string& one) { return contains(own, one); });
  return !own_selector && uses_any(row, losses.selectors);
}

// Whether the plan changes the alignment of the row's mail for some generation of receivers.
bool is_realigned(const EvidenceRow& row, RowReplay& replay) {
  return std::ranges::any_of(std::array{Generation::ByList, Generation::ByWalk},
                             [&](Generation generation) {
                               const auto [before, after] = replay.verdicts(row, generation);
                               return before != after;
                             });
}

// The rows of listed sub-domains with DMARC records of their own that the losses concern.
EvidenceRows affected_below(const std::vector<const Domain*>& domains,
                            const LostAuthorization& losses, const Evidence& evidence,
                            RowReplay& replay) {
  EvidenceRows rows;
  for (const Domain* domain : domains) {
    for (const EvidenceRow* row : rows_of(evidence, domain->name)) {
      if (row->policy_domain != domain->name) continue;
      if (signed_by_lost_key(*row, *domain, losses) ||
          (losses.may_realign && is_realigned(*row, replay))) {
        rows.push_back(row);
      }
    }
  }
  return rows;
}

// The window that the gates use, so that impact and `advance` never disagree about the volume: the
// usual one, or the one for low volume where that contains no row.
EvidenceWindow window_for(const Domain& domain, const EvidenceRows& rows, Time now) {
  const Gates& gates = domain.dmarc.ramp->gates;
  const EvidenceWindow window = gate_window(now, gates.window);
  if (!rows_within(rows, window).empty()) return window;
  return gate_window(now, gates.low_volume_window);
}

// Each of the four causes requires another action of a person, from running the collector to
// waiting.
std::string why_unknown(const World& world, const EvidenceRows& rows) {
  if (!world.evidence) return "no reports were read; name them with --store or --evidence";
  if (!world.evidence->newest) return "there is no verified report of any domain";
  if (rows.empty()) return "no verified report covers this domain";
  return fmt::format("the newest verified report about this domain is from {}",
                     to_text(rows.back()->day));
}

// Nothing is replayed: with the policy of today, the figures would show no effect.
std::string why_policy_unknown(const LostAuthorization& losses) {
  return fmt::format("the policy that applies after the plan is unknown: {}",
                     to_text(*losses.policy_gap));
}

}  // namespace

// Only domains that lose something are replayed: any other change cannot make mail fail. A change
// that may only have moved alignment is shown where it did.
Impacts impact_of(const Plan& plan, std::span<const Authority> authority, const Config& config,
                  const World& world) {
  Impacts impacts;
  const std::map<Name, LostAuthorization> all = lost_authorization(plan, authority, config, world);
  if (all.empty()) return impacts;
  const DmarcChanges changes = planned_dmarc_changes(plan);
  RowReplay rows_replay(changes, world);
  const Below descendants = world.evidence ? domains_below(all, config) : Below();
  for (const auto& [name, losses] : all) {
    const Domain& domain = config.domains.at(name);
    EvidenceRows rows = world.evidence ? rows_of(*world.evidence, name) : EvidenceRows();
    const auto children = descendants.find(name);
    if (children != descendants.end()) {
      const auto more = affected_below(children->second, losses, *world.evidence, rows_replay);
      rows.insert(rows.end(), more.begin(), more.end());
      std::ranges::stable_sort(rows, {}, &EvidenceRow::day);
    }
    const EvidenceWindow window = window_for(domain, rows, world.now);
    const EvidenceRows seen = rows_within(rows, window);
    if (seen.empty()) {
      // Parked domains send no mail; missing reports are expected.
      const bool sends = domain.state == DomainState::Managed;
      const bool counts = losses.any_known() || losses.policy_gap;
      if (sends && counts) impacts.unknown.push_back({name, why_unknown(world, rows)});
      continue;
    }
    Replay replay(domain, losses, rows_replay);
    for (const EvidenceRow* row : seen) replay.evaluate(*row);
    if (!losses.any_known() && !replay.changes_verdicts()) {
      if (losses.policy_gap) impacts.unknown.push_back({name, why_policy_unknown(losses)});
      continue;
    }
    impacts.known.push_back(replay.result(window));
  }
  return impacts;
}

}  // namespace rampart
