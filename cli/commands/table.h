/// The one table of commands. main() builds its parser from it, `completion` its scripts, and
/// a test holds docs/commands.md against it.
#pragma once

#include <string_view>
#include <vector>

#include "cli/context/context.h"

namespace rampart {

/// An option: `--out FILE`, or a flag where `value` is empty.
struct CommandOption {
  std::string_view name;   ///< Without dashes.
  std::string_view value;  ///< "FILE", "REF", ...
  std::string_view help;
  char letter = 0;                             ///< A one-letter form, if any.
  std::vector<std::string_view> choices = {};  ///< All values that it takes; empty: any.
  bool may_be_empty = false;                   ///< "" is a value too.
};

enum class Arity { Optional, One, Any };

/// A word without dashes: `DOMAIN`, `[plan.json]`, `PATH...`.
struct Positional {
  std::string_view name;
  std::string_view help;
  Arity count = Arity::One;
  std::vector<std::string_view> choices = {};
};

/// One row: what is typed, what it does, and the function that does it.
struct Command {
  std::string_view name;  ///< One word, or two where a group has several: "senders show".
  std::string_view summary;
  std::vector<CommandOption> options = {};
  std::vector<Positional> positionals = {};
  std::vector<std::string_view> formats = {"text", "json"};  ///< The first is the default.
  ExitCode (*run)(Context&) = nullptr;
};

/// Every command, in the order of the manual.
const std::vector<Command>& commands();

/// A first word that several commands share: "spf" of "spf check" and "spf tree". A group may be a
/// command of its own, as "senders" is.
struct CommandGroup {
  std::string_view name;
  std::string_view summary;  ///< One sentence; help adds the sub-commands to it.
};

/// Every group, in the order of the manual.
const std::vector<CommandGroup>& command_groups();

/// The command words that may follow the words `group`: "check", "tree" after "spf"; the first
/// words of all commands after "". Each once, in the order of the manual.
std::vector<std::string> words_after(std::string_view group);

/// The exit codes of a command and what each means: "0 success; 1 an error".
std::string_view exit_codes_of(const Command& command);

/// The options that every command takes, before or after its name.
const std::vector<CommandOption>& global_options();

/// What each row of the table runs. The failure of a command is already reported.
ExitCode run_init(Context& context);
ExitCode run_validate(Context& context);
ExitCode run_plan(Context& context);
ExitCode run_show(Context& context);
ExitCode run_apply(Context& context);
ExitCode run_verify(Context& context);
ExitCode run_advance(Context& context);
ExitCode run_rollback(Context& context);
ExitCode run_audit(Context& context);
ExitCode run_explain(Context& context);
ExitCode run_timeline(Context& context);
ExitCode run_rotate(Context& context);
ExitCode run_keys_list(Context& context);
ExitCode run_keys_generate(Context& context);
ExitCode run_keys_import(Context& context);
ExitCode run_keys_export(Context& context);
ExitCode run_spf_check(Context& context);
ExitCode run_spf_tree(Context& context);
ExitCode run_check_message(Context& context);
ExitCode run_spf_flatten(Context& context);
ExitCode run_reports_ingest(Context& context);
ExitCode run_reports_fetch(Context& context);
ExitCode run_reports_summary(Context& context);
ExitCode run_reports_sources(Context& context);
ExitCode run_reports_tls(Context& context);
ExitCode run_reports_failures(Context& context);
ExitCode run_reports_threats(Context& context);
ExitCode run_reports_export(Context& context);
ExitCode run_reports_evidence(Context& context);
ExitCode run_reports_prune(Context& context);
ExitCode run_render(Context& context);
ExitCode run_dashboard(Context& context);
ExitCode run_inventory(Context& context);
ExitCode run_senders_list(Context& context);
ExitCode run_senders_show(Context& context);
ExitCode run_senders_search(Context& context);
ExitCode run_senders_check(Context& context);
ExitCode run_schema(Context& context);
ExitCode run_completion(Context& context);
ExitCode run_findings(Context& context);
ExitCode run_man(Context& context);
ExitCode run_version(Context& context);

}  // namespace rampart
