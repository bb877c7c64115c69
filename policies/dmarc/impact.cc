/// Impact: the mail of the gates' window, evaluated again as if the plan were written.
#include "policies/dmarc/impact.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/counted.h"
#include "policies/dkim/names.h"
#include "policies/dmarc/impact_losses.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/ramp/evidence_window.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using dmarc::Audience;
using dmarc::Receiver;
using dmarc::Treatment;

constexpr std::size_t kKinds = dmarc::kReceivers.size();

// Numbers of messages, kept apart: a quarantined one can be recovered, a rejected one cannot.
struct Hits {
  std::int64_t quarantined = 0;
  std::int64_t rejected = 0;
};

void add(Hits& to, const Hits& more) {
  to.quarantined += more.quarantined;
  to.rejected += more.rejected;
}

// Applies percentages to rows of whole messages. The share of all rows so far is rounded up, and
// each row gets what it adds; rounding each row by itself would give many small rows more messages
// than there were, or none at all.
class Shares {
 public:
  Hits take(Treatment treatment, std::int64_t messages) {
    std::int64_t& seen = seen_[{treatment.quarantined, treatment.rejected}];
    const auto part = [&](int percent) {
      const auto up_to = [&](std::int64_t count) { return (count * percent + 99) / 100; };
      return up_to(seen + messages) - up_to(seen);
    };
    const std::int64_t rejected = part(treatment.rejected);
    const Hits hits{part(treatment.rejected + treatment.quarantined) - rejected, rejected};
    seen += messages;
    return hits;
  }

 private:
  std::map<std::pair<int, int>, std::int64_t> seen_;
};

// How `receiver` treats failing mail under the policy that the reporter saw.
Treatment treatment_seen(const EvidenceRow& row, Receiver receiver) {
  dmarc::Record seen;
  seen.p = row.published.policy;
  seen.pct = row.published.pct;
  seen.testing = row.published.testing;
  return treatment(dmarc::policy_for(seen, Audience::Itself, receiver), seen, receiver);
}

// How `receiver` treats failing mail under the planned record; where that is not known, under the
// policy that the reporter saw.
Treatment planned_treatment(const EvidenceRow& row, Receiver receiver, PlannedRecords& planned) {
  const auto asked = [&](const EffectivePolicy& policy, Audience audience) {
    return treatment_of(policy, receiver, audience)
        .match([](Treatment one) { return one; }, [] { return Treatment(); },
               [&](const Unanswered&) { return treatment_seen(row, receiver); });
  };
  if (const auto& own = planned.at(row.header_from)) return asked(*own, Audience::Itself);
  const bool itself = row.header_from == row.policy_domain;
  const auto& above = planned.at(row.policy_domain);
  if (!above || itself) return treatment_seen(row, receiver);
  // No report shows whether a sub-domain exists, so the harsher of the two treatments counts.
  const Treatment existing = asked(*above, Audience::SubDomains);
  const Treatment missing = asked(*above, Audience::Missing);
  const auto harshness = [](Treatment one) {
    return std::pair(one.rejected, one.rejected + one.quarantined);
  };
  return harshness(existing) < harshness(missing) ? missing : existing;
}

// Whether the row's mail passes by DKIM. Forwarded mail does not: a forwarder that breaks
// signatures does so under every policy.
bool by_dkim(const EvidenceRow& row) {
  return row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly;
}

bool by_spf(const EvidenceRow& row) {
  return row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::SpfOnly;
}

bool uses_any(const EvidenceRow& row, const std::set<std::string>& selectors) {
  return std::ranges::any_of(row.selectors,
                             [&](const auto& one) { return selectors.contains(one); });
}

// Whether a row that passes still does. It lists all selectors that passed; one that remains is
// enough for alignment.
bool passes_after(const EvidenceRow& row, const LostAuthorization& losses) {
  const bool all_gone =
      !row.selectors.empty() && std::ranges::all_of(row.selectors, [&](const std::string& one) {
        return losses.selectors.contains(one);
      });
  if (by_dkim(row) && !all_gone) return true;
  if (!by_spf(row) || losses.senders.contains(row.source)) return false;
  if (!row.source.starts_with("ip:")) return true;
  const auto ip = spf::Ip::parse(std::string_view(row.source).substr(3));
  return !ip || !losses.addresses.contains(*ip);
}

// One domain's replay. Rows are kept by source, since people recognise their senders and not single
// reports.
class Replay {
 public:
  Replay(const Domain& domain, const LostAuthorization& losses, PlannedRecords& planned)
      : domain_(domain), losses_(losses), planned_(planned) {}

