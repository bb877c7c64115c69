/// `rampart schema`, `completion` and `version`: what the program says of itself.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/commands/table.h"

namespace rampart {
namespace {

using Words = std::vector<std::string>;

/// The words after which a shell offers something: "" (the line's start), "plan", "senders show".
struct Place {
  std::string name;
  Words offers;
};

Words options_of(const Command* command) {
  Words words;
  for (const CommandOption& one : global_options()) words.push_back(fmt::format("--{}", one.name));
  words.push_back("--help");
  if (command == nullptr) return words;
  for (const CommandOption& one : command->options) words.push_back(fmt::format("--{}", one.name));
  return words;
}

/// What may follow `name`: further command words, or the fixed choices of a positional.
Words following(const std::string& name) {
  Words words;
  for (const Command& one : commands()) {
    const std::string full(one.name);
    if (name.empty()) words.push_back(full.substr(0, full.find(' ')));
    if (!name.empty() && full.starts_with(name + " ")) {
      words.push_back(full.substr(name.size() + 1));
    }
    if (full != name) continue;
    for (const Positional& word : one.positionals) {
      words.insert(words.end(), word.choices.begin(), word.choices.end());
    }
  }
  const auto last = std::ranges::unique(words);
  words.erase(last.begin(), last.end());
  return words;
}

std::vector<Place> places() {
  std::vector<Place> all = {{"", following("")}};
  for (const Command& one : commands()) {
    Words offers = following(std::string(one.name));
    std::ranges::move(options_of(&one), std::back_inserter(offers));
    all.push_back({std::string(one.name), offers});
  }
  return all;
}

/// A single-quoted shell word.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string bash_script() {
  std::string cases;
  for (const Place& one : places()) {
    cases += fmt::format("    {}) words=\"{}\" ;;\n", quoted(one.name), fmt::join(one.offers, " "));
  }
  return "# bash completion for rampart: source this file.\n"
         "_rampart() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" place=\"\" words=\"\" word try\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    [[ $word == -* ]] && continue\n"
         "    try=\"${place:+$place }$word\"\n"
         "    [[ \" $(_rampart_places) \" == *\":$try:\"* ]] && place=\"$try\"\n"
         "  done\n"
         "  case \"$place\" in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "}\n"
         "_rampart_places() {\n"
         "  echo '" +
         [] {
           std::string all = ":";
           for (const Command& one : commands()) all += std::string(one.name) + ":";
           return all;
         }() +
         "'\n"
         "}\n"
         "complete -F _rampart rampart\n";
}

/// zsh runs bash's completions once bashcompinit is loaded, but names are shown with summaries
/// here.
std::string zsh_script() {
  std::string rows;
  std::string cases;
  for (const Command& one : commands()) {
    const std::string name(one.name);
    if (name.find(' ') == std::string::npos) {
      rows += fmt::format("    {}\n", quoted(fmt::format("{}:{}", name, one.summary)));
    }
    Words offers = following(name);
    std::ranges::move(options_of(&one), std::back_inserter(offers));
    cases += fmt::format("    {}) compadd -- {} ;;\n", quoted(name), fmt::join(offers, " "));
  }
  return "#compdef rampart\n"
         "_rampart() {\n"
         "  local -a rows\n"
         "  rows=(\n" +
         rows +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command rows\n"
         "    return\n"
         "  fi\n"
         "  local place=\"$words[2]\"\n"
         "  (( CURRENT > 3 )) && [[ $words[3] != -* && $place == senders ]] && "
         "place=\"$place $words[3]\"\n"
         "  case \"$place\" in\n" +
         cases +
         "  esac\n"
         "  _files\n"
         "}\n"
         "compdef _rampart rampart\n";
}

std::string fish_script() {
  std::string text = "# fish completion for rampart\n";
  for (const CommandOption& one : global_options()) {
    text += fmt::format("complete -c rampart -l {}{} -d {}\n", one.name,
                        one.value.empty() ? "" : " -r", quoted(one.help));
  }
  for (const Command& one : commands()) {
    const std::string name(one.name);
    const std::size_t space = name.find(' ');
    const std::string when =
        space == std::string::npos
            ? "__fish_use_subcommand"
            : fmt::format("__fish_seen_subcommand_from {}", name.substr(0, space));
    const std::string word = space == std::string::npos ? name : name.substr(space + 1);
    text += fmt::format("complete -c rampart -n {} -a {} -d {}\n", quoted(when), word,
                        quoted(one.summary));
    const std::string seen = quoted(fmt::format("__fish_seen_subcommand_from {}", word));
    for (const CommandOption& option : one.options) {
      text += fmt::format("complete -c rampart -n {} -l {}{} -d {}\n", seen, option.name,
                          option.value.empty() ? "" : " -r", quoted(option.help));
    }
    for (const Positional& positional : one.positionals) {
      if (positional.choices.empty()) continue;
      text += fmt::format("complete -c rampart -n {} -f -a {}\n", seen,
                          quoted(fmt::format("{}", fmt::join(positional.choices, " "))));
    }
  }
  return text;
}

}  // namespace

ExitCode run_schema(Context& context) {
  const std::string schema = config_schema();
  context.process.out << schema << (schema.ends_with('\n') ? "" : "\n");
  return ExitCode::Ok;
}

ExitCode run_completion(Context& context) {
  const std::string shell = *context.arguments.one("SHELL");
  context.process.out << (shell == "bash"  ? bash_script()
                          : shell == "zsh" ? zsh_script()
                                           : fish_script());
  return ExitCode::Ok;
}

ExitCode run_version(Context& context) {
  const std::string& version = context.process.version;
  context.process.out << (context.json() ? fmt::format("{{\"version\": \"{}\"}}\n", version)
                                         : fmt::format("rampart {}\n", version));
  return ExitCode::Ok;
}

}  // namespace rampart
