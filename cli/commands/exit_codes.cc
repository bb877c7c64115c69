/// The exit codes of each command, for its help, the manual page and docs/commands.md.
#include <algorithm>

#include "cli/commands/table.h"

namespace rampart {
namespace {

struct ExitCodes {
  std::string_view command;
  std::string_view meaning;
};

constexpr std::string_view kNeedsStore = "0 success; 1 an error, for example if there is no store";

// Sorted by code. Where several apply, the order of precedence is part of the sentence: scripts
// depend on it.
constexpr ExitCodes kExitCodes[] = {
    {"init", "0 success; 1 an error, or the output file exists already"},
    {"validate", "0 success; 1 an error, or mistakes in the YAML"},
    {"plan",
     "0 success; 1 an error; 2 changes (only with --detailed-exitcode); 3 an error finding "
     "withholds a change. If several apply, the code is the first that applies of 1, 3, 2"},
    {"show", "0 success; 1 the file is not a plan, or its changes do not match its digest"},
    {"apply",
     "0 success; 1 an error, or nothing could be written; 3 something was withheld, blocked or "
     "stale; 4 partly written or interrupted; 5 written, but not yet visible on every name server. "
     "If several apply, the code is the first that applies of 1, 4, 3, 5"},
    {"verify",
     "0 success; 1 an error, for example if some domains could not be compared because no name "
     "server answered; 2 something differs"},
    {"audit",
     "0 success; 1 an error, for example if no name server answers; 2 a finding of severity error"},
    {"explain", "0 success; 1 an error, or the domain is not in the YAML"},
    {"advance", "0 every domain stays; 1 an error; 2 a domain would move, or was moved"},
    {"rollback", "0 written, or the domain is at that step already; 1 an error"},
    {"rotate", "0 nothing is due; 1 an error; 2 something is due, or was written"},
    {"keys export", "0 success; 1 an error, nothing to export, or (with --check) a difference"},
    {"spf check", "0 for any SPF result; 1 an error"},
    {"check-message",
     "0 DMARC passes or does not apply; 1 an error, or a DNS failure because of which the result "
     "is unknown; 2 DMARC fails, or the From field names no single author"},
    {"reports ingest", "0 success; 1 the store cannot be used; 4 something was refused"},
    {"reports fetch",
     "0 success; 1 the mailbox or the store cannot be used; 4 something was refused"},
    {"reports summary", kNeedsStore},
    {"reports sources", kNeedsStore},
    {"reports threats", kNeedsStore},
    {"reports tls", kNeedsStore},
    {"reports failures", kNeedsStore},
    {"reports export", kNeedsStore},
    {"reports prune", kNeedsStore},
    {"dashboard",
     "0 success; 1 there is neither store nor evidence, or the folder cannot be written"},
    {"inventory", "0 success; 1 an error, for example a mistake in the YAML"},
    {"senders show", "0 success; 1 an error, or there is no such sender"},
    {"senders check",
     "0 every row matches DNS; 1 an error, there is no such sender, or nothing moved and some "
     "names did not resolve; 2 something moved"},
    {"findings", "0 success; 1 there is no such code"},
};

}  // namespace

// Most commands have two outcomes only, so that rows exist for the others alone.
std::string_view exit_codes_of(const Command& command) {
  const auto row = std::ranges::find(kExitCodes, command.name, &ExitCodes::command);
  return row == std::end(kExitCodes) ? "0 success; 1 an error" : row->meaning;
}

}  // namespace rampart
