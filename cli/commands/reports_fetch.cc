/// `rampart reports fetch`: reads aggregate reports from a mailbox into the store.
#include <fcntl.h>

#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "base/unique_fd.h"
#include "cli/commands/table.h"
#include "cli/context/progress_bar.h"
#include "cli/context/reports.h"
#include "cli/views/reports.h"
#include "dns/txt.h"
#include "providers/http/http.h"
#include "providers/http/secrets.h"
#include "reports/mailbox/fetch.h"

namespace rampart {
namespace {

/// The mailbox and its account, from the flags, else from the environment. The YAML cannot name
/// them, so that a pull request cannot redirect a password to another server.
/// Everything is checked before a connection is made: a server counts failed logins.
Result<reports::ImapAccount> account_of(const Context& context) {
  const std::string text =
      context.arguments.one("imap").value_or(context.process.variable("RAMPART_IMAP_URL"));
  if (text.empty()) {
    return Error{"no mailbox is named: set --imap imaps://user@host/INBOX or RAMPART_IMAP_URL"};
  }
  Result<reports::ImapAddress> address = reports::parse_imap_address(text);
  if (!address) return within("--imap", address.error());
  reports::ImapAccount account{.address = std::move(address).value(),
                               .password = context.process.variable("RAMPART_IMAP_PASSWORD"),
                               .token = context.process.variable("RAMPART_IMAP_TOKEN")};
  if (account.address.user.empty()) {
    return Error{"the mailbox names no user: write it as imaps://user@host/INBOX"};
  }
  if (account.password.empty() && account.token.empty()) {
    return Error{"there are no credentials: set RAMPART_IMAP_PASSWORD or RAMPART_IMAP_TOKEN"};
  }
  HttpSettings certificates;
  take_certificates(certificates, context.process.environment);
  // The same variables as for HTTP, so that a company's own authority is configured once.
  account.ca_file = context.arguments.one("ca").value_or(certificates.ca_file);
  account.ca_folder = certificates.ca_folder;
  if (context.arguments.has("plain-text")) account.plain_text = reports::PlainText::Accepted;
  return account;
}

/// A keyword is an atom (RFC 3501 section 9). It becomes part of a command, so anything else would
/// let it inject one.
Result<std::string> keyword_of(const Context& context) {
  const std::string text = context.arguments.one("keyword").value_or("");
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$_.-";
  if (text.find_first_not_of(kLetters) != text.npos) {
    return Error{"a keyword consists of letters, digits and $ _ . -", "--keyword"};
  }
  return text;
}

// The folder exists and the mark is made before: within the limits, nothing is made beside the
// store.
Result<Ok> limit_fetch(const Context& context, ReportEnvironment& environment,
                       const std::string& mark) {
  ReadingLimits reading{.outputs = context.arguments.all("quarantine")};
  for (const std::string& folder : reading.outputs) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Error{error.message(), folder};
  }
  const UniqueFd made(::open(mark.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  reading.outputs.push_back(mark);
  HttpSettings certificates;
  take_certificates(certificates, context.process.environment);
  reading.inputs = {context.arguments.one("ca").value_or(certificates.ca_file),
                    certificates.ca_folder};
  return limit_to_reading(context, environment, reading);
}

// The name is made by the fetcher from the mail's number, never from its content.
Result<Ok> keep_mail(const std::string& folder, const std::string& name, std::string_view octets) {
  return write_file((std::filesystem::path(folder) / name).string(), std::string(octets));
}

/// The options except for the resolver and what prints.
/// The folder is checked by the mailbox' own rules, because it becomes part of a command.
Result<reports::FetchOptions> options_of(const Context& context,
                                         const reports::ImapAccount& account) {
  reports::FetchOptions options;
  TRY(options.keyword, keyword_of(context));
  if (context.arguments.has("trusted")) options.ingest.trust = reports::Trust::Verified;
  if (context.arguments.has("keep-addresses")) {
    options.ingest.addresses = reports::AddressPrivacy::Kept;
  }
  options.mailbox = account.address.text();
  options.folder = account.address.folder;
  options.move_to = context.arguments.one("move-to").value_or("");
  if (!options.move_to.empty() && !reports::imap_folder(options.move_to)) {
    return Error{"this is not a folder's name", "--move-to"};
  }
  // A copy of the account: the options outlive this function and are used for every new connection.
  options.connect = [account] { return reports::connect_imap(account); };
  // Passed in, because the fetcher itself neither sleeps nor reads a clock, and tests wait for
  // nothing.
  options.pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  if (const auto folder = context.arguments.one("quarantine")) {
    options.quarantine = [folder = *folder](const std::string& name, std::string_view octets) {
      return keep_mail(folder, name, octets);
    };
  }
  return options;
}

/// Servers may echo what they were sent, so messages are redacted before they are printed.
void redact(reports::Fetched& fetched, const Secrets& secrets) {
  for (reports::Refused& one : fetched.ingested.refused) {
    one.file = secrets.redact(one.file);
    one.error = secrets.redact(one.error);
  }
  if (fetched.error) {
    fetched.error->what = secrets.redact(fetched.error->what);
    fetched.error->where = secrets.redact(fetched.error->where);
  }
}

// Mails that were ingested before the failure stay so; the message says that the next run continues
// there.
ExitCode print_outcome(const Context& context, const reports::Fetched& fetched) {
  if (fetched.error) {
    if (fetched.ingested.files > 0) {
      progress(context, fmt::format("{} of {} mails were ingested before that; the next run "
                                    "continues with the rest",
                                    fetched.ingested.files, fetched.matched));
    }
    return fail(context, "imap", *fetched.error);
  }
  return print(context, context.json() ? fetched_json(fetched) : fetched_text(fetched),
               fetched.ingested.refused.empty() ? ExitCode::Ok : ExitCode::Partly);
}

}  // namespace

ExitCode run_reports_fetch(Context& context) {
  TRY_OR_FAIL("usage", const reports::ImapAccount account, account_of(context));
  TRY_OR_FAIL("usage", reports::FetchOptions options, options_of(context, account));
  VALUE_OR_EXIT(Config config, config_or_empty(context));
  VALUE_OR_EXIT(auto environment, open_environment(context, std::move(config), StoreUse::Create));

  // libcurl sends the password, but servers may echo it in a later response, so every line is
  // redacted.
  Secrets secrets;
  secrets.add(account.password);
  secrets.add(account.token);
  ProgressBar progress_bar(context, "mails");
  reports::FetchOptions& fetch = options;
  prepare(context, environment, fetch.ingest);
  TRY_OR_FAIL("store", const std::string store, store_path(context));
  fetch.reading_mark = store + "-reading";
  OK_OR_FAIL("store", limit_fetch(context, environment, fetch.reading_mark));
  fetch.progress = [&](const reports::FetchProgress& so_far) {
    progress_bar.show(so_far.mails, so_far.of_mails, so_far.octets);
  };
  fetch.notify = [&](const std::string& text) { progress(context, secrets.redact(text)); };
  if (context.log_level >= LogLevel::Trace) {
    fetch.trace = [&](const std::string& line) {
      context.process.err << printable(secrets.redact(line)) << '\n';
    };
  }
  reports::Fetched fetched = reports::fetch(environment.store, fetch);
  progress_bar.finish();
  redact(fetched, secrets);
  return print_outcome(context, fetched);
}

}  // namespace rampart
