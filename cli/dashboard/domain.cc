/// The page of one domain.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/dashboard/html.h"
#include "cli/dashboard/parts.h"
#include "policies/ramp/step_gates.h"

namespace rampart::dashboard {
namespace {

/// Sentences as an unordered list; nothing if there are none, since an empty list is read aloud.
std::string list(const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string text = "<ul class=\"plain\">";
  for (const std::string& one : sentences) text += "<li>" + html::text(one) + "</li>";
  return text + "</ul>\n";
}

/// The figures of one domain that a reader looks for first.
/// The share that gates use comes before the DMARC pass rate, which attackers can lower at will.
std::string cards(const DashboardDomain& domain) {
  const auto verified =
      std::ranges::count_if(domain.reporters, [](const auto& one) { return one.second.verified; });
  std::string text = "<dl class=\"cards\">\n";
  text += card("Phase", domain.stage.empty() ? "not in the YAML" : domain.stage, "");
  // Domains outside the YAML have no ramp, and an empty card would look like an error.
  const NextStep next = next_step(domain);
  if (!next.what.empty()) text += card("Next step", next.what, next.when);
  text += card("Legitimate mail that passes", share(domain.legit_rate),
               "unweighted, for the days shown");
  text += card("Messages", grouped(domain.mail.all()),
               share(pass_rate(domain.mail)) + " of them pass DMARC");
  text += card("Reporters", grouped(static_cast<std::int64_t>(domain.reporters.size())),
               grouped(verified) + " of them verified");
  return text + "</dl>\n";
}

/// The reasons first: they say in a sentence what the table shows in figures.
std::string gates(const DashboardDomain& domain) {
  if (!domain.step) return "";
  const StepDecision& step = *domain.step;
  std::string text = "<h2>The ramp</h2>\n" + list(step.reasons);
  if (step.gates.empty()) return text;
  std::string rows;
  for (const Gate& gate : step.gates) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"{}\">{}</td><td>{}</td><td>{}</td></tr>\n",
        html::text(to_text(gate.kind)), gate.met ? "good" : "bad", gate.met ? "✓ met" : "✗ not met",
        html::text(gate.figure), html::text(gate.asked));
  }
  return text + table("Gates of the next step, by verified reports",
                      "<th scope=\"col\">Gate</th><th scope=\"col\">State</th>"
                      "<th scope=\"col\">Current value</th><th scope=\"col\">Required</th>",
                      rows);
}

/// Only errors are coloured: a page full of colour hides what is urgent.
std::string findings(const DashboardDomain& domain) {
  if (domain.findings.empty()) return "";
  std::string rows;
  for (const Finding& one : domain.findings) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"{}\">{}</td><td>{}</td></tr>\n",
                        html::text(one.code), one.severity == Severity::Error ? "bad" : "",
                        to_text(one.severity),
                        html::text(one.hint.empty() ? one.message : one.message + " " + one.hint));
  }
  return "<h2>Findings</h2>\n" + table("Findings about the YAML, without DNS lookups",
                                       "<th scope=\"col\">Code</th><th scope=\"col\">Severity</th>"
                                       "<th scope=\"col\">Finding</th>",
                                       rows);
}

}  // namespace

// Mail comes before the ramp: it is what the decisions of the ramp are made from.
std::string domain_page(const Dashboard& dashboard, const DashboardDomain& domain) {
  std::string body = "<nav><a href=\"../index.html\">All domains</a></nav>\n<main>\n";
  body += fmt::format("<h1><bdi>{}</bdi></h1>\n", html::text(domain.shown));
  // The A-label as well: a name in another script may be made to look like a known one.
  if (domain.shown != domain.name) body += "<p class=\"dim\">" + html::text(domain.name) + "</p>\n";
  body += fmt::format("<p class=\"dim\">{} to {}</p>\n", to_text(dashboard.since),
                      to_text(dashboard.until));
  body += cards(domain);
  body += "<h2>Mail</h2>\n" + mail_chart(domain.days, dashboard.since, dashboard.until) +
          mail_legend() + mail_figures(domain.days) + list(domain.notes);
  body += gates(domain);
  body += "<h2>Sources</h2>\n" + sources_table(domain.sources);
  body += "<h2>Reporters</h2>\n" + reporters_table(domain.reporters);
  body += findings(domain);
  return html::page(domain.shown + " – mail authentication",
                    body + "</main>\n" + footer(dashboard));
}

}  // namespace rampart::dashboard
