/// The binary: builds the parser from the table of commands, reads argv, runs one command.

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <set>

#include "cli/dispatch.h"

extern "C" char** environ;

namespace rampart {
namespace {

using Required = std::set<const CLI::Option*>;

/// CLI11's help, which shows as optional what CLI11 itself does not require. Here dispatch requires
/// it.
class Help : public CLI::Formatter {
 public:
  explicit Help(std::shared_ptr<const Required> required) : required_(std::move(required)) {}

  std::string make_option_usage(const CLI::Option* option) const override {
    return required_->contains(option) ? make_option_name(option, true)
                                       : CLI::Formatter::make_option_usage(option);
  }

 private:
  std::shared_ptr<const Required> required_;
};

/// The CLI11 parser, and the places that it writes values to.
struct Parser {
  CLI::App app{"SPF, DKIM and DMARC as code.", "rampart"};
  std::shared_ptr<Required> required = std::make_shared<Required>();  ///< Words of Arity::One.
  std::map<std::string, std::vector<std::string>> values;  ///< Stable addresses for CLI11.
  std::set<std::string> flags;
  std::map<std::string, CLI::App*> first_words;
  std::vector<std::pair<const Command*, CLI::App*>> commands;
};

/// Values are collected for repeatable options and single ones alike: `Arguments` decides which
/// occurrence is used, so that a later option can override an earlier one of a wrapper script.
void add_option(Parser& parser, CLI::App& app, const CommandOption& option) {
  const std::string name(option.name);
  const std::string spelled =
      (option.letter ? std::string("-") + option.letter + "," : "") + "--" + name;
  if (option.value.empty()) {
    app.add_flag_callback(
        spelled, [&parser, name] { parser.flags.insert(name); }, std::string(option.help));
    return;
  }
  app.add_option(spelled, parser.values[name], std::string(option.help))
      ->type_name(std::string(option.value))
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_positional(Parser& parser, CLI::App& app, const Positional& word) {
  const std::string name(word.name);
  CLI::Option* option = app.add_option(name, parser.values[name], std::string(word.help));
  option->type_name("");
  if (word.count == Arity::One) parser.required->insert(option);
  // dispatch checks how many are required: it can report the mistake in JSON too.
  if (word.count != Arity::Any) option->expected(1)->allow_extra_args(false);
}

constexpr std::string_view kGlobalOptions =
    "For the options of every command, such as --config, see rampart --help.";

/// Extras are allowed everywhere: CLI11 would reject an unknown word with a message of its own,
/// while dispatch names the nearest option or command.
CLI::App* add_app(CLI::App& parent, const std::string& name, const std::string& summary) {
  CLI::App* app = parent.add_subcommand(name, summary);
  // Global options may follow the command's name.
  app->fallthrough();
  app->allow_extras();
  app->require_subcommand(0, 1);
  app->footer(std::string(kGlobalOptions));
  return app;
}

/// A group's help line names its sub-commands, which the list of commands would not show.
std::string summary_of(const CommandGroup& group) {
  return fmt::format("{} Commands: {}.", group.summary, fmt::join(words_after(group.name), ", "));
}

// Groups are made on their first command; a group that is a command itself, as `senders`, has one
// parser for both.
CLI::App* app_for(Parser& parser, const Command& command) {
  const std::string name(command.name);
  const std::string first = name.substr(0, name.find(' '));
  CLI::App*& app = parser.first_words[first];
  const auto group = std::ranges::find(command_groups(), first, &CommandGroup::name);
  if (app == nullptr) {
    app = add_app(
        parser.app, first,
        group == command_groups().end() ? std::string(command.summary) : summary_of(*group));
  }
  if (name == first) return app;
  return add_app(*app, name.substr(first.size() + 1), std::string(command.summary));
}

/// The first format is the default. A single format is not worth a line.
std::string formats_line(const Command& command) {
  if (command.formats.size() < 2) return "";
  return fmt::format("Formats: {}.\n", fmt::join(command.formats, ", "));
}

// Options are added to the innermost word, so that `rampart keys --out` is refused while `keys
// export --out` is taken.
void add_command(Parser& parser, const Command& command) {
  CLI::App* app = app_for(parser, command);
  for (const CommandOption& option : command.options) add_option(parser, *app, option);
  for (const Positional& word : command.positionals) add_positional(parser, *app, word);
  app->footer(fmt::format("{}\n\n{}Exit codes: {}.", kGlobalOptions, formats_line(command),
                          exit_codes_of(command)));
  parser.commands.emplace_back(&command, app);
}

/// Builds the parser from the table, so that help, completion, man page and parser never differ.
void build(Parser& parser, const std::string& version) {
  // Before the commands, which inherit it.
  parser.app.formatter(std::make_shared<Help>(parser.required));
  parser.app.allow_extras();
  parser.app.require_subcommand(0, 1);
  parser.app.set_version_flag("--version", "rampart " + version);
  for (const CommandOption& option : global_options()) add_option(parser, parser.app, option);
  for (const Command& command : commands()) add_command(parser, command);
}

/// What CLI11 found, without its types: dispatch is tested without it.
Invocation invocation_of(const Parser& parser) {
  Invocation invocation;
  for (const auto& [word, app] : parser.first_words) {
    if (app->parsed()) invocation.group = word;
  }
  for (const auto& [command, app] : parser.commands) {
    if (app->parsed()) invocation.command = command;
  }
  for (const auto& [name, values] : parser.values) {
    if (!values.empty()) invocation.arguments.values[name] = values;
  }
  for (const std::string& flag : parser.flags) invocation.arguments.values[flag] = {""};
  invocation.unexpected = parser.app.remaining(true);
  return invocation;
}

/// The `--format` of a command line that CLI11 could not parse: its error is printed in that form.
/// A plain search, since the parser gave up on this command line.
Arguments format_of(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--format" && i + 1 < argc) arguments.values["format"] = {argv[i + 1]};
    if (word.starts_with("--format=")) arguments.values["format"] = {word.substr(9)};
  }
  return arguments;
}

// Copied once: the program never changes its environment, and tests pass a map of their own.
std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text = *one;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

/// POLLERR on a pipe's write end: every reader has closed it, as after `| head`.
bool reader_left() {
  pollfd answer{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return poll(&answer, 1, 0) == 1 && (answer.revents & POLLERR) != 0;
}

ProcessEnv process_env() {
  return {.in = std::cin,
          .out = std::cout,
          .err = std::cerr,
          .environment = environment(),
          .version = RAMPART_VERSION,
          .clock = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
          // The prompt goes to stderr, since stdout may be a file.
          .answers_prompt = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1,
          .colour_terminal = isatty(STDOUT_FILENO) == 1,
          .err_terminal = isatty(STDERR_FILENO) == 1,
          .reader_left = reader_left,
          .limit_files = limit_files};
}

// The words of the command that was read so far, each with a blank behind it.
std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    words += at->get_name() + " ";
  }
  return words;
}

int run_main(int argc, char** argv) {
  // The environment contains API tokens, and keys are opened later.
  hide_memory();
  // Without this, `| head` would kill the process in the middle of an apply.
  signal(SIGPIPE, SIG_IGN);
  // C streams are not used; without this every write would pass through them.
  std::ios::sync_with_stdio(false);
  ProcessEnv process = process_env();
  Parser parser;
  build(parser, process.version);
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::Success& help) {  // CLI11 reports --help and --version by exception.
    return parser.app.exit(help, process.out, process.err);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(usage_error(process, format_of(argc, argv), error.what(),
                                        fmt::format("see rampart {}--help", words_of(parser.app))));
  }
  return static_cast<int>(run(invocation_of(parser), process));
}

}  // namespace
}  // namespace rampart

int main(int argc, char** argv) { return rampart::run_main(argc, argv); }
