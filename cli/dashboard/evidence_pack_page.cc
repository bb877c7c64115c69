/// The page of an evidence pack.
#include "cli/dashboard/evidence_pack.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/dashboard/html.h"
#include "cli/dashboard/parts.h"

namespace rampart {
namespace {

using audit::RuleResult;

std::int64_t count_verdicts(const audit::Report& report, audit::Verdict verdict) {
  return std::ranges::count(report.rule_results, verdict, &RuleResult::verdict);
}

// The word carries the meaning and the colour repeats it, for print and for those who see none.
std::string verdict_cell(const RuleResult& one) {
  const std::string_view colour = one.verdict == audit::Verdict::Pass   ? " class=\"good\""
                                  : one.verdict == audit::Verdict::Fail ? " class=\"bad\""
                                                                        : "";
  const bool advised = one.level == audit::RequirementLevel::Should;
  return fmt::format("<td{}>{}{}</td>", colour, verdict_words(one.verdict),
                     advised ? "<br><span class=\"dim\">recommended</span>" : "");
}

// In full, since a record that is cut is no evidence.
std::string evidence_cell(const RuleResult& one) {
  if (one.evidence.empty()) return "<td class=\"dim\">none by this tool</td>";
  std::string items;
  for (const audit::EvidenceItem& item : one.evidence) {
    items += fmt::format("<li><bdi>{}</bdi>: <bdi>{}</bdi></li>", html::whole_text(item.what),
                         html::whole_text(item.seen));
  }
  return "<td><ul class=\"plain\">" + items + "</ul></td>";
}

std::string requirement_row(const RuleResult& one) {
  return fmt::format(
      "<tr><th scope=\"row\">{}<br><span class=\"dim\">{}</span></th>{}<td>{}</td>{}"
      "<td>{}<br><span class=\"dim\">{}</span></td></tr>\n",
      html::text(one.rule), html::text(one.id), verdict_cell(one), html::whole_text(one.reason),
      evidence_cell(one), html::text(one.source), html::text(one.date));
}

std::string domain_section(const audit::Report& report) {
  const std::string name = html::text(report.facts.subject.domain.text());
  std::string rows;
  for (const RuleResult& one : report.rule_results) rows += requirement_row(one);
  const std::string missing =
      report.facts.exists ? "" : "<p class=\"bad\">The domain does not exist.</p>\n";
  return fmt::format("<h2><bdi>{}</bdi></h2>\n", name) + missing +
         dashboard::table(report.facts.subject.domain.text() + ": requirements",
                          "<th scope=\"col\">Requirement</th><th scope=\"col\">Verdict</th>"
                          "<th scope=\"col\">Reason</th><th scope=\"col\">Seen</th>"
                          "<th scope=\"col\">Source</th>",
                          rows);
}

// The whole pack in one line a domain, before the details.
std::string pack_summary(const AuditView& view) {
  std::string rows;
  for (const audit::Report& report : view.reports) {
    const bool conforms = audit::conforms(report.rule_results);
    rows += fmt::format(
        "<tr><th scope=\"row\"><bdi>{}</bdi></th><td{}>{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        html::text(report.facts.subject.domain.text()), conforms ? "" : " class=\"bad\"",
        conforms ? "no requirement is broken" : "a requirement is broken",
        count_verdicts(report, audit::Verdict::Pass), count_verdicts(report, audit::Verdict::Fail),
        count_verdicts(report, audit::Verdict::Unknown));
  }
  return dashboard::table("Domains",
                          "<th scope=\"col\">Domain</th><th scope=\"col\">Result</th>"
                          "<th scope=\"col\" class=\"n\">Met</th>"
                          "<th scope=\"col\" class=\"n\">Not met</th>"
                          "<th scope=\"col\" class=\"n\">Unknown</th>",
                          rows);
}

}  // namespace

// Unknown is explained on the page itself: its reader did not choose the tool.
std::string evidence_pack_page(const AuditView& view, const PackOrigin& origin) {
  const std::string title = fmt::format("Evidence: profile {}", view.profile->name);
  std::string body = fmt::format(
      "<main>\n<h1>{}</h1>\n<p>{}. Seen at {} through {}.</p>\n"
      "<p class=\"dim\">Unknown means that neither DNS nor the reports at hand show the answer: "
      "the "
      "requirement may be met or not.</p>\n",
      html::text(title), html::text(view.profile->title), to_text(origin.made),
      html::text(fmt::format("{}", fmt::join(origin.resolvers, ", "))));
  body += pack_summary(view);
  for (const audit::Report& report : view.reports) body += domain_section(report);
  return html::page(title,
                    body + fmt::format("</main>\n<footer>Rampart {}. The same as data: "
                                       "<a href=\"evidence.json\">evidence.json</a>.</footer>\n",
                                       html::text(origin.version)));
}

}  // namespace rampart
