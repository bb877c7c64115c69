/// Charts as inline SVG.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/dashboard/dashboard.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

constexpr std::array<std::string_view, kMailOutcomes> kClasses = {"pass", "partial", "forwarded",
                                                                  "fail"};
constexpr std::array<std::string_view, kMailOutcomes> kWords = {"pass", "partly aligned",
                                                                "forwarded", "fail"};
/// More would be narrower than a pixel on a small screen.
constexpr int kMostBars = 120;

/// One bar: a day, or several days, both ends included.
struct Bar {
  Date first;
  Date last;
  MailCounts mail;
};

/// Days are merged into wider bars until at most `kMostBars` remain; the last may be shorter.
std::vector<Bar> bars_of(const std::map<Date, MailCounts>& days, Date since, Date until) {
  const int count = std::max<int>(1, static_cast<int>((until - since).count()) + 1);
  // Rounded up: rounded down, a range slightly over the limit would keep all of its bars.
  const int width = (count + kMostBars - 1) / kMostBars;
  std::vector<Bar> bars;
  for (Date first = since; first <= until; first += std::chrono::days(width)) {
    bars.push_back({first, std::min(until, first + std::chrono::days(width - 1)), {}});
  }
  for (const auto& [day, mail] : days) {
    if (day < since || day > until) continue;
    bars[static_cast<std::size_t>((day - since).count() / width)].mail += mail;
  }
  return bars;
}

// At least zero, so that an empty range has a chart without bars.
std::int64_t tallest(const std::vector<Bar>& bars) {
  std::int64_t most = 0;
  for (const Bar& bar : bars) most = std::max(most, bar.mail.all());
  return most;
}

/// The smallest of 1, 2, 5, 10, 20, ... that is not less than `number`.
std::int64_t round_up(std::int64_t number) {
  for (std::int64_t power = 1;; power *= 10) {
    for (const std::int64_t step : {1, 2, 5}) {
      // Reporters choose the counts, so the search ends before the product overflows.
      if (power * step >= number || power > (INT64_MAX / 100)) return power * step;
    }
  }
}

// Read aloud by screen readers, so it is a sentence and not a list of figures.
std::string describe_bar(const Bar& bar) {
  std::string text = to_text(bar.first);
  if (bar.last != bar.first) text += " to " + to_text(bar.last);
  text += ":";
  for (std::size_t i = 0; i < kMailOutcomes; ++i) {
    text += fmt::format("{} {} {}", i == 0 ? "" : ",", grouped(bar.mail.by_outcome[i]), kWords[i]);
  }
  return text;
}

/// The area of the bars in SVG units; `most` messages reach its full height.
struct Area {
  double left = 0;
  double width = 0;
  double bottom = 0;
  double height = 0;
  double most = 1;
};

/// Outcomes are stacked from the bottom in the order of MailOutcome; days without mail have no bar.
/// The title is what a browser shows under the pointer.
std::string rectangles(const std::vector<Bar>& bars, const Area& area) {
  const double step = area.width / static_cast<double>(bars.size());
  std::string text;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    double top = area.bottom;
    if (bars[i].mail.all() == 0) continue;
    text += fmt::format("<g><title>{}</title>", describe_bar(bars[i]));
    for (std::size_t outcome = 0; outcome < kMailOutcomes; ++outcome) {
      const auto count = static_cast<double>(bars[i].mail.by_outcome[outcome]);
      if (count <= 0) continue;
      const double height = area.height * count / area.most;
      // The y axis of SVG points down, so bars grow by subtraction.
      top -= height;
      text +=
          fmt::format(R"(<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>)",
                      kClasses[outcome], area.left + step * (static_cast<double>(i) + 0.1), top,
                      step * 0.8, height);
    }
    text += "</g>\n";
  }
  return text;
}

/// Three lines with their numbers: nothing, half, all.
std::string grid(const Area& area) {
  std::string text;
  for (const double share : {0.0, 0.5, 1.0}) {
    const double y = area.bottom - area.height * share;
    text += fmt::format(R"(<line x1="{0:.0f}" x2="{1:.0f}" y1="{2:.1f}" y2="{2:.1f}"/>)"
                        R"(<text x="{3:.0f}" y="{4:.1f}" text-anchor="end">{5}</text>)"
                        "\n",
                        area.left, area.left + area.width, y, area.left - 6, y + 4,
                        grouped(static_cast<std::int64_t>(area.most * share)));
  }
  return text;
}

}  // namespace

