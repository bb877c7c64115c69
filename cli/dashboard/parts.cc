#include "cli/dashboard/parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/dashboard/html.h"
#include "policies/ramp/step_gates.h"

namespace rampart {

MailCounts& MailCounts::operator+=(const MailCounts& other) {
  for (std::size_t i = 0; i < kMailOutcomes; ++i) by_outcome[i] += other.by_outcome[i];
  return *this;
}

namespace dashboard {
namespace {

/// A domain under attack can have ten thousand sources; the page must stay readable.
constexpr std::size_t kMostRows = 100;

std::string number_cell(std::int64_t number) {
  return fmt::format("<td class=\"n\">{}</td>", grouped(number));
}

/// Says that rows are missing, so that a total above the sum of the rows is no puzzle.
std::string left_out(std::size_t count) {
  return count <= kMostRows ? std::string()
                            : fmt::format("<p class=\"dim\">and {} more</p>\n",
                                          grouped(static_cast<std::int64_t>(count - kMostRows)));
}

}  // namespace

// Failing mail is coloured only if there is any.
std::string mail_cells(const MailCounts& mail) {
  const std::int64_t fail = mail.of(MailOutcome::Fail);
  return number_cell(mail.all()) + fmt::format("<td class=\"n\">{}</td><td class=\"n{}\">{}</td>",
                                               share(pass_rate(mail)), fail > 0 ? " bad" : "",
                                               grouped(fail));
}

std::string mail_heads() {
  return "<th scope=\"col\" class=\"n\">Messages</th><th scope=\"col\" class=\"n\">Pass "
         "DMARC</th><th scope=\"col\" class=\"n\">Fail</th>";
}

/// A dash and not 0 %: without mail there is no share, and zero would look like an alarm.
std::string share(const std::optional<double>& value) {
  return value ? percent(*value) : std::string("–");
}

// DMARC needs one aligned mechanism, so partly aligned mail passes. Without mail there is no rate:
// zero would look like a failure.
std::optional<double> pass_rate(const MailCounts& mail) {
  if (mail.all() == 0) return std::nullopt;
  const std::int64_t passing = mail.of(MailOutcome::Pass) + mail.of(MailOutcome::Partial);
  return static_cast<double>(passing) / static_cast<double>(mail.all());
}

// Green only at the end of the ramp, with nothing left to do.
std::string stage(const DashboardDomain& domain) {
  if (domain.stage.empty()) return "<span class=\"dim\">not in the YAML</span>";
  const bool done = domain.step && domain.step->from.phase == Phase::Reject && !domain.step->next;
  return fmt::format("<span class=\"badge{}\">{}</span>", done ? " good" : "",
                     html::text(domain.stage));
}

// The words of `explain`, shortened for a table cell.
NextStep next_step(const DashboardDomain& domain) {
  if (!domain.step) return {};
  const StepDecision& step = *domain.step;
  if (step.action == StepAction::Advance) return {to_text(*step.to), "ready now"};
  if (step.action == StepAction::StepBack) return {to_text(*step.to), "step back"};
  if (!step.next) {
    return step.from.phase < Phase::Monitor ? NextStep{"by hand", "raise phase in the YAML"}
                                            : NextStep{"none", "at its target"};
  }
  if (step.earliest) return {to_text(*step.next), "not before " + to_text(*step.earliest)};
  const auto unmet = std::ranges::count(step.gates, false, &Gate::met);
  return {to_text(*step.next),
          fmt::format("once {} met", counted(unmet, "more gate is", "more gates are"))};
}

// A definition list, which screen readers announce as pairs.
std::string card(const std::string& what, const std::string& figure, const std::string& remark) {
  const std::string small = remark.empty() ? "" : "<small>" + html::text(remark) + "</small>";
  return fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>\n", html::text(what), html::text(figure),
                     small);
}

// The wrapper scrolls on its own, so that a wide table does not widen the page on a phone.
std::string table(const std::string& caption, const std::string& head, const std::string& rows) {
  return fmt::format(
      "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n"
      "{}</tbody></table></div>\n",
      html::text(caption), head, rows);
}

// The column of actions is left out if no source has one, as with evidence alone.
std::string sources_table(const std::vector<DashboardSource>& sources) {
  if (sources.empty()) return "<p class=\"dim\">No reported mail.</p>\n";
  const bool advises =
      std::ranges::any_of(sources, [](const DashboardSource& one) { return !one.action.empty(); });
  std::string rows;
  for (std::size_t i = 0; i < std::min(sources.size(), kMostRows); ++i) {
    const DashboardSource& one = sources[i];
    rows += fmt::format(
        "<tr><th scope=\"row\"><bdi>{}</bdi>{}{}</th>{}{}</tr>\n", html::text(one.label),
        one.owner.empty() ? "" : "<br><bdi>" + html::text(one.owner) + "</bdi>",
        one.declared ? " <span class=\"dim\">declared</span>" : "", mail_cells(one.mail),
        advises ? "<td>" + html::text(one.action) + "</td>" : "");
  }
  return table("Sources of mail, by messages",
               "<th scope=\"col\">Source</th>" + mail_heads() +
                   (advises ? "<th scope=\"col\">What to do</th>" : ""),
               rows) +
         left_out(sources.size());
}

// The map is sorted by name, so a stable sort by messages gives equal pages for equal data.
std::string reporters_table(const std::map<std::string, DashboardReporter>& reporters) {
  if (reporters.empty()) return "<p class=\"dim\">No reports.</p>\n";
  std::vector<std::pair<std::int64_t, const std::string*>> order;
  for (const auto& [name, one] : reporters) order.emplace_back(-one.messages, &name);
  std::ranges::stable_sort(order, {}, [](const auto& one) { return one.first; });
  std::string rows;
  for (std::size_t i = 0; i < std::min(order.size(), kMostRows); ++i) {
    const DashboardReporter& one = reporters.at(*order[i].second);
    rows += fmt::format("<tr><th scope=\"row\"><bdi>{}</bdi></th>{}<td>{}</td></tr>\n",
                        html::text(*order[i].second), number_cell(one.messages),
                        one.verified ? "verified" : "asserted");
  }
  return table("Reporting organizations",
               "<th scope=\"col\">Reporter</th><th scope=\"col\" class=\"n\">Messages</th>"
               "<th scope=\"col\">Trust</th>",
               rows) +
         left_out(reporters.size());
}

// The time of the data and not of the run: pages made again from the same data are equal.
std::string footer(const Dashboard& dashboard) {
  return fmt::format("<footer>As of {}, from {}. Rampart.</footer>\n", to_text(dashboard.now),
                     html::text(dashboard.origin));
}

}  // namespace dashboard
}  // namespace rampart
