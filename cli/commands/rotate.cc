/// `rampart rotate`: make the keys that are due, and move the others through their states.

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/context/key_options.h"
#include "cli/views/keys.h"
#include "reconciler/edit/rotate.h"

namespace rampart {
namespace {

Result<std::vector<RotationRun>> stages_of(const Context& context, const Config& config) {
  const Result<ObserveOptions> options = observe_options(context, config, LiveFrom::Dns);
  if (!options) return options.error();
  const Providers providers =
      make_providers(config, context.process.environment, context.now, traffic_log(context));
  const Result<World> world = observe_with_evidence(context, config, providers, *options);
  if (!world) return world.error();
  return rotation_runs(config, *world);
}

Result<Ok> write(const Context& context, const Config& config,
                 const std::vector<RotationRun>& stages) {
  const auto edits = rotation_edits(config, stages);
  if (!edits) return edits.error();
  // The YAML is edited in memory first: no key is made for an edit that cannot be.
  const auto texts = edit_domains(config, *edits);
  if (!texts) return texts.error();
  const bool makes =
      std::ranges::any_of(stages, [](const auto& one) { return one.step.make.has_value(); });
  if (makes) {
    const auto protection = protection_for(context, &config);
    if (!protection) return protection.error();
    const Date today = std::chrono::floor<std::chrono::days>(context.now);
    const auto made = make_due_keys(KeyFolder(config.folder), stages, *protection, today);
    if (!made) return made;
  }
  return write_domains(config, *texts);
}

/// Notes a compromised selector in the YAML, and gives the configuration that results.
Result<Config> compromised(const Context& context, const Config& config,
                           const std::string& selector) {
  const auto edits = compromise_edits(config, selector);
  if (!edits) return edits.error();
  if (!context.arguments.has("write")) {
    Config marked = config;
    for (const DomainEdit& edit : *edits) {
      for (RotationSpec& spec : marked.domains.at(edit.domain).rotations) {
        spec.compromised.push_back(selector);
      }
    }
    return marked;
  }
  const auto texts = edit_domains(config, *edits);
  if (!texts) return texts.error();
  if (auto done = write_domains(config, *texts); !done) return done.error();
  const std::optional<Config> again = load(context);
  if (!again) return Error{"the edited file does not load", config.file};
  return *again;
}

}  // namespace

ExitCode run_rotate(Context& context) {
  std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  if (const auto selector = context.arguments.one("compromised")) {
    Result<Config> marked = compromised(context, *config, *selector);
    if (!marked) return fail(context, "rotate", marked.error());
    config = std::move(marked).value();
  }
  const auto stages = stages_of(context, *config);
  if (!stages) return fail(context, "usage", stages.error());
  const bool writes = context.arguments.has("write");
  if (writes) {
    const Result<Ok> done = write(context, *config, *stages);
    if (!done) return fail(context, "rotate", done.error());
  }
  context.process.out << (context.json() ? rotate_json(*stages) : rotate_text(*stages, writes));
  const bool acts = std::ranges::any_of(*stages, [](const auto& one) { return one.step.acts(); });
  return acts ? ExitCode::Different : ExitCode::Ok;
}

}  // namespace rampart
