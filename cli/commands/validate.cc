/// `rampart validate`: reads the YAML and reports every mistake and every finding that needs no
/// network: it works in a sandboxed CI job.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/context/offline_findings.h"
#include "cli/views/json_documents.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// The findings of severity error, as configuration errors. Warnings are printed here and do not
// change the exit code.
std::vector<ConfigError> errors_among(const Context& context, const std::vector<Finding>& found) {
  std::vector<ConfigError> errors;
  for (const Finding& one : found) {
    if (one.severity == Severity::Error) {
      errors.push_back(
          {one.mark.file, one.mark.line, one.mark.column, one.code, one.message, one.hint, ""});
    } else if (one.severity == Severity::Warning && !context.json()) {
      context.process.out << fmt::format("{}:{}:{}: {}[{}]: {}\n", one.mark.file, one.mark.line,
                                         one.mark.column, to_text(one.severity), one.code,
                                         printable(one.message));
    }
  }
  return errors;
}

ExitCode report_valid(const Context& context, const Config& config) {
  if (context.json()) {
    context.process.out << errors_json({});
  } else {
    context.process.out << fmt::format("{} is valid: {} domain{}.\n", config.file,
                                       config.domains.size(),
                                       config.domains.size() == 1 ? "" : "s");
  }
  return ExitCode::Ok;
}

}  // namespace

ExitCode run_validate(Context& context) {
  auto loaded = load_config(context.config_file);
  std::vector<ConfigError> errors;
  Config config;
  if (auto* mistakes = std::get_if<std::vector<ConfigError>>(&loaded)) {
    errors = std::move(*mistakes);
  } else {
    config = std::get<Config>(std::move(loaded));
    if (const Result<Ok> narrowed = narrow(config, context.domain_globs); !narrowed) {
      return fail(context, "usage", narrowed.error());
    }
    errors = errors_among(context, offline_findings(config, context.now));
  }
  if (const std::optional<std::string> path = context.arguments.one("sarif")) {
    const Result<Ok> written = write_file(*path, sarif(errors, context.process.version));
    if (!written) return fail(context, "unwritable", written.error());
  }
  if (!errors.empty()) return fail(context, errors);
  return report_valid(context, config);
}

}  // namespace rampart
