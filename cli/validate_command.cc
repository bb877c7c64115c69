/// `rampart validate`: read the YAML, say every mistake, and no more: nothing is resolved.

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/views_json.h"

namespace rampart {
namespace {

ExitCode say_valid(const Context& context, const Config& config) {
  if (context.json()) {
    context.outside.out << errors_json({});
  } else {
    context.outside.out << fmt::format("{} is valid: {} domain{}.\n", config.file,
                                       config.domains.size(),
                                       config.domains.size() == 1 ? "" : "s");
  }
  return ExitCode::Ok;
}

}  // namespace

ExitCode run_validate(Context& context) {
  auto loaded = load_config(context.config_file);
  const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded);
  if (const std::optional<std::string> path = context.arguments.one("sarif")) {
    const std::vector<ConfigError> found = errors ? *errors : std::vector<ConfigError>();
    const Result<Done> written = write_file(*path, sarif(found, context.outside.version));
    if (!written) return fail(context, "unwritable", written.error());
  }
  if (errors != nullptr) return fail(context, *errors);
  Config config = std::get<Config>(std::move(loaded));
  if (const Result<Done> narrowed = narrow(config, context.domain_globs); !narrowed) {
    return fail(context, "usage", narrowed.error());
  }
  return say_valid(context, config);
}

}  // namespace rampart
