/// The replay of one domain's mail under a plan: what passes, and what becomes of the rest.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policies/dmarc/evaluation.h"
#include "policies/dmarc/impact_losses.h"
#include "policies/ramp/evidence_window.h"

namespace rampart {

/// Numbers of messages, kept apart: a quarantined one can be recovered, a rejected one cannot.
struct Hits {
  std::int64_t quarantined = 0;
  std::int64_t rejected = 0;
};

/// Applies percentages to rows of whole messages. The share of all rows so far is rounded up, and
/// each row gets what it adds; rounding each row by itself would give many small rows more messages
/// than there were, or none at all.
class Shares {
 public:
  Hits take(dmarc::Treatment treatment, std::int64_t messages);

 private:
  std::map<std::pair<int, int>, std::int64_t> seen_;
};

/// How `receiver` treats failing mail of the row on this side; where the policy there is unknown,
/// as under the record that the reporter saw.
dmarc::Treatment treatment_on(DmarcEvaluation& side, const EvidenceRow& row,
                              dmarc::Receiver receiver);

/// One domain's replay. Rows are kept by source, since people recognise their senders and not
/// single reports. The domain, its losses and the evaluations must outlive it.
class Replay {
 public:
  Replay(const Domain& domain, const LostAuthorization& losses, RowReplay& rows)
      : domain_(domain), losses_(losses), rows_(rows) {}

  void evaluate(const EvidenceRow& row);

  /// Whether the plan changes the verdict on any message by any generation.
  bool changes_verdicts() const;

  /// The sums, those of the sources hit hardest first.
  Impact result(EvidenceWindow window) const;

 private:
  static constexpr std::size_t kKinds = dmarc::kReceivers.size();

  /// The messages of a source by one kind of receiver.
  struct Sums {
    std::int64_t pass_before = 0;
    std::int64_t pass_after = 0;
    std::int64_t lost = 0;  ///< They pass before the plan and fail after it.
    std::int64_t gained = 0;
    std::int64_t undetermined = 0;  ///< Whether they pass after the plan is unknown.
    Hits hits;
  };
  struct Source {
    std::int64_t messages = 0;
    std::array<Sums, kKinds> sums;
  };

  std::size_t stricter_generation() const;
  void add_source(const std::string& name, const Source& source, std::size_t kind,
                  Impact& impact) const;
  std::vector<std::string> notes(const Impact& impact) const;

  const Domain& domain_;
  const LostAuthorization& losses_;
  RowReplay& rows_;
  std::map<std::string, Source> sources_;
  std::array<Shares, kKinds> shares_;
  std::int64_t unstated_ = 0;
  bool changes_verdicts_ = false;
};

/// Whether a passing selector of the row is among those.
bool uses_any(const EvidenceRow& row, const std::set<std::string>& selectors);

}  // namespace rampart
