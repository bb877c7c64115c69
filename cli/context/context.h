/// What a command runs with: the parsed options, the streams and the environment.
#pragma once

#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_limits.h"
#include "cli/views/views.h"
#include "reconciler/config/config.h"
#include "reconciler/observe/observe.h"

namespace rampart {

/// The exit codes of all commands (docs/commands.md).
enum class ExitCode : int {
  Ok = 0,          ///< Success, nothing to report.
  Error = 1,       ///< No result: bad usage, bad YAML, an unreadable file.
  Different = 2,   ///< There are changes, differences or findings.
  Withheld = 3,    ///< A change is withheld: an error finding, or a stale plan.
  Partly = 4,      ///< Some of it was written, some not.
  NotVisible = 5,  ///< Written, but not yet returned by every server.
};

/// Options and positionals by name, without dashes: {"out", {"plan.json"}}. A flag holds "".
struct Arguments {
  std::map<std::string, std::vector<std::string>> values;

  bool has(const std::string& name) const { return values.contains(name); }
  /// The last value given: the later option wins.
  std::optional<std::string> one(const std::string& name) const;
  std::vector<std::string> all(const std::string& name) const;
};

/// Each level includes those before it.
enum class LogLevel { Error, Warning, Info, Debug, Trace };

/// The environment of the process: streams, variables, clock. main() or a test provides it.
struct ProcessEnv {
  std::istream& in;
  std::ostream& out;  ///< The result, and nothing else.
  std::ostream& err;  ///< Progress and errors.
  std::map<std::string, std::string> environment;
  std::string version;
  Time clock;                    ///< The system clock; `--now` wins.
  bool answers_prompt = false;   ///< A person is at the terminal and can confirm.
  bool colour_terminal = false;  ///< `out` is a terminal.
  bool err_terminal = false;     ///< `err` is a terminal.
  /// Whether the reader of `out` has closed it, as after `| head`; may be null.
  bool (*reader_left)() = nullptr;
  /// base/file_limits.h; null in tests, which share their process.
  bool (*limit_files)(const FileLimits&) = nullptr;

  /// The value of an environment variable; empty if it is not set.
  std::string variable(const std::string& name) const;
};

/// Everything that a command works with: the environment, the arguments, and the global options
/// already read.
struct Context {
  ProcessEnv& process;
  Arguments arguments;
  std::string config_file = "domains.yaml";
  std::vector<std::string> domain_globs = {};
  std::string format = "text";
  std::string store = {};                    ///< Empty: sqlite:rampart.db beside the YAML.
  std::optional<std::string> evidence = {};  ///< The file of `--evidence`.
  std::vector<Server> resolvers = {};
  std::vector<Server> nameservers = {};
  Time now = {};
  LogLevel log_level = LogLevel::Info;
  Colour colour = Colour::Off;

  bool json() const { return format == "json"; }
  Date today() const { return std::chrono::floor<std::chrono::days>(now); }
};

/// Writes a line on stderr, at log level info and above.
void progress(const Context& context, std::string_view sentence);

/// Prints the result of a command. Returns `code`.
ExitCode print(const Context& context, std::string_view text, ExitCode code = ExitCode::Ok);

/// Logs the provider adapters' requests on stderr: one line each at debug, their text at trace.
TrafficLog traffic_log(const Context& context);

/// A failure without a place in a file.
ConfigError command_error(const std::string& code, const std::string& message,
                          const std::string& hint);

/// Reports failures: text on stderr, or with `--format json` the `errors` document on stdout.
/// Returns ExitCode::Error.
ExitCode fail(const Context& context, const std::vector<ConfigError>& errors);
ExitCode fail(const Context& context, const std::string& code, const Error& error);

/// Reports a mistake in the options of a command, with a hint how to write it.
ExitCode usage_error(const Context& context, const std::string& message, const std::string& hint);

/// The whole YAML of `-c`, whatever `--domain` selects. Empty: a failure, already reported.
std::optional<Config> load_whole(const Context& context);

/// The YAML of `-c`, narrowed to the domains of `--domain`. Empty: a failure, already reported.
std::optional<Config> load(const Context& context);

/// Keeps the domains that match a glob; without globs, all.
void keep_matching(Config& config, const std::vector<std::string>& globs);

/// As keep_matching; an Error names a glob that matches none.
Result<Ok> narrow(Config& config, const std::vector<std::string>& globs);

/// make_plan for the domains that `load` kept, without findings about the others.
Plan plan_for(const Context& context, const Config& config, const World& world);

/// How to observe: from the options, the YAML and the environment.
Result<ObserveOptions> observe_options(const Context& context, const Config& config, LiveFrom live);

/// The providers of the YAML, with credentials from the environment.
Providers providers_for(const Context& context, const Config& config);

/// Why providers of the YAML's domains cannot be used, an error each: a credential that is not set,
/// for example. Checked before a run that reads or writes through them.
std::vector<ConfigError> unusable_providers(const Config& config, const Providers& providers);

/// Reads a whole file.
Result<std::string> read_file(const std::string& path);

/// Replaces a file's content: whole or not at all.
Result<Ok> write_file(const std::string& path, const std::string& text);

}  // namespace rampart

// TRY for commands: binds the value of a Result, or reports its Error under `code` and returns.
//   TRY_OR_FAIL("world", const World world, observed_world(context, config, LiveFrom::Dns));
//   OK_OR_FAIL("unwritable", write_file(path, text));
//   VALUE_OR_EXIT(const Config config, load(context));    // an optional: already reported
// All need a `context` in scope.
#define RAMPART_TRY_OR_FAIL(result, code, declaration, ...)     \
  auto result = (__VA_ARGS__);                                  \
  if (!result.ok()) return fail(context, code, result.error()); \
  declaration = std::move(result).value()
#define TRY_OR_FAIL(code, declaration, ...) \
  RAMPART_TRY_OR_FAIL(RAMPART_JOIN(try_result_, __COUNTER__), code, declaration, __VA_ARGS__)
#define RAMPART_VALUE_OR_EXIT(found, declaration, ...) \
  auto found = (__VA_ARGS__);                          \
  if (!found) return ExitCode::Error;                  \
  declaration = *std::move(found)
#define VALUE_OR_EXIT(declaration, ...) \
  RAMPART_VALUE_OR_EXIT(RAMPART_JOIN(found_, __COUNTER__), declaration, __VA_ARGS__)
#define OK_OR_FAIL(code, ...)                            \
  if (auto try_result = (__VA_ARGS__); !try_result.ok()) \
  return fail(context, code, try_result.error())
