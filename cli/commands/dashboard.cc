/// `rampart dashboard`: static HTML pages about every domain.

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/context/offline_findings.h"
#include "cli/context/reports.h"
#include "cli/dashboard/gather.h"

namespace rampart {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::days kDays{30};
constexpr std::chrono::days kMostDays{3660};
/// Every page of ours contains it near its beginning: the mark that it may be replaced.
constexpr std::string_view kMark = "<meta name=\"generator\" content=\"rampart\">";

/// The days to show: `--since` to `--until`, else the last thirty.
/// `--until` alone moves the window of thirty days; `--since` is read after it and may widen the
/// window.
Result<Dashboard> frame_of(const Context& context) {
  Dashboard dashboard{.now = context.now};
  dashboard.until = context.today();
  dashboard.since = dashboard.until - kDays + std::chrono::days(1);
  for (const auto& [name, day] :
       {std::pair("until", &dashboard.until), std::pair("since", &dashboard.since)}) {
    const auto text = context.arguments.one(name);
    if (!text) continue;
    const auto read = parse_date(*text);
    if (!read) return Error{fmt::format("--{} {} is not a date, such as 2026-11-21", name, *text)};
    *day = *read;
    if (day == &dashboard.until) dashboard.since = *read - kDays + std::chrono::days(1);
  }
  if (dashboard.since > dashboard.until || dashboard.until - dashboard.since > kMostDays) {
    return Error{"--since must not be after --until, nor more than ten years before it"};
  }
  return dashboard;
}

/// Domains of the YAML without reports have a page too, and so have reported ones outside the YAML.
std::set<Name> names_in(const Config& config, const std::vector<std::string>& others) {
  std::set<Name> names;
  for (const auto& [name, domain] : config.domains) names.insert(name);
  for (const std::string& text : others) {
    if (const Result<Name> name = Name::parse(text)) names.insert(*name);
  }
  return names;
}

/// The names that match `--domain`.
/// Through the rules of --domain for the YAML, so that a glob means the same everywhere.
Result<std::set<Name>> matching(const Context& context, std::set<Name> names) {
  if (context.domain_globs.empty()) return names;
  Config all;
  for (const Name& name : names) all.domains.emplace(name, Domain{.name = name});
  TRY_OK(narrow(all, context.domain_globs));
  std::erase_if(names, [&](const Name& name) { return !all.domains.contains(name); });
  return names;
}

/// One page per domain of the YAML or of the store, from all of its reports.
/// One domain after another, so that memory holds the rows of one only.
Result<Ok> gather_store(const Context& context, const Config& config, Dashboard& dashboard) {
  TRY(const std::string path, store_path(context));
  TRY(reports::Store store, reports::Store::open_existing(path));
  TRY(const reports::Resolve resolve, resolve_for(context, config));
  TRY(const reports::ReverseDnsMap owners, host_owners(context));
  TRY(const auto known, store.domains());
  TRY(const auto names, matching(context, names_in(config, known)));
  dashboard.origin = "all reports of the store";
  const DashboardNaming naming{
      config,
      context.now,
      resolve,
      owners,
      std::make_shared<reports::NamingCache>(config, store, resolve, context.now),
      reports::lookups_within(kReportLookupTime)};
  for (const Name& name : names) {
    TRY(DashboardDomain page, domain_by_store(store, name, naming, dashboard));
    dashboard.domains.push_back(std::move(page));
  }
  return Ok{};
}

/// The same from an evidence file, in which sources are named already.
Result<Ok> gather_evidence(const Context& context, const Config& config, const Evidence& evidence,
                           Dashboard& dashboard) {
  std::vector<std::string> known;
  for (const EvidenceRow& row : evidence.rows) known.push_back(row.policy_domain.text());
  TRY(const auto names, matching(context, names_in(config, known)));
  dashboard.origin = "the verified reports of an evidence file";
  for (const Name& name : names) {
    dashboard.domains.push_back(domain_by_evidence(evidence, name, config, dashboard));
  }
  return Ok{};
}

/// Findings are those of `validate`: the dashboard does not compare with live DNS.
/// Pages of domains that only the reports know have no stage and no findings, and say so.
void add_policies(const Context& context, const Config& config, const World& world,
                  Dashboard& dashboard) {
  std::map<std::string, DashboardDomain*> pages;
  for (DashboardDomain& page : dashboard.domains) {
    if (const Result<Name> name = Name::parse(page.name)) add_policy(page, *name, config, world);
    pages.emplace(page.name, &page);
  }
  for (Finding& one : offline_findings(config, context.now)) {
    const auto page = one.domain ? pages.find(one.domain->text()) : pages.end();
    if (page != pages.end()) page->second->findings.push_back(std::move(one));
  }
}

/// Whether the file at `path` is a page of an earlier run.
bool is_ours(const fs::path& path) {
  const Result<std::string> text = read_file(path.string());
  return text && text->substr(0, 1000).find(kMark) != std::string::npos;
}

/// Removes pages of an earlier run whose domain is gone. Other files are left alone.
/// Listed first and removed afterwards: a folder must not change while it is iterated.
void remove_old(const fs::path& folder, const std::map<std::string, std::string>& pages) {
  std::error_code none;
  std::vector<fs::path> old;
  for (const fs::directory_entry& one : fs::directory_iterator(folder / "domains", none)) {
    const std::string name = "domains/" + one.path().filename().string();
    if (one.path().extension() != ".html" || pages.contains(name)) continue;
    if (is_ours(one.path())) old.push_back(one.path());
  }
  for (const fs::path& one : old) fs::remove(one, none);
}

/// Everything is checked before anything is written: a folder named by mistake stays as it was.
Result<Ok> write_pages(const fs::path& folder, const std::map<std::string, std::string>& pages) {
  std::error_code error;
  fs::create_directories(folder / "domains", error);
  if (error) return Error{error.message(), folder.string()};
  for (const auto& [name, text] : pages) {
    const fs::path path = folder / name;
    if (fs::exists(path, error) && !is_ours(path)) {
      return Error{"this file was not written by rampart: name another folder", path.string()};
    }
  }
  for (const auto& [name, text] : pages) {
    TRY_OK(write_file((folder / name).string(), text));
  }
  remove_old(folder, pages);
  return Ok{};
}

}  // namespace

// Pages are built in memory before any is written, so that a failure leaves the last dashboard
// complete.
ExitCode run_dashboard(Context& context) {
  const std::optional<std::string> folder = context.arguments.one("out");
  if (!folder) {
    return usage_error(context, "--out is missing", "name the folder to write to");
  }
  TRY_OR_FAIL("usage", Dashboard dashboard, frame_of(context));
  VALUE_OR_EXIT(const Config config, config_or_catalogue(context));
  World world{.now = context.now};
  TRY_OR_FAIL("evidence", world.evidence, evidence_for(context, config));
  TRY_OR_FAIL("resolver", const auto options, observe_options(context, config, LiveFrom::Dns));
  world.frozen = options.frozen;
  OK_OR_FAIL("store", context.evidence
                          ? gather_evidence(context, config, *world.evidence, dashboard)
                          : gather_store(context, config, dashboard));
  add_policies(context, config, world, dashboard);
  const auto pages = dashboard_pages(dashboard);
  OK_OR_FAIL("unwritable", write_pages(*folder, pages));
  return print(context, context.json()
                            ? fmt::format("{{\"domains\": {}, \"pages\": {}}}\n",
                                          dashboard.domains.size(), pages.size())
                            : fmt::format("Wrote {} pages; the first is {}.\n", pages.size(),
                                          (fs::path(*folder) / "index.html").string()));
}

}  // namespace rampart
