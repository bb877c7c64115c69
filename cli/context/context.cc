#include "cli/context/context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "base/new_file.h"
#include "base/unique_fd.h"
#include "cli/views/json_documents.h"
#include "dns/txt.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

/// Globs are matched against the A-labels and the Unicode form, which people type.
/// fnmatch and not a regular expression: people know globs from their shell, and `*` must not
/// surprise them.
bool matches(const std::string& glob, const Name& name) {
  const auto hit = [&](const std::string& text) {
    return fnmatch(glob.c_str(), text.c_str(), FNM_CASEFOLD) == 0;
  };
  return hit(name.text()) || hit(name.unicode());
}

Error system_error(const std::string& path) { return {std::strerror(errno), path}; }

// Options win over the YAML and the YAML over the system, so that one run can be pointed elsewhere
// without an edit. A missing resolv.conf means the local host, as for the C library.
Result<std::vector<Server>> resolvers_of(const Context& context, const Config& config) {
  if (!context.resolvers.empty()) return context.resolvers;
  if (config.resolvers.empty()) {
    const Result<std::string> text = read_file("/etc/resolv.conf");
    return parse_resolv_conf(text ? *text : std::string());
  }
  std::vector<Server> servers;
  for (const std::string& text : config.resolvers) {
    const Result<Server> server = parse_server(text);
    if (!server) return within(config.file, server.error());
    servers.push_back(*server);
  }
  return servers;
}

}  // namespace

