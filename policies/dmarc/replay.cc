/// Sums of one domain's replay, by source and kind of receiver.
#include "policies/dmarc/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/counted.h"
#include "policies/dmarc/receiver_impact.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

using dmarc::Receiver;
using dmarc::Treatment;

void add_hits(Hits& to, const Hits& more) {
  to.quarantined += more.quarantined;
  to.rejected += more.rejected;
}

// How `receiver` treats failing mail under the policy that the reporter saw.
Treatment treatment_seen(const EvidenceRow& row, Receiver receiver) {
  dmarc::Record seen;
  seen.p = row.published.policy;
  seen.pct = row.published.pct;
  seen.testing = row.published.testing;
  return treatment(dmarc::policy_for(seen, dmarc::Audience::Itself, receiver), seen, receiver);
}

// What the plan leaves of the row's mechanisms. A row lists all selectors that passed; one that
// remains is enough for alignment.
Remaining remaining_of(const EvidenceRow& row, const LostAuthorization& losses) {
  const bool all_gone =
      !row.selectors.empty() && std::ranges::all_of(row.selectors, [&](const std::string& one) {
        return losses.selectors.contains(one);
      });
  Remaining remaining{.dkim = !all_gone, .spf = !losses.senders.contains(row.source)};
  if (remaining.spf && row.source.starts_with("ip:")) {
    const auto ip = spf::Ip::parse(std::string_view(row.source).substr(3));
    remaining.spf = !ip || !losses.addresses.contains(*ip);
  }
  return remaining;
}

}  // namespace

Hits Shares::take(Treatment treatment, std::int64_t messages) {
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

// Where no record is known and the plan writes none, the reports know better: a record governed.
Treatment treatment_on(DmarcEvaluation& side, const EvidenceRow& row, Receiver receiver) {
  return side.policy(row.header_from, generation_of(receiver))
      .match(
          [&](const dmarc::DiscoveredPolicy& found) {
            return treatment(found.policy, found.record, receiver);
          },
          [&] {
            return side.is_touched(row.header_from) ? Treatment() : treatment_seen(row, receiver);
          },
          [&](const Unanswered&) { return treatment_seen(row, receiver); });
}

bool uses_any(const EvidenceRow& row, const std::set<std::string>& selectors) {
  return std::ranges::any_of(row.selectors,
                             [&](const auto& one) { return selectors.contains(one); });
}

// Messages that pass under the plan meet no policy, so no treatment is computed for them; nor for
// those that cannot be evaluated, which are counted by themselves.
void Replay::evaluate(const EvidenceRow& row) {
  Source& source = sources_[row.source];
  source.messages += row.messages;
  if (row.dkim_aligned() && row.selectors.empty()) unstated_ += row.messages;
  const Remaining remaining = remaining_of(row, losses_);
  // Three kinds of receivers, but two generations.
  const std::array verdicts = {rows_.verdicts(row, Generation::ByList, remaining),
                               rows_.verdicts(row, Generation::ByWalk, remaining)};
  for (std::size_t i = 0; i < kKinds; ++i) {
    const Receiver receiver = dmarc::kReceivers[i];
    const auto [before, after] = verdicts[static_cast<std::size_t>(generation_of(receiver))];
    Sums& sums = source.sums[i];
    const bool passed = before == DmarcVerdict::Passes;
    changes_verdicts_ = changes_verdicts_ || before != after;
    if (passed) sums.pass_before += row.messages;
    if (after == DmarcVerdict::Passes) {
      sums.pass_after += row.messages;
      if (!passed) sums.gained += row.messages;
      continue;
    }
    if (after == DmarcVerdict::Unknown) {
      sums.undetermined += row.messages;
      continue;
    }
    if (passed) sums.lost += row.messages;
    add_hits(sums.hits, shares_[i].take(treatment_on(rows_.after(), row, receiver), row.messages));
  }
}

bool Replay::changes_verdicts() const { return changes_verdicts_; }

// kReceivers holds RFC 7489 first, then RFC 9989. The figure that is shown must not be too small
// for any receiver, so the stricter generation decides.
std::size_t Replay::stricter_generation() const {
  const auto weight = [&](std::size_t kind) {
    Hits hits;
    std::int64_t passing = 0;
    for (const auto& [name, source] : sources_) {
      add_hits(hits, source.sums[kind].hits);
      passing += source.sums[kind].pass_after;
    }
    return std::tuple(hits.rejected, hits.quarantined, -passing);
  };
  return weight(1) > weight(0) ? 1 : 0;
}

void Replay::add_source(const std::string& name, const Source& source, std::size_t kind,
                        Impact& impact) const {
  const Sums& sums = source.sums[kind];
  const Hits& worst = source.sums[kKinds - 1].hits;
  SourceImpact row{.source = name,
                   .declared = declares(domain_, name),
                   .messages = source.messages,
                   .pass_before = sums.pass_before,
                   .pass_after = sums.pass_after,
                   .undetermined = sums.undetermined,
                   .quarantined = sums.hits.quarantined,
                   .rejected = sums.hits.rejected,
                   .worst_case = worst.quarantined + worst.rejected};
  impact.messages += row.messages;
  impact.pass_before += row.pass_before;
  impact.pass_after += row.pass_after;
  impact.lost += sums.lost;
  impact.gained += sums.gained;
  impact.undetermined += row.undetermined;
  impact.quarantined += row.quarantined;
  impact.rejected += row.rejected;
  impact.worst_quarantined += worst.quarantined;
  impact.worst_rejected += worst.rejected;
  impact.by_source.push_back(std::move(row));
}

// The hardest hit come first: a reviewer may read no further than the first rows.
Impact Replay::result(EvidenceWindow window) const {
  Impact impact{.domain = domain_.name, .from = window.from};
  impact.window_days = static_cast<int>((window.until - window.from).count());
  const std::size_t kind = stricter_generation();
  impact.receiver = dmarc::kReceivers[kind];
  for (const auto& [name, source] : sources_) add_source(name, source, kind, impact);
  std::ranges::stable_sort(impact.by_source, [](const auto& a, const auto& b) {
    const auto weight = [](const SourceImpact& one) {
      return std::tuple(one.rejected, one.quarantined, one.worst_case, one.undetermined,
                        one.messages);
    };
    return weight(a) > weight(b);
  });
  impact.notes = notes(impact);
  return impact;
}

// Assumptions of the replay are stated beside its figures, so that nobody takes them for a
// measurement.
std::vector<std::string> Replay::notes(const Impact& impact) const {
  std::vector<std::string> notes;
  if (!losses_.selectors.empty() && unstated_ > 0) {
    notes.push_back(fmt::format(
        "{} of the messages pass by DKIM in reports that state no selector; they are assumed to "
        "keep passing",
        grouped(unstated_)));
  }
  if (impact.undetermined > 0) {
    notes.push_back(fmt::format(
        "{} cannot be evaluated: reports do not show for which domain {} passed",
        counted(impact.undetermined, "message"), impact.undetermined == 1 ? "it" : "they"));
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

}  // namespace rampart
