/// `rampart audit`: what stands for any domain, what is wrong with it, and a score.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/context/reports.h"
#include "cli/views/audit.h"
#include "policies/dkim/names.h"
#include "reconciler/observe/audit_live.h"
#include "reports/store/store.h"

namespace rampart {
namespace {

using audit::Asked;
using audit::Source;
using audit::Subject;

/// A domain as it was asked for, and where.
struct Wish {
  std::string text;
  std::string where;  ///< "list.txt:3", or empty for the command line.
};

// One domain a line; what follows it (a comma, a blank) and `#` comments are not read, so that the
// first column of a CSV will do.
void read_list(const std::string& text, const std::string& from, std::vector<Wish>& wishes) {
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
    wishes.push_back({line.substr(first, last - first), fmt::format("{}:{}", from, number)});
  }
}

Result<std::vector<Wish>> wishes_of(const Context& context) {
  std::vector<Wish> wishes;
  for (const std::string& word : context.arguments.all("DOMAIN")) {
    if (word == "-") {
      read_list({std::istreambuf_iterator<char>(context.process.in), {}}, "-", wishes);
    } else if (word.starts_with('@')) {
      const Result<std::string> text = read_file(word.substr(1));
      if (!text) return text.error();
      read_list(*text, word.substr(1), wishes);
    } else {
      wishes.push_back({word, ""});
    }
  }
  return wishes;
}

/// The names, each once, in the order given; every text that is no name is a mistake.
std::vector<Name> names_of(const std::vector<Wish>& wishes, std::vector<ConfigError>& mistakes) {
  std::vector<Name> names;
  std::set<Name> seen;
  for (const Wish& wish : wishes) {
    const auto name = Name::parse(wish.text);
    if (!name || name->is_root() || name->is_wildcard()) {
      const std::string why = name ? "it is no domain" : name.error().what;
      const std::string where = wish.where.empty() ? "" : wish.where + ": ";
      mistakes.push_back(command_error(
          "usage", fmt::format("{}`{}` cannot be audited: {}", where, wish.text, why), ""));
    } else if (seen.insert(*name).second) {
      names.push_back(*name);
    }
  }
  return names;
}

/// Selectors with the surest reason for each.
class Selectors {
 public:
  void add(const std::string& selector, Source source) {
    const auto [place, fresh] = by_selector_.emplace(selector, source);
    if (!fresh) place->second = std::min(place->second, source);
  }
  std::vector<Asked> all() const {
    std::vector<Asked> asked;
    for (const auto& [selector, source] : by_selector_) asked.push_back({selector, source});
    return asked;
  }

