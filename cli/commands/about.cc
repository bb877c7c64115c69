/// `rampart schema`, `completion` and `version`: what the program prints about itself.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/commands/table.h"

namespace rampart {
namespace {

using Words = std::vector<std::string>;

/// A run of command words and what a shell offers after it: "" (the first word), "plan", "spf",
/// "spf check".
struct Completion {
  std::string after;
  Words offers;
};

/// Sub-commands, the fixed choices of positionals, then options.
/// In the order in which they are typed. Global options are offered only after a command, where
/// people look for them.
Words offers_after(std::string_view name) {
  Words words = words_after(name);
  const auto command = std::ranges::find(commands(), name, &Command::name);
  std::vector<CommandOption> options = global_options();
  if (command != commands().end()) {
    for (const Positional& word : command->positionals) {
      words.insert(words.end(), word.choices.begin(), word.choices.end());
    }
    options.insert(options.end(), command->options.begin(), command->options.end());
  }
  // Nobody has typed a command yet, so options would only hide the commands.
  if (name.empty()) return words;
  for (const CommandOption& one : options) words.push_back(fmt::format("--{}", one.name));
  // Every command has it, and no table: the parser adds it.
  words.push_back("--help");
  return words;
}

/// One row for each run of command words that the table knows, groups included.
/// From the same table as the parser, so that a new command completes without any edit here.
std::vector<Completion> completions() {
  std::vector<Completion> rows;
  for (const std::string& first : words_after("")) {
    rows.push_back({first, offers_after(first)});
    for (const std::string& second : words_after(first)) {
      const std::string name = fmt::format("{} {}", first, second);
      rows.push_back({name, offers_after(name)});
    }
  }
  return rows;
}

// A group's own sentence describes it better than that of its first command.
std::string_view summary_of(std::string_view first_word) {
  const auto group = std::ranges::find(command_groups(), first_word, &CommandGroup::name);
  if (group != command_groups().end()) return group->summary;
  return std::ranges::find(commands(), first_word, &Command::name)->summary;
}

/// A single-quoted shell word.
/// Summaries contain apostrophes; inside single quotes a shell has no escape for them.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// Bash: the words before the cursor, options aside, are matched against the known command words;
/// the longest match decides what is offered. File names are offered where nothing else fits.
std::string bash_script() {
  std::string cases;
  std::string known = ":";
  for (const Completion& one : completions()) {
    cases += fmt::format("    {}) words=\"{}\" ;;\n", shell_quoted(one.after),
                         fmt::join(one.offers, " "));
    known += one.after + ":";
  }
  return fmt::format(R"sh(# bash completion for rampart: source this file.
_rampart() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" command="" words="{}" word try
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    [[ $word == -* ]] && continue
    try="${{command:+$command }}$word"
    [[ "$(_rampart_commands)" == *":$try:"* ]] && command="$try"
  done
  case "$command" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ ${{#COMPREPLY[@]}} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}}
_rampart_commands() {{
  echo '{}'
}}
complete -F _rampart rampart
)sh",
                     fmt::join(words_after(""), " "), cases, known);
}

/// zsh could load bash's script through bashcompinit; a script of its own shows the summaries.
std::string zsh_script() {
  std::string rows;
  for (const std::string& word : words_after("")) {
    rows += fmt::format("    {}\n", shell_quoted(fmt::format("{}:{}", word, summary_of(word))));
  }
  std::string cases;
  std::string groups;
  for (const Completion& one : completions()) {
    cases += fmt::format("    {}) compadd -- {} ;;\n", shell_quoted(one.after),
                         fmt::join(one.offers, " "));
  }
  for (const CommandGroup& one : command_groups()) {
    groups += (groups.empty() ? "" : "|") + std::string(one.name);
  }
  return fmt::format(R"sh(#compdef rampart
_rampart() {{
  local -a rows
  rows=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command rows
    return
  fi
  local command="$words[2]"
  (( CURRENT > 3 )) && [[ $words[3] != -* && $command == ({}) ]] && command="$command $words[3]"
  case "$command" in
{}  esac
  _files
}}
compdef _rampart rampart
)sh",
                     rows, groups, cases);
}

/// fish: one `complete` line for each first word, sub-command, option and choice.
std::string fish_script() {
  std::string text = "# fish completion for rampart\n";
  const auto add_option = [&](const std::string& condition, const CommandOption& option) {
    text += fmt::format("complete -c rampart{} -l {}{} -d {}\n", condition, option.name,
                        option.value.empty() ? "" : " -r", shell_quoted(option.help));
  };
  const auto seen = [](std::string_view word) {
    return fmt::format(" -n '__fish_seen_subcommand_from {}'", word);
  };
  const auto add_word = [&](const std::string& condition, std::string_view word,
                            std::string_view summary) {
    text +=
        fmt::format("complete -c rampart{} -a {} -d {}\n", condition, word, shell_quoted(summary));
  };
  for (const CommandOption& one : global_options()) add_option("", one);
  for (const std::string& word : words_after("")) {
    add_word(" -n '__fish_use_subcommand'", word, summary_of(word));
  }
  for (const Command& one : commands()) {
    const std::size_t space = one.name.find(' ');
    // fish tests single words, so a sub-command is known by its second word. Two groups with one
    // word share its options.
    const std::string_view word = one.name.substr(space == one.name.npos ? 0 : space + 1);
    if (space != one.name.npos) add_word(seen(one.name.substr(0, space)), word, one.summary);
    for (const CommandOption& option : one.options) add_option(seen(word), option);
    for (const Positional& positional : one.positionals) {
      if (positional.choices.empty()) continue;
      text += fmt::format("complete -c rampart{} -f -a {}\n", seen(word),
                          shell_quoted(fmt::format("{}", fmt::join(positional.choices, " "))));
    }
  }
  return text;
}

}  // namespace

ExitCode run_schema(Context& context) {
  const std::string schema = config_schema();
  return print(context, schema + (schema.ends_with('\n') ? "" : "\n"));
}

// The choices of the word are checked before, so the last shell needs no test.
ExitCode run_completion(Context& context) {
  const std::string shell = *context.arguments.one("SHELL");
  if (shell == "bash") return print(context, bash_script());
  return print(context, shell == "zsh" ? zsh_script() : fish_script());
}

ExitCode run_version(Context& context) {
  const std::string& version = context.process.version;
  return print(context, context.json() ? fmt::format("{{\"version\": \"{}\"}}\n", version)
                                       : fmt::format("rampart {}\n", version));
}

}  // namespace rampart
