#include "cli/dispatch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/closest.h"
#include "base/text.h"
#include "cli/commands/outputs.h"

namespace rampart {
namespace {

/// A mistake in the command line, and what was probably meant.
struct UsageError {
  std::string message;
  std::string hint;
};

// Without a near word the help, of the command if there is one, is the better answer than a guess.
std::string did_you_mean(const std::string& near, std::string_view command = "") {
  if (!near.empty()) return fmt::format("did you mean {}?", near);
  return fmt::format("see rampart {}{}--help", command, command.empty() ? "" : " ");
}

/// Every option that may be meant, for "did you mean".
/// Only options that this command takes: a suggestion that is refused as well would be worse than
/// none.
std::vector<std::string> option_names(const Command* command) {
  std::vector<std::string> names = {"--help", "--version"};
  for (const CommandOption& one : global_options()) names.push_back(fmt::format("--{}", one.name));
  if (command == nullptr) return names;
  for (const CommandOption& one : command->options) names.push_back(fmt::format("--{}", one.name));
  return names;
}

/// The message for a word that no row of the table knows. A group without a known sub-command is
/// answered with its own sub-commands.
/// Only the first word is reported: those after it are often the value of a misspelt option.
UsageError unexpected(const Invocation& invocation) {
  const std::string& word = invocation.unexpected.front();
  if (word.starts_with('-') && word != "-") {
    const std::string name = word.substr(0, word.find('='));
    return {fmt::format("unknown option {}", name),
            did_you_mean(closest(name, option_names(invocation.command)),
                         invocation.command ? invocation.command->name : std::string_view())};
  }
  const std::string group(invocation.command ? invocation.command->name : invocation.group);
  const std::string prefix = group.empty() ? "" : group + " ";
  const std::vector<std::string> words = words_after(group);
  if (words.empty()) {
    return {fmt::format("{} takes no argument \"{}\"", group, word),
            fmt::format("see rampart {} --help", group)};
  }
  const std::string near = closest(word, words);
  return {fmt::format("unknown command {}{}", prefix, word),
          did_you_mean(near.empty() ? near : prefix + near)};
}

/// No command word was given, or a group's name without a sub-command.
/// A group alone is nearly always an interrupted thought, so its commands are listed.
UsageError missing_command(const std::string& group) {
  if (group.empty()) return {"no command was given", "see rampart --help"};
  return {fmt::format("{} needs a command: {}", group, fmt::join(words_after(group), ", ")),
          fmt::format("see rampart {} --help", group)};
}

/// A value outside a fixed set of choices is refused here, so that commands can rely on it.
std::optional<UsageError> check_choice(const std::string& what, const std::string& value,
                                       const std::vector<std::string_view>& choices) {
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return std::nullopt;
  const std::vector<std::string> known(choices.begin(), choices.end());
  const std::string near = closest(value, known);
  return UsageError{fmt::format("{} takes {}, not \"{}\"", what, fmt::join(choices, ", "), value),
                    near.empty() ? "" : did_you_mean(near)};
}

// Required words are checked here and not by CLI11, whose message would be in no JSON document.
std::optional<UsageError> check_words(const Command& command, const Arguments& arguments) {
  for (const Positional& one : command.positionals) {
    const std::vector<std::string> given = arguments.all(std::string(one.name));
    if (given.empty() && one.count == Arity::One) {
      return UsageError{fmt::format("{} needs {}: {}", command.name, one.name, one.help),
                        fmt::format("see rampart {} --help", command.name)};
    }
    for (const std::string& value : given) {
      if (auto bad = check_choice(std::string(command.name), value, one.choices)) return bad;
    }
  }
  return std::nullopt;
}

/// Whether `text` is HOST:PORT, with an IPv6 address in brackets. The host is not looked up: only
/// its form can be wrong here.
bool is_host_and_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0 || text.size() - colon > 6) return false;
  const std::string host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  if (port.empty() || !std::ranges::all_of(port, is_digit)) return false;
  const int number = std::stoi(port);
  if (number < 1 || number > 65535) return false;
  if (host.starts_with('[')) return host.size() > 2 && host.ends_with(']') && parse_server(host);
  return host.find_first_of(":/@[] ") == host.npos;
}

/// An empty value is nearly always an unset variable in a script: `--out "$FILE"`.
std::optional<UsageError> check_options(const Command& command, const Arguments& arguments) {
  std::vector<CommandOption> all = global_options();
  std::ranges::copy(command.options, std::back_inserter(all));
  for (const CommandOption& one : all) {
    for (const std::string& value : arguments.all(std::string(one.name))) {
      if (auto bad = check_choice(fmt::format("--{}", one.name), value, one.choices)) return bad;
      if (value.empty() && !one.value.empty() && !one.may_be_empty) {
        return UsageError{fmt::format("--{} needs {}", one.name, one.value), ""};
      }
      if (one.value == "HOST:PORT" && !is_host_and_port(value)) {
        return UsageError{fmt::format("--{} \"{}\" is not HOST:PORT", one.name, value),
                          "write a host and a port, such as 127.0.0.1:8443 or [::1]:8443"};
      }
    }
  }
  return std::nullopt;
}

