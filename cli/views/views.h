/// How plans, outcomes and verifications are shown to people: text and Markdown.
#pragma once

#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "reconciler/apply/apply.h"
#include "reconciler/apply/verify.h"

namespace rampart {

enum class Colour { Off, On };

/// The plan as a person reads it: every change followed by its because; ends with a newline.
std::string plan_text(const Plan& plan, Colour colour);

/// The plan for a pull request: summary, details, then "and N more"; escaped, and always shorter
/// than `limit` bytes (GitHub takes fewer than 65,536 characters).
std::string plan_markdown(const Plan& plan, std::size_t limit);

/// What keeps back changes that could not even be made: holds, and Errors without a withheld change
/// to stand beside. Empty where there is none.
std::string kept_back_text(const Plan& plan, Colour colour);

/// What was written zone by zone, what was not, and why.
std::string outcome_text(const std::vector<WriteOutcome>& outcomes, Colour colour);

/// Which servers hold what the YAML says, and how the others differ.
std::string verify_text(const std::vector<DomainVerification>& domains, Colour colour);

}  // namespace rampart
