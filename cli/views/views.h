/// Plans, outcomes and verifications as text and Markdown.
#pragma once

#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "reconciler/apply/apply.h"
#include "reconciler/apply/verify.h"

namespace rampart {

/// Whether text contains SGR escape sequences (ECMA-48).
enum class Colour { Off, On };

/// The plan as text: every change followed by its reasons; ends with a newline.
std::string plan_text(const Plan& plan, Colour colour);

/// The plan for a pull request: summary, details, then "and N more"; escaped, and always shorter
/// than `limit` bytes (GitHub accepts fewer than 65,536 characters).
std::string plan_markdown(const Plan& plan, std::size_t limit);

/// Holds, and Errors that withhold no listed change: what prevented changes from being planned at
/// all. Empty if there is none.
std::string kept_back_text(const Plan& plan, Colour colour);

/// What was written of a plan, zone by zone, and what was not and why.
std::string outcome_text(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                         Colour colour);

/// For each domain, whether every server returns the records of the YAML, or how it differs.
std::string verify_text(const std::vector<DomainVerification>& domains, Colour colour);

}  // namespace rampart
