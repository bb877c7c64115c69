/// A plan as a pull-request comment: safe to paste (its text cannot break out, mention or embed),
/// within the host's limit at any size, and with what matters for safety first.
#include <fmt/format.h>

#include <algorithm>

#include "cli/views/markdown.h"
#include "cli/views/plan_lines.h"
#include "cli/views/views.h"
#include "policies/dmarc/impact.h"
#include "reconciler/documents/plan_file.h"

namespace rampart {
namespace {

using markdown::code;
using markdown::fenced;
using markdown::html;
using markdown::Page;
using markdown::prose;

/// A line of a diff block: hosts colour by the first character, with '!' for a change.
std::string diff_line(char sign, std::string_view text) {
  return fmt::format("{} {}\n", sign == '~' ? '!' : sign, text);
}

/// "-/+" has no colour of its own in a diff block; it counts as a change.
std::string change_block(const Plan& plan, const Change& change) {
  const std::string_view sign = glyph(change);
  std::string lines = diff_line(sign.size() > 1 ? '~' : sign.front(), title(change));
  for (const DiffLine& line : body(plan, change)) lines += diff_line(line.sign, "    " + line.text);
  return lines;
}

/// One domain's changes behind a fold.
/// Folded, because a plan of a hundred domains would hide the discussion below it.
std::string details(const Plan& plan, const std::vector<const Change*>& group) {
  std::string lines;
  for (const Change* change : group) lines += change_block(plan, *change);
  return fmt::format("<details><summary>{} ({})</summary>\n\n{}\n</details>\n\n",
                     html(heading(*group.front())), group.size(), fenced(lines));
}

std::string summary_table(const Plan& plan) {
  const PlanSummary sums = summarize(plan);
  return fmt::format(
      "## Rampart plan\n\n**{}**\n\n"
      "| Create | Update | Delete | Withheld | Held | Domains | Domains without changes | Domains "
      "not read |\n"
      "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
      "| {} | {} | {} | {} | {} | {} | {} | {} |\n\n",
      count_line(plan), sums.create, sums.update, sums.remove, sums.blocked, sums.held,
      sums.domains, sums.unchanged, sums.unobservable);
}

// The code is a code span, so that it can be copied into `rampart findings`.
std::string finding_row(const Finding& finding) {
  std::string row = fmt::format("- **{}** {}", to_text(finding.severity), code(finding.code));
  if (finding.domain) row += " " + code(finding.domain->text());
  row += " " + prose(finding.message);
  if (!finding.hint.empty()) row += fmt::format("<br>_Hint:_ {}", prose(finding.hint));
  if (!finding.mark.file.empty()) row += fmt::format(" ({})", code(location(finding.mark)));
  return row + "\n";
}

/// As a list below the domain, because a permission is long and a table cell would break it into
/// many lines.
std::string authority_row(const Authority& authority) {
  std::string row = "- " + code(authority.domain.text());
  for (const Permission& gain : authority.gains) row += "\n  - gains " + code(gain.text());
  for (const Permission& loss : authority.loses) row += "\n  - loses " + code(loss.text());
  return row + "\n";
}

std::string impact_row(const Impact& impact) {
  std::string row = fmt::format("- {} {}", code(impact.domain.text()), prose(sentence(impact)));
  for (const std::string& line : impact_details(impact)) row += "\n  - " + prose(line);
  return row + "\n";
}

std::string gap_row(const std::string& line) { return "- " + prose(line) + "\n"; }

std::string edit_row(const PolicyEdit& edit) {
  const std::string where = location(edit.mark);
  return fmt::format("- {}{}\n", where.empty() ? "" : code(where) + " ", prose(edit.what));
}

std::string hold_row(const Hold& hold) {
  return fmt::format("- {} {} {}\n", code(hold.domain.text()), code(hold.code), prose(hold.reason));
}

/// Withheld changes are not folded away: they are why the plan needs attention.
std::string withheld_row(const Plan& plan, const Withheld& withheld) {
  return fmt::format("{} {}\n\n{}\n", code(heading(withheld.change)),
                     code(fmt::format("{}", fmt::join(withheld.codes, ", "))),
                     fenced(change_block(plan, withheld.change)));
}

/// Errors first: a reviewer must see them even if there is little room.
std::vector<Finding> by_severity(std::vector<Finding> findings) {
  std::ranges::stable_sort(findings, {}, &Finding::severity);
  return findings;
}

}  // namespace

// Every page keeps its title and its counts, however small the limit is.
std::string plan_markdown(const Plan& plan, std::size_t limit) {
  // Each section gets a share of the limit; the changes come last and take what is left.
  Page page(limit);
  page.add(summary_table(plan));
  const auto section = [&](std::string_view title, const auto& rows, std::size_t parts, auto row) {
    page.add_section(fmt::format("### {}\n\n", title), rows.size(), limit / parts,
                     [&](std::size_t i) { return row(rows[i]); });
  };
  section(kPolicyEditsTitle, plan.policy_edits, 8, edit_row);
  section("Findings", by_severity(plan.findings), 5, finding_row);
  if (!plan.findings.empty()) page.add("`rampart findings CODE` explains a code.\n\n");
  section(kAuthorityTitle, plan.authority, 8, authority_row);
  section(kImpactTitle, plan.impact, 8, impact_row);
  section("Impact unknown", impact_gaps(plan), 16, gap_row);
  section(kWithheldTitle, plan.withheld, 8,
          [&](const Withheld& one) { return withheld_row(plan, one); });
  section(kHeldTitle, plan.holds, 8, hold_row);
  section("Changes", grouped(plan.changes), 1,
          [&](const std::vector<const Change*>& group) { return details(plan, group); });
  return std::move(page).text();
}

}  // namespace rampart
