/// `rampart verify`: does every authoritative server hold what the YAML says?

#include <algorithm>

#include "cli/commands/table.h"
#include "cli/views/json_documents.h"
#include "reconciler/apply/verify.h"

namespace rampart {

ExitCode run_verify(Context& context) {
  const std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  const Result<ObserveOptions> options = observe_options(context, *config, LiveFrom::Dns);
  if (!options) return fail(context, "usage", options.error());
  const Providers providers =
      make_providers(*config, context.process.environment, context.now, traffic_log(context));
  const std::vector<DomainVerification> domains = verify(*config, providers, *options);
  context.process.out << (context.json() ? verify_json(domains)
                                         : verify_text(domains, context.colour));
  const bool same = std::ranges::all_of(
      domains, [](const DomainVerification& one) { return one.differences.empty(); });
  return same ? ExitCode::Ok : ExitCode::Different;
}

}  // namespace rampart