// The last one wins, so that a wrapper script can set a default that its caller overrides.
std::optional<std::string> Arguments::one(const std::string& name) const {
  const auto found = values.find(name);
  if (found == values.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

// An empty variable counts as unset: CI systems set missing secrets to the empty text.
std::string ProcessEnv::variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

// The exit code is the caller's: text and JSON of one result must end with the same one.
ExitCode print(const Context& context, std::string_view text, ExitCode code) {
  context.process.out << text;
  return code;
}

// On standard error and flushed at once: standard output holds the result and nothing else, and may
// be a pipe.
void progress(const Context& context, std::string_view sentence) {
  if (context.log_level >= LogLevel::Info)
    context.process.err << printable(sentence) + '\n' << std::flush;
}

// Empty functions switch a level off; providers then build no lines at all.
TrafficLog traffic_log(const Context& context) {
  const auto sink = [&](LogLevel level, const std::string& word) {
    std::function<void(const std::string&)> log;
    if (context.log_level < level) return log;
    log = [&err = context.process.err, word](const std::string& line) {
      err << word + line + '\n' << std::flush;
    };
    return log;
  };
  return {.debug = sink(LogLevel::Debug, "debug: "), .trace = sink(LogLevel::Trace, "trace: ")};
}

// Errors of the YAML come with their line and a caret; others are one sentence and a hint.
ExitCode fail(const Context& context, const std::vector<ConfigError>& errors) {
  if (context.json()) {
    context.process.out << errors_json(errors);
    return ExitCode::Error;
  }
  for (const ConfigError& error : errors) {
    if (error.line > 0) {
      std::string text = to_text(error);
      if (!text.ends_with('\n')) text += '\n';
      context.process.err << text;
      continue;
    }
    // Names of files, replies of servers and parts of records are outsiders' texts.
    const std::string file = error.file.empty() ? "" : printable(error.file) + ": ";
    context.process.err << "rampart: error: " << file << printable(error.message) << '\n';
    if (!error.hint.empty()) context.process.err << "  " << printable(error.hint) << '\n';
  }
  return ExitCode::Error;
}

// The same form as a mistake in the YAML, so that `--format json` has one document for every
// failure.
ConfigError command_error(const std::string& code, const std::string& message,
                          const std::string& hint) {
  return {"", 0, 0, code, message, hint, ""};
}

ExitCode fail(const Context& context, const std::string& code, const Error& error) {
  ConfigError failure = command_error(code, error.what, "");
  failure.file = error.where;
  return fail(context, std::vector<ConfigError>{failure});
}

ExitCode usage_error(const Context& context, const std::string& message, const std::string& hint) {
  return fail(context, std::vector<ConfigError>{command_error("usage", message, hint)});
}

// All mistakes at once: an editor session fixes ten of them in one go.
std::optional<Config> load_whole(const Context& context) {
  auto loaded = load_config(context.config_file);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    fail(context, *errors);
    return std::nullopt;
  }
  return std::get<Config>(std::move(loaded));
}

std::optional<Config> load(const Context& context) {
  std::optional<Config> config = load_whole(context);
  if (!config) return config;
  if (const Result<Ok> narrowed = narrow(*config, context.domain_globs); !narrowed) {
    fail(context, "usage", narrowed.error());
    return std::nullopt;
  }
  return config;
}

// For another configuration than the one in use (`plan --base`), in which a glob may match nothing.
void keep_matching(Config& config, const std::vector<std::string>& globs) {
  if (globs.empty()) return;
  std::erase_if(config.domains, [&](const auto& row) {
    const auto hit = [&](const std::string& glob) { return matches(glob, row.first); };
    return std::ranges::none_of(globs, hit);
  });
}

// A glob that matches nothing is an error: a misspelt domain must not look like "no changes".
Result<Ok> narrow(Config& config, const std::vector<std::string>& globs) {
  if (globs.empty()) return Ok{};
  for (const std::string& glob : globs) {
    const auto hit = [&](const auto& row) { return matches(glob, row.first); };
    if (std::ranges::none_of(config.domains, hit)) {
      return Error{fmt::format("no domain of {} matches --domain {}", config.file, glob)};
    }
  }
  keep_matching(config, globs);
  return Ok{};
}

Plan plan_for(const Context& context, const Config& config, const World& world) {
  Plan plan = make_plan(config, world);
  // A zone named only by a domain that --domain left out would be reported as unmanaged.
  if (!context.domain_globs.empty()) {
    std::erase_if(plan.findings, [](const Finding& one) { return one.code == "unmanaged"; });
  }
  return plan;
}

// RAMPART_FREEZE is an environment variable because an operator must be able to stop all changes of
// a pipeline without a commit.
Result<ObserveOptions> observe_options(const Context& context, const Config& config,
                                       LiveFrom live) {
  ObserveOptions options;
  options.now = context.now;
  options.live = live;
  TRY(options.resolvers, resolvers_of(context, config));
  options.nameservers = context.nameservers;
  const std::string freeze = context.process.variable("RAMPART_FREEZE");
  options.frozen = !freeze.empty() && freeze != "0";
  return options;
}

// Made for each observation: credentials of short life, such as those of a role, are read when they
// are needed.
Providers providers_for(const Context& context, const Config& config) {
  return make_providers(config, context.process.environment, context.now, traffic_log(context));
}

// Once a provider: each of its thousand domains would repeat the same sentence.
std::vector<ConfigError> unusable_providers(const Config& config, const Providers& providers) {
  std::set<std::string> used;
  for (const auto& [name, domain] : config.domains) {
    used.insert(domain.providers.begin(), domain.providers.end());
  }
  std::vector<ConfigError> errors;
  for (const std::string& name : used) {
    const auto provider = providers.find(name);
    if (provider == providers.end() || provider->second.ok()) continue;
    // Most adapters name themselves as the place of the error.
    Error error = provider->second.error();
    if (error.where == name) error.where.clear();
    errors.push_back(
        command_error("provider", fmt::format("provider {}: {}", name, sentence(error)),
                      "nothing was read or written; to leave this provider out, select domains of "
                      "other providers with --domain"));
  }
  return errors;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_error(path);
  // Opening a folder succeeds and reading it fails: `peek` sets badbit, an iterator would throw.
  file.peek();
  if (file.bad()) return system_error(path);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// Through a new file and a rename, so that a reader sees the old text or the new one and never half
// of it.
Result<Ok> write_file(const std::string& path, const std::string& text) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  // A device or a pipe is written to, never replaced.
  if (exists && !S_ISREG(status.st_mode)) {
    const UniqueFd device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!device) return system_error(path);
    return within(path, write_all(device.get(), text));
  }
  // Process and time keep runs apart that write the same file, also those in two containers.
  const auto time = std::chrono::system_clock::now().time_since_epoch().count();
  NewFile file(AT_FDCWD, fmt::format("{}.{}-{}.new", path, ::getpid(), time));
  TRY_OK(within(path, file.create(0666)));
  if (exists && ::fchmod(file.fd(), status.st_mode & 0777) != 0) return system_error(path);
  TRY_OK(within(path, file.write(text)));
  return within(path, file.replace(path));
}

}  // namespace rampart
