#include "cli/commands/table.h"

#include <algorithm>

#include "policies/audit/audit.h"

namespace rampart {
namespace {

/// The names that `audit --profile` takes, from the one table of profiles.
std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  for (const audit::Profile& one : audit::profiles()) names.push_back(one.name);
  return names;
}

// Options that several commands take are defined once, so that their help cannot differ.
const CommandOption kLive{"live",
                          "dns|provider",
                          "Where live records are read from (default dns).",
                          0,
                          {"dns", "provider"}};

const CommandOption kNormalize{
    "normalize", "", "Also rewrite records whose text differs while their meaning is the same."};
const CommandOption kCheckMtaSts{"check-mta-sts", "",
                                 "Withhold a new MTA-STS id until its policy is served."};
const CommandOption kMtaStsConnect{"mta-sts-connect", "HOST:PORT",
                                   "Fetch MTA-STS policies from there; certificates must still "
                                   "match each policy host's name."};

const CommandOption kSince{"since", "DATE", "The first day, such as 2026-11-01 (default: all)."};
const CommandOption kUntil{"until", "DATE", "The last day, inclusive."};
const CommandOption kLimit{"limit", "N", "Show at most N sources; the rest are counted."};
const CommandOption kSuggest{"suggest", "", "Print the YAML lines to add, as a patch."};
const CommandOption kOwners{"reverse-dns-map", "FILE",
                            "CSV of host operators; columns: base_reverse_dns, name, type."};

/// From the YAML to DNS, in the order of use. `init` prints YAML, and failures as JSON on request.
std::vector<Command> core_commands() {
  return {
      {.name = "init",
       .summary = "Write a domains.yaml that matches the live records: its plan has no changes.",
       .options = {{"provider", "NAME",
                    "Read the zones from this provider of the YAML, or from TYPE:key=value, such "
                    "as zonefile:directory=zones."},
                   {"out", "FILE", "Write it to a new file instead of printing it."},
                   {"from-reports", "", "Suggest the senders that verified reports show."}},
       .positionals = {{"DOMAIN", "The domains (default with --provider: all of its zones).",
                        Arity::Any}},
       .formats = {"text", "json"},
       .run = run_init},
      {.name = "validate",
       .summary = "Read the YAML and report every mistake in it.",
       .options = {{"sarif", "FILE", "Also write the findings as SARIF 2.1.0."},
                   {"list-files", "", "List the files and folders that are read, and stop."},
                   {"base", "REF",
                    "With --list-files: also those that were read at this git ref."}},
       .run = run_validate},
      {.name = "plan",
       .summary = "Compare the YAML with live DNS, and show what would change and why.",
       .options = {kLive,
                   {"out", "FILE", "Write the plan as JSON, for review and for apply."},
                   {"base", "REF", "Also show edits of rules, keys and senders since a git ref."},
                   {"detailed-exitcode", "", "Exit with 2 if there are changes."},
                   {"save-world", "FILE",
                    "Write everything that was observed to FILE, to replay this run."},
                   {"world", "FILE",
                    "Plan from the file that --save-world wrote, instead of observing."},
                   kNormalize,
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
       .summary = "Recompute the plan, write it stage by stage, read it back, and verify it.",
       .options = {{"auto-approve", "", "Write without asking."},
                   {"strict", "", "Withhold everything if a reviewed record has changed."},
                   {"verify-timeout", "DURATION",
                    "How long to wait until every server returns the changes (default 5m)."},
                   kNormalize,
                   kCheckMtaSts,
                   kMtaStsConnect},
       .positionals = {{"plan.json", "A reviewed plan: it limits what may be written.",
                        Arity::Optional}},
       .run = run_apply},
      {.name = "verify",
       .summary = "Check that every authoritative server returns the records of the YAML.",
       .run = run_verify},
  };
}

/// About single domains and their ramps.
/// `rollback` names one domain and no list: a decision of this kind is made for one.
std::vector<Command> domain_commands() {
  return {
      {.name = "audit",
       .summary =
           "Check the published records of any domain, and explain every point of its score.",
       .options = {{"profile", "NAME", "Also check against a published set of requirements.", 0,
                    profile_names()},
                   {"dnssec", "", "Also read DNSSEC, and the TLSA records of the MX hosts."},
                   {"evidence-pack", "DIR",
                    "Write an HTML page and a JSON file for an auditor; needs --profile."},
                   {"guess-selectors", "", "Query selectors that signers commonly use."},
                   {"no-fetch", "", "Do not fetch MTA-STS policies: query DNS only."},
                   {"sarif", "FILE", "Also write the findings as SARIF 2.1.0."}},
       .positionals = {{"DOMAIN",
                        "Domains; @FILE and - read a list, one per line (default: the YAML's).",
                        Arity::Any}},
       .formats = {"text", "json", "csv", "sarif"},
       .run = run_audit},
      {.name = "explain",
       .summary = "Explain a domain: its ramp position, why each record exists, what comes next.",
       .positionals = {{"DOMAIN", "A domain of the YAML."}},
       .run = run_explain},
      {.name = "timeline",
       .summary = "List the future steps of every ramp and rotation, and what is overdue.",
       .options = {{"until", "DATE", "The last day, such as 2027-06-30 (default: in a year)."}},
       .run = run_timeline},
      {.name = "advance",
       .summary = "Decide from evidence whether each domain advances, stays or steps back.",
       .options = {{"write", "", "Write the decisions into the YAML: phase, pct and since."},
                   {"pr-body", "FILE", "Write the decisions and their evidence as Markdown."}},
       .run = run_advance},
      {.name = "rollback",
       .summary = "Set a domain back to p=none, or to a given step, in the YAML.",
       .options = {{"to", "PHASE[:PCT]",
                    "The step to go back to: monitor (default), quarantine:10, ..."}},
       .positionals = {{"DOMAIN", "The domain to roll back."}},
       .run = run_rollback},
  };
}

const CommandOption kUnencrypted{
    "unencrypted", "", "Store private keys unencrypted; refused where git would commit them."};
const CommandOption kIdentity{"identity", "FILE",
                              "A recipient's private key, which decrypts the stored keys."};

/// DKIM keys and their rotation. `keys export` has no text format: its formats are those of
/// signers.
/// `--unencrypted` is spelled out and has no letter: it should not be typed by habit.
std::vector<Command> key_commands() {
  return {
      {.name = "rotate",
       .summary = "Show the next step of each key rotation; with --write, take it.",
       .options =
           {{"write", "", "Make the keys and edit the YAML in place."},
            {"compromised", "SELECTOR",
             "Replace this key without waiting for its schedule: publish another, then revoke it."},
            kUnencrypted},
       .run = run_rotate},
      {.name = "keys list",
       .summary = "List the keys: age, state, whether published, next change.",
       .run = run_keys_list},
      {.name = "keys generate",
       .summary = "Generate a key pair for a new selector.",
       .options = {{"algorithm",
                    "NAME",
                    "rsa2048 (default), rsa4096, ed25519, or both.",
                    0,
                    {"rsa2048", "rsa4096", "ed25519", "both"}},
                   kUnencrypted},
       .positionals = {{"DOMAIN", "The domain that signs."},
                       {"SELECTOR", "The key's selector; --algorithm both appends r and e."}},
       .run = run_keys_generate},
      {.name = "keys import",
       .summary = "Import a key from opendkim-genkey, rspamadm, PEM or a zone's TXT record.",
       .options = {kUnencrypted, kIdentity},
       .positionals = {{"DOMAIN", "The domain that signs."},
                       {"SELECTOR", "The key's selector."},
                       {"FILE", "The files that contain its private or public key.", Arity::Any}},
       .run = run_keys_import},
      {.name = "keys export",
       .summary = "Write private keys for a signer, if their public keys are live in DNS.",
       .options = {{"out", "DIR", "The folder to write to."},
                   {"path", "DIR", "The path of that folder on the signer (default: as --out)."},
                   {"check", "", "Write nothing; print what differs."},
                   kIdentity},
       .formats = {"opendkim", "rspamd", "pem"},
       .run = run_keys_export},
  };
}

/// Evaluating mail and SPF. An empty `--sender` is a bounce, so these options may be empty.
/// Both commands that evaluate mail take the same three options, as a mail server logs them.
std::vector<Command> mail_commands() {
  return {
      {.name = "spf check",
       .summary = "Evaluate SPF for one message, as RFC 7208 specifies.",
       .options =
           {{"ip", "IP", "The SMTP client's address."},
            {"sender", "MAILFROM", "The MAIL FROM address; empty for a bounce.", 0, {}, true},
            {"helo", "NAME", "The name that the client sent in HELO or EHLO.", 0, {}, true}},
       .run = run_spf_check},
      {.name = "spf tree",
       .summary = "Show a domain's SPF record term by term: lookups, size and IPv4 addresses.",
       .positionals = {{"DOMAIN", "The domain whose record is shown."}},
       .run = run_spf_tree},
      {.name = "spf flatten",
       .summary = "Show a domain's SPF record with its includes replaced by networks.",
       .options = {{"write", "",
                    "Update spf.lock beside the YAML, for terms on which two resolvers agree."}},
       .positionals = {{"DOMAIN", "The domain whose record is flattened."}},
       .run = run_spf_flatten},
      {.name = "check-message",
       .summary = "Evaluate a message by SPF, DKIM, ARC and DMARC, as a receiver would.",
       .options =
           {{"ip", "IP", "The address of the client that delivered the message."},
            {"sender", "MAILFROM", "The MAIL FROM address; empty for a bounce.", 0, {}, true},
            {"helo", "NAME", "The name that the client sent in HELO or EHLO.", 0, {}, true}},
       .positionals = {{"FILE", "The message as it was received; - reads standard input."}},
       .run = run_check_message},
  };
}

/// Reports about mail, from ingest to pruning.
/// `threats` has formats of security tools, and `export` those of spreadsheets and programs.
std::vector<Command> reports_commands() {
  return {
      {.name = "reports ingest",
       .summary = "Read reports from files, folders and mail into the store.",
       .options = {{"trusted", "", "Treat every report as verified, so that it counts for gates."},
                   {"keep-addresses", "",
                    "Keep the local parts of addresses in failure reports (default: redacted)."},
                   {"quarantine", "DIR", "Copy refused files into this folder."}},
       .positionals = {{"PATH", "Files, folders, globs; - reads standard input.", Arity::Any}},
       .run = run_reports_ingest},
      {.name = "reports fetch",
       .summary = "Read reports from an IMAP mailbox into the store.",
       .options = {{"imap", "URL", "The mailbox: imaps://user@host/INBOX (or RAMPART_IMAP_URL)."},
                   {"move-to", "FOLDER", "Move messages there once their reports are stored."},
                   {"keyword", "NAME", "Read messages without this keyword, and set it on them."},
                   {"ca", "FILE", "The CA certificates to trust for the server, in PEM."},
                   {"plain-text", "", "Log in even if the server offers no TLS."},
                   {"trusted", "", "Treat every report as verified, so that it counts for gates."},
                   {"keep-addresses", "",
                    "Keep the local parts of addresses in failure reports (default: redacted)."},
                   {"quarantine", "DIR", "Copy refused messages into this folder."}},
       .run = run_reports_fetch},
      {.name = "reports summary",
       .summary = "Show how a domain's mail was authenticated, source by source.",
       .options = {kSince, kUntil, kLimit, kOwners},
       .run = run_reports_summary},
      {.name = "reports sources",
       .summary = "List the sources of a domain's mail, with what to do about each.",
       .options = {kSince, kUntil, kLimit, kOwners, kSuggest},
       .run = run_reports_sources},
      {.name = "reports threats",
       .summary = "List the addresses that send as a domain without authorization.",
       .options = {kSince, kUntil},
       .formats = {"text", "csv", "stix"},
       .run = run_reports_threats},
      {.name = "reports tls",
       .summary = "Show whether other servers could deliver over TLS, and why not.",
       .options = {kSince, kUntil},
       .run = run_reports_tls},
      {.name = "reports failures",
       .summary = "Show the messages in failure reports (ruf), by source address.",
       .options = {kSince, kUntil},
       .run = run_reports_failures},
      {.name = "reports export",
       .summary = "Print every report record as one row.",
       .options = {kSince, kUntil},
       .formats = {"csv", "json"},
       .run = run_reports_export},
      {.name = "reports evidence",
       .summary = "Write a small aggregate of verified reports, for use with --evidence.",
       .options = {{"out", "FILE", "The file to write."}},
       .run = run_reports_evidence},
      {.name = "reports prune",
       .summary = "Replace old records by daily sums.",
       .options = {{"keep", "DURATION", "How long to keep records, such as 400d."}},
       .run = run_reports_prune},
  };
}

/// Output for other tools and for people, and information about the program itself. `senders` alone
/// is short for `senders list`.
std::vector<Command> output_commands() {
  return {
      {.name = "render",
       .summary = "Print the desired records for another tool that manages the zone.",
       .options = {{"out", "DIR", "Write one file per zone into this folder instead of printing."},
                   {"zone", "NAME",
                    "Sort records into this zone (default: the zone files, else the registered "
                    "domains); repeatable."},
                   {"leave-spf", "",
                    "Print SPF as comments only, where another source manages the name's other "
                    "TXT values."}},
       .formats = {"zone", "octodns", "dnscontrol", "terraform", "mta-sts"},
       .run = run_render},
      {.name = "dashboard",
       .summary = "Write HTML pages of all domains: phase, next step, mail, sources, reporters.",
       .options = {{"out", "DIR", "The folder to write to."},
                   {"since", "DATE", "The first day (default: the last thirty days)."},
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
       .summary = "Show one sending service: its SPF terms, DKIM records and alignment.",
       .positionals = {{"ID", "The service's id, as domains.yaml names it."}},
       .run = run_senders_show},
      {.name = "senders search",
       .summary = "Find sending services by name, host, selector or category.",
       .positionals = {{"WORD", "The text to search for."}},
       .run = run_senders_search},
      {.name = "senders check",
       .summary = "Compare the catalogue's SPF terms and DKIM targets with the live DNS.",
       .positionals = {{"ID", "The ids of the services to compare (default: all).", Arity::Any}},
       .run = run_senders_check},
      {.name = "schema",
       .summary = "Print the JSON Schema of domains.yaml.",
       // Both print the same document, because a schema has no other form.
       .formats = {"json", "text"},
       .run = run_schema},
      {.name = "completion",
       .summary = "Print a completion script for a shell.",
       .positionals = {{"SHELL", "bash, zsh or fish.", Arity::One, {"bash", "zsh", "fish"}}},
       .run = run_completion},
      {.name = "findings",
       .summary = "Explain a finding code, or list all codes.",
       .positionals = {{"CODE", "A code as shown with a finding, such as spf-lookups.",
                        Arity::Optional}},
       .run = run_findings},
      {.name = "man", .summary = "Print the manual page.", .run = run_man},
      {.name = "version", .summary = "Print the version.", .run = run_version},
  };
}

}  // namespace

// Built on first use. Neighbours share their first word, so that a group is in one place of the
// manual.
const std::vector<Command>& commands() {
  static const std::vector<Command> table = [] {
    std::vector<Command> rows = core_commands();
    std::ranges::move(domain_commands(), std::back_inserter(rows));
    std::ranges::move(key_commands(), std::back_inserter(rows));
    std::ranges::move(mail_commands(), std::back_inserter(rows));
    std::ranges::move(reports_commands(), std::back_inserter(rows));
    std::ranges::move(output_commands(), std::back_inserter(rows));
    return rows;
  }();
  return table;
}

}  // namespace rampart
