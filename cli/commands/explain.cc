/// `rampart explain` and `rampart timeline`: where a domain stands, and what comes when.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/views/explain.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

Result<World> observed(const Context& context, const Config& config) {
  const Result<ObserveOptions> options = observe_options(context, config, LiveFrom::Dns);
  if (!options) return options.error();
  const Providers providers =
      make_providers(config, context.process.environment, context.now, traffic_log(context));
  return observe_with_evidence(context, config, providers, *options);
}

}  // namespace

ExitCode run_explain(Context& context) {
  std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  const std::string text = context.arguments.one("DOMAIN").value_or("");
  const Result<Name> name = Name::parse(text);
  if (!name) return fail(context, "usage", name.error());
  const auto found = config->domains.find(*name);
  if (found == config->domains.end()) {
    return fail(context,
                {command_error("domain-unknown",
                               fmt::format("{} is no domain of {}", text, context.config_file),
                               "`rampart audit` looks at domains that no YAML names")});
  }
  const Domain domain = found->second;
  // A domain above may govern it, and its own record those below.
  std::erase_if(config->domains, [&](const auto& row) {
    return !row.first.is_within(*name) && !name->is_within(row.first);
  });
  const Result<World> world = observed(context, *config);
  if (!world) return fail(context, "world", world.error());
  const Explanation all = explain(domain, *config, *world);
  const Date today = floor<days>(context.now);
  context.process.out << (context.json() ? explain_json(all, today)
                                         : explain_text(all, today, context.colour));
  return ExitCode::Ok;
}

ExitCode run_timeline(Context& context) {
  const std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  Date until = floor<days>(add(context.now, {12, Duration::Unit::Months}));
  if (const auto text = context.arguments.one("until")) {
    const std::optional<Date> day = parse_date(*text);
    if (!day) {
      return fail(context, {command_error("usage", fmt::format("--until {} is no date", *text),
                                          "write it as 2027-06-30")});
    }
    until = *day;
  }
  const Result<World> world = observed(context, *config);
  if (!world) return fail(context, "world", world.error());
  const auto events = timeline_of(*config, *world, until);
  context.process.out << (context.json() ? timeline_json(events)
                                         : timeline_text(events, until, context.colour));
  return ExitCode::Ok;
}

}  // namespace rampart
