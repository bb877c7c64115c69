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
  std::string write_error;  ///< Why there is no receipt; whether the host wrote is unknown.

  const Change& first() const { return outcomes.front().change; }
};

/// The zones and domains with a failed write so far, and the domains with a change that was not
/// written because of those; their later stages are withheld.
struct Failures {
  std::set<Name> zones;
  std::set<Name> domains;
  std::set<Name> waiting;
};

std::string key_text(const Change& change) {
  return fmt::format("{} {}", change.name().text(), to_text(change.type()));
}

/// The outcomes without a failure so far: each begins as Written, and the first check that fails
/// sets another state, after which later checks skip it.
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

// The live RRsets at the pending names alone: a zone may contain ten thousand other records, and
// some hosts charge or limit per request.
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
/// A failed read fails the change: nothing else shows that the reviewed state still exists.
void check_live(Batch& batch) {
  if (pending(batch).empty()) return;
  const Result<Sets> sets = read_sets(batch);
  if (!sets) {
    for (WriteOutcome* outcome : pending(batch)) {
      set_outcome(*outcome, WriteState::Failed,
                  fmt::format("nothing was written, because {} could not be read: {}",
                              key_text(outcome->change), sentence(sets.error())));
    }
    return;
  }
  for (WriteOutcome* outcome : pending(batch)) {
    const SetChange set = text_of(outcome->change.set);
    if (is_live(set, set.after, *sets)) {
      set_outcome(*outcome, WriteState::AlreadyLive, "it is live already");
    } else if (!is_live(set, set.before, *sets)) {
      set_outcome(
          *outcome, WriteState::Failed,
          fmt::format("another client changed {} since it was read: nothing was written; plan "
                      "again",
                      key_text(outcome->change)));
    } else if (!foreign_values_survive(outcome->change.set)) {
      set_outcome(*outcome, WriteState::Failed,
                  "the write would remove foreign values: nothing was written");
    }
  }
}

/// Writes what is pending, in one call, so that a host with transactions writes all or nothing.
/// After an Error other than a conflict only reading back shows whether the host wrote.
void write_batch(Batch& batch) {
  const std::vector<WriteOutcome*> waiting = pending(batch);
  if (waiting.empty()) return;
  std::vector<SetChange> changes;
  for (const WriteOutcome* outcome : waiting) changes.push_back(text_of(outcome->change.set));
  const Result<Receipt> receipt = batch.host->write(batch.first().zone, changes);
  if (receipt) {
    batch.receipt = *receipt;
  } else if (receipt.error().conflict) {
    set_all(
        waiting, WriteState::Failed,
        "another client changed this zone since it was read: nothing was written; plan again (" +
            sentence(receipt.error()) + ")");
  } else {
    batch.write_error = sentence(receipt.error());
  }
}

std::string rrset_text(const RecordSet& set) {
  std::string text = fmt::format("TTL {}", set.ttl.count());
  for (const std::string& value : set.values) text += fmt::format(", \"{}\"", printable(value));
  return text;
}

/// The live RRset at the change's name, for a message. Its values are quoted, because the usual
/// difference is a lost blank or a doubled backslash.
std::string found_instead(const Change& change, const Sets& sets) {
  const auto found = sets.find({change.name(), change.type()});
  return found == sets.end() ? "no RRset exists" : "found " + rrset_text(found->second);
}

/// Sets the outcome of one change from what was read back.
/// A write without a receipt has three cases: the new RRset is live (it was written), the old one
/// is live (it was not), or neither is, and a person must decide.
void set_confirmed(WriteOutcome& outcome, const Sets& sets, const Batch& batch) {
  const SetChange set = text_of(outcome.change.set);
  if (is_live(set, set.after, sets)) return;
  if (batch.receipt) {
    set_outcome(
        outcome, WriteState::Unconfirmed,
        "written, but reading back shows another RRset: " + found_instead(outcome.change, sets));
  } else if (is_live(set, set.before, sets)) {
    set_outcome(outcome, WriteState::Failed, batch.write_error);
  } else {
    set_outcome(
        outcome, WriteState::Unconfirmed,
        fmt::format("the write failed ({}), and neither the old nor the new set is live: {}",
                    batch.write_error, found_instead(outcome.change, sets)));
  }
}

