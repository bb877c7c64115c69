#include "cli/context/evidence.h"

#include <filesystem>

#include "cli/context/reports.h"
#include "reports/analysis/evidence.h"

namespace rampart {

Result<std::optional<Evidence>> evidence_for(const Context& context, const Config& config) {
  if (context.evidence) {
    const Result<std::string> text = read_file(*context.evidence);
    if (!text) return text.error();
    Result<Evidence> evidence = reports::evidence_from_json(*text);
    if (!evidence) return within(*context.evidence, evidence.error());
    return std::optional<Evidence>(std::move(evidence).value());
  }
  const Result<std::string> path = store_path(context);
  if (!path) return path.error();
  std::error_code none;
  // Only a store that was asked for by name must be there.
  if (context.store.empty() && !std::filesystem::exists(*path, none)) {
    return std::optional<Evidence>();
  }
  Result<reports::Store> store = reports::Store::open_existing(*path);
  if (!store) return store.error();
  const Result<reports::Resolve> resolve = resolve_for(context, config);
  if (!resolve) return resolve.error();
  Result<Evidence> evidence = reports::fold(store.value(), config, context.now, *resolve);
  if (!evidence) return evidence.error();
  return std::optional<Evidence>(std::move(evidence).value());
}

Result<World> observe_with_evidence(const Context& context, const Config& config,
                                    const Providers& providers, const ObserveOptions& options) {
  World world = observe(config, providers, options);
  Result<std::optional<Evidence>> evidence = evidence_for(context, config);
  if (!evidence) return evidence.error();
  world.evidence = std::move(evidence).value();
  return world;
}

}  // namespace rampart
