/// `rampart validate`: reads the YAML and reports every mistake and every finding that needs no
/// network: it works in a sandboxed CI job.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/sorting.h"
#include "cli/commands/table.h"
#include "cli/context/base_ref.h"
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
      context.process.out << fmt::format("{}:{}:{}: {}[{}]: {}\n", printable(one.mark.file),
                                         one.mark.line, one.mark.column, to_text(one.severity),
                                         one.code, printable(one.message));
      if (!one.hint.empty()) {
        context.process.out << fmt::format("  hint: {}\n", printable(one.hint));
      }
    }
  }
  return errors;
}

// JSON gets an empty list of errors, so that a program tests one member in both cases.
ExitCode report_valid(const Context& context, const Config& config) {
  const std::size_t count = config.domains.size();
  return print(context, context.json()
                            ? errors_json({})
                            : fmt::format("{} is valid: {} domain{}.\n", printable(config.file),
                                          count, count == 1 ? "" : "s"));
}

// For workflows: which files of a commit make a plan necessary. At the base as well, since a file
// that is no longer read was read before.
ExitCode list_files(const Context& context) {
  VALUE_OR_EXIT(const Config config, load_whole(context));
  std::vector<std::string> files = files_read(config);
  if (const auto ref = context.arguments.one("base")) {
    TRY_OR_FAIL("base", ConfigWithFiles base, config_at(*ref, config));
    base.config.file = config.file;
    base.config.folder = config.folder;
    std::ranges::copy(files_read(base.config), std::back_inserter(files));
    sort_unique(files);
  }
  if (context.json()) return print(context, files_json(files));
  std::string text;
  for (const std::string& file : files) text += printable(file) + "\n";
  return print(context, text);
}

}  // namespace

ExitCode run_validate(Context& context) {
  if (context.arguments.has("list-files")) return list_files(context);
  if (context.arguments.has("base")) {
    return usage_error(context, "--base needs --list-files",
                       "`rampart plan --base REF` compares the rules");
  }
  auto loaded = load_config(context.config_file);
  std::vector<ConfigError> errors;
  Config config;
  if (auto* mistakes = std::get_if<std::vector<ConfigError>>(&loaded)) {
    errors = std::move(*mistakes);
  } else {
    config = std::get<Config>(std::move(loaded));
    // Before the findings and not before loading: mistakes of other domains are mistakes of the
    // file.
    if (const Result<Ok> narrowed = narrow(config, context.domain_globs); !narrowed) {
      return fail(context, "usage", narrowed.error());
    }
    errors = missing_folders(config);
    std::ranges::move(errors_among(context, offline_findings(config, context.now)),
                      std::back_inserter(errors));
  }
  // Written even without findings, because code scanning closes old alerts only by a new file.
  if (const std::optional<std::string> path = context.arguments.one("sarif")) {
    OK_OR_FAIL("unwritable", write_file(*path, sarif(errors, context.process.version)));
  }
  if (!errors.empty()) return fail(context, errors);
  return report_valid(context, config);
}

}  // namespace rampart