  // Messages that pass under the plan meet no policy, so no treatment is computed for them.
  void evaluate(const EvidenceRow& row) {
    Source& source = sources_[row.source];
    const bool passed = by_dkim(row) || by_spf(row);
    const bool passes = passed && passes_after(row, losses_);
    source.sums.messages += row.messages;
    if (passed) source.sums.pass_before += row.messages;
    if (passes) source.sums.pass_after += row.messages;
    if (by_dkim(row) && row.selectors.empty()) unstated_ += row.messages;
    if (passes) return;
    for (std::size_t i = 0; i < kKinds; ++i) {
      const Treatment given = planned_treatment(row, dmarc::kReceivers[i], planned_);
      add(source.hits[i], shares_[i].take(given, row.messages));
    }
  }

  // The hardest hit come first: a reviewer may read no further than the first rows.
  Impact result(EvidenceWindow window) const {
    Impact impact{.domain = domain_.name, .from = window.from};
    impact.window_days = static_cast<int>((window.until - window.from).count());
    const std::size_t kind = stricter_generation();
    impact.receiver = dmarc::kReceivers[kind];
    for (const auto& [name, source] : sources_) add_source(name, source, kind, impact);
    std::ranges::stable_sort(impact.by_source, [](const auto& a, const auto& b) {
      const auto weight = [](const SourceImpact& one) {
        return std::tuple(one.rejected, one.quarantined, one.worst_case, one.messages);
      };
      return weight(a) > weight(b);
    });
    impact.notes = notes();
    return impact;
  }

 private:
  struct Source {
    SourceImpact sums;
    std::array<Hits, kKinds> hits;
  };

  Hits total(std::size_t kind) const {
    Hits sum;
    for (const auto& [name, source] : sources_) add(sum, source.hits[kind]);
    return sum;
  }

  // kReceivers holds RFC 7489 first, then RFC 9989. The figure that is shown must not be too small
  // for any receiver, so the stricter generation decides.
  std::size_t stricter_generation() const {
    const auto weight = [&](std::size_t kind) {
      const Hits hits = total(kind);
      return std::pair(hits.rejected, hits.quarantined);
    };
    return weight(1) > weight(0) ? 1 : 0;
  }

  void add_source(const std::string& name, const Source& source, std::size_t kind,
                  Impact& impact) const {
    SourceImpact row = source.sums;
    row.source = name;
    row.declared = declares(domain_, name);
    row.quarantined = source.hits[kind].quarantined;
    row.rejected = source.hits[kind].rejected;
    const Hits& worst = source.hits[kKinds - 1];
    row.worst_case = worst.quarantined + worst.rejected;
    impact.messages += row.messages;
    impact.pass_before += row.pass_before;
    impact.pass_after += row.pass_after;
    impact.quarantined += row.quarantined;
    impact.rejected += row.rejected;
    impact.worst_quarantined += worst.quarantined;
    impact.worst_rejected += worst.rejected;
    impact.by_source.push_back(std::move(row));
  }

  // Assumptions of the replay are stated beside its figures, so that nobody takes them for a
  // measurement.
  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    if (!losses_.selectors.empty() && unstated_ > 0) {
      notes.push_back(fmt::format(
          "{} of the messages pass by DKIM in reports that state no selector; they are assumed to "
          "keep passing",
          grouped(unstated_)));
    }
    if (losses_.aligns_strictly) {
      notes.push_back(
          "reports do not show which mail will fail strict alignment; it is not counted");
    }
    if (losses_.policy_gap) {
      notes.push_back(
          fmt::format("the policy that applies after the plan is unknown: {}; the policy in the "
                      "reports is used",
                      to_text(*losses_.policy_gap)));
    }
    if (losses_.withheld) notes.push_back("withheld changes are counted as if they were written");
    return notes;
  }

  const Domain& domain_;
  const LostAuthorization& losses_;
  PlannedRecords& planned_;
  std::map<std::string, Source> sources_;
  std::array<Shares, kKinds> shares_;
  std::int64_t unstated_ = 0;
};

// By domain that loses a key: the listed domains below it, whose mail its signatures may align for.
using Below = std::map<Name, std::vector<const Domain*>>;

// Computed once for a plan: walking up from every domain for each loss would be quadratic in large
// configurations.
Below domains_below(const std::map<Name, LostAuthorization>& losses, const Config& config) {
  Below descendants;
  for (const auto& [name, domain] : config.domains) {
    for (Name above = name.parent(); !above.is_root(); above = above.parent()) {
      const auto found = losses.find(above);
      if (found != losses.end() && !found->second.selectors.empty()) {
        descendants[above].push_back(&domain);
      }
    }
  }
  return descendants;
}

