/// What a command runs with: the parsed options, the streams and the environment.
#pragma once

#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context/exit_code.h"
#include "cli/views/views.h"
#include "reconciler/config/config.h"
#include "reconciler/observe/observe.h"

namespace rampart {

/// Options and positionals by name, without dashes: {"out", {"plan.json"}}. A flag holds "".
struct Arguments {
  std::map<std::string, std::vector<std::string>> values;

  bool has(const std::string& name) const { return values.contains(name); }
  /// The last value given: the later option wins.
  std::optional<std::string> one(const std::string& name) const;
  std::vector<std::string> all(const std::string& name) const;
};

enum class LogLevel { Error, Warning, Info, Debug, Trace };

/// The world outside the process, as main() or a test hands it in.
struct ProcessEnv {
  std::istream& in;
  std::ostream& out;  ///< The answer, and nothing else.
  std::ostream& err;  ///< Progress and errors.
  std::map<std::string, std::string> environment;
  std::string version;
  Time clock;                   ///< The system clock; `--now` wins.
  bool answers_prompt = false;  ///< A person sits at the terminal and can say yes.
  bool colour_terminal = false;
  bool err_terminal = false;  ///< Somebody watches what is said on `err`.
  bool (*reader_left)() =
      nullptr;  ///< Whether nobody reads the answer any more, as after `| head`.
};

/// Everything that a command sees.
struct Context {
  ProcessEnv& process;
  Arguments arguments;
  std::string config_file = "domains.yaml";
  std::vector<std::string> domain_globs = {};
  std::string format = "text";
  std::string store = {};  ///< Empty: sqlite:rampart.db beside the YAML.
  std::optional<std::string> evidence = {};
  std::vector<Server> resolvers = {};
  std::vector<Server> nameservers = {};
  Time now = {};
  LogLevel log_level = LogLevel::Info;
  Colour colour = Colour::Off;

  bool json() const { return format == "json"; }
};

/// Says on stderr what is being done, where the log level asks for it.
void progress(const Context& context, std::string_view sentence);

/// Says on stderr what the adapters say to their hosts, as far as the log level asks for it.
TrafficLog traffic_log(const Context& context);

/// A failure that no line of a file stands for.
ConfigError command_error(const std::string& code, const std::string& message,
                          const std::string& hint);

/// Reports failures: text on stderr, or with `--format json` the `errors` document on stdout.
ExitCode fail(const Context& context, const std::vector<ConfigError>& errors);
ExitCode fail(const Context& context, const std::string& code, const Error& error);

/// The YAML of `-c`, narrowed to the domains of `--domain`. Failures are reported already.
std::optional<Config> load(const Context& context);

/// Keeps the domains that a glob matches; without globs, all.
void keep_matching(Config& config, const std::vector<std::string>& globs);

/// As keep_matching; an Error names a glob that matches none.
Result<Ok> narrow(Config& config, const std::vector<std::string>& globs);

/// make_plan for the domains that `load` kept: what it would say of the others is left out.
Plan plan_for(const Context& context, const Config& config, const World& world);

/// Where and how to look, from the flags, the YAML and the environment.
Result<ObserveOptions> observe_options(const Context& context, const Config& config, LiveFrom live);

/// Reads a whole file.
Result<std::string> read_file(const std::string& path);

/// Replaces a file's content: whole or not at all.
Result<Ok> write_file(const std::string& path, const std::string& text);

}  // namespace rampart
