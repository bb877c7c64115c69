/// `rampart man`: the manual page, generated from the table of commands (man-pages(7), man(7)).

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/table.h"

namespace rampart {
namespace {

/// Text of a page: backslashes and hyphens are kept as typed, and no line starts a roff request.
/// A hyphen would be set as a dash that cannot be copied into a shell; a line that starts with a
/// dot would vanish.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '\\') out += '\\';
    out += c == '\\' ? 'e' : c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

/// A tagged paragraph: the option in bold, its value in italics (man-pages(7)).
/// Bold for what is typed and italics for what is replaced.
std::string option_entry(const CommandOption& option) {
  const std::string letter = option.letter ? fmt::format("\\fB\\-{}\\fR, ", option.letter) : "";
  const std::string value =
      option.value.empty() ? "" : fmt::format(" \\fI{}\\fR", roff(option.value));
  return fmt::format(".TP\n{}\\fB\\-\\-{}\\fR{}\n{}\n", letter, roff(option.name), value,
                     roff(option.help));
}

// Brackets for optional words and dots for repeated ones (man-pages(7)).
std::string positional_word(const Positional& word) {
  const std::string name = fmt::format("\\fI{}\\fR", roff(word.name));
  switch (word.count) {
    case Arity::Optional:
      return fmt::format(" [{}]", name);
    case Arity::One:
      return " " + name;
    case Arity::Any:
      return fmt::format(" [{}...]", name);
  }
  return name;
}

/// One sub-section: synopsis, summary, words and options. A single format is not worth a line.
std::string command_entry(const Command& command) {
  std::string synopsis = fmt::format("\\fBrampart {}\\fR", roff(command.name));
  if (!command.options.empty()) synopsis += " [options]";
  for (const Positional& word : command.positionals) synopsis += positional_word(word);
  std::string text =
      fmt::format(".SS {}\n{}\n.PP\n{}\n", roff(command.name), synopsis, roff(command.summary));
  for (const Positional& word : command.positionals) {
    text += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(word.name), roff(word.help));
  }
  for (const CommandOption& option : command.options) text += option_entry(option);
  if (command.formats.size() > 1) {
    text += fmt::format(".PP\nFormats: {}.\n",
                        roff(fmt::format("{}", fmt::join(command.formats, ", "))));
  }
  return text + fmt::format(".PP\nExit codes: {}.\n", roff(exit_codes_of(command)));
}

/// An environment variable and its meaning.
struct Variable {
  std::string_view name;
  std::string_view meaning;
};

constexpr Variable kVariables[] = {
    {"CLOUDFLARE_API_TOKEN", "API token of a cloudflare provider."},
    {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE",
     "Credentials of a route53 provider; roles and shared files are used too."},
    {"RAMPART_TSIG_SECRET", "Base64 secret of the TSIG key of an rfc2136 provider."},
    {"PDNS_API_URL, PDNS_API_KEY", "Address and key of a powerdns provider."},
    {"RAMPART_KEY_PASSPHRASE",
     "Encrypts new private keys, and decrypts keys that were encrypted with it."},
    {"RAMPART_STORE", "The report store, if --store is not given."},
    {"RAMPART_FREEZE", "At 1, only changes that loosen a policy are applied."},
    {"NO_COLOR", "Print without colour."},
};

// Sorted by subject; credentials first, since those are what people look up.
std::string environment_section() {
  std::string text = ".SH ENVIRONMENT\n";
  for (const Variable& one : kVariables) {
    text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(one.name), roff(one.meaning));
  }
  return text +
         ".PP\nWith two accounts of one kind, add the provider's name as a suffix, in capitals and "
         "with\n"
         "other characters as underscores: CLOUDFLARE_API_TOKEN_CF.\n";
}

}  // namespace

// The date of .TH is empty: equal versions give equal pages, as reproducible packages need.
// Written as roff by hand, so that no converter is needed to build a package.
ExitCode run_man(Context& context) {
  std::string text = fmt::format(
      ".TH RAMPART 1 \"\" \"rampart {}\" \"User Commands\"\n"
      ".SH NAME\nrampart \\- SPF, DKIM and DMARC as code, advanced by evidence\n"
      ".SH SYNOPSIS\n\\fBrampart\\fR [options] \\fIcommand\\fR [options]\n"
      ".SH DESCRIPTION\n"
      "Compares the mail policy in domains.yaml with live DNS, and changes only what must change.\n"
      "It never changes a record that it does not manage.\n"
      ".SH OPTIONS\nThey may be given before or after any command.\n",
      roff(context.process.version));
  for (const CommandOption& option : global_options()) text += option_entry(option);
  text += ".SH COMMANDS\n";
  for (const Command& command : commands()) text += command_entry(command);
  text += environment_section();
  text +=
      ".SH EXIT STATUS\n"
      "0 success; 1 an error; 2 something differs, is due or fails; 3 withheld; 4 partly done;\n"
      "5 written, not yet visible everywhere. Each command lists its own above.\n"
      ".SH FILES\n"
      ".TP\n\\fIdomains.yaml\\fR\nThe desired mail policy.\n"
      ".TP\n\\fIrampart.db\\fR\nThe report store, beside it.\n"
      ".TP\n\\fIkeys/\\fR\nThe key folder, beside it.\n"
      ".TP\n\\fIspf.lock\\fR\nThe networks in flattened SPF records.\n";
  return print(context, text);
}

}  // namespace rampart