 private:
  std::map<std::string, Source> by_selector_;
};

using Reported = std::map<std::string, std::set<std::string>>;

constexpr std::chrono::days kReportedWindow{90};

/// The selectors that passed in one domain's reports of late.
Result<Ok> add_reported(reports::Store& store, const reports::Range& range, Reported& seen) {
  std::set<std::int64_t> known;
  return store.for_each_row(range, [&](const reports::StoredRow& row) {
    if (!known.insert(row.facts).second) return;
    const auto facts = store.facts(row.facts);
    if (!facts) return;
    for (const reports::DkimAuth& one : facts->dkim) {
      if (one.result == reports::AuthResult::Pass && !one.selector.empty()) {
        seen[one.domain].insert(one.selector);
      }
    }
  });
}

/// The selectors that reports show for these domains, where there is a store.
Result<Reported> reported_selectors(const Context& context, const std::vector<Name>& names) {
  Reported seen;
  const Result<std::string> path = store_path(context);
  if (!path) return path.error();
  std::error_code none;
  // Only a store that was asked for by name must be there.
  if (context.store.empty() && !std::filesystem::exists(*path, none)) return seen;
  Result<reports::Store> store = reports::Store::open_existing(*path);
  if (!store) return store.error();
  const Date today = std::chrono::floor<std::chrono::days>(context.now);
  for (const Name& name : names) {
    const reports::Range range{
        .domain = name.text(), .since = today - kReportedWindow, .until = today};
    const Result<Ok> read = add_reported(store.value(), range, seen);
    if (!read) return read.error();
  }
  return seen;
}

std::vector<Subject> subjects_of(const Context& context, const Config& config,
                                 const std::vector<Name>& names, const Reported& reported) {
  std::vector<Subject> subjects;
  for (const Name& name : names) {
    Selectors selectors;
    Subject subject{.domain = name};
    if (const auto known = config.domains.find(name); known != config.domains.end()) {
      subject.mark = known->second.mark;
      for (const std::string& one : declared_selectors(known->second)) {
        selectors.add(one, Source::Declared);
      }
    }
    if (const auto seen = reported.find(name.text()); seen != reported.end()) {
      for (const std::string& one : seen->second) selectors.add(one, Source::Reported);
    }
    if (context.arguments.has("guess-selectors")) {
      for (const std::string& one : guessed_selectors(config.senders, name)) {
        selectors.add(one, Source::Guessed);
      }
    }
    subject.selectors = selectors.all();
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

/// The YAML where it is named, or where no domain is.
std::optional<Config> config_for(const Context& context) {
  if (!context.arguments.all("DOMAIN").empty()) return config_if_named(context);
  std::error_code none;
  if (context.arguments.has("config") || std::filesystem::exists(context.config_file, none)) {
    return load(context);
  }
  fail(context, {command_error("usage", "audit needs a domain, or a YAML that names some",
                               "rampart audit example.com")});
  return std::nullopt;
}

Result<AuditView> run_audit_of(const Context& context, const Config& config,
                               const std::vector<Name>& names) {
  auto reported = reported_selectors(context, names);
  if (!reported) return reported.error();
  auto lookups = resolver_session(context, config);
  if (!lookups) return lookups.error();
  FetchLimits limits;
  take_certificates(limits, context.process.environment);
  const bool fetch = !context.arguments.has("no-fetch");
  if (names.size() > 1) progress(context, fmt::format("auditing {} domains", names.size()));
  AuditRun run =
      audit_live(subjects_of(context, config, names, *reported), config.senders, lookups.value(),
                 fetch ? FetchPolicies::Yes : FetchPolicies::No, limits);
  if (!run.answered && !run.facts.empty()) {
    std::vector<std::string> servers;
    for (const Server& one : lookups->resolvers) servers.push_back(to_text(one));
    return Error{fmt::format("no name server answered: {}", fmt::join(servers, ", ")), ""};
  }
  AuditView view;
  view.profile = audit::find_profile(context.arguments.one("profile").value_or(""));
  for (audit::Facts& facts : run.facts) {
    view.reports.push_back(audit::report_on(std::move(facts), view.profile));
  }
  progress(context, fmt::format("asked {} questions", run.questions));
  return view;
}

ExitCode show(const Context& context, const AuditView& view) {
  const std::string& version = context.process.version;
  if (const std::optional<std::string> path = context.arguments.one("sarif")) {
    const Result<Ok> written = write_file(*path, audit_sarif(view, version));
    if (!written) return fail(context, "unwritable", written.error());
  }
  context.process.out << (context.json()              ? audit_json(view)
                          : context.format == "csv"   ? audit_csv(view)
                          : context.format == "sarif" ? audit_sarif(view, version)
                                                      : audit_text(view, context.colour));
  const bool errors = std::ranges::any_of(view.reports, [](const audit::Report& report) {
    return count_of(report, Severity::Error) > 0;
  });
  return errors ? ExitCode::Different : ExitCode::Ok;
}

}  // namespace

ExitCode run_audit(Context& context) {
  const auto wishes = wishes_of(context);
  if (!wishes) return fail(context, "unreadable", wishes.error());
  const auto config = config_for(context);
  if (!config) return ExitCode::Error;
  std::vector<ConfigError> mistakes;
  std::vector<Name> names = names_of(*wishes, mistakes);
  if (!mistakes.empty()) return fail(context, mistakes);
  if (context.arguments.all("DOMAIN").empty()) {
    for (const auto& [name, domain] : config->domains) names.push_back(name);
  }
  const auto view = run_audit_of(context, *config, names);
  if (!view) return fail(context, "audit", view.error());
  return show(context, *view);
}

}  // namespace rampart
