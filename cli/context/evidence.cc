#include "cli/context/evidence.h"

#include <filesystem>

#include "cli/context/reports.h"
#include "policies/model/reporters.h"
#include "reports/analysis/evidence.h"

namespace rampart {
namespace {

/// How many host names a decision looks up, and how long: addresses that an outsider chose must not
/// delay it. The next run looks up further ones.
constexpr std::size_t kMostLookups = 2'000;
constexpr std::chrono::seconds kDecisionLookupTime{1};

}  // namespace

// `--evidence` wins over the store: a runner that is given the file must not open a stale store
// that is left over in its checkout.
Result<std::optional<Evidence>> evidence_for(const Context& context, const Config& config) {
  if (context.evidence) {
    TRY(const std::string text, read_file(*context.evidence));
    TRY(Evidence evidence, within(*context.evidence, reports::evidence_from_json(text)));
    name_known_reporters(evidence, config);
    return std::optional<Evidence>(std::move(evidence));
  }
  TRY(const std::string path, store_path(context));
  std::error_code none;
  // Without reports there is no default store; one named by `--store` must exist.
  if (context.store.empty() && !std::filesystem::exists(path, none)) {
    return std::optional<Evidence>();
  }
  TRY(reports::Store store, reports::Store::open_existing(path));
  TRY(const reports::Resolve resolve, resolve_for(context, config));
  TRY(Evidence evidence,
      reports::fold(store, config, context.now, resolve,
                    {.lookups = reports::lookups_within(kDecisionLookupTime, kMostLookups)}));
  name_known_reporters(evidence, config);
  return std::optional<Evidence>(std::move(evidence));
}

// Observing never fails; evidence that was named and cannot be read does.
Result<World> observe_with_evidence(const Context& context, const Config& config,
                                    const Providers& providers, const ObserveOptions& options) {
  World world = observe(config, providers, options);
  TRY(world.evidence, evidence_for(context, config));
  return world;
}

// The usual case: providers by the YAML, everything by the options of the command line.
Result<World> observed_world(const Context& context, const Config& config, LiveFrom live) {
  TRY(const ObserveOptions options, observe_options(context, config, live));
  return observe_with_evidence(context, config, providers_for(context, config), options);
}

}  // namespace rampart
