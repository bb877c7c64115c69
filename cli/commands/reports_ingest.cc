/// `rampart reports ingest`: reads aggregate reports into the store.
#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "cli/commands/table.h"
#include "cli/context/progress_bar.h"
#include "cli/context/reports.h"
#include "cli/views/reports.h"

namespace rampart {
namespace {

namespace fs = std::filesystem;

Result<Ok> make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{error.message(), folder};
  return Ok{};
}

/// Copies the refused inputs, so that they can be inspected. Never overwrites a file.
/// By input and not by report: one archive may contain several refused reports. A copy gets a
/// number rather than replacing an earlier one.
Result<Ok> quarantine(const reports::Ingested& outcome, const std::string& folder) {
  std::error_code error;
  std::set<std::string> inputs;
  for (const reports::Refused& one : outcome.refused) inputs.insert(one.input);
  for (const std::string& input : inputs) {
    // Standard input and folders cannot be copied.
    if (!fs::is_regular_file(input, error)) continue;
    fs::path to = fs::path(folder) / fs::path(input).filename();
    for (int copy = 1; fs::exists(to, error); ++copy) {
      to = fs::path(folder) / fmt::format("{}.{}", fs::path(input).filename().string(), copy);
    }
    fs::copy_file(input, to, error);
    if (error) return Error{error.message(), to.string()};
  }
  return Ok{};
}

}  // namespace

// Refused files do not stop the others: a mailbox export always contains some that are no reports.
ExitCode run_reports_ingest(Context& context) {
  const std::vector<std::string> paths = context.arguments.all("PATH");
  if (paths.empty()) {
    return usage_error(context, "there is nothing to read",
                       "run rampart reports ingest PATH..., or - for standard input");
  }
  VALUE_OR_EXIT(Config config, config_or_empty(context));
  VALUE_OR_EXIT(auto environment, open_environment(context, std::move(config), StoreUse::Create));
  reports::IngestOptions options;
  prepare(context, environment, options);
  ProgressBar progress_bar(context, "files");
  options.progress = [&](const reports::Progress& so_far) {
    progress_bar.show(so_far.files, so_far.of_files, so_far.octets);
  };
  if (context.arguments.has("trusted")) options.trust = reports::Trust::Verified;
  if (context.arguments.has("keep-addresses")) options.addresses = reports::AddressPrivacy::Kept;
  if (const auto folder = context.arguments.one("quarantine")) {
    OK_OR_FAIL("unwritable", make_folder(*folder));
  }
  const std::vector<std::string> files = reports::expand_paths(paths);
  const ReadingLimits reading{.inputs = files, .outputs = context.arguments.all("quarantine")};
  OK_OR_FAIL("store", limit_to_reading(context, environment, reading));
  const Result<reports::Ingested> outcome = reports::ingest(files, environment.store, options);
  progress_bar.finish();
  if (!outcome) return fail(context, "store", outcome.error());
  if (const auto folder = context.arguments.one("quarantine")) {
    OK_OR_FAIL("unwritable", quarantine(*outcome, *folder));
  }
  return print(context, context.json() ? ingested_json(*outcome) : ingested_text(*outcome),
               outcome->refused.empty() ? ExitCode::Ok : ExitCode::Partly);
}

}  // namespace rampart