// Addresses alone: resolving the name of a resolver would need one.
std::optional<UsageError> read_servers(const Arguments& arguments, const std::string& option,
                                       std::vector<Server>& into) {
  for (const std::string& text : arguments.all(option)) {
    const Result<Server> server = parse_server(text);
    if (!server) {
      return UsageError{fmt::format("--{} \"{}\": {}", option, text, server.error().what),
                        "write IP, IP:PORT or [IP6]:PORT"};
    }
    into.push_back(*server);
  }
  return std::nullopt;
}

// `--now` makes a run repeatable: dates in plans, ramps and rotations all follow from this one.
std::optional<UsageError> read_clock(Context& context) {
  context.now = context.process.clock;
  const std::optional<std::string> text = context.arguments.one("now");
  if (!text) return std::nullopt;
  const std::optional<Time> time = parse_time(*text);
  if (!time) {
    return UsageError{fmt::format("--now \"{}\" is not a time", *text),
                      "write it as 2026-11-21T00:00:00Z"};
  }
  context.now = *time;
  return std::nullopt;
}

/// The first format of a command's row is its default.
/// Each command has formats of its own, so the global option cannot have fixed choices.
std::optional<UsageError> read_format(Context& context, const Command& command) {
  context.format = context.arguments.one("format").value_or(std::string(command.formats.front()));
  return check_choice(fmt::format("--format of {}", command.name), context.format, command.formats);
}

/// `text` is one of the option's choices already; the array has the order of LogLevel.
LogLevel log_level(const std::string& text) {
  constexpr std::array kLevels = {"error", "warning", "info", "debug", "trace"};
  return static_cast<LogLevel>(std::ranges::find(kLevels, text) - kLevels.begin());
}

/// Fills the context from the options; stops at the first mistake.
std::optional<UsageError> read_globals(Context& context, const Command& command) {
  if (auto bad = check_options(command, context.arguments)) return bad;
  if (auto bad = read_format(context, command)) return bad;
  if (auto bad = check_words(command, context.arguments)) return bad;
  if (auto bad = read_servers(context.arguments, "resolver", context.resolvers)) return bad;
  if (auto bad = read_servers(context.arguments, "nameserver", context.nameservers)) return bad;
  if (auto bad = read_clock(context)) return bad;
  context.config_file = context.arguments.one("config").value_or("domains.yaml");
  context.domain_globs = context.arguments.all("domain");
  context.evidence = context.arguments.one("evidence");
  context.store =
      context.arguments.one("store").value_or(context.process.variable("RAMPART_STORE"));
  context.log_level = log_level(context.arguments.one("log-level").value_or("info"));
  // no-color.org: any value except the empty one turns colour off.
  const bool plain = context.arguments.has("no-color") ||
                     !context.process.variable("NO_COLOR").empty() ||
                     context.process.variable("TERM") == "dumb";
  context.colour = context.process.colour_terminal && !plain ? Colour::On : Colour::Off;
  return std::nullopt;
}

/// Everything is checked before the command runs, so that no command has to undo anything because
/// of a misspelt option.
ExitCode check_and_run(const Invocation& invocation, ProcessEnv& process) {
  const auto refuse = [&](const UsageError& error) {
    return usage_error(process, invocation.arguments, error.message, error.hint);
  };
  if (!invocation.unexpected.empty()) return refuse(unexpected(invocation));
  if (invocation.command == nullptr) return refuse(missing_command(invocation.group));
  Context context{.process = process, .arguments = invocation.arguments};
  if (const auto bad = read_globals(context, *invocation.command)) return refuse(*bad);
  OK_OR_FAIL("unwritable", check_outputs(context, *invocation.command));
  return invocation.command->run(context);
}

}  // namespace

// A full disk shows only when the stream is flushed: exit code 0 with half a plan would be
// believed.
ExitCode run(const Invocation& invocation, ProcessEnv& process) {
  const ExitCode code = check_and_run(invocation, process);
  process.out.flush();
  if (process.out.good()) return code;
  // The reader closed the pipe (`| head`): exit without a message.
  if (process.reader_left != nullptr && process.reader_left()) return ExitCode::Error;
  process.err << "rampart: error: the answer could not be written to standard output\n";
  return ExitCode::Error;
}

// The options may be unusable, so the context has defaults except for the format of the error.
ExitCode usage_error(ProcessEnv& process, const Arguments& arguments, const std::string& message,
                     const std::string& hint) {
  Context context{.process = process, .arguments = arguments};
  context.format = arguments.one("format").value_or("text");
  return usage_error(context, message, hint);
}

}  // namespace rampart
