/// `rampart explain` and `rampart timeline`: the state of a domain, and its future dates.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/views/explain.h"

namespace rampart {

// The other domains are dropped before observing: one domain should cost a few queries only.
ExitCode run_explain(Context& context) {
  VALUE_OR_EXIT(Config config, load(context));
  const std::string text = context.arguments.one("DOMAIN").value_or("");
  TRY_OR_FAIL("usage", const Name name, Name::parse(text));
  const auto found = config.domains.find(name);
  if (found == config.domains.end()) {
    return fail(context,
                {command_error("domain-unknown",
                               fmt::format("{} is not a domain of {}", text, context.config_file),
                               "`rampart audit` checks domains that the YAML does not name")});
  }
  // A copy, because the next lines erase from the map that has it.
  const Domain domain = found->second;
  // Domains above and below stay: DMARC policies are inherited along that line.
  std::erase_if(config.domains, [&](const auto& row) {
    return !row.first.is_within(name) && !name.is_within(row.first);
  });
  TRY_OR_FAIL("world", const World world, observed_world(context, config, LiveFrom::Dns));
  const Explanation all = explain(domain, config, world);
  const Date today = context.today();
  return print(context, context.json() ? explain_json(all, today)
                                       : explain_text(all, today, context.colour));
}

// A year is as far as rotations and ramps can be planned with any use.
ExitCode run_timeline(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  Date until =
      std::chrono::floor<std::chrono::days>(add(context.now, {12, Duration::Unit::Months}));
  if (const auto text = context.arguments.one("until")) {
    const std::optional<Date> day = parse_date(*text);
    if (!day) {
      return usage_error(context, fmt::format("--until {} is not a date", *text),
                         "write it as 2027-06-30");
    }
    until = *day;
  }
  TRY_OR_FAIL("world", const World world, observed_world(context, config, LiveFrom::Dns));
  const auto events = timeline_of(config, world, until);
  return print(context, context.json() ? timeline_json(events)
                                       : timeline_text(events, until, context.colour));
}

}  // namespace rampart
