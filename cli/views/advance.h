/// What `advance` and `rollback` print.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policies/ramp/step.h"

namespace rampart {

enum class Written { No, Yes };

/// {"domains": [{domain, action, from, to, earliest, reasons, evidence, ...}]} (contract section
/// 3).
std::string advance_json(const std::vector<StepDecision>& decisions, const Config& config);
std::string advance_text(const std::vector<StepDecision>& decisions, Written written);

/// The decisions with their evidence, grouped by ramp, for a pull request; always shorter than
/// `limit` bytes.
std::string advance_markdown(const std::vector<StepDecision>& decisions, const Config& config,
                             std::size_t limit);

/// A way back that was taken.
struct Rollback {
  Name domain;
  RampPosition from;
  RampPosition to;
  Date since;
  std::string file;      ///< Where it was written.
  std::string lifetime;  ///< "300 s", or how to know it.
  Duration hold;         ///< How long advance will not climb again.
};

std::string rollback_json(const Rollback& rollback);
std::string rollback_text(const Rollback& rollback);

}  // namespace rampart
