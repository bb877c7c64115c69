/// `rampart rotate`: makes the keys that are due and moves the others to their next state.

#include <algorithm>
#include <set>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/context/key_options.h"
#include "cli/views/keys.h"
#include "policies/model/lookup.h"
#include "reconciler/edit/rotate.h"

namespace rampart {
namespace {

Result<std::vector<RotationRun>> observed_runs(const Context& context, const Config& config) {
  TRY(const World world, observed_world(context, config, LiveFrom::Dns));
  return rotation_runs(config, world);
}

Result<Ok> write(const Context& context, const Config& config,
                 const std::vector<RotationRun>& runs) {
  TRY(const auto edits, rotation_edits(config, runs));
  // The YAML is edited in memory before any key is made: an edit that fails leaves no key behind.
  TRY(const auto texts, edit_domains(config, edits));
  const bool makes =
      std::ranges::any_of(runs, [](const auto& run) { return run.step.make.has_value(); });
  if (makes) {
    TRY(const auto protection, protection_for(context, &config));
    // Keys before the YAML: a YAML that names a key without a file would fail to plan, and an
    // unused key harms nobody.
    TRY_OK(make_due_keys(KeyFolder(config.folder), runs, protection, context.today()));
  }
  return write_domains(config, texts);
}

/// Marks a selector as compromised by `edits`, with --write in the YAML, else in memory alone; the
/// resulting configuration.
Result<Config> compromised(const Context& context, const Config& config,
                           const std::string& selector, const std::vector<DomainEdit>& edits) {
  // A dry run must show the same steps, so the mark is made in memory.
  if (!context.arguments.has("write")) {
    Config marked = config;
    for (const DomainEdit& edit : edits) {
      for (RotationSpec& spec : marked.domains.at(edit.domain).rotations) {
        spec.compromised.push_back(selector);
      }
    }
    return marked;
  }
  TRY(const auto texts, edit_domains(config, edits));
  TRY_OK(write_domains(config, texts));
  const std::optional<Config> again = load(context);
  if (!again) return Error{"the edited file does not load", config.file};
  return *again;
}

}  // namespace

// A compromised key is marked first, so that the same run replaces it.
ExitCode run_rotate(Context& context) {
  VALUE_OR_EXIT(Config config, load(context));
  const auto selector = context.arguments.one("compromised");
  std::set<Name> marked;
  if (selector) {
    TRY_OR_FAIL("rotate", const auto edits, compromise_edits(config, *selector));
    for (const DomainEdit& edit : edits) marked.insert(edit.domain);
    TRY_OR_FAIL("rotate", Config after, compromised(context, config, *selector, edits));
    config = std::move(after);
  }
  TRY_OR_FAIL("usage", auto runs, observed_runs(context, config));
  for (RotationRun& run : runs) {
    const bool uses = contains(run.step.selectors, selector, &SelectorState::selector);
    if (uses && marked.contains(run.domain)) run.compromised = *selector;
  }
  const Written written = context.arguments.has("write") ? Written::Yes : Written::No;
  if (written == Written::Yes) {
    OK_OR_FAIL("rotate", write(context, config, runs));
  }
  const bool acts = std::ranges::any_of(runs, [](const auto& run) { return run.acts(); });
  return print(context, context.json() ? rotate_json(runs) : rotate_text(runs, written),
               acts ? ExitCode::Different : ExitCode::Ok);
}

}  // namespace rampart
