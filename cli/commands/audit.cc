/// `rampart audit`: any domain's live records, the findings about them, and a score.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/context/evidence.h"
#include "cli/context/reports.h"
#include "cli/dashboard/evidence_pack.h"
#include "cli/views/audit.h"
#include "policies/dkim/names.h"
#include "reconciler/observe/audit_live.h"
#include "reports/store/store.h"

namespace rampart {
namespace {

using audit::Source;
using audit::Subject;

/// A domain as it was entered, and where.
struct Entry {
  std::string text;
  std::string where;  ///< "list.txt:3", or empty for the command line.
};

// One domain per line. Anything after a comma or blank, and `#` comments, are skipped, so the first
// column of a CSV works as a list.
void read_list(const std::string& text, const std::string& from, std::vector<Entry>& entries) {
  int number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string line = text.substr(start, end - start);
    start = end + 1;
    ++number;
    line.erase(std::min(line.find('#'), line.size()));
    const std::size_t first = line.find_first_not_of(" \t\r,;");
    if (first == std::string::npos) continue;
    const std::size_t last = std::min(line.find_first_of(" \t\r,;", first), line.size());
    entries.push_back({line.substr(first, last - first), fmt::format("{}:{}", from, number)});
  }
}

// Lists may come from files and standard input mixed; each entry remembers where it is from, for
// the message about it.
Result<std::vector<Entry>> read_entries(const Context& context) {
  std::vector<Entry> entries;
  for (const std::string& word : context.arguments.all("DOMAIN")) {
    if (word == "-") {
      read_list({std::istreambuf_iterator<char>(context.process.in), {}}, "-", entries);
    } else if (word.starts_with('@')) {
      TRY(const std::string text, read_file(word.substr(1)));
      read_list(text, word.substr(1), entries);
    } else {
      entries.push_back({word, ""});
    }
  }
  return entries;
}

/// The names, each once, in the order given. Texts that are no domain are reported together.
/// All mistakes of a list are reported in one run: lists are exports from other systems and have
/// many.
std::vector<Name> names_of(const std::vector<Entry>& entries, std::vector<ConfigError>& mistakes) {
  std::vector<Name> names;
  std::set<Name> seen;
  for (const Entry& entry : entries) {
    const auto name = Name::parse(entry.text);
    if (!name || name->is_root() || name->is_wildcard()) {
      const std::string why = name ? "it is not a domain" : name.error().what;
      const std::string where = entry.where.empty() ? "" : entry.where + ": ";
      mistakes.push_back(command_error(
          "usage", fmt::format("{}`{}` cannot be audited: {}", where, entry.text, why), ""));
    } else if (seen.insert(*name).second) {
      names.push_back(*name);
    }
  }
  return names;
}

using Reported = std::map<std::string, std::set<std::string>>;

constexpr std::chrono::days kReportedWindow{90};

/// Adds the selectors that passed in the reports of `range`. Failing ones are left out: anyone can
/// sign with a made-up selector.
Result<Ok> add_reported(reports::Store& store, const reports::Range& range, Reported& seen) {
  std::set<std::int64_t> known;
  return store.for_each_row(range, [&](const reports::StoredRow& row) {
    // Rows repeat the same facts by the thousand, and reading facts is a query.
    if (!known.insert(row.facts).second) return;
    const auto facts = store.facts(row.facts);
    // Selectors from reports are an extra: a damaged entry must not end an audit of live DNS.
    if (!facts) return;
    for (const reports::DkimAuth& one : facts->results.dkim) {
      if (one.result == reports::AuthResult::Pass && !one.selector.empty()) {
        seen[one.domain].insert(one.selector);
      }
    }
  });
}

/// The selectors that reports show for these domains, where there is a store.
/// Ninety days cover a quarterly newsletter, whose selector is seen at no other time.
Result<Reported> reported_selectors(const Context& context, const std::vector<Name>& names) {
  Reported seen;
  TRY(const std::string path, store_path(context));
  std::error_code none;
  // Only a store that was named on the command line must exist.
  if (context.store.empty() && !std::filesystem::exists(path, none)) return seen;
  TRY(reports::Store store, reports::Store::open_existing(path));
  const Date today = context.today();
  for (const Name& name : names) {
    const reports::Range range{
        .domain = name.text(), .since = today - kReportedWindow, .until = today};
    TRY_OK(add_reported(store, range, seen));
  }
  return seen;
}

/// The profile that --profile names; null where there is none. The parser refuses unknown names.
const audit::Profile* profile_of(const Context& context) {
  return audit::find_profile(context.arguments.one("profile").value_or(""));
}

audit::ReadDnssec dnssec_for(const Context& context) {
  const audit::Profile* profile = profile_of(context);
  const bool wanted = context.arguments.has("dnssec") || (profile != nullptr && profile->dnssec);
  return wanted ? audit::ReadDnssec::Yes : audit::ReadDnssec::No;
}

/// Adds what reports say about each domain's mail, where the profile has rules that they answer.
/// Folded are the domains whose records govern, since reports name those. After the queries of DNS:
/// only then is the governing domain known.
Result<Ok> add_mail(const Context& context, const Config& config, std::vector<audit::Facts>& all) {
  const audit::Profile* profile = profile_of(context);
  if (profile == nullptr || !profile->reports) return Ok{};
  Config narrowed = config;
  narrowed.domains.clear();
  const auto add = [&](const Name& name) {
    const auto known = config.domains.find(name);
    narrowed.domains.emplace(name,
                             known == config.domains.end() ? Domain{.name = name} : known->second);
  };
  for (const audit::Facts& facts : all) {
    add(facts.subject.domain);
    if (const auto* discovered = facts.dmarc.discovered()) add(discovered->at);
  }
  TRY(const std::optional<Evidence> evidence, evidence_for(context, narrowed));
  for (audit::Facts& facts : all) {
    facts.mail = audit::mail_facts(evidence ? &*evidence : nullptr, config, facts.subject.domain,
                                   context.now);
  }
  return Ok{};
}

// In the order of certainty: a selector that is declared keeps that source, even if reports show it
// as well.
std::vector<Subject> subjects_of(const Context& context, const Config& config,
                                 const std::vector<Name>& names, const Reported& reported) {
  std::vector<Subject> subjects;
  for (const Name& name : names) {
    Subject subject{.domain = name, .dnssec = dnssec_for(context)};
    const auto add = [&subject](const auto& selectors, Source source) {
      for (const std::string& one : selectors) audit::add_query(subject.selectors, {one, source});
    };
    if (const auto known = config.domains.find(name); known != config.domains.end()) {
      subject.mark = known->second.mark;
      add(declared_selectors(known->second), Source::Declared);
    }
    if (const auto seen = reported.find(name.text()); seen != reported.end()) {
      add(seen->second, Source::Reported);
    }
    if (context.arguments.has("guess-selectors")) {
      add(guessed_selectors(config.senders, name), Source::Guessed);
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

/// The YAML: where `--config` names it, and where no domain is given.
/// With domains on the command line the YAML is optional, and a broken one in the working directory
/// is ignored.
std::optional<Config> config_for(const Context& context) {
  if (!context.arguments.all("DOMAIN").empty()) return config_if_named(context);
  std::error_code none;
  if (context.arguments.has("config") || std::filesystem::exists(context.config_file, none)) {
    return load(context);
  }
  usage_error(context, "audit needs a domain, or a YAML that lists domains",
              "rampart audit example.com");
  return std::nullopt;
}

// The first failure is shown for all. It names the server itself, or not.
Error no_answer(const std::string& servers, const Answers& answers) {
  const std::string why = answers.empty() ? "" : answers.begin()->second.detail;
  if (why.empty() || why.starts_with(servers)) {
    return {fmt::format("no name server answered: {}", why.empty() ? servers : why), ""};
  }
  return {fmt::format("no name server answered: {}: {}", servers, why), ""};
}

// No answer to any question is a failure of the network and not a finding about a thousand domains.
Result<AuditView> run_audit_of(const Context& context, const Config& config,
                               const std::vector<Name>& names) {
  TRY(const Reported reported, reported_selectors(context, names));
  TRY(auto lookups, resolver_session(context, config));
  FetchLimits limits;
  take_certificates(limits, context.process.environment);
  const bool fetch = !context.arguments.has("no-fetch");
  if (names.size() > 1) progress(context, fmt::format("auditing {} domains", names.size()));
  AuditRun run = audit_live(subjects_of(context, config, names, reported), config.senders, lookups,
                            fetch ? FetchPolicies::Yes : FetchPolicies::No, limits);
  if (!run.answered && !run.facts.empty()) {
    std::vector<std::string> servers;
    for (const Server& one : lookups.resolvers) servers.push_back(to_text(one));
    return no_answer(fmt::format("{}", fmt::join(servers, ", ")), lookups.answers);
  }
  TRY_OK(add_mail(context, config, run.facts));
  AuditView view;
  view.profile = profile_of(context);
  for (audit::Facts& facts : run.facts) {
    view.reports.push_back(audit::report_on(std::move(facts), view.profile));
  }
  progress(context, fmt::format("made {} DNS lookups", run.questions));
  if (const std::optional<std::string> folder = context.arguments.one("evidence-pack")) {
    PackOrigin origin{.made = context.now, .version = context.process.version, .resolvers = {}};
    for (const Server& one : lookups.resolvers) origin.resolvers.push_back(to_text(one));
    TRY_OK(write_pack(*folder, view, origin));
    progress(context, fmt::format("wrote the evidence pack to {}", *folder));
  }
  return view;
}

// SARIF may be written beside any other format: CI uploads the file and people read the text.
ExitCode show(const Context& context, const AuditView& view) {
  const std::string& version = context.process.version;
  if (const std::optional<std::string> path = context.arguments.one("sarif")) {
    OK_OR_FAIL("unwritable", write_file(*path, audit_sarif(view, version)));
  }
  return print(context,
               context.json()              ? audit_json(view)
               : context.format == "csv"   ? audit_csv(view)
               : context.format == "sarif" ? audit_sarif(view, version)
                                           : audit_text(view, context.colour),
               std::ranges::any_of(view.reports, has_errors) ? ExitCode::Different : ExitCode::Ok);
}

}  // namespace

// The entries come first: a list that cannot be read should not cost a single query.
ExitCode run_audit(Context& context) {
  if (!context.arguments.all("DOMAIN").empty() && !context.domain_globs.empty()) {
    return usage_error(
        context, "--domain selects domains of the YAML and cannot be used with DOMAIN",
        "name every domain without an option: rampart audit example.com example.org");
  }
  if (const std::optional<std::string> folder = context.arguments.one("evidence-pack")) {
    if (profile_of(context) == nullptr) {
      return usage_error(context, "--evidence-pack needs a profile, whose rules it documents",
                         "rampart audit example.com --profile nl-comply --evidence-pack DIR");
    }
    OK_OR_FAIL("unwritable", check_pack_folder(*folder));
  }
  TRY_OR_FAIL("unreadable", const auto entries, read_entries(context));
  VALUE_OR_EXIT(const auto config, config_for(context));
  std::vector<ConfigError> mistakes;
  std::vector<Name> names = names_of(entries, mistakes);
  if (!mistakes.empty()) return fail(context, mistakes);
  if (context.arguments.all("DOMAIN").empty()) {
    for (const auto& [name, domain] : config.domains) names.push_back(name);
  }
  TRY_OR_FAIL("audit", const auto view, run_audit_of(context, config, names));
  return show(context, view);
}

}  // namespace rampart
