/// The page of all domains, once per sort order: the pages run no script that could sort.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/counted.h"
#include "cli/dashboard/html.h"
#include "cli/dashboard/parts.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using dashboard::mail_cells;
using dashboard::share;

/// A sortable column and the page that is sorted by it.
struct Column {
  std::string_view file;
  std::string_view title;
  std::string_view direction;  ///< As aria-sort names it.
  std::function<bool(const DashboardDomain&, const DashboardDomain&)> before;
};

// Warnings are counted in the column, but only errors colour it.
std::int64_t errors_in(const DashboardDomain& domain) {
  return std::ranges::count(domain.findings, Severity::Error, &Finding::severity);
}

// Domains without mail sort after those with the lowest share, so 2 is used in place of a rate.
const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"index.html", "Domain", "ascending",
       [](const auto& a, const auto& b) { return a.name < b.name; }},
      {"by-phase.html", "Phase", "ascending",
       [](const auto& a, const auto& b) { return a.rank < b.rank; }},
      {"by-legitimate.html", "Legitimate mail", "ascending",
       [](const auto& a, const auto& b) {
         return a.legit_rate.value_or(2) < b.legit_rate.value_or(2);
       }},
      {"by-messages.html", "Messages", "descending",
       [](const auto& a, const auto& b) { return a.mail.all() > b.mail.all(); }},
      {"by-failing.html", "Fail", "descending",
       [](const auto& a, const auto& b) {
         return a.mail.of(MailOutcome::Fail) > b.mail.of(MailOutcome::Fail);
       }},
      {"by-findings.html", "Findings", "descending", [](const auto& a, const auto& b) {
         return std::pair(errors_in(a), a.findings.size()) >
                std::pair(errors_in(b), b.findings.size());
       }}};
  return all;
}

/// The head of a sortable column: a link to the page in its order, or an arrow on that page. The
/// arrow is hidden from screen readers, which read `aria-sort`.
std::string head_cell(std::size_t at, const Column& sorted, const std::string& classes) {
  const Column& column = columns()[at];
  if (column.file == sorted.file) {
    return fmt::format(
        "<th scope=\"col\"{} aria-sort=\"{}\">{} <span aria-hidden=\"true\">{}</span></th>",
        classes, column.direction, column.title, column.direction == "ascending" ? "▲" : "▼");
  }
  return fmt::format("<th scope=\"col\"{}><a href=\"{}\">{}</a></th>", classes, column.file,
                     column.title);
}

// Columns that cannot be sorted are plain text between the links.
std::string head(const Column& sorted) {
  const std::string number = " class=\"n\"";
  return head_cell(0, sorted, "") + head_cell(1, sorted, "") + "<th scope=\"col\">Next step</th>" +
         head_cell(2, sorted, number) + "<th scope=\"col\">Mail per day</th>" +
         head_cell(3, sorted, number) + "<th scope=\"col\" class=\"n\">Pass DMARC</th>" +
         head_cell(4, sorted, number) + head_cell(5, sorted, number);
}

// The date is dimmed: the step is what readers compare.
std::string next_cell(const DashboardDomain& domain) {
  const dashboard::NextStep next = dashboard::next_step(domain);
  if (next.when.empty()) return html::text(next.what);
  return fmt::format("{}<br><span class=\"dim\">{}</span>", html::text(next.what),
                     html::text(next.when));
}

/// One domain. Names are in <bdi>, so that a right-to-left name cannot reorder its row.
std::string row(const Dashboard& dashboard, const DashboardDomain& domain) {
  const std::int64_t errors = errors_in(domain);
  return fmt::format(
      "<tr><th scope=\"row\"><a href=\"domains/{}.html\"><bdi>{}</bdi></a></th><td>{}</td>"
      "<td class=\"step\">{}</td><td class=\"n\">{}</td><td>{}</td>{}<td "
      "class=\"n{}\">{}</td></tr>\n",
      html::file_name(domain.name), html::text(domain.shown), dashboard::stage(domain),
      next_cell(domain), share(domain.legit_rate),
      mail_spark(domain.days, dashboard.since, dashboard.until), mail_cells(domain.mail),
      errors > 0 ? " bad" : "", domain.findings.size());
}

/// The totals over all domains.
struct Whole {
  MailCounts mail;
  std::map<Date, MailCounts> days;
  std::vector<DashboardSource> sources;
  std::map<std::string, DashboardReporter> reporters;
};

