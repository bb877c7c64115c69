/// Asking the live DNS for commands that need no YAML.
#include "cli/context/dns_session.h"

namespace rampart {

std::optional<Config> config_if_named(const Context& context) {
  if (!context.arguments.has("config")) return builtin_config();
  return load(context);
}

Result<ResolverSession> resolver_session(const Context& context, const Config& config) {
  const auto options = observe_options(context, config, LiveFrom::Dns);
  if (!options) return options.error();
  ResolverSession lookups{options->resolvers, options->limits, {}};
  if (context.resolvers.empty() && !context.nameservers.empty()) {
    lookups.resolvers = context.nameservers;
  }
  return lookups;
}

PolicyFetch policy_fetch(const Context& context) {
  PolicyFetch fetch{.environment = context.process.environment,
                    .connect_to = context.arguments.one("mta-sts-connect").value_or("")};
  if (context.arguments.has("check-mta-sts")) fetch.silence = ServedPolicy::State::Refused;
  return fetch;
}

}  // namespace rampart
