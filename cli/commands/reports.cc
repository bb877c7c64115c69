/// `rampart reports summary|sources|threats|export|evidence|prune`: commands that read the store.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/counted.h"
#include "base/decimal.h"
#include "cli/commands/report_query.h"
#include "cli/commands/reports_suggest.h"
#include "cli/commands/table.h"
#include "cli/context/reports.h"
#include "cli/views/reports.h"
#include "reports/analysis/evidence.h"

namespace rampart {
namespace {

/// The input of every one of these commands.
struct ReportQuery : ReportEnvironment {
  reports::ReverseDnsMap owners;
  std::vector<Name> domains;  ///< Those of the store that --domain selects, else all.
  Date since = reports::kFirstReportDay;
  Date until = Date::max();
  std::optional<std::size_t> limit;  ///< --limit: the most sources to show.
};

Result<std::optional<std::size_t>> limit_option(const Context& context) {
  const auto text = context.arguments.one("limit");
  if (!text) return std::optional<std::size_t>();
  const auto limit = parse_decimal<std::size_t>(*text);
  if (!limit) return Error{fmt::format("--limit {} is not a number of sources", *text)};
  return limit;
}

/// Opens everything. On nothing, the failure is already reported.
std::optional<ReportQuery> open_query(const Context& context) {
  std::optional<Config> config = config_or_catalogue(context);
  if (!config) return std::nullopt;
  const auto refuse = [&](const std::string& code, const Error& error) {
    fail(context, code, error);
    return std::nullopt;
  };
  // The days are checked before the store is opened: a typing mistake should not wait for a lock.
  const Result<DaysAsked> days = days_asked(context);
  if (!days) return refuse("usage", days.error());
  std::optional<ReportEnvironment> environment =
      open_environment(context, std::move(*config), StoreUse::MustExist);
  if (!environment) return std::nullopt;
  Result<reports::ReverseDnsMap> owners = host_owners(context);
  if (!owners) return refuse("reverse-dns-map", owners.error());
  const Result<std::optional<std::size_t>> limit = limit_option(context);
  if (!limit) return refuse("usage", limit.error());
  Result<std::vector<Name>> domains =
      domains_asked(context, [&] { return environment->store.domains(); });
  if (!domains) return refuse("store", domains.error());
  return ReportQuery{std::move(*environment),
                     std::move(owners).value(),
                     std::move(domains).value(),
                     days->since,
                     days->until,
                     *limit};
}

/// Analyses one domain after the other, so that only one is in memory. The first failure is
/// reported and ends it.
template <class Visit>
bool for_each_analysis(const Context& context, ReportQuery& query, const Visit& visit) {
  // The SPF records of the catalogue's services are looked up once for all domains.
  const auto cache =
      std::make_shared<reports::NamingCache>(query.config, query.store, query.resolve, context.now);
  for (const Name& domain : query.domains) {
    reports::NamingContext naming =
        reports::naming_of(query.config, domain, context.now, query.resolve);
    naming.owners = &query.owners;
    naming.cache = cache;
    const Result<reports::Analysis> analysis =
        reports::analyse(query.store, {domain.text(), query.since, query.until}, naming);
    if (!analysis) {
      fail(context, "store", analysis.error());
      return false;
    }
    visit(*analysis, naming);
  }
  return true;
}

/// An end of the range that no option names is the first or last day that has mail.
void close_range(const Context& context, const reports::TrafficGroups& traffic,
                 reports::Summary& summary) {
  std::optional<Date> first;
  std::optional<Date> last;
  const auto add = [&](Date day) {
    first = std::min(first.value_or(day), day);
    last = std::max(last.value_or(day), day);
  };
  for (const reports::TrafficGroup& group : traffic.groups) {
    add(group.first);
    add(group.last);
  }
  for (const reports::DailySum& sum : traffic.daily) add(sum.day);
  if (!context.arguments.has("since")) summary.since = first;
  if (!context.arguments.has("until")) summary.until = last;
}

// Only the sums are kept; the analysis of each domain is dropped before the next.
std::optional<std::vector<reports::Summary>> summaries(const Context& context, ReportQuery& query) {
  std::vector<reports::Summary> made;
  const bool read = for_each_analysis(
      context, query, [&](const reports::Analysis& analysis, const reports::NamingContext& naming) {
        made.push_back(reports::summarize(analysis, naming));
        close_range(context, analysis.groups, made.back());
      });
  if (!read) return std::nullopt;
  return made;
}

/// Writes a domain's rows as they are read, so that an export of any size needs little memory.
Result<Ok> write_rows(const Context& context, ReportQuery& query, const Name& domain,
                      std::string_view& separator) {
  reports::StoreLookup lookup(query.store);
  std::ostream& out = context.process.out;
  const auto write = [&](const reports::StoredRow& row) {
    const ExportRow cells{domain.text(), lookup.report(row.report), row, *lookup.facts(row.facts)};
    // The row is skipped and the reading goes on: the visitor cannot stop it, and the error is
    // returned at the end.
    if (lookup.problem()) return;
    if (context.json()) out << std::exchange(separator, ",\n  ");
    out << (context.json() ? export_json_row(cells) : export_csv_row(cells));
  };
  TRY_OK(query.store.for_each_row({domain.text(), query.since, query.until}, write));
  return lookup.problem() ? Result<Ok>(*lookup.problem()) : Ok{};
}

}  // namespace

// One document for all domains as JSON; as text one block for each.
ExitCode run_reports_summary(Context& context) {
  VALUE_OR_EXIT(ReportQuery query, open_query(context));
  VALUE_OR_EXIT(const auto made, summaries(context, query));
  if (context.json()) return print(context, summaries_json(made, query.limit));
  for (const reports::Summary& one : made) context.process.out << summary_text(one, query.limit);
  if (made.empty())
    context.process.out << "No DMARC reports were found: `rampart reports ingest` stores some.\n";
  return ExitCode::Ok;
}

ExitCode run_reports_sources(Context& context) {
  VALUE_OR_EXIT(ReportQuery query, open_query(context));
  VALUE_OR_EXIT(const auto made, summaries(context, query));
  // A patch has one form, so --format does not apply to it.
  if (context.arguments.has("suggest")) return print_suggestions(context, query.config, made);
  if (context.json()) return print(context, summaries_json(made, query.limit));
  for (const reports::Summary& one : made) {
    context.process.out << one.domain << ":\n" << sources_text(one, query.limit);
  }
  return ExitCode::Ok;
}

// Gathered over all domains: an address that attacks several is listed once for each, since
// blocklists are kept per domain.
ExitCode run_reports_threats(Context& context) {
  VALUE_OR_EXIT(ReportQuery query, open_query(context));
  std::vector<ThreatList> lists;
  const bool read = for_each_analysis(
      context, query, [&](const reports::Analysis& analysis, const reports::NamingContext&) {
        lists.push_back(threats_in(analysis));
      });
  if (!read) return ExitCode::Error;
  std::ostream& out = context.process.out;
  if (context.format != "csv" && context.format != "stix") {
    write_threats_text(lists, out);
    return ExitCode::Ok;
  }
  // On standard error, because these formats have no place for remarks.
  const std::string omitted = omitted_text(lists);
  if (!omitted.empty()) progress(context, omitted);
  context.format == "stix" ? write_threats_stix(lists, out) : write_threats_csv(lists, out);
  return ExitCode::Ok;
}

// The brackets of the JSON array are written around the rows, so that no export is in memory as a
// whole.
ExitCode run_reports_export(Context& context) {
  VALUE_OR_EXIT(ReportQuery query, open_query(context));
  context.process.out << (context.json() ? "[" : export_csv_head());
  std::string_view separator = "\n  ";
  for (const Name& domain : query.domains) {
    OK_OR_FAIL("store", write_rows(context, query, domain, separator));
  }
  if (context.json()) context.process.out << "]\n";
  return ExitCode::Ok;
}

// A few kilobytes instead of the store: a CI job gets the file and no access to the reports.
ExitCode run_reports_evidence(Context& context) {
  const std::optional<std::string> path = context.arguments.one("out");
  if (!path) {
    return usage_error(context, "--out is missing", "name the file to write");
  }
  VALUE_OR_EXIT(ReportQuery query, open_query(context));
  TRY_OR_FAIL("store", const Evidence evidence,
              reports::fold(query.store, query.config, context.now, query.resolve,
                            {.lookups = reports::lookups_within(kReportLookupTime)}));
  OK_OR_FAIL("unwritable", write_file(*path, reports::evidence_to_json(evidence)));
  const std::size_t rows = evidence.rows.size();
  return print(context, context.json()
                            ? fmt::format("{{\"rows\": {}}}\n", rows)
                            : fmt::format("Wrote {}: {}.\n", *path, counted(rows, "row")));
}

// Whole months are rolled up from their first day, so that a monthly job keeps complete months.
ExitCode run_reports_prune(Context& context) {
  const std::string text = context.arguments.one("keep").value_or("");
  if (text.empty()) {
    return usage_error(context, "--keep is missing: how long reports are kept",
                       "write it as 400d, 8w or 14mo");
  }
  const auto keep = parse_duration(text);
  // Hours make no sense here: reports are stored by day.
  if (!keep || keep->count <= 0 || keep->unit == Duration::Unit::Hours) {
    return usage_error(context, fmt::format("--keep \"{}\" is not a duration", text),
                       "write it as 400d, 8w or 14mo");
  }
  TRY_OR_FAIL("store", const std::string path, store_path(context));
  TRY_OR_FAIL("store", reports::Store store, reports::Store::open_existing(path));
  Time first = context.now;
  if (keep->unit == Duration::Unit::Months) {
    const std::chrono::year_month_day today(context.today());
    const auto month =
        std::chrono::year_month(today.year(), today.month()) - std::chrono::months(keep->count);
    first = Date(month / 1);
  } else {
    const int days = keep->count * (keep->unit == Duration::Unit::Weeks ? 7 : 1);
    first = context.now - std::chrono::days(days);
  }
  const Date day = std::chrono::floor<std::chrono::days>(first);
  TRY_OR_FAIL("store", const reports::Pruned pruned, store.prune(day));
  return print(context, context.json() ? pruned_json(day, pruned) : pruned_text(day, pruned));
}

}  // namespace rampart
