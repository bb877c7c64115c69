/// `rampart reports summary|sources|threats|export|evidence|prune`: what the store says.

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <unordered_map>

#include "cli/commands/reports_suggest.h"
#include "cli/commands/table.h"
#include "cli/context/reports.h"
#include "cli/views/reports.h"
#include "reports/analysis/evidence.h"

namespace rampart {
namespace {

/// What every one of these commands works on.
struct Desk {
  Config config;
  reports::Store store;
  reports::Resolve resolve;
  reports::ReverseDnsMap owners;
  std::vector<Name> domains;  ///< Those of the store that --domain asks for, else all.
  Date since{std::chrono::days(0)};
  Date until = Date::max();
};

Result<Date> day_option(const Context& context, const std::string& name, Date otherwise) {
  const auto text = context.arguments.one(name);
  if (!text) return otherwise;
  const auto day = parse_date(*text);
  if (!day) return Error{fmt::format("--{} {} is no date, as 2026-11-21", name, *text)};
  return *day;
}

bool is_glob(const std::string& text) { return text.find_first_of("*?[") != text.npos; }

/// The store's domains that the globs match; a plain domain is asked for even if nothing is there.
Result<std::vector<Name>> wanted_domains(const Context& context, reports::Store& store) {
  std::vector<Name> domains;
  for (const std::string& glob : context.domain_globs) {
    if (is_glob(glob)) continue;
    const Result<Name> name = Name::parse(glob);
    if (!name) return within("--domain", name.error());
    if (std::ranges::find(domains, *name) == domains.end()) domains.push_back(*name);
  }
  if (!domains.empty() && std::ranges::none_of(context.domain_globs, is_glob)) return domains;
  const Result<std::vector<std::string>> known = store.domains();
  if (!known) return known.error();
  for (const std::string& text : *known) {
    const Result<Name> name = Name::parse(text);
    if (!name || std::ranges::find(domains, *name) != domains.end()) continue;
    const bool hit = context.domain_globs.empty() ||
                     std::ranges::any_of(context.domain_globs, [&](const std::string& glob) {
                       return is_glob(glob) && ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
                     });
    if (hit) domains.push_back(*name);
  }
  return domains;
}

/// Opens everything; failures are reported already.
std::optional<Desk> open_desk(const Context& context) {
  std::optional<Config> config = config_or_catalogue(context);
  if (!config) return std::nullopt;
  const auto refuse = [&](const std::string& code, const Error& error) {
    fail(context, code, error);
    return std::nullopt;
  };
  const Result<Date> since = day_option(context, "since", Date(std::chrono::days(0)));
  if (!since) return refuse("usage", since.error());
  const Result<Date> until = day_option(context, "until", Date::max());
  if (!until) return refuse("usage", until.error());
  const Result<std::string> path = store_path(context);
  if (!path) return refuse("store", path.error());
  Result<reports::Store> store = reports::Store::open_existing(*path);
  if (!store) return refuse("store", store.error());
  Result<reports::Resolve> resolve = resolve_for(context, *config);
  if (!resolve) return refuse("resolver", resolve.error());
  Result<reports::ReverseDnsMap> owners = host_owners(context);
  if (!owners) return refuse("reverse-dns-map", owners.error());
  Result<std::vector<Name>> domains = wanted_domains(context, store.value());
  if (!domains) return refuse("store", domains.error());
  return Desk{std::move(*config),
              std::move(store).value(),
              std::move(resolve).value(),
              std::move(owners).value(),
              std::move(domains).value(),
              *since,
              *until};
}

/// Analyses one domain after the other; the first failure is reported and ends it.
template <class Take>
bool for_each_analysis(const Context& context, Desk& desk, const Take& take) {
  for (const Name& domain : desk.domains) {
    reports::NamingContext naming =
        reports::naming_of(desk.config, domain, context.now, desk.resolve);
    naming.owners = &desk.owners;
    const Result<reports::Analysis> analysis =
        reports::analyse(desk.store, {domain.text(), desk.since, desk.until}, naming);
    if (!analysis) {
      fail(context, "store", analysis.error());
      return false;
    }
    take(*analysis, naming);
  }
  return true;
}

std::optional<std::vector<reports::Summary>> summaries(const Context& context, Desk& desk) {
  std::vector<reports::Summary> made;
  const bool read = for_each_analysis(
      context, desk, [&](const reports::Analysis& analysis, const reports::NamingContext& naming) {
        made.push_back(
            reports::summarize(analysis.range, analysis.groups, analysis.sources, naming));
      });
  if (!read) return std::nullopt;
  return made;
}

Result<Ok> write_rows(const Context& context, Desk& desk, const Name& domain, bool& first) {
  std::unordered_map<std::int64_t, reports::StoredReport> reports_read;
  std::unordered_map<std::int64_t, reports::Facts> facts_read;
  std::optional<Error> problem;
  const auto take = [&](const reports::StoredRow& row) {
    if (!reports_read.contains(row.report)) {
      const Result<reports::StoredReport> report = desk.store.report(row.report);
      if (!report) problem = report.error();
      reports_read.emplace(row.report, report ? *report : reports::StoredReport());
    }
    if (!facts_read.contains(row.facts)) {
      const Result<reports::Facts> facts = desk.store.facts(row.facts);
      if (!facts) problem = facts.error();
      facts_read.emplace(row.facts, facts ? *facts : reports::Facts());
    }
    if (problem) return;
    const ExportRow out{domain.text(), reports_read.at(row.report), row, facts_read.at(row.facts)};
    if (context.json()) context.process.out << (first ? "\n  " : ",\n  ");
    context.process.out << (context.json() ? export_json_row(out) : export_csv_row(out));
    first = false;
  };
  const Result<Ok> read = desk.store.for_each_row({domain.text(), desk.since, desk.until}, take);
  return problem ? Result<Ok>(*problem) : read;
}

}  // namespace

ExitCode run_reports_summary(Context& context) {
  std::optional<Desk> desk = open_desk(context);
  if (!desk) return ExitCode::Error;
  const auto made = summaries(context, *desk);
  if (!made) return ExitCode::Error;
  if (context.json()) {
    context.process.out << summaries_json(*made);
    return ExitCode::Ok;
  }
  for (const reports::Summary& one : *made) context.process.out << summary_text(one);
  if (made->empty()) context.process.out << "The store holds no report.\n";
  return ExitCode::Ok;
}

ExitCode run_reports_sources(Context& context) {
  std::optional<Desk> desk = open_desk(context);
  if (!desk) return ExitCode::Error;
  const auto made = summaries(context, *desk);
  if (!made) return ExitCode::Error;
  if (context.arguments.has("suggest")) return print_suggestions(context, desk->config, *made);
  if (context.json()) {
    context.process.out << summaries_json(*made);
    return ExitCode::Ok;
  }
  for (const reports::Summary& one : *made) {
    context.process.out << one.domain << ":\n" << sources_text(one);
  }
  return ExitCode::Ok;
}

ExitCode run_reports_threats(Context& context) {
  std::optional<Desk> desk = open_desk(context);
  if (!desk) return ExitCode::Error;
  std::vector<Threat> threats;
  const bool read = for_each_analysis(
      context, *desk, [&](const reports::Analysis& analysis, const reports::NamingContext&) {
        std::ranges::move(threats_in(analysis), std::back_inserter(threats));
      });
  if (!read) return ExitCode::Error;
  context.process.out << (context.format == "stix"  ? threats_stix(threats)
                          : context.format == "csv" ? threats_csv(threats)
                                                    : threats_text(threats));
  return ExitCode::Ok;
}

ExitCode run_reports_export(Context& context) {
  std::optional<Desk> desk = open_desk(context);
  if (!desk) return ExitCode::Error;
  context.process.out << (context.json() ? "[" : export_csv_head());
  bool first = true;
  for (const Name& domain : desk->domains) {
    const Result<Ok> written = write_rows(context, *desk, domain, first);
    if (!written) return fail(context, "store", written.error());
  }
  if (context.json()) context.process.out << "]\n";
  return ExitCode::Ok;
}

ExitCode run_reports_evidence(Context& context) {
  const std::optional<std::string> path = context.arguments.one("out");
  if (!path) {
    return fail(context, {command_error("usage", "--out is missing", "name the file to write")});
  }
  std::optional<Desk> desk = open_desk(context);
  if (!desk) return ExitCode::Error;
  const Result<Evidence> evidence =
      reports::fold(desk->store, desk->config, context.now, desk->resolve);
  if (!evidence) return fail(context, "store", evidence.error());
  const Result<Ok> written = write_file(*path, reports::evidence_to_json(*evidence));
  if (!written) return fail(context, "unwritable", written.error());
  if (context.json()) {
    context.process.out << fmt::format("{{\"rows\": {}}}\n", evidence->rows.size());
  } else {
    context.process.out << fmt::format("{}: {} rows.\n", *path, evidence->rows.size());
  }
  return ExitCode::Ok;
}

ExitCode run_reports_prune(Context& context) {
  const std::string text = context.arguments.one("keep").value_or("");
  const auto keep = parse_duration(text);
  if (!keep || keep->count <= 0 || keep->unit == Duration::Unit::Hours) {
    return fail(context,
                {command_error("usage", fmt::format("--keep \"{}\" is no time to keep", text),
                               "write it as 400d, 8w or 14mo")});
  }
  std::optional<Desk> desk = open_desk(context);
  if (!desk) return ExitCode::Error;
  Time first = context.now;
  if (keep->unit == Duration::Unit::Months) {
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(context.now));
    const auto month =
        std::chrono::year_month(today.year(), today.month()) - std::chrono::months(keep->count);
    first = Date(month / 1);
  } else {
    const int days = keep->count * (keep->unit == Duration::Unit::Weeks ? 7 : 1);
    first = context.now - std::chrono::days(days);
  }
  const Date day = std::chrono::floor<std::chrono::days>(first);
  const Result<std::int64_t> gone = desk->store.prune(day);
  if (!gone) return fail(context, "store", gone.error());
  if (context.json()) {
    context.process.out << fmt::format("{{\"before\": \"{}\", \"records\": {}}}\n", to_text(day),
                                       *gone);
  } else {
    context.process.out << fmt::format("{} records of days before {} are daily sums now.\n", *gone,
                                       to_text(day));
  }
  return ExitCode::Ok;
}

}  // namespace rampart
