/// `rampart plan`: load, observe, make the plan, show it; `rampart show` prints one made before.

#include <algorithm>

#include "cli/commands/table.h"
#include "cli/context/base_ref.h"
#include "cli/context/dns_session.h"
#include "cli/context/evidence.h"
#include "policies/model/reporters.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/plan/policy_edits.h"

namespace rampart {
namespace {

/// GitHub accepts comments shorter than 65,536 characters.
constexpr std::size_t kMarkdownLimit = 65'536;

// A saved world replaces all observation, reports included: nothing of today may enter a replay.
Result<World> world_for(const Context& context, const Config& config) {
  if (const std::optional<std::string> path = context.arguments.one("world")) {
    TRY(const std::string text, read_file(*path));
    TRY(World world, within(*path, world_from_json(text)));
    if (world.evidence) name_known_reporters(*world.evidence, config);
    return world;
  }
  const bool provider = context.arguments.one("live") == "provider";
  return observed_world(context, config, provider ? LiveFrom::Provider : LiveFrom::Dns);
}

/// What changed in the rules since `ref`: a pull request can loosen them as well as the records. If
/// the YAML did not exist then, everything is new.
Result<std::vector<PolicyEdit>> edits_since(const Context& context, const std::string& ref,
                                            const Config& config) {
  TRY(ConfigWithFiles base, config_at(ref, config));
  keep_matching(base.config, context.domain_globs);
  return policy_edits(base.config, config, base.beside, files_beside(config));
}

// Markdown has a size limit and the others have none: only hosts of pull requests need one.
std::string format_plan(const Context& context, const Plan& plan) {
  if (context.json()) return plan_to_json(plan);
  if (context.format == "markdown") return plan_markdown(plan, kMarkdownLimit);
  return plan_text(plan, context.colour);
}

/// Precedence 1, 3, 2, 0: the caller must notice withheld changes before it counts changes.
ExitCode exit_code(const Context& context, const Plan& plan) {
  const bool faulty = std::ranges::any_of(
      plan.findings, [](const Finding& one) { return one.severity == Severity::Error; });
  if (faulty || !plan.withheld.empty()) return ExitCode::Withheld;
  const bool reports_changes = context.arguments.has("detailed-exitcode");
  return reports_changes && !plan.changes.empty() ? ExitCode::Different : ExitCode::Ok;
}

}  // namespace

// The order matters: policies are fetched into the world before it is saved, so that a replay sees
// the same answers, and files are written before the output, so that a closed pipe loses no file.
ExitCode run_plan(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  if (context.arguments.one("live") == "provider" && !context.arguments.has("world")) {
    const auto errors = unusable_providers(config, providers_for(context, config));
    if (!errors.empty()) return fail(context, errors);
  }
  TRY_OR_FAIL("world", World world, world_for(context, config));
  // A saved world keeps its own setting; the option adds to it.
  if (context.arguments.has("normalize")) world.normalize = true;
  if (context.arguments.has("check-mta-sts") && !context.arguments.has("world")) {
    fetch_policies(config, policy_fetch(context), world);
  }
  if (const auto path = context.arguments.one("save-world")) {
    OK_OR_FAIL("unwritable", write_file(*path, world_to_json(world)));
  }
  Plan plan = plan_for(context, config, world);
  if (const auto ref = context.arguments.one("base")) {
    TRY_OR_FAIL("base", plan.policy_edits, edits_since(context, *ref, config));
  }
  if (const auto path = context.arguments.one("out")) {
    OK_OR_FAIL("unwritable", write_file(*path, plan_to_json(plan)));
  }
  return print(context, format_plan(context, plan), exit_code(context, plan));
}

// Works without a YAML and without network: the plan file contains all that is shown.
ExitCode run_show(Context& context) {
  const std::string path = *context.arguments.one("PLAN");
  TRY_OR_FAIL("unreadable", const std::string text, read_file(path));
  TRY_OR_FAIL("plan-file", const Plan plan, within(path, plan_from_json(text)));
  return print(context, format_plan(context, plan));
}

}  // namespace rampart
