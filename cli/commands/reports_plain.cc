/// `rampart reports tls|failures`: sums of SMTP TLS reports and of failure reports.
#include "cli/commands/report_query.h"
#include "cli/commands/table.h"
#include "cli/context/reports.h"
#include "cli/views/plain_reports.h"

namespace rampart {
namespace {

struct PlainQuery {
  reports::Store store;
  std::vector<Name> domains;
  DaysAsked days;

  reports::Range range(const Name& domain) const { return {domain.text(), days.since, days.until}; }
};

/// Needs nothing of the YAML but its place, beside which the store is.
Result<PlainQuery> open_plain(const Context& context, reports::PlainKind kind) {
  TRY(const DaysAsked days, days_asked(context));
  TRY(const std::string path, store_path(context));
  TRY(reports::Store store, reports::Store::open_existing(path));
  TRY(std::vector<Name> domains, domains_asked(context, [&] { return store.domains_of(kind); }));
  return PlainQuery{std::move(store), std::move(domains), days};
}

}  // namespace

ExitCode run_reports_tls(Context& context) {
  TRY_OR_FAIL("store", PlainQuery query, open_plain(context, reports::PlainKind::Tls));
  // A domain that was named has a summary even without reports, so that scripts find it.
  std::vector<reports::TlsSummary> made;
  for (const Name& domain : query.domains) {
    reports::TlsSummer summer(domain.text());
    OK_OR_FAIL("store",
               query.store.for_each_tls(query.range(domain), [&](const reports::TlsEntry& entry) {
                 summer.add(entry);
               }));
    made.push_back(summer.finish());
  }
  return print(context, context.json() ? tls_json(made) : tls_text(made));
}

ExitCode run_reports_failures(Context& context) {
  TRY_OR_FAIL("store", PlainQuery query, open_plain(context, reports::PlainKind::Failure));
  std::vector<reports::FailureSummary> made;
  for (const Name& domain : query.domains) {
    reports::FailureSummer summer(domain.text());
    OK_OR_FAIL("store", query.store.for_each_failure(
                            query.range(domain),
                            [&](const reports::FailureEntry& entry) { summer.add(entry); }));
    made.push_back(summer.finish());
  }
  return print(context, context.json() ? failures_json(made) : failures_text(made));
}

}  // namespace rampart
