/// plan.json and world.json: plans and worlds as documents (contract section 3).
#pragma once

#include <string>
#include <string_view>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// The plan document; ends with a newline. Equal plans give equal bytes, made_at aside.
std::string plan_to_json(const Plan& plan);

/// Reads a plan document, checks format_version and digest.
Result<Plan> plan_from_json(std::string_view text);

/// The SHA-256 over the changes ("sha256:..."), as the contract defines it.
std::string plan_digest(const Plan& plan);

/// A plan in numbers; derived, never stored. `unobservable` are the domains of which something
/// could not be read, `unchanged` those of the others without a change.
struct PlanSummary {
  std::size_t create = 0;
  std::size_t update = 0;
  std::size_t remove = 0;
  std::size_t held = 0;
  std::size_t blocked = 0;
  std::size_t domains = 0;
  std::size_t unchanged = 0;
  std::size_t unobservable = 0;
};
/// Counts the plan's changes by action, its holds, and its domains.
PlanSummary summarize(const Plan& plan);

/// "create", "update" or "delete".
std::string_view action_of(const Change& change);

/// Whether one type of record takes the place of another (a CNAME becoming a TXT).
bool changes_type(const Change& change);

/// Everything observed, so that any run can be replayed (`--save-world`, `--world`).
std::string world_to_json(const World& world);
Result<World> world_from_json(std::string_view text);

}  // namespace rampart
