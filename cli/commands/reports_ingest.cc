/// `rampart reports ingest`: aggregate reports into the store.

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

/// Copies what was refused, so that it can be looked at; never over what is there.
Result<Ok> quarantine(const reports::Ingested& outcome, const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{error.message(), folder};
  std::set<std::string> inputs;
  for (const reports::Refused& one : outcome.refused) inputs.insert(one.input);
  for (const std::string& input : inputs) {
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

ExitCode run_reports_ingest(Context& context) {
  const std::vector<std::string> words = context.arguments.all("PATH");
  if (words.empty()) {
    return fail(context,
                {command_error("usage", "no file is named", "rampart reports ingest PATH...")});
  }
  const std::optional<Config> config = config_or_empty(context);
  if (!config) return ExitCode::Error;
  const Result<std::string> path = store_path(context);
  if (!path) return fail(context, "store", path.error());
  Result<reports::Resolve> resolve = resolve_for(context, *config);
  if (!resolve) return fail(context, "resolver", resolve.error());
  Result<reports::Store> store = reports::Store::open(*path);
  if (!store) return fail(context, "store", store.error());
  reports::IngestOptions options;
  options.now = context.now;
  options.resolve = std::move(resolve).value();
  ProgressBar progress_bar(context, "files");
  options.progress = [&](const reports::Progress& so_far) {
    progress_bar.show(so_far.files, so_far.of_files, so_far.octets);
  };
  if (context.arguments.has("trusted")) options.trust = reports::Trust::Verified;
  const Result<reports::Ingested> outcome =
      reports::ingest(reports::expand(words), store.value(), options);
  progress_bar.finish();
  if (!outcome) return fail(context, "store", outcome.error());
  if (const auto folder = context.arguments.one("quarantine")) {
    const Result<Ok> kept = quarantine(*outcome, *folder);
    if (!kept) return fail(context, "unwritable", kept.error());
  }
  context.process.out << (context.json() ? ingested_json(*outcome) : ingested_text(*outcome));
  return outcome->refused.empty() ? ExitCode::Ok : ExitCode::Partly;
}

}  // namespace rampart
