/// A plan for a pull request: safe to paste (nothing in it can break out, mention or embed), and
/// within a host's limit at any size, what matters for safety first.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/plan_lines.h"
#include "cli/views.h"
#include "dns/txt.h"
#include "reconciler/plan_file.h"

namespace rampart {
namespace {

/// Text outside code: no markup, no HTML, no mention, no reference to an issue.
std::string prose(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    // Hosts look for mentions after rendering; a zero-width space keeps them from finding one.
    else if (c == '@' || c == '#')
      out += fmt::format("{}&#8203;", c);
    else if (c == ':')
      out += "&#58;";
    else if (c == '.' && (out.ends_with('w') || out.ends_with('W')))
      out += "\\.";
    else if (std::string_view("\\`*_{}[]()!|~^=$").find(c) != std::string_view::npos)
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

/// HTML text, where Markdown is not read.
std::string html(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '@')
      out += "@&#8203;";
    else
      out += c;
  }
  return out;
}

std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// A code span whose fence is longer than any run of backticks within (CommonMark section 6.1).
std::string code(std::string_view text) {
  const std::string inner = printable(text);
  const std::string fence(longest_run_of_backticks(inner) + 1, '`');
  // One blank at both ends is taken off again, so that the span may begin with a backtick.
  const bool bare = !inner.empty() && std::string_view("` ").find(inner.front()) == inner.npos &&
                    std::string_view("` ").find(inner.back()) == inner.npos;
  const std::string pad = bare ? "" : " ";
  return fence + pad + inner + pad + fence;
}

/// A fenced block (CommonMark section 4.5); `lines` end with a newline.
std::string fenced(const std::string& lines) {
  const std::string fence(std::max<std::size_t>(3, longest_run_of_backticks(lines) + 1), '`');
  return fmt::format("{0}diff\n{1}{0}\n", fence, lines);
}

/// A line of a diff block: hosts colour by the first character, and know '!' for a change.
std::string diff_line(char sign, std::string_view text) {
  return fmt::format("{} {}\n", sign == '~' ? '!' : sign, text);
}

std::string change_block(const Plan& plan, const Change& change) {
  const std::string_view sign = glyph(change);
  std::string lines = diff_line(sign.size() > 1 ? '~' : sign.front(), title(change));
  for (const DiffLine& line : body(plan, change)) lines += diff_line(line.sign, "    " + line.text);
  return lines;
}

/// One domain's changes behind a fold.
std::string details(const Plan& plan, const std::vector<const Change*>& group) {
  std::string lines;
  for (const Change* change : group) lines += change_block(plan, *change);
  return fmt::format("<details><summary>{} ({})</summary>\n\n{}\n</details>\n\n",
                     html(heading(*group.front())), group.size(), fenced(lines));
}

/// Text that grows within a limit.
class Page {
 public:
  explicit Page(std::size_t limit) : limit_(limit) {}

  std::size_t left() const { return limit_ - std::min(limit_, text_.size()); }

  /// Adds all of `block` or nothing.
  bool add(const std::string& block) {
    if (block.size() >= left()) return false;
    text_ += block;
    return true;
  }

  /// A section of `count` blocks that takes at most `share` bytes; says how many found no room.
  void add_section(const std::string& title, std::size_t count, std::size_t share,
                   const std::function<std::string(std::size_t)>& block) {
    if (count == 0) return;
    Page section(std::min(share, left()));
    // Room for the sentence that says what is left out.
    constexpr std::size_t kMore = 64;
    bool room = section.left() > title.size() + kMore && section.add(title);
    std::size_t shown = 0;
    while (room && shown < count) {
      const std::string next = block(shown);
      room = next.size() + kMore < section.left() && section.add(next);
      if (room) ++shown;
    }
    if (shown < count) section.add(fmt::format("\n… and {} more.\n", count - shown));
    section.add("\n");
    add(section.text_);
  }

  std::string text() && { return std::move(text_); }

 private:
  std::size_t limit_;
  std::string text_;
};

std::string summary_table(const Plan& plan) {
  const PlanSummary sums = summarize(plan);
  return fmt::format(
      "## Rampart plan\n\n**{}**\n\n"
      "| Create | Update | Delete | Withheld | Held | Domains | Unchanged |\n"
      "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
      "| {} | {} | {} | {} | {} | {} | {} |\n\n",
      count_line(plan), sums.create, sums.update, sums.remove, sums.blocked, sums.held,
      sums.domains, sums.unchanged);
}

std::string finding_row(const Finding& finding) {
  std::string row = fmt::format("- **{}** {}", to_text(finding.severity), code(finding.code));
  if (finding.domain) row += " " + code(finding.domain->text());
  row += " " + prose(finding.message);
  if (!finding.hint.empty()) row += fmt::format("<br>_Hint:_ {}", prose(finding.hint));
  if (!finding.mark.file.empty()) row += fmt::format(" ({})", code(place(finding.mark)));
  return row + "\n";
}

std::string authority_row(const Authority& authority) {
  std::string row = "- " + code(authority.domain.text());
  for (const std::string& gain : authority.gains) row += "\n  - gains " + code(gain);
  for (const std::string& loss : authority.loses) row += "\n  - loses " + code(loss);
  return row + "\n";
}

std::string edit_row(const PolicyEdit& edit) {
  const std::string where = place(edit.mark);
  return fmt::format("- {}{}\n", where.empty() ? "" : code(where) + " ", prose(edit.what));
}

std::string hold_row(const Hold& hold) {
  return fmt::format("- {} {} {}\n", code(hold.domain.text()), code(hold.code), prose(hold.reason));
}

std::string withheld_row(const Plan& plan, const Withheld& withheld) {
  return fmt::format("{} {}\n\n{}\n", code(heading(withheld.change)),
                     code(fmt::format("{}", fmt::join(withheld.codes, ", "))),
                     fenced(change_block(plan, withheld.change)));
}

/// Errors first: they are what a reviewer must see however little room there is.
std::vector<Finding> by_severity(std::vector<Finding> findings) {
  std::ranges::stable_sort(findings, {}, &Finding::severity);
  return findings;
}

}  // namespace

std::string plan_markdown(const Plan& plan, std::size_t limit) {
  Page page(limit);
  page.add(summary_table(plan));
  const auto section = [&](const char* title, const auto& rows, std::size_t parts, auto row) {
    page.add_section(fmt::format("### {}\n\n", title), rows.size(), limit / parts,
                     [&](std::size_t i) { return row(rows[i]); });
  };
  section("Policy edits", plan.policy_edits, 8, edit_row);
  section("Findings", by_severity(plan.findings), 5, finding_row);
  section("Authority: who may send or sign", plan.authority, 8, authority_row);
  section("Withheld", plan.withheld, 8,
          [&](const Withheld& one) { return withheld_row(plan, one); });
  section("Held", plan.holds, 8, hold_row);
  section("Changes", grouped(plan.changes), 1,
          [&](const std::vector<const Change*>& group) { return details(plan, group); });
  return std::move(page).text();
}

}  // namespace rampart
