#include "cli/commands/table.h"

#include <algorithm>

namespace rampart {
namespace {

const CommandOption kLive{"live",
                          "dns|provider",
                          "Where what stands is read from (default dns).",
                          0,
                          {"dns", "provider"}};

const CommandOption kCheckMtaSts{"check-mta-sts", "",
                                 "Withhold a new MTA-STS id until its policy is served."};
const CommandOption kMtaStsConnect{"mta-sts-connect", "HOST:PORT",
                                   "Ask there for MTA-STS policies; certificates must still bear "
                                   "each policy host's name."};

const CommandOption kSince{"since", "DATE", "The first day, as 2026-11-01 (default: all)."};
const CommandOption kUntil{"until", "DATE", "The last day, included."};
const CommandOption kOwners{"reverse-dns-map", "FILE",
                            "CSV of who runs which hosts: base_reverse_dns, name, type."};

std::vector<Command> judging_commands() {
  return {
      {.name = "init",
       .summary = "Take down what stands as a domains.yaml whose plan is empty.",
       .options = {{"provider", "NAME",
                    "Where the zones are kept: a provider of the YAML, or TYPE:key=value, such as "
                    "zonefile:directory=zones."},
                   {"out", "FILE", "Write it to a new file in place of printing it."},
                   {"from-reports", "", "Suggest the senders that verified reports show."}},
       .positionals = {{"DOMAIN",
                        "The domains; with --provider, all of its zones if none is named.",
                        Arity::Any}},
       .formats = {"text", "json"},
       .run = run_init},
      {.name = "validate",
       .summary = "Read the YAML and report every mistake in it.",
       .options = {{"sarif", "FILE", "Also write the findings as SARIF 2.1.0."}},
       .run = run_validate},
      {.name = "plan",
       .summary = "Observe what stands, and show what would change and why.",
       .options = {kLive,
                   {"out", "FILE", "Write the plan as JSON, for review and for apply."},
                   {"base", "REF", "Show what changed in the rules themselves since this git ref."},
                   {"detailed-exitcode", "", "Exit with 2 where there are changes."},
                   {"save-world", "FILE", "Write all that was observed, to replay this run."},
                   {"world", "FILE", "Replay a saved world in place of observing."},
                   kCheckMtaSts,
                   kMtaStsConnect},
       .formats = {"text", "json", "markdown"},
       .run = run_plan},
      {.name = "show",
       .summary = "Print a plan file again, as text or for a pull request.",
       .positionals = {{"PLAN", "The file that plan --out wrote."}},
       .formats = {"text", "json", "markdown"},
       .run = run_show},
      {.name = "apply",
       .summary = "Recompute the plan, write it by turn, read back, and verify.",
       .options = {{"auto-approve", "", "Write without asking."},
                   {"strict", "", "Withhold everything where one zone moved since the plan."},
                   {"verify-timeout", "DURATION",
                    "How long to wait until every server shows it, as 30s or 5m (default 5m)."},
                   kCheckMtaSts,
                   kMtaStsConnect},
       .positionals = {{"plan.json", "A reviewed plan: it limits what may be written.",
                        Arity::Optional}},
       .run = run_apply},
      {.name = "verify",
       .summary = "Ask every authoritative server whether it holds what the YAML says.",
       .run = run_verify},
      {.name = "audit",
       .summary = "Judge what stands for any domain, and say what every point of its score is for.",
       .options = {{"profile",
                    "NAME",
                    "Also hold it against the rules of others.",
                    0,
                    {"bulk-sender", "bod-18-01", "rfc9989"}},
                   {"guess-selectors", "", "Ask for the selectors that signers usually have."},
                   {"no-fetch", "", "Leave MTA-STS policies where they are: ask DNS alone."},
                   {"sarif", "FILE", "Also write the findings as SARIF 2.1.0."}},
       .positionals = {{"DOMAIN",
                        "Domains; @FILE and - read a list, one a line (default: the YAML's).",
                        Arity::Any}},
       .formats = {"text", "json", "csv", "sarif"},
       .run = run_audit},
  };
}

std::vector<Command> ramp_commands() {
  return {
      {.name = "explain",
       .summary = "Say where a domain stands, why each record does, and what comes next.",
       .positionals = {{"DOMAIN", "A domain of the YAML."}},
       .run = run_explain},
      {.name = "timeline",
       .summary = "List every step of every ramp and rotation to come, and what is overdue.",
       .options = {{"until", "DATE", "The last day, as 2027-06-30 (default: a year from now)."}},
       .run = run_timeline},
      {.name = "advance",
       .summary = "Move due ramp steps on, hold them, or step back, by evidence.",
       .options = {{"write", "", "Edit phase, pct and since in the YAML in place."},
                   {"pr-body", "FILE", "Write the decisions and their evidence as Markdown."}},
       .run = run_advance},
      {.name = "rollback",
       .summary = "Take a domain's DMARC back to p=none, or to the step named.",
       .options = {{"to", "PHASE[:PCT]", "Where to, as monitor (default) or quarantine:10."}},
       .positionals = {{"DOMAIN", "The domain whose mail is hurt."}},
       .run = run_rollback},
  };
}

const CommandOption kUnencrypted{"unencrypted", "",
                                 "Keep private keys unencrypted, where git would not take them."};
const CommandOption kIdentity{"identity", "FILE",
                              "The private key of a recipient, on the host that may open keys."};

std::vector<Command> key_commands() {
  return {
      {.name = "rotate",
       .summary = "Make the keys that are due, and move the others through their states.",
       .options = {{"write", "", "Make the keys and edit the YAML in place."},
                   {"compromised", "SELECTOR",
                    "Replace this key at once: publish another, then revoke it."},
                   kUnencrypted},
       .run = run_rotate},
      {.name = "keys list",
       .summary = "List the key folder: age, state, where published, what comes next.",
       .run = run_keys_list},
      {.name = "keys generate",
       .summary = "Make a key pair for a selector that was never used.",
       .options = {{"algorithm",
                    "NAME",
                    "rsa2048 (default), rsa4096, ed25519, or both.",
                    0,
                    {"rsa2048", "rsa4096", "ed25519", "both"}},
                   kUnencrypted},
       .positionals = {{"DOMAIN", "The domain that is to sign."},
                       {"SELECTOR", "The key's selector; with both, r and e are added."}},
       .run = run_keys_generate},
      {.name = "keys import",
       .summary = "Take in a key of opendkim-genkey, rspamadm, PEM or a zone's TXT.",
       .options = {kUnencrypted, kIdentity},
       .positionals = {{"DOMAIN", "The domain that signs."},
                       {"SELECTOR", "The key's selector."},
                       {"FILE", "The files that hold its halves.", Arity::Any}},
       .run = run_keys_import},
      {.name = "keys export",
       .summary = "Write keys whose public half is live as a signer wants them.",
       .options = {{"out", "DIR", "The folder to write to."},
                   {"path", "DIR", "Where the signer will find that folder (default: as --out)."},
                   {"check", "", "Write nothing: say what differs."},
                   kIdentity},
       .formats = {"opendkim", "rspamd", "pem"},
       .run = run_keys_export},
  };
}

std::vector<Command> mail_commands() {
  return {
      {.name = "spf check",
       .summary = "Evaluate SPF for one message, as RFC 7208 tells receivers to.",
       .options =
           {{"ip", "IP", "The client's address."},
            {"sender", "MAILFROM", "The MAIL FROM address; empty for a bounce.", 0, {}, true},
            {"helo", "NAME", "The name that the client gave in HELO or EHLO.", 0, {}, true}},
       .run = run_spf_check},
      {.name = "spf tree",
       .summary = "Show what each term of a domain's record costs and admits.",
       .positionals = {{"DOMAIN", "The domain whose record is shown."}},
       .run = run_spf_tree},
      {.name = "check-message",
       .summary = "Judge a message by SPF, DKIM, ARC and DMARC, as a receiver would.",
       .options =
           {{"ip", "IP", "The address of the client that handed the message in."},
            {"sender", "MAILFROM", "The MAIL FROM address; empty for a bounce.", 0, {}, true},
            {"helo", "NAME", "The name that the client gave in HELO or EHLO.", 0, {}, true}},
       .positionals = {{"FILE", "The message as it was received; - is standard input."}},
       .run = run_check_message},
      {.name = "spf flatten",
       .summary = "Show a domain's record with its includes replaced by networks.",
       .options = {{"write", "", "Refresh spf.lock beside the YAML, where two resolvers agree."}},
       .positionals = {{"DOMAIN", "The domain whose record is flattened."}},
       .run = run_spf_flatten},
  };
}

std::vector<Command> reports_commands() {
  return {
      {.name = "reports ingest",
       .summary = "Read aggregate reports from files, folders and mails into the store.",
       .options = {{"trusted", "", "Vouch for all of it: its reports may move gates."},
                   {"quarantine", "DIR", "Copy files that were refused into this folder."}},
       .positionals = {{"PATH", "Files, folders, globs; - is standard input.", Arity::Any}},
       .run = run_reports_ingest},
      {.name = "reports fetch",
       .summary = "Read aggregate reports from an IMAP mailbox into the store.",
       .options = {{"imap", "URL", "The mailbox: imaps://user@host/INBOX (or RAMPART_IMAP_URL)."},
                   {"move-to", "FOLDER", "Move mails there whose report is stored."},
                   {"keyword", "NAME", "Take mails without this keyword, and give it to them."},
                   {"ca", "FILE", "The authorities that may vouch for the server."},
                   {"plain-text", "", "Log in even where the server offers no TLS."},
                   {"trusted", "", "Vouch for all of it: its reports may move gates."},
                   {"quarantine", "DIR", "Copy mails that were refused into this folder."}},
       .run = run_reports_fetch},
      {.name = "reports summary",
       .summary = "Show what became of a domain's mail, source by source.",
       .options = {kSince, kUntil, kOwners},
       .run = run_reports_summary},
      {.name = "reports sources",
       .summary = "Name the sources of a domain's mail, and say what to do about each.",
       .options =
           {kSince, kUntil, kOwners, {"suggest", "", "Print the YAML lines to add, as a patch."}},
       .run = run_reports_sources},
      {.name = "reports threats",
       .summary = "List the addresses that send as a domain without being allowed to.",
       .options = {kSince, kUntil},
       .formats = {"text", "csv", "stix"},
       .run = run_reports_threats},
      {.name = "reports export",
       .summary = "Write every record as a row.",
       .options = {kSince, kUntil},
       .formats = {"csv", "json"},
       .run = run_reports_export},
      {.name = "reports evidence",
       .summary = "Write the small aggregate of verified reports that --evidence reads.",
       .options = {{"out", "FILE", "Where to write it."}},
       .run = run_reports_evidence},
      {.name = "reports prune",
       .summary = "Roll old records up into daily sums.",
       .options = {{"keep", "DURATION", "How long records are kept, as 400d."}},
       .run = run_reports_prune},
  };
}

std::vector<Command> telling_commands() {
  return {
      {.name = "render",
       .summary = "Print the wanted records for a tool that owns the zone already.",
       .options = {{"out", "DIR", "Write one file a zone into this folder, in place of printing."},
                   {"zone", "NAME",
                    "A zone that records belong to (default: zone files, else the registered "
                    "domain); may be given again."},
                   {"leave-spf", "",
                    "Give SPF in comments alone, where other values of its name are kept "
                    "elsewhere."}},
       .formats = {"zone", "octodns", "dnscontrol", "terraform", "mta-sts"},
       .run = run_render},
      {.name = "dashboard",
       .summary = "Write HTML pages of all domains: stage, next step, mail, sources, reporters.",
       .options = {{"out", "DIR", "The folder to write to."},
                   {"since", "DATE", "The first day (default: thirty days, today the last)."},
                   kUntil,
                   kOwners},
       .run = run_dashboard},
      {.name = "inventory",
       .summary = "List domains, senders, owners, selectors and dates, in Markdown.",
       .formats = {"markdown"},
       .run = run_inventory},
      {.name = "senders",
       .summary = "List the catalogue of sending services.",
       .run = run_senders_list},
      {.name = "senders list",
       .summary = "List the catalogue of sending services.",
       .run = run_senders_list},
      {.name = "senders show",
       .summary = "Show one sending service: its SPF, its DKIM records, how it aligns.",
       .positionals = {{"ID", "The service's id, as domains.yaml names it."}},
       .run = run_senders_show},
      {.name = "senders search",
       .summary = "Find sending services by name, host, selector or category.",
       .positionals = {{"WORD", "What to look for."}},
       .run = run_senders_search},
      {.name = "schema",
       .summary = "Print the JSON Schema of domains.yaml.",
       .formats = {"json", "text"},
       .run = run_schema},
      {.name = "completion",
       .summary = "Print a completion script for a shell.",
       .positionals = {{"SHELL", "bash, zsh or fish.", Arity::One, {"bash", "zsh", "fish"}}},
       .run = run_completion},
      {.name = "findings",
       .summary = "Explain a finding's code, or list all codes.",
       .positionals = {{"CODE", "As it stands beside a message, such as spf-lookups.",
                        Arity::Optional}},
       .run = run_findings},
      {.name = "man", .summary = "Print the manual page.", .run = run_man},
      {.name = "version", .summary = "Print the version.", .run = run_version},
  };
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = [] {
    std::vector<Command> rows = judging_commands();
    std::ranges::move(ramp_commands(), std::back_inserter(rows));
    std::ranges::move(key_commands(), std::back_inserter(rows));
    std::ranges::move(mail_commands(), std::back_inserter(rows));
    std::ranges::move(reports_commands(), std::back_inserter(rows));
    std::ranges::move(telling_commands(), std::back_inserter(rows));
    return rows;
  }();
  return table;
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

const std::vector<CommandOption>& global_options() {
  static const std::vector<CommandOption> table = {
      {"config", "FILE", "The YAML (default domains.yaml).", 'c'},
      {"domain", "GLOB", "Only the domains that match; may be given again."},
      {"format", "FORMAT", "How to print: text, json, or what the command adds (markdown)."},
      {"store", "URL", "The store of reports (default sqlite:rampart.db beside the YAML)."},
      {"evidence", "FILE", "The aggregate of reports, for runners that keep nothing."},
      {"resolver", "IP[:PORT]", "A recursive resolver; may be given again."},
      {"nameserver", "IP[:PORT]", "Ask this server in place of each zone's own."},
      {"now", "TIME", "The clock, as 2026-11-21T00:00:00Z."},
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
