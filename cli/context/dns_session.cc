/// Live DNS lookups for commands that need no YAML.
#include "cli/context/dns_session.h"

namespace rampart {

// A domains.yaml in the working directory is not read unless it is named: these commands ask about
// any domain, and a broken file there must not stop them.
std::optional<Config> config_if_named(const Context& context) {
  if (!context.arguments.has("config")) return builtin_config();
  return load(context);
}

// Commands without a YAML have no zones to ask: their queries go to a resolver, and `--nameserver`
// alone means that this server answers everything.
Result<DnsSession> resolver_session(const Context& context, const Config& config) {
  TRY(const ObserveOptions options, observe_options(context, config, LiveFrom::Dns));
  DnsSession lookups{.resolvers = options.resolvers, .limits = options.limits};
  if (context.resolvers.empty() && !context.nameservers.empty()) {
    lookups.resolvers = context.nameservers;
  }
  return lookups;
}

// Without `--check-mta-sts` silence proves nothing: the web server may be out of reach from here.
PolicyFetch policy_fetch(const Context& context) {
  PolicyFetch fetch{.environment = context.process.environment,
                    .connect_to = context.arguments.one("mta-sts-connect").value_or("")};
  if (context.arguments.has("check-mta-sts")) fetch.silence = ServedPolicy::State::Refused;
  return fetch;
}

}  // namespace rampart