// Sources of several domains are summed by label, because one service sends for many domains.
Whole sum_of(const Dashboard& dashboard) {
  Whole whole;
  std::map<std::string, DashboardSource> sources;
  for (const DashboardDomain& domain : dashboard.domains) {
    whole.mail += domain.mail;
    for (const auto& [day, mail] : domain.days) whole.days[day] += mail;
    for (const DashboardSource& one : domain.sources) {
      DashboardSource& sum = sources[one.label];
      sum.label = one.label;
      // The action is left out: it is advice for one domain, and would be wrong for the sum.
      sum.owner = one.owner;
      sum.mail += one.mail;
    }
    for (const auto& [name, one] : domain.reporters) {
      DashboardReporter& sum = whole.reporters[name];
      sum.messages += one.messages;
      sum.verified = sum.verified || one.verified;
    }
  }
  for (auto& [label, one] : sources) whole.sources.push_back(std::move(one));
  std::ranges::stable_sort(whole.sources, std::greater<>(),
                           [](const DashboardSource& one) { return one.mail.all(); });
  return whole;
}

/// The figures that a reader looks for first.
std::string cards(const Dashboard& dashboard, const Whole& whole) {
  const auto count = [&](const auto& is) { return std::ranges::count_if(dashboard.domains, is); };
  // Quarantine at any percentage counts: from there on, receivers may treat failing mail
  // differently.
  const auto enforcing = count([](const DashboardDomain& one) {
    return one.step && one.step->from.phase >= Phase::Quarantine;
  });
  const auto ready = count([](const DashboardDomain& one) {
    return one.step && one.step->action == StepAction::Advance;
  });
  const auto back = count([](const DashboardDomain& one) {
    return one.step && one.step->action == StepAction::StepBack;
  });
  return "<dl class=\"cards\">\n" +
         dashboard::card("Domains", grouped(static_cast<std::int64_t>(dashboard.domains.size())),
                         grouped(enforcing) + " at quarantine or reject") +
         dashboard::card("Ready for the next step", grouped(ready),
                         grouped(back) + " to step back") +
         dashboard::card("Messages", grouped(whole.mail.all()),
                         share(dashboard::pass_rate(whole.mail)) + " of them pass DMARC") +
         dashboard::card("Reporters", grouped(static_cast<std::int64_t>(whole.reporters.size())),
                         "") +
         "</dl>\n";
}

// A stable sort over the order of names, so that equal rows do not move between pages.
std::string index_page(const Dashboard& dashboard, const Whole& whole, const Column& sorted) {
  std::vector<const DashboardDomain*> order;
  // Pointers, because a domain's data is large and is sorted six times.
  for (const DashboardDomain& one : dashboard.domains) order.push_back(&one);
  std::ranges::stable_sort(order,
                           [&](const auto* a, const auto* b) { return sorted.before(*a, *b); });
  std::string rows;
  for (const DashboardDomain* one : order) rows += row(dashboard, *one);
  std::string body =
      fmt::format("<main>\n<h1>Mail authentication</h1>\n<p class=\"dim\">{} to {}</p>\n",
                  to_text(dashboard.since), to_text(dashboard.until));
  body += cards(dashboard, whole) + "<h2>Mail</h2>\n" +
          mail_chart(whole.days, dashboard.since, dashboard.until) + mail_legend() +
          mail_figures(whole.days);
  body += "<h2>Domains</h2>\n" +
          dashboard::table("All domains; click a column to sort", head(sorted), rows);
  body += "<h2>Sources</h2>\n" + dashboard::sources_table(whole.sources) + "<h2>Reporters</h2>\n" +
          dashboard::reporters_table(whole.reporters);
  return html::page("Mail authentication", body + "</main>\n" + dashboard::footer(dashboard));
}

}  // namespace

// The same rows are printed once per order.
std::map<std::string, std::string> dashboard_pages(const Dashboard& dashboard) {
  std::map<std::string, std::string> pages;
  const Whole whole = sum_of(dashboard);
  for (const Column& column : columns()) {
    pages.emplace(column.file, index_page(dashboard, whole, column));
  }
  for (const DashboardDomain& one : dashboard.domains) {
    pages.emplace(fmt::format("domains/{}.html", html::file_name(one.name)),
                  dashboard::domain_page(dashboard, one));
  }
  return pages;
}

}  // namespace rampart
