/// Groups of commands, the words of a command line, and the options of every command.
#include <algorithm>

#include "cli/commands/table.h"

namespace rampart {

const std::vector<CommandGroup>& command_groups() {
  static const std::vector<CommandGroup> table = {
      {"keys", "List, generate, import and export DKIM keys."},
      {"spf", "Evaluate, show and flatten SPF records."},
      {"reports", "Store DMARC and SMTP TLS reports, and analyse them."},
      {"senders", "Search the catalogue of sending services, and compare it with DNS."},
  };
  return table;
}

// Linear searches: there are forty rows, and a run of the program makes a handful of calls.
std::vector<std::string> words_after(std::string_view group) {
  std::vector<std::string> words;
  for (const Command& one : commands()) {
    const std::string_view name = one.name;
    std::string word;
    if (group.empty()) {
      word = name.substr(0, name.find(' '));
    } else if (name.starts_with(group) && name.substr(group.size()).starts_with(' ')) {
      word = name.substr(group.size() + 1);
    }
    if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  return words;
}

// They may be given before or after the command, so none of a command's own options may have one of
// these names.
const std::vector<CommandOption>& global_options() {
  static const std::vector<CommandOption> table = {
      {"config", "FILE", "The YAML file (default domains.yaml).", 'c'},
      {"domain", "GLOB", "Select the domains that match; repeatable."},
      {"format", "FORMAT", "The output format; the help of each command lists its own."},
      {"store", "URL", "The report store (default sqlite:rampart.db beside the YAML)."},
      {"evidence", "FILE", "Use this file, which `reports evidence` wrote, instead of a store."},
      {"resolver", "IP[:PORT]", "A recursive resolver; repeatable."},
      {"nameserver", "IP[:PORT]",
       "Query this server instead of each zone's own authoritative servers."},
      {"now", "TIME", "Use this as the current time, such as 2026-11-21T00:00:00Z."},
      {"log-level",
       "LEVEL",
       "error, warning, info (default), debug or trace.",
       0,
       {"error", "warning", "info", "debug", "trace"}},
      {"no-color", "", "Print without colour."},
  };
  return table;
}

}  // namespace rampart
