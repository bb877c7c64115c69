/// `rampart plan`: load, observe, make the plan, show it; `rampart show` prints one made before.

#include <algorithm>
#include <filesystem>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/context/evidence.h"
#include "cli/context/git.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/plan/policy_edits.h"

namespace rampart {
namespace {

/// GitHub takes comments shorter than 65,536 characters.
constexpr std::size_t kMarkdownLimit = 65'536;

Result<World> world_for(const Context& context, const Config& config) {
  if (const std::optional<std::string> path = context.arguments.one("world")) {
    const Result<std::string> text = read_file(*path);
    if (!text) return text.error();
    Result<World> world = world_from_json(*text);
    return world ? world : within(*path, world.error());
  }
  const bool provider = context.arguments.one("live") == "provider";
  const Result<ObserveOptions> options =
      observe_options(context, config, provider ? LiveFrom::Provider : LiveFrom::Dns);
  if (!options) return options.error();
  const Providers providers =
      make_providers(config, context.process.environment, context.now, traffic_log(context));
  return observe_with_evidence(context, config, providers, *options);
}

/// What changed in the rules since `ref`; where the YAML was not there yet, everything is new.
Result<std::vector<PolicyEdit>> edits_since(const Context& context, const std::string& ref,
                                            const Config& config) {
  // "./domains.yaml" and "domains.yaml" are one file.
  const std::string file = std::filesystem::path(config.file).lexically_normal().string();
  const Result<std::map<std::string, std::string>> files = files_at(ref, file);
  if (!files) return files.error();
  Config base = builtin_config();
  if (files->contains(file)) {
    auto loaded = load_config_from(file, *files);
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
      return Error{"the YAML at " + ref + " has mistakes: " + errors->front().message, "--base"};
    }
    base = std::get<Config>(std::move(loaded));
  }
  keep_matching(base, context.domain_globs);
  return policy_edits(base, config);
}

std::string shown(const Context& context, const Plan& plan) {
  if (context.json()) return plan_to_json(plan);
  if (context.format == "markdown") return plan_markdown(plan, kMarkdownLimit);
  return plan_text(plan, context.colour);
}

/// Contract section 2: precedence 1, 3, 2, 0.
ExitCode exit_code(const Context& context, const Plan& plan) {
  const bool faulty = std::ranges::any_of(
      plan.findings, [](const Finding& one) { return one.severity == Severity::Error; });
  if (faulty || !plan.withheld.empty()) return ExitCode::Withheld;
  const bool different = !plan.changes.empty();
  return different && context.arguments.has("detailed-exitcode") ? ExitCode::Different
                                                                 : ExitCode::Ok;
}

}  // namespace

ExitCode run_plan(Context& context) {
  const std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  Result<World> world = world_for(context, *config);
  if (!world) return fail(context, "world", world.error());
  if (context.arguments.has("check-mta-sts") && !context.arguments.has("world")) {
    fetch_policies(*config, policy_fetch(context), world.value());
  }
  if (const std::optional<std::string> path = context.arguments.one("save-world")) {
    const Result<Ok> saved = write_file(*path, world_to_json(*world));
    if (!saved) return fail(context, "unwritable", saved.error());
  }
  Plan plan = plan_for(context, *config, *world);
  if (const std::optional<std::string> ref = context.arguments.one("base")) {
    Result<std::vector<PolicyEdit>> edits = edits_since(context, *ref, *config);
    if (!edits) return fail(context, "base", edits.error());
    plan.policy_edits = std::move(edits).value();
  }
  if (const std::optional<std::string> path = context.arguments.one("out")) {
    const Result<Ok> written = write_file(*path, plan_to_json(plan));
    if (!written) return fail(context, "unwritable", written.error());
  }
  context.process.out << shown(context, plan);
  return exit_code(context, plan);
}

ExitCode run_show(Context& context) {
  const std::string path = *context.arguments.one("PLAN");
  const Result<std::string> text = read_file(path);
  if (!text) return fail(context, "unreadable", text.error());
  const Result<Plan> plan = plan_from_json(*text);
  if (!plan) return fail(context, "plan-file", within(path, plan.error()));
  context.process.out << shown(context, *plan);
  return ExitCode::Ok;
}

}  // namespace rampart
