/// The output of `advance` and `rollback`.
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step.h"

namespace rampart {

/// Whether a command has written its changes into the YAML.
enum class Written { No, Yes };

/// {"domains": [{domain, action, from, to, earliest, reasons, evidence, ...}]} (contract section
/// 3).
std::string advance_json(const std::vector<StepDecision>& decisions, const Config& config);
std::string advance_text(const std::vector<StepDecision>& decisions, Written written);

/// "1 to advance, 0 to step back, 2 to stay."
std::string advance_counts(const std::vector<StepDecision>& decisions);

/// The decisions with their evidence, grouped by ramp, as the body of a pull request; always
/// shorter than `limit` bytes.
std::string advance_markdown(const std::vector<StepDecision>& decisions, const Config& config,
                             std::size_t limit);

/// A rollback that was written.
struct Rollback {
  Name domain;
  RampPosition from;
  RampPosition to;
  Date since;
  std::string file;      ///< The YAML file that was changed.
  std::string lifetime;  ///< The record's TTL, "300 s", or where to find it.
  Duration hold;         ///< How long `advance` will not go up again.
};

/// {domain, from, to, since, file, lifetime, next}: a rollback and the commands that follow it.
std::string rollback_json(const Rollback& rollback);
std::string rollback_text(const Rollback& rollback);

}  // namespace rampart
