#include "cli/context/reports.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/printable.h"
#include "cli/context/dns_session.h"

namespace rampart {

// The scheme is required, so that a later kind of store cannot change the meaning of an existing
// path.
Result<std::string> store_path(const Context& context) {
  constexpr std::string_view kScheme = "sqlite:";
  if (context.store.empty()) {
    return (std::filesystem::path(context.config_file).parent_path() / "rampart.db").string();
  }
  if (!context.store.starts_with(kScheme) || context.store.size() == kScheme.size()) {
    return Error{fmt::format("the store {} is of an unknown kind: write sqlite:PATH",
                             without_userinfo(context.store)),
                 "--store"};
  }
  return context.store.substr(kScheme.size());
}

namespace {

bool has_config(const Context& context) {
  std::error_code none;
  return context.arguments.has("config") || std::filesystem::exists(context.config_file, none);
}

}  // namespace

// A mistake in the YAML must not stop reports from being stored: all they need of it is the
// resolvers. A file that is named and missing is an error, as the store would be beside it.
std::optional<Config> config_or_empty(const Context& context) {
  if (!has_config(context)) return Config();
  std::error_code none;
  if (!std::filesystem::exists(context.config_file, none)) return config_or_catalogue(context);
  auto loaded = load_config(context.config_file);
  if (auto* config = std::get_if<Config>(&loaded)) return std::move(*config);
  progress(
      context,
      fmt::format("warning: {} has mistakes, which `rampart validate` lists; reports are read "
                  "without it, and DNS is queried through --resolver or the system's resolvers",
                  context.config_file));
  return Config();
}

std::optional<Config> config_or_catalogue(const Context& context) {
  return has_config(context) ? load_whole(context) : builtin_config();
}

// Only a file that is named: names of operators in a report must not depend on what happens to be
// in a folder.
Result<reports::ReverseDnsMap> host_owners(const Context& context) {
  const auto file = context.arguments.one("reverse-dns-map");
  if (!file) return reports::ReverseDnsMap();
  TRY(const std::string text, read_file(*file));
  return reports::parse_reverse_dns_map(text, *file);
}

// The session is shared by all calls, so that a name server that does not answer is waited for once
// and not once per address.
Result<reports::Resolve> resolve_for(const Context& context, const Config& config) {
  TRY(DnsSession session, resolver_session(context, config));
  const auto shared = std::make_shared<DnsSession>(std::move(session));
  return reports::Resolve([shared](Answers& answers, std::span<const Question> questions) {
    shared->resolve_into(answers, questions);
  });
}

// A reading command refuses a store that does not exist: creating an empty one would answer every
// question with zero.
std::optional<ReportEnvironment> open_environment(const Context& context, Config config,
                                                  StoreUse use) {
  const auto refuse = [&](const std::string& code, const Error& error) {
    fail(context, code, error);
    return std::nullopt;
  };
  const Result<std::string> path = store_path(context);
  if (!path) return refuse("store", path.error());
  // The resolver first: a command that cannot work must not create a store.
  Result<reports::Resolve> resolve = resolve_for(context, config);
  if (!resolve) return refuse("resolver", resolve.error());
  Result<reports::Store> store =
      use == StoreUse::Create ? reports::Store::open(*path) : reports::Store::open_existing(*path);
  if (!store) return refuse("store", store.error());
  return ReportEnvironment{std::move(config), std::move(store).value(), std::move(resolve).value(),
                           builtin_config()};
}

// SQLite makes its files when it opens a store in WAL mode, and removes them when it closes it. In
// another mode, which a file system without shared memory forces, it makes a journal at each write.
Result<Ok> limit_to_reading(const Context& context, ReportEnvironment& environment,
                            const ReadingLimits& reading) {
  if (context.process.limit_files == nullptr) return Ok{};
  namespace fs = std::filesystem;
  TRY(const std::string store, store_path(context));
  TRY_OK(environment.store.keep_temporary_in_memory());
  std::error_code none;
  const std::string folder = fs::path(store).parent_path().string();
  FileLimits limits{.read = system_files(), .write = reading.outputs, .remove = {}};
  limits.read.insert(limits.read.end(), reading.inputs.begin(), reading.inputs.end());
  limits.write.insert(limits.write.end(), {store, store + "-wal", store + "-shm"});
  (fs::exists(store + "-wal", none) ? limits.remove : limits.write)
      .push_back(folder.empty() ? "." : folder);
  (void)context.process.limit_files(limits);
  return Ok{};
}

// The built-in list and not the YAML's: which domains are of one organization must not depend on an
// edit.
void prepare(const Context& context, const ReportEnvironment& environment,
             reports::IngestOptions& options) {
  options.now = context.now;
  options.resolve = environment.resolve;
  options.organizations = &environment.catalogue;
}

}  // namespace rampart