// The rows of sub-domains with DMARC records of their own that passed by a lost key. Rows with a
// selector that the sub-domain itself declares are left out: it signs with a key of its own.
EvidenceRows signed_below(const std::vector<const Domain*>& domains,
                          const LostAuthorization& losses, const Evidence& evidence) {
  EvidenceRows rows;
  for (const Domain* domain : domains) {
    const auto own = declared_selectors(*domain);
    for (const EvidenceRow* row : rows_of(evidence, domain->name)) {
      const bool own_selector = std::ranges::any_of(
          row->selectors, [&](const std::string& one) { return contains(own, one); });
      if (row->policy_domain == domain->name && !own_selector && uses_any(*row, losses.selectors)) {
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

// A part of zero is left out, because a reader would look for its meaning.
std::string hits_text(std::int64_t quarantined, std::int64_t rejected) {
  if (rejected == 0) return fmt::format("{} would be quarantined", grouped(quarantined));
  if (quarantined == 0) return fmt::format("{} would be rejected", grouped(rejected));
  return fmt::format("{} would be quarantined and {} rejected", grouped(quarantined),
                     grouped(rejected));
}

std::int64_t hits_of(const SourceImpact& source) { return source.quarantined + source.rejected; }

// "3 undeclared sources": those whose mail some receiver may quarantine or reject. The worst case
// counts too, so that a source whose share was rounded to nothing is not left out.
std::string undeclared_sources(const Impact& impact) {
  const auto count = std::ranges::count_if(impact.by_source, [](const SourceImpact& one) {
    return !one.declared && (one.worst_case > 0 || hits_of(one) > 0);
  });
  return counted(count, "undeclared source");
}

std::string declared_senders(const Impact& impact, std::int64_t declared) {
  if (declared == 0) return "none from declared senders";
  std::string text = fmt::format("{} from declared senders", grouped(declared));
  std::string names;
  for (const SourceImpact& one : impact.by_source) {
    if (!one.declared || hits_of(one) == 0) continue;
    names += fmt::format("{}{}: {}", names.empty() ? "" : ", ", one.source, grouped(hits_of(one)));
  }
  return names.empty() ? text : fmt::format("{} ({})", text, names);
}

}  // namespace

// Only domains that lose something are replayed: any other change cannot make mail fail.
Impacts impact_of(const Plan& plan, std::span<const Authority> authority, const Config& config,
                  const World& world) {
  Impacts impacts;
  const std::map<Name, LostAuthorization> all = lost_authorization(plan, authority, config, world);
  if (all.empty()) return impacts;
  PlannedRecords planned(plan, config, world);
  const Below descendants = world.evidence ? domains_below(all, config) : Below();
  for (const auto& [name, losses] : all) {
    const Domain& domain = config.domains.at(name);
    EvidenceRows rows = world.evidence ? rows_of(*world.evidence, name) : EvidenceRows();
    const auto children = descendants.find(name);
    if (children != descendants.end()) {
      const auto more = signed_below(children->second, losses, *world.evidence);
      rows.insert(rows.end(), more.begin(), more.end());
      std::ranges::stable_sort(rows, {}, &EvidenceRow::day);
    }
    const EvidenceWindow window = window_for(domain, rows, world.now);
    const EvidenceRows seen = rows_within(rows, window);
    if (seen.empty()) {
      // Parked domains send no mail; missing reports are expected.
      const bool sends = domain.state == DomainState::Managed;
      if (sends) impacts.unknown.push_back({name, why_unknown(world, rows)});
      continue;
    }
    if (!losses.any_known()) {
      impacts.unknown.push_back({name, why_policy_unknown(losses)});
      continue;
    }
    Replay replay(domain, losses, planned);
    for (const EvidenceRow* row : seen) replay.evaluate(*row);
    impacts.known.push_back(replay.result(window));
  }
  return impacts;
}

// The declared senders come last and by name, since their loss is the one that calls for action.
std::string sentence(const Impact& impact) {
  std::string text = fmt::format("{} messages: {} pass before and after", grouped(impact.messages),
                                 grouped(impact.pass_after));
  if (impact.pass_after < impact.pass_before) {
    text += fmt::format(", {} no longer pass", grouped(impact.pass_before - impact.pass_after));
  }
  const std::int64_t all = impact.quarantined + impact.rejected;
  if (all == 0) return text + "; none would be quarantined or rejected";
  text += "; " + hits_text(impact.quarantined, impact.rejected);
  std::int64_t declared = 0;
  for (const SourceImpact& one : impact.by_source) declared += one.declared ? hits_of(one) : 0;
  const std::int64_t undeclared = all - declared;
  if (undeclared == all) {
    text += ", all from " + undeclared_sources(impact);
  } else if (undeclared > 0) {
    text += fmt::format(", {} of them from {}", grouped(undeclared), undeclared_sources(impact));
  }
  return text + "; " + declared_senders(impact, declared);
}

}  // namespace rampart
