/// Shared by the commands about reports: the store, the YAML if there is one, the resolver.
#pragma once

#include "cli/context/context.h"
#include "reports/analysis/reverse_dns_map.h"
#include "reports/ingest.h"

namespace rampart {

/// The path of the store: `--store`, RAMPART_STORE, else rampart.db next to the YAML.
Result<std::string> store_path(const Context& context);

/// The whole YAML where -c names one or domains.yaml exists here, else the catalogue alone. On
/// nothing, the failure is already reported.
std::optional<Config> config_or_catalogue(const Context& context);

/// As config_or_catalogue, but empty where there is no YAML or where it has mistakes, which are
/// then a warning: commands that name no senders need no more of it than the resolvers.
std::optional<Config> config_or_empty(const Context& context);

/// Queries the resolvers that the flags, the YAML or the system name.
Result<reports::Resolve> resolve_for(const Context& context, const Config& config);

/// The map in the file that --reverse-dns-map names; empty without the flag.
Result<reports::ReverseDnsMap> host_owners(const Context& context);

/// How long commands for people look host names up; decisions wait less (cli/context/evidence.cc).
inline constexpr std::chrono::seconds kReportLookupTime{10};

/// Whether a command needs a store that exists, or creates it.
enum class StoreUse { MustExist, Create };

/// What every command about reports needs.
struct ReportEnvironment {
  Config config;
  reports::Store store;
  reports::Resolve resolve;
  Config catalogue;  ///< The built-in one, whose reporting organizations decide about trust.
};

/// Opens the store and the resolver. On nothing, the failure is already reported.
std::optional<ReportEnvironment> open_environment(const Context& context, Config config,
                                                  StoreUse use);

/// The files that a command needs while it reads reports, beside its store.
struct ReadingLimits {
  std::vector<std::string> inputs;   ///< Files that are read.
  std::vector<std::string> outputs;  ///< Files and folders that exist, and are written.
};

/// Called before the first report is parsed, because anybody may have sent it: from here on the
/// process can open what `reading` names, the files of its store and what libraries need, but no
/// key and no YAML (base/file_limits.h). Where the kernel cannot do that, nothing changes.
Result<Ok> limit_to_reading(const Context& context, ReportEnvironment& environment,
                            const ReadingLimits& reading);

/// What every way of ingesting reports needs to decide about their trust: the clock, the resolver,
/// and the built-in organizations. `environment` must outlive `options`.
void prepare(const Context& context, const ReportEnvironment& environment,
             reports::IngestOptions& options);

}  // namespace rampart