/// Waits until the host serves the write, reads back and compares.
/// A receipt alone is not enough: some hosts acknowledge a write and drop it later.
void confirm_batch(Batch& batch) {
  const std::vector<WriteOutcome*> waiting = pending(batch);
  if (waiting.empty()) return;
  std::string doubt;
  if (batch.receipt) {
    const Result<Ok> served = batch.host->wait(*batch.receipt);
    if (!served) doubt = "written, but not served yet: " + sentence(served.error());
    // A person must look at the zone, so that this is no success either.
    if (!batch.receipt->doubt.empty()) doubt = "written, but " + batch.receipt->doubt;
  }
  const Result<Sets> sets = read_sets(batch);
  if (!sets) {
    const std::string prefix = batch.receipt ? "written, but it could not be read back: "
                                             : "the write failed (" + batch.write_error +
                                                   "), and the live set could not be read: ";
    return set_all(waiting, WriteState::Unconfirmed, prefix + sentence(sets.error()));
  }
  for (WriteOutcome* outcome : waiting) {
    set_confirmed(*outcome, *sets, batch);
    if (outcome->state == WriteState::Written && !doubt.empty()) {
      set_outcome(*outcome, WriteState::Unconfirmed, doubt);
    }
  }
}

/// Sets the batch's host. A provider that could not be made fails its own changes alone.
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
/// Zones and hosts keep the order of the plan, so that every run of it writes in the same order.
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
    batches[index->second].outcomes.push_back({change, WriteState::Written, ""});
  }
  return batches;
}

/// Why `change` must not be written after these failures; empty where it may be.
/// The later stages of a domain depend on its earlier ones, wherever these are published: DMARC
/// must not tighten, nor an old key be removed, if the new keys were not published.
std::string why_blocked(const Change& change, const Failures& failures) {
  constexpr std::string_view kFailed = "skipped, because an earlier write to {} failed";
  if (failures.zones.contains(change.zone)) return fmt::format(kFailed, change.zone.text());
  if (failures.domains.contains(change.domain)) return fmt::format(kFailed, change.domain.text());
  if (!failures.waiting.contains(change.domain)) return "";
  return fmt::format("skipped, because an earlier change of {} was not written",
                     change.domain.text());
}

void withhold_after(Batch& batch, const Failures& failures) {
  for (WriteOutcome* outcome : pending(batch)) {
    const std::string why = why_blocked(outcome->change, failures);
    if (!why.empty()) set_outcome(*outcome, WriteState::Withheld, why);
  }
}

// Adds the stage's failures, once it is complete, so that the order of zones within a stage does
// not decide what is written. A change that was kept back blocks its domain alone: its zone's host
// has not failed.
void record_failures(const std::vector<Batch>& batches, Failures& failures) {
  for (const Batch& batch : batches) {
    for (const WriteOutcome& outcome : batch.outcomes) {
      if (outcome.state == WriteState::Withheld || outcome.state == WriteState::NotBegun) {
        failures.waiting.insert(outcome.change.domain);
      }
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

/// The finding that explains best why `code` withholds `change`: one about its record, else about
/// its zone, else any. A record that changed since the review withholds its whole zone, and with
/// --strict all zones, so that the finding may be about another record.
std::vector<Finding>::const_iterator finding_about(const Change& change, const std::string& code,
                                                   const Plan& plan) {
  const RecordKey key{change.name(), change.type()};
  const auto about_record = std::ranges::find_if(plan.findings, [&](const Finding& one) {
    return one.code == code && std::ranges::find(one.withholds, key) != one.withholds.end();
  });
  if (about_record != plan.findings.end()) return about_record;
  const auto about_zone = std::ranges::find_if(plan.findings, [&](const Finding& one) {
    return one.code == code && std::ranges::any_of(one.withholds, [&](const RecordKey& other) {
             return other.name.is_within(change.zone);
           });
  });
  if (about_zone != plan.findings.end()) return about_zone;
  return std::ranges::find(plan.findings, code, &Finding::code);
}

/// The codes that withhold a change, each with the message of its finding; the hints of these
/// findings, each once.
WriteOutcome withheld_outcome(const Withheld& withheld, const Plan& plan) {
  std::vector<std::string> reasons;
  std::vector<std::string> hints;
  for (const std::string& code : withheld.codes) {
    const auto finding = finding_about(withheld.change, code, plan);
    const bool found = finding != plan.findings.end();
    reasons.push_back(found ? code + ": " + finding->message : code);
    if (!found || finding->hint.empty()) continue;
    if (std::ranges::find(hints, finding->hint) == hints.end()) hints.push_back(finding->hint);
  }
  return {withheld.change, WriteState::Withheld, fmt::format("{}", fmt::join(reasons, "; ")),
          fmt::format("{}", fmt::join(hints, "; "))};
}

}  // namespace

// Permissions are added before enforcement tightens and are removed last, so that a run may end
// after any stage. An interrupted run ends between two writes, so that no change is half-written.
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
    outcomes.push_back(withheld_outcome(withheld, limited.plan));
  }
  return outcomes;
}

}  // namespace rampart
