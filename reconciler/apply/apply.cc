/// Writing stage by stage: read, write, wait, read back; and an outcome for every change.
#include "reconciler/apply/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "dns/txt.h"
#include "reconciler/plan/diff.h"

namespace rampart {
namespace {

using Progress = std::function<void(const std::string&)>;
using Sets = std::map<RecordKey, RecordSet>;

constexpr std::array kStages = {Stage::Relax, Stage::Publish, Stage::Authorize, Stage::Enforce,
                                Stage::Retire};

/// One write to one host: changes of one zone in one stage.
struct Batch {
  std::vector<WriteOutcome> outcomes;
  Provider* host = nullptr;  ///< Null where the provider could not be made.
  std::optional<Receipt> receipt;
  std::string lost;  ///< Why the write failed, its outcome being unknown.

  const Change& first() const { return outcomes.front().change; }
};

/// The zones and domains with a failed write so far; their later stages are withheld.
struct Failures {
  std::set<Name> zones;
  std::set<Name> domains;
};

std::string shown(const Change& change) {
  return fmt::format("{} {}", change.name().text(), to_text(change.type()));
}

/// Outcomes that still await their write.
/// Outcomes begin as Written and are changed by what goes wrong, so that no path through a write
/// can forget to set one.
std::vector<WriteOutcome*> pending(Batch& batch) {
  std::vector<WriteOutcome*> waiting;
  for (WriteOutcome& outcome : batch.outcomes) {
    if (outcome.state == WriteState::Written) waiting.push_back(&outcome);
  }
  return waiting;
}

void set_outcome(WriteOutcome& outcome, WriteState state, const std::string& why) {
  outcome.state = state;
  outcome.why = why;
}

void set_all(std::span<WriteOutcome* const> outcomes, WriteState state, const std::string& why) {
  for (WriteOutcome* outcome : outcomes) set_outcome(*outcome, state, why);
}

// Only the names of this batch are read: a zone may hold ten thousand other records, and some hosts
// charge or limit per request.
Result<Sets> read_sets(Batch& batch) {
  std::vector<Name> names;
  for (const WriteOutcome* outcome : pending(batch)) names.push_back(outcome->change.name());
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  Result<ZoneRead> read = batch.host->read(batch.first().zone, names);
  if (!read) return read.error();
  return std::move(read.value().sets);
}

/// Checks each change against the live records just before its write: plans are minutes or days
/// old, and the host may not offer compare-and-swap.
/// A failed read withholds the write: without it nothing shows that the reviewed state still
/// exists.
void check_live(Batch& batch) {
  if (pending(batch).empty()) return;
  const Result<Sets> sets = read_sets(batch);
  if (!sets) {
    return set_all(pending(batch), WriteState::Failed,
                   "it could not be read before writing: " + sentence(sets.error()));
  }
  for (WriteOutcome* outcome : pending(batch)) {
    const SetChange set = text_of(outcome->change.set);
    if (is_live(set, set.after, *sets)) {
      set_outcome(*outcome, WriteState::AlreadyLive, "it is live already");
    } else if (!is_live(set, set.before, *sets)) {
      set_outcome(
          *outcome, WriteState::Failed,
          fmt::format("somebody else changed {} since it was read: nothing was written; plan "
                      "again",
                      shown(outcome->change)));
    } else if (!foreign_values_survive(outcome->change.set)) {
      set_outcome(*outcome, WriteState::Failed,
                  "the write would remove values that are not ours: nothing was written");
    }
  }
}

/// Writes what is pending. An Error does not show whether the host wrote before it failed to
/// answer: only reading back does.
/// One call for the whole batch, so that a host with transactions writes all of it or nothing.
void write_batch(Batch& batch) {
  const std::vector<WriteOutcome*> waiting = pending(batch);
  if (waiting.empty()) return;
  std::vector<SetChange> changes;
  for (const WriteOutcome* outcome : waiting) changes.push_back(text_of(outcome->change.set));
  const Result<Receipt> receipt = batch.host->write(batch.first().zone, changes);
  if (receipt) {
    batch.receipt = *receipt;
  } else if (receipt.error().conflict) {
    set_all(waiting, WriteState::Failed,
            "somebody else changed this zone since it was read: nothing was written; plan again (" +
                sentence(receipt.error()) + ")");
  } else {
    batch.lost = sentence(receipt.error());
  }
}

std::string text_of(const RecordSet& set) {
  std::string text = fmt::format("TTL {}", set.ttl.count());
  for (const std::string& value : set.values) text += fmt::format(", \"{}\"", printable(value));
  return text;
}

/// The live set at the change's name, for a message.
/// The values are quoted, because a lost blank or a doubled backslash is the usual cause.
std::string found_instead(const Change& change, const Sets& sets) {
  const auto found = sets.find({change.name(), change.type()});
  return found == sets.end() ? "it has no records" : "found " + text_of(found->second);
}

/// Sets the outcome of one change after reading back.
/// Three cases after a lost answer: the new set is live (written after all), the old one is (not
/// written), or neither is, and then only a person can tell.
void evaluate(WriteOutcome& outcome, const Sets& sets, const Batch& batch) {
  const SetChange set = text_of(outcome.change.set);
  if (is_live(set, set.after, sets)) return;
  if (batch.receipt) {
    set_outcome(
        outcome, WriteState::Unconfirmed,
        "written, but reading back shows another set: " + found_instead(outcome.change, sets));
  } else if (is_live(set, set.before, sets)) {
    set_outcome(outcome, WriteState::Failed, batch.lost);
  } else {
    set_outcome(
        outcome, WriteState::Unconfirmed,
        fmt::format("the write failed ({}), and neither the old nor the new set is live: {}",
                    batch.lost, found_instead(outcome.change, sets)));
  }
}

/// Waits for the host, reads back and compares.
/// "Written" means read back: a host that acknowledges a write and drops it later is no theory.
void confirm_batch(Batch& batch) {
  const std::vector<WriteOutcome*> waiting = pending(batch);
  if (waiting.empty()) return;
  std::string unserved;
  if (batch.receipt) {
    const Result<Ok> served = batch.host->wait(*batch.receipt);
    if (!served) unserved = "written, but not served yet: " + sentence(served.error());
  }
  const Result<Sets> sets = read_sets(batch);
  if (!sets) {
    const std::string prefix = batch.receipt ? "written, but it could not be read back: "
                                             : "the write failed (" + batch.lost +
                                                   "), and the live set could not be read: ";
    return set_all(waiting, WriteState::Unconfirmed, prefix + sentence(sets.error()));
  }
  for (WriteOutcome* outcome : waiting) {
    evaluate(*outcome, *sets, batch);
    if (outcome->state == WriteState::Written && !unserved.empty()) {
      set_outcome(*outcome, WriteState::Unconfirmed, unserved);
    }
  }
}

/// Gives the batch its host, or fails it.
/// A provider that could not be made fails only its own changes; other hosts are written all the
/// same.
void find_host(Batch& batch, const Providers& providers) {
  const auto found = providers.find(batch.first().provider);
  if (found == providers.end()) {
    return set_all(pending(batch), WriteState::Failed,
                   fmt::format("there is no provider \"{}\"", batch.first().provider));
  }
  if (!found->second) {
    return set_all(pending(batch), WriteState::Failed, sentence(found->second.error()));
  }
  batch.host = found->second.value().get();
}

/// The changes of `stage`, one batch for each zone and host. A change that loosens is a batch of
/// its own, so that no other change can make it fail.
/// Zones and hosts stay in the order of the plan, so that two runs of one plan write in one order.
std::vector<Batch> batches_of(const Plan& plan, Stage stage) {
  std::vector<Batch> batches;
  std::map<std::pair<Name, std::string>, std::size_t> indices;
  for (const Change& change : plan.changes) {
    if (change.stage != stage) continue;
    const auto [index, added] =
        indices.emplace(std::pair(change.zone, change.provider), batches.size());
    if (added || stage == Stage::Relax) {
      index->second = batches.size();
      batches.emplace_back();
    }
    // Written, until a later check sets another outcome.
    batches[index->second].outcomes.push_back({change, WriteState::Written, ""});
  }
  return batches;
}

/// Withholds changes that follow a failure in their zone or domain.
/// The later stages of a failed domain depend on the failed one: DMARC must not tighten if its keys
/// were not published.
void withhold_after(Batch& batch, const Failures& failures) {
  for (WriteOutcome* outcome : pending(batch)) {
    const Change& change = outcome->change;
    if (!failures.zones.contains(change.zone) && !failures.domains.contains(change.domain))
      continue;
    set_outcome(*outcome, WriteState::Withheld,
                fmt::format("not written because of an earlier failure in {}",
                            failures.zones.contains(change.zone) ? change.zone.text()
                                                                 : change.domain.text()));
  }
}

// Recorded after the whole stage, so that the order of zones within a stage does not decide what is
// written.
void record_failures(const std::vector<Batch>& batches, Failures& failures) {
  for (const Batch& batch : batches) {
    for (const WriteOutcome& outcome : batch.outcomes) {
      if (outcome.state != WriteState::Failed && outcome.state != WriteState::Unconfirmed) continue;
      failures.zones.insert(outcome.change.zone);
      failures.domains.insert(outcome.change.domain);
    }
  }
}

void report(const Batch& batch, Stage stage, const Progress& progress) {
  if (!progress) return;
  const auto written =
      std::ranges::count(batch.outcomes, WriteState::Written, &WriteOutcome::state);
  progress(fmt::format("{} at provider {}: {}: {} of {} written", batch.first().zone.text(),
                       batch.first().provider, to_text(stage), written, batch.outcomes.size()));
}

/// The finding of `code` about this record, else about its zone, else any: a record that changed
/// since the review withholds its whole zone, and with --strict all zones.
/// The nearest finding explains best; a message about another zone is still better than a bare
/// code.
std::vector<Finding>::const_iterator finding_about(const Change& change, const std::string& code,
                                                   const Plan& plan) {
  const RecordKey key{change.name(), change.type()};
  const auto found = std::ranges::find_if(plan.findings, [&](const Finding& one) {
    return one.code == code && std::ranges::find(one.withholds, key) != one.withholds.end();
  });
  if (found != plan.findings.end()) return found;
  const auto near = std::ranges::find_if(plan.findings, [&](const Finding& one) {
    return one.code == code && std::ranges::any_of(one.withholds, [&](const RecordKey& other) {
             return other.name.is_within(change.zone);
           });
  });
  if (near != plan.findings.end()) return near;
  return std::ranges::find(plan.findings, code, &Finding::code);
}

/// The codes that withhold a change, each with the message of its finding.
std::string why_withheld(const Withheld& withheld, const Plan& plan) {
  std::vector<std::string> reasons;
  for (const std::string& code : withheld.codes) {
    const auto finding = finding_about(withheld.change, code, plan);
    reasons.push_back(finding == plan.findings.end() ? code : code + ": " + finding->message);
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace

// Relax first and Retire last: a run that is interrupted after any stage leaves mail in a state in
// which it passes at least as well as before.
// An interrupted run ends between two writes, so that no change is half-written.
std::vector<WriteOutcome> write_plan(const Plan& plan, const Providers& providers,
                                     const Progress& progress,
                                     const std::function<bool()>& stopped) {
  std::vector<WriteOutcome> outcomes;
  Failures failures;
  for (const Stage stage : kStages) {
    std::vector<Batch> batches = batches_of(plan, stage);
    for (Batch& batch : batches) {
      if (stopped && stopped()) {
        set_all(pending(batch), WriteState::NotBegun, "the run was interrupted before this write");
        continue;
      }
      withhold_after(batch, failures);
      find_host(batch, providers);
      check_live(batch);
      write_batch(batch);
    }
    // Hosts propagate their writes at the same time; the stage ends when all of them are done.
    for (Batch& batch : batches) {
      confirm_batch(batch);
      report(batch, stage, progress);
    }
    record_failures(batches, failures);
    for (const Batch& batch : batches) {
      outcomes.insert(outcomes.end(), batch.outcomes.begin(), batch.outcomes.end());
    }
  }
  return outcomes;
}

// Every change of the run appears once, so that the report of a run can be compared with its plan
// line by line.
std::vector<WriteOutcome> account_for(const Limited& limited, std::vector<WriteOutcome> written) {
  std::vector<WriteOutcome> outcomes;
  for (const Change& change : limited.already_live) {
    outcomes.push_back({change, WriteState::AlreadyLive, "it is live already"});
  }
  std::ranges::move(written, std::back_inserter(outcomes));
  for (const Withheld& withheld : limited.plan.withheld) {
    outcomes.push_back(
        {withheld.change, WriteState::Withheld, why_withheld(withheld, limited.plan)});
  }
  return outcomes;
}

}  // namespace rampart
