/// A plan as text: changes with reasons, withheld changes, authority, impact, holds and findings.
#include <fmt/format.h>

#include <algorithm>

#include "cli/views/plan_lines.h"
#include "cli/views/views.h"
#include "dns/txt.h"
#include "policies/dmarc/impact.h"

namespace rampart {
namespace {

/// A section's title; one blank line separates sections.
void open_section(std::string& out, Colour colour, std::string_view title) {
  if (!out.empty()) out += '\n';
  out += paint(colour, kBold, title) + "\n";
}

/// Signs are right-aligned, so that names line up under "+" and "-/+".
void show_change(std::string& out, const Plan& plan, const Change& change, Colour colour) {
  const std::string_view sign = glyph(change);
  const char hue = sign.size() > 1 ? '~' : sign.front();
  out += fmt::format("{:>{}}{} {}\n", "", 4 - sign.size(), paint_sign(colour, hue, sign),
                     title(change));
  for (const DiffLine& line : body(plan, change)) {
    const std::string text = fmt::format("{} {}", line.sign, line.text);
    out += fmt::format("        {}\n", paint_sign(colour, line.sign, text));
  }
}

// One heading for each zone and host: that is what is written in one go.
void show_changes(std::string& out, const Plan& plan, Colour colour) {
  for (const auto& group : grouped(plan.changes)) {
    open_section(out, colour, heading(*group.front()));
    for (const Change* change : group) show_change(out, plan, *change, colour);
  }
}

/// The codes name the findings that explain each withheld change.
void show_withheld(std::string& out, const Plan& plan, Colour colour) {
  if (plan.withheld.empty()) return;
  open_section(out, colour, kWithheldTitle);
  std::string shown;
  for (const Withheld& withheld : plan.withheld) {
    const std::string title =
        fmt::format("  {}: {}\n", heading(withheld.change),
                    paint(colour, kRed, fmt::format("{}", fmt::join(withheld.codes, ", "))));
    // Changes of one domain that one error withholds have one title.
    if (title != shown) out += title;
    shown = title;
    show_change(out, plan, withheld.change, colour);
  }
}

// Holds are not problems and are not red: time or another step resolves them.
void show_holds(std::string& out, const Plan& plan, Colour colour) {
  if (plan.holds.empty()) return;
  open_section(out, colour, kHeldTitle);
  for (const Hold& hold : plan.holds) {
    out += fmt::format("  {}: {}: {}\n", printable(hold.domain.text()),
                       paint(colour, kCyan, hold.code), printable(hold.reason));
  }
}

// The place in the YAML ends the entry, where terminals make it a link.
void show_findings(std::string& out, const Plan& plan, Colour colour) {
  if (plan.findings.empty()) return;
  open_section(out, colour, "Findings");
  for (const Finding& finding : plan.findings) {
    const std::string label = fmt::format("{}[{}]", to_text(finding.severity), finding.code);
    out += "  " + paint(colour, colour_of(finding.severity), label);
    if (finding.domain) out += " " + printable(finding.domain->text());
    out += ": " + printable(finding.message) + "\n";
    if (!finding.hint.empty()) out += "      hint: " + printable(finding.hint) + "\n";
    if (!finding.mark.file.empty()) out += "      at " + location(finding.mark) + "\n";
  }
}

/// Gains before losses: a gain is what an attacker would want to slip through a review.
void show_authority(std::string& out, const Plan& plan, Colour colour) {
  if (plan.authority.empty()) return;
  open_section(out, colour, kAuthorityTitle);
  for (const Authority& authority : plan.authority) {
    out += "  " + printable(authority.domain.text()) + "\n";
    for (const Permission& gain : authority.gains) {
      out += "    " + paint_sign(colour, '+', "+ " + printable(gain.text())) + "\n";
    }
    for (const Permission& loss : authority.loses) {
      out += "    " + paint_sign(colour, '-', "- " + printable(loss.text())) + "\n";
    }
  }
}

// Domains whose impact is unknown are listed as well: no figure must not look like no effect.
void show_impact(std::string& out, const Plan& plan, Colour colour) {
  if (plan.impact.empty() && plan.impact_unknown.empty()) return;
  open_section(out, colour, kImpactTitle);
  for (const Impact& impact : plan.impact) {
    out += fmt::format("  {}: {}\n", printable(impact.domain.text()), sentence(impact));
    for (const std::string& line : impact_details(impact)) {
      out += fmt::format("      {}\n", line);
    }
  }
  for (const std::string& line : impact_gaps(plan)) out += fmt::format("  {}\n", line);
}

/// Only `plan --base` fills these.
void show_edits(std::string& out, const Plan& plan, Colour colour) {
  if (plan.policy_edits.empty()) return;
  open_section(out, colour, kPolicyEditsTitle);
  for (const PolicyEdit& edit : plan.policy_edits) {
    const std::string where = location(edit.mark);
    out += fmt::format("  {}{}{}\n", where, where.empty() ? "" : ": ", printable(edit.what));
  }
}

}  // namespace

// The outcome lists withheld changes with their codes; their findings need not be repeated.
std::string kept_back_text(const Plan& plan, Colour colour) {
  const auto is_shown = [&](const Finding& finding) {
    return std::ranges::any_of(plan.withheld, [&](const Withheld& withheld) {
      return withheld.change.domain == finding.domain &&
             std::ranges::find(withheld.codes, finding.code) != withheld.codes.end();
    });
  };
  // A copy, so that the sections below can be the same functions as for a whole plan.
  Plan rest = plan;
  std::erase_if(rest.findings, [&](const Finding& finding) {
    // Other warnings were shown by `plan`; what matters after a write is why something was not
    // written.
    const bool explains = finding.severity == Severity::Error || finding.code == "plan-outdated";
    return !explains || is_shown(finding);
  });
  std::string out;
  show_holds(out, rest, colour);
  show_findings(out, rest, colour);
  return out.empty() ? out : out + "\n";
}

// Changes come first and problems last, where a terminal shows them; the counts end the text.
std::string plan_text(const Plan& plan, Colour colour) {
  std::string out;
  show_changes(out, plan, colour);
  show_withheld(out, plan, colour);
  show_authority(out, plan, colour);
  show_impact(out, plan, colour);
  show_edits(out, plan, colour);
  show_holds(out, plan, colour);
  show_findings(out, plan, colour);
  if (!out.empty()) out += '\n';
  return out + count_line(plan) + "\n";
}

}  // namespace rampart
