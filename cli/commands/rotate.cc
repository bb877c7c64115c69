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

/// Makes the keys that are due. The YAML is edited in memory before any key is made: an edit that
/// fails leaves no key behind.
Result<Ok> make_keys_of(const Context& context, const Config& config,
                        const std::vector<RotationRun>& runs, KeyBatch& batch) {
  TRY(const auto edits, rotation_edits(config, runs));
  TRY_OK(edit_domains(config, edits));
  const bool makes =
      std::ranges::any_of(runs, [](const auto& run) { return run.step.make.has_value(); });
  if (makes) {
    TRY(const auto protection, protection_for(context, &config));
    // Keys before the YAML: a YAML that names a key without a file would fail to plan. The next run
    // removes them if this one does not come to name them.
    TRY_OK(make_due_keys(batch, runs, protection, context.today()));
  }
  return Ok{};
}

Result<Ok> edit_and_write(const Config& config, const std::vector<DomainEdit>& edits) {
  TRY(const auto texts, edit_domains(config, edits));
  return write_domains(config, texts);
}

/// Marks a selector as compromised in memory, so that the steps follow from the mark before
/// anything is written.
Config marked_as_compromised(Config config, const std::string& selector,
                             const std::vector<DomainEdit>& edits) {
  for (const DomainEdit& edit : edits) {
    for (RotationSpec& spec : config.domains.at(edit.domain).rotations) {
      spec.compromised.push_back(selector);
    }
  }
  return config;
}

/// Writes the mark of a compromised key, then the steps. Whatever may fail for a reason outside the
/// file (name servers, a passphrase, the key folder) has been done by now.
Result<Ok> write(const Context& context, const Config& config, const std::vector<DomainEdit>& marks,
                 const std::vector<RotationRun>& runs) {
  KeyBatch batch(config.folder);
  TRY_OK(make_keys_of(context, config, runs, batch));
  if (marks.empty()) {
    TRY(const auto edits, rotation_edits(config, runs));
    TRY_OK(edit_and_write(config, edits));
    return batch.finish();
  }
  TRY_OK(edit_and_write(config, marks));
  // The steps are edited in the file as it is now: the positions in it have moved.
  const auto steps = [&]() -> Result<Ok> {
    const std::optional<Config> again = load(context);
    if (!again) return Error{"the edited file does not load", config.file};
    TRY(const auto edits, rotation_edits(*again, runs));
    return edit_and_write(*again, edits);
  }();
  if (steps) return batch.finish();
  Error error = steps.error();
  error.what +=
      "; the YAML already marks the key as compromised: run `rampart rotate --write` again";
  return error;
}

/// Before the key folders are read, since the next selector depends on which names are free.
Result<Ok> remove_unfinished(const Context& context, const Config& config) {
  std::vector<Name> rotating;
  for (const auto& [name, domain] : config.domains) {
    if (!domain.rotations.empty()) rotating.push_back(name);
  }
  return remove_unfinished_keys(context, rotating);
}

}  // namespace

// The steps are those of the YAML with its mark, so that the same run replaces a compromised key.
// An error before the first write leaves the YAML without the mark.
ExitCode run_rotate(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  const auto selector = context.arguments.one("compromised");
  std::vector<DomainEdit> marks;
  if (selector) {
    TRY_OR_FAIL("rotate", marks, compromise_edits(config, *selector));
  }
  std::set<Name> marked;
  for (const DomainEdit& edit : marks) marked.insert(edit.domain);
  const Written written = context.arguments.has("write") ? Written::Yes : Written::No;
  if (written == Written::Yes) {
    OK_OR_FAIL("rotate", remove_unfinished(context, config));
  }
  const Config planned = marks.empty() ? config : marked_as_compromised(config, *selector, marks);
  TRY_OR_FAIL("usage", auto runs, observed_runs(context, planned));
  for (RotationRun& run : runs) {
    const bool uses = contains(run.step.selectors, selector, &SelectorState::selector);
    if (uses && marked.contains(run.domain)) run.compromised = *selector;
  }
  if (written == Written::Yes) {
    OK_OR_FAIL("rotate", write(context, config, marks, runs));
  }
  const bool acts = std::ranges::any_of(runs, [](const auto& run) { return run.acts(); });
  return print(context,
               context.json() ? rotate_json(runs) : rotate_text(runs, written, context.today()),
               acts ? ExitCode::Different : ExitCode::Ok);
}

}  // namespace rampart
