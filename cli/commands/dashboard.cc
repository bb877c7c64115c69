/// `rampart dashboard`: pages to look at.

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
constexpr std::string_view kMark = "<meta name=\"generator\" content=\"rampart\">";

/// The days to show: those asked for, else the last thirty.
Result<Dashboard> frame_of(const Context& context) {
  Dashboard dashboard{.now = context.now};
  dashboard.until = std::chrono::floor<std::chrono::days>(context.now);
  dashboard.since = dashboard.until - kDays + std::chrono::days(1);
  for (const auto& [name, day] :
       {std::pair("until", &dashboard.until), std::pair("since", &dashboard.since)}) {
    const auto text = context.arguments.one(name);
    if (!text) continue;
    const auto read = parse_date(*text);
    if (!read) return Error{fmt::format("--{} {} is no date, as 2026-11-21", name, *text)};
    *day = *read;
    if (day == &dashboard.until) dashboard.since = *read - kDays + std::chrono::days(1);
  }
  if (dashboard.since > dashboard.until || dashboard.until - dashboard.since > kMostDays) {
    return Error{"--since and --until do not bound some days of ten years at most"};
  }
  return dashboard;
}

std::set<Name> names_in(const Config& config, const std::vector<std::string>& others) {
  std::set<Name> names;
  for (const auto& [name, domain] : config.domains) names.insert(name);
  for (const std::string& text : others) {
    if (const Result<Name> name = Name::parse(text)) names.insert(*name);
  }
  return names;
}

/// Those that --domain asks for.
Result<std::set<Name>> asked_for(const Context& context, std::set<Name> names) {
  if (context.domain_globs.empty()) return names;
  Config all;
  for (const Name& name : names) all.domains.emplace(name, Domain{.name = name});
  if (const Result<Ok> narrowed = narrow(all, context.domain_globs); !narrowed) {
    return narrowed.error();
  }
  std::erase_if(names, [&](const Name& name) { return !all.domains.contains(name); });
  return names;
}

Result<Ok> gather_store(const Context& context, const Config& config, Dashboard& dashboard) {
  const Result<std::string> path = store_path(context);
  if (!path) return path.error();
  Result<reports::Store> store = reports::Store::open_existing(*path);
  if (!store) return store.error();
  Result<reports::Resolve> resolve = resolve_for(context, config);
  if (!resolve) return resolve.error();
  const Result<reports::ReverseDnsMap> owners = host_owners(context);
  if (!owners) return owners.error();
  const Result<std::vector<std::string>> known = store.value().domains();
  if (!known) return known.error();
  const Result<std::set<Name>> names = asked_for(context, names_in(config, *known));
  if (!names) return names.error();
  dashboard.origin = "all reports of the store";
  const DashboardNaming naming{config, context.now, *resolve, *owners};
  for (const Name& name : *names) {
    Result<DashboardDomain> page = domain_by_store(store.value(), name, naming, dashboard);
    if (!page) return page.error();
    dashboard.domains.push_back(std::move(page).value());
  }
  return Ok{};
}

Result<Ok> gather_evidence(const Context& context, const Config& config, const Evidence& evidence,
                           Dashboard& dashboard) {
  std::vector<std::string> known;
  for (const EvidenceRow& row : evidence.rows) known.push_back(row.policy_domain.text());
  const Result<std::set<Name>> names = asked_for(context, names_in(config, known));
  if (!names) return names.error();
  dashboard.origin = "the verified reports of an evidence file";
  for (const Name& name : *names) {
    dashboard.domains.push_back(domain_by_evidence(evidence, name, config, dashboard));
  }
  return Ok{};
}

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

/// Whether a page of an earlier run stands at `path`.
bool is_ours(const fs::path& path) {
  const Result<std::string> text = read_file(path.string());
  return text && text->substr(0, 1000).find(kMark) != std::string::npos;
}

/// Pages of an earlier run whose domain is gone; what is not ours stays.
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

Result<Ok> write_pages(const fs::path& folder, const std::map<std::string, std::string>& pages) {
  std::error_code error;
  fs::create_directories(folder / "domains", error);
  if (error) return Error{error.message(), folder.string()};
  for (const auto& [name, text] : pages) {
    const fs::path path = folder / name;
    if (fs::exists(path, error) && !is_ours(path)) {
      return Error{"rampart did not write this file: name another folder", path.string()};
    }
  }
  for (const auto& [name, text] : pages) {
    if (Result<Ok> written = write_file((folder / name).string(), text); !written) {
      return written;
    }
  }
  remove_old(folder, pages);
  return Ok{};
}

}  // namespace

ExitCode run_dashboard(Context& context) {
  const std::optional<std::string> folder = context.arguments.one("out");
  if (!folder) {
    return fail(context, {command_error("usage", "--out is missing", "name the folder to write")});
  }
  Result<Dashboard> dashboard = frame_of(context);
  if (!dashboard) return fail(context, "usage", dashboard.error());
  const std::optional<Config> config = config_or_catalogue(context);
  if (!config) return ExitCode::Error;
  Result<std::optional<Evidence>> evidence = evidence_for(context, *config);
  if (!evidence) return fail(context, "evidence", evidence.error());
  const auto options = observe_options(context, *config, LiveFrom::Dns);
  if (!options) return fail(context, "resolver", options.error());
  World world{.now = context.now};
  world.evidence = *evidence;
  world.frozen = options->frozen;
  const Result<Ok> gathered = context.evidence
                                  ? gather_evidence(context, *config, **evidence, dashboard.value())
                                  : gather_store(context, *config, dashboard.value());
  if (!gathered) return fail(context, "store", gathered.error());
  add_policies(context, *config, world, dashboard.value());
  const auto pages = dashboard_pages(*dashboard);
  const Result<Ok> written = write_pages(*folder, pages);
  if (!written) return fail(context, "unwritable", written.error());
  if (context.json()) {
    context.process.out << fmt::format("{{\"domains\": {}, \"pages\": {}}}\n",
                                       dashboard->domains.size(), pages.size());
  } else {
    context.process.out << fmt::format("{}: {} pages.\n",
                                       (fs::path(*folder) / "index.html").string(), pages.size());
  }
  return ExitCode::Ok;
}

}  // namespace rampart
