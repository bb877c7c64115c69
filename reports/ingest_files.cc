/// The ingest of a list of files, with its progress.
#include <filesystem>

#include "reports/ingest.h"

namespace rampart::reports {

Result<Ingested> ingest(const std::vector<std::string>& files, Store& store,
                        const IngestOptions& options) {
  Ingester ingester(store, options);
  Progress progress{.of_files = files.size()};
  for (const std::string& file : files) {
    ingester.add_file(file);
    // Every later file would fail as well, and each would be reported as refused.
    if (ingester.store_failure()) return *ingester.store_failure();
    if (!options.progress) continue;
    std::error_code none;
    // Standard input has no size; the progress then counts files alone.
    const auto size = std::filesystem::file_size(file, none);
    if (!none) progress.octets += size;
    ++progress.files;
    progress.reports = ingester.outcome().reports;
    options.progress(progress);
  }
  TRY_OK(ingester.commit());
  return ingester.outcome();
}

}  // namespace rampart::reports
