/// Domains and days of queries to the store.
#include "cli/commands/report_query.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "reports/ingest.h"

namespace rampart {
namespace {

Result<Date> day_option(const Context& context, const std::string& name, Date otherwise) {
  const auto text = context.arguments.one(name);
  if (!text) return otherwise;
  const auto day = parse_date(*text);
  if (!day) return Error{fmt::format("--{} {} is not a date; write it as 2026-11-21", name, *text)};
  return *day;
}

/// The wildcards of fnmatch(3), which evaluates the globs below.
bool is_glob(const std::string& text) { return text.find_first_of("*?[") != text.npos; }

}  // namespace

Result<DaysAsked> days_asked(const Context& context) {
  TRY(const Date since, day_option(context, "since", reports::kFirstReportDay));
  // Without the option, ranges in the future are left out: they come from wrong clocks. Naming a
  // day shows them.
  TRY(const Date until, day_option(context, "until", context.today() + reports::kClockTolerance));
  return DaysAsked{since, until};
}

Result<std::vector<Name>> domains_asked(
    const Context& context, const std::function<Result<std::vector<std::string>>()>& known) {
  std::vector<Name> domains;
  for (const std::string& glob : context.domain_globs) {
    // A plain name is a domain even if no report mentions it, so that a summary of nothing can be
    // printed for it.
    if (is_glob(glob)) continue;
    const Result<Name> name = Name::parse(glob);
    if (!name) return within("--domain", name.error());
    if (std::ranges::find(domains, *name) == domains.end()) domains.push_back(*name);
  }
  // Without globs, the store's list of domains is not needed and not read.
  if (!domains.empty() && std::ranges::none_of(context.domain_globs, is_glob)) return domains;
  TRY(const std::vector<std::string> texts, known());
  for (const std::string& text : texts) {
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

}  // namespace rampart