// Fixed units with a viewBox: the page scales the chart to its width. At least 2 messages, so that
// the middle line of the grid has a whole number.
std::string mail_chart(const std::map<Date, MailCounts>& days, Date since, Date until) {
  const std::vector<Bar> bars = bars_of(days, since, until);
  const std::int64_t most = std::max<std::int64_t>(2, round_up(tallest(bars)));
  const Area area{70, 820, 190, 170, static_cast<double>(most)};
  MailCounts sum;
  for (const Bar& bar : bars) sum += bar.mail;
  return fmt::format(
             R"(<svg viewBox="0 0 900 220" role="img" aria-labelledby="chart-title chart-about">)"
             "\n<title id=\"chart-title\">Messages per day</title>\n<desc "
             "id=\"chart-about\">{}</desc>\n",
             describe_bar({since, until, sum})) +
         grid(area) + rectangles(bars, area) +
         fmt::format(R"(<text x="{:.0f}" y="210">{}</text><text x="{:.0f}" y="210" )"
                     "text-anchor=\"end\">{}</text>\n</svg>\n",
                     area.left, to_text(since), area.left + area.width, to_text(until));
}

// Whole numbers and one path per outcome: a page may contain thousands of these.
std::string mail_spark(const std::map<Date, MailCounts>& days, Date since, Date until) {
  constexpr int kHeight = 100;
  const std::vector<Bar> bars = bars_of(days, since, until);
  const double most = static_cast<double>(std::max<std::int64_t>(1, tallest(bars)));
  std::array<std::string, kMailOutcomes> paths;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    double sum = 0;
    for (std::size_t outcome = 0; outcome < kMailOutcomes; ++outcome) {
      // From the running sum and not from each height: rounded heights would leave gaps between the
      // colours.
      const auto bottom = static_cast<int>(kHeight * (1 - sum / most));
      sum += static_cast<double>(bars[i].mail.by_outcome[outcome]);
      const auto top = static_cast<int>(kHeight * (1 - sum / most));
      if (top < bottom)
        paths[outcome] += fmt::format("M{} {}V{}h8V{}z", i * 10, bottom, top, bottom);
    }
  }
  std::string text = fmt::format(
      R"(<svg class="spark" viewBox="0 0 {} {}" aria-hidden="true" preserveAspectRatio="none">)",
      bars.size() * 10, kHeight);
  for (std::size_t outcome = 0; outcome < kMailOutcomes; ++outcome) {
    if (paths[outcome].empty()) continue;
    text += fmt::format(R"(<path class="{}" d="{}"/>)", kClasses[outcome], paths[outcome]);
  }
  return text + "</svg>";
}

// Colours alone would exclude readers who cannot tell them apart; each has a word.
std::string mail_legend() {
  constexpr std::array<std::string_view, kMailOutcomes> kMeanings = {
      "SPF and DKIM aligned", "one of them aligned", "failed, explained by forwarding",
      "failed DMARC"};
  std::string text = "<ul class=\"legend\">";
  for (std::size_t i = 0; i < kMailOutcomes; ++i) {
    text += fmt::format(
        R"(<li><svg viewBox="0 0 1 1" aria-hidden="true"><rect class="{}" width="1" height="1"/>)"
        "</svg>{}</li>",
        kClasses[i], kMeanings[i]);
  }
  return text + "</ul>\n";
}

// Folded, since most readers look at the chart.
std::string mail_figures(const std::map<Date, MailCounts>& days) {
  std::string text =
      "<details><summary>The same data as a table</summary>\n<div class=\"wide\"><table>\n<caption>"
      "Messages per day</caption>\n<thead><tr><th scope=\"col\">Day</th>";
  for (const std::string_view word : kWords) {
    text += fmt::format("<th scope=\"col\" class=\"n\">{}</th>", word);
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const auto& [day, mail] : days) {
    text += fmt::format("<tr><th scope=\"row\">{}</th>", to_text(day));
    for (const std::int64_t count : mail.by_outcome) {
      text += fmt::format("<td class=\"n\">{}</td>", grouped(count));
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div></details>\n";
}

}  // namespace rampart
