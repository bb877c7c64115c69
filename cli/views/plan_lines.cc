/// Titles, lines and counts of plans.
#include "cli/views/plan_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/counted.h"
#include "dns/txt.h"
#include "policies/dmarc/receiver_impact.h"
#include "policies/ramp/step_gates.h"
#include "reconciler/documents/plan_file.h"

namespace rampart {
namespace {

/// The receivers' impact belongs to a domain; it is shown under the change of its DMARC record.
const ReceiverImpact* impact_on(const Plan& plan, const Change& change) {
  if (name_kind(change.name()) != NameKind::Dmarc) return nullptr;
  const Name domain = change.name().parent();
  const auto found = std::ranges::lower_bound(plan.receivers, domain, {}, &ReceiverImpact::domain);
  return found == plan.receivers.end() || found->domain != domain ? nullptr : &*found;
}

// What leaves the treatment by every kind of receiver unknown; empty where one is known.
std::string common_gap(const ReceiverImpact& impact) {
  const std::string gap = impact.lines.empty() ? "" : impact.lines.front().gap;
  const bool common =
      std::ranges::all_of(impact.lines, [&](const ReceiverLine& line) { return line.gap == gap; });
  return common ? gap : "";
}

// Receivers differ in the tags that they honour, so there is no single answer to what will happen
// to a message.
void add_receivers(const ReceiverImpact& impact, std::vector<DiffLine>& lines) {
  // A sentence of its own: silence would leave the reader to guess.
  const std::string gap = common_gap(impact);
  if (impact.nothing_new()) {
    lines.push_back({' ', "receivers treat mail that fails DMARC as before"});
  } else if (!gap.empty()) {
    lines.push_back({' ', "the effect on mail that fails DMARC is unknown: " + printable(gap)});
  } else {
    lines.push_back({' ', "mail that fails DMARC, by kind of receiver:"});
    for (const ReceiverLine& line : impact.lines) {
      lines.push_back({' ', fmt::format("  {}: {}", describe(line.receiver), line.says)});
    }
  }
  if (!impact.bimi.empty()) lines.push_back({' ', impact.bimi});
}

/// Whether the record that a change publishes has t=y.
bool publishes_testing(const Change& change) {
  return change.set.after &&
         std::ranges::any_of(change.set.after->set.values, [](const auto& value) {
           const auto* dmarc = value.dmarc();
           return dmarc != nullptr && dmarc->lenient.record.testing.value_or(false);
         });
}

}  // namespace

// As Terraform prints them; readers know the signs.
std::string_view glyph(const Change& change) {
  if (changes_type(change)) return "-/+";
  if (!change.set.before) return "+";
  return change.set.after ? "~" : "-";
}

/// A change of type names both types, because deleting a CNAME and adding a TXT at one name is one
/// write.
std::string title(const Change& change) {
  const std::string type = changes_type(change)
                               ? to_text(change.set.before->type) + " -> " + to_text(change.type())
                               : to_text(change.type());
  return fmt::format("{} {} ({})", printable(change.name().text()), type, to_text(change.stage));
}

// The zone is named only if it is not the domain itself.
std::string heading(const Change& change) {
  const std::string domain = printable(change.domain.text());
  const std::string provider = " at provider " + printable(change.provider);
  if (change.zone == change.domain) return domain + provider;
  return fmt::format("zone {}{}, for {}", printable(change.zone.text()), provider, domain);
}

// The meaning first and the reasons below it: what changes is read by everybody, why only by some.
std::vector<DiffLine> body(const Plan& plan, const Change& change) {
  std::vector<DiffLine> lines = semantic_diff(text_of(change.set));
  for (const std::string& reason : change.reasons) {
    // Some reasons are sentences of their own and begin with the word already.
    const std::string because = reason.starts_with("because ") ? "" : "because ";
    lines.push_back({' ', because + printable(reason)});
  }
  if (const ReceiverImpact* impact = impact_on(plan, change)) add_receivers(*impact, lines);
  // No receiver, but a test that Dutch public bodies must pass: internetstandards/Internet.nl pull
  // request 2080 (June 2026).
  if (publishes_testing(change)) {
    lines.push_back({' ', "Internet.nl counts t=y as p=none (profile nl-comply)"});
  }
  return lines;
}

// Five sources: those that are hit hardest decide, and JSON has all of them.
std::vector<std::string> impact_details(const Impact& impact) {
  const Date last = impact.from + std::chrono::days(impact.window_days - 1);
  std::vector<std::string> lines = {
      fmt::format("basis: mail reported for {} to {}, as treated by {}", to_text(impact.from),
                  to_text(last), describe(impact.receiver))};
  // Shown only if it differs: most plans contain no tag that a receiver could ignore.
  const bool worse =
      impact.worst_quarantined + impact.worst_rejected > impact.quarantined + impact.rejected ||
      impact.worst_rejected > impact.rejected;
  if (worse) {
    lines.push_back(fmt::format("at {}: {} quarantined, {} rejected",
                                describe(dmarc::Receiver::HonoursNeither),
                                grouped(impact.worst_quarantined), grouped(impact.worst_rejected)));
  }
  // They are sorted by how many messages are affected.
  constexpr std::size_t kMostSources = 5;
  std::size_t shown = 0;
  for (const SourceImpact& one : impact.by_source) {
    if (one.worst_case == 0 || shown == kMostSources) break;
    ++shown;
    lines.push_back(fmt::format("{} ({}): {} of {} messages fail, {} quarantined, {} rejected",
                                printable(one.source), one.declared ? "declared" : "undeclared",
                                grouped(one.messages - one.pass_after - one.undetermined),
                                grouped(one.messages), grouped(one.quarantined),
                                grouped(one.rejected)));
  }
  const auto hit = std::ranges::count_if(
      impact.by_source, [](const SourceImpact& one) { return one.worst_case > 0; });
  if (static_cast<std::size_t>(hit) > shown) {
    lines.push_back(fmt::format("and {} more sources", static_cast<std::size_t>(hit) - shown));
  }
  lines.insert(lines.end(), impact.notes.begin(), impact.notes.end());
  return lines;
}

// Many domains usually have the same reason, such as a missing store: one line is enough.
std::vector<std::string> impact_gaps(const Plan& plan) {
  std::map<std::string, std::string> domains;
  for (const ImpactUnknown& one : plan.impact_unknown) {
    std::string& names = domains[one.why];
    names += (names.empty() ? "" : ", ") + printable(one.domain.text());
  }
  std::vector<std::string> lines;
  for (const auto& [why, names] : domains) {
    lines.push_back(fmt::format("{}: the effect on mail is unknown, because {}", names, why));
  }
  return lines;
}

/// The form "file:line:column" of compilers, which terminals and editors turn into links. A mark
/// without a line is about the whole file.
std::string location(const Mark& mark) {
  if (mark.file.empty()) return "";
  std::string text = printable(mark.file);
  if (mark.line > 0) text += fmt::format(":{}", mark.line);
  if (mark.line > 0 && mark.column > 0) text += fmt::format(":{}", mark.column);
  return text;
}

std::string unread_clause(const Plan& plan) {
  const PlanSummary sums = summarize(plan);
  if (sums.unobservable == 0) return "";
  return fmt::format("{} of {} could not be read", sums.unobservable,
                     counted(sums.domains, "domain"));
}

// Errors that withhold a change are counted with the change.
std::vector<std::string> open_clauses(const Plan& plan) {
  std::set<std::pair<std::optional<Name>, std::string>> counted_already;
  for (const Withheld& one : plan.withheld) {
    for (const std::string& code : one.codes) counted_already.emplace(one.change.domain, code);
  }
  const auto errors = std::ranges::count_if(plan.findings, [&](const Finding& finding) {
    return finding.severity == Severity::Error && finding.code != "unobservable" &&
           !counted_already.contains(std::pair(finding.domain, finding.code));
  });
  std::vector<std::string> clauses;
  if (!plan.holds.empty()) clauses.push_back(fmt::format("{} held", plan.holds.size()));
  if (errors > 0) clauses.push_back(counted(static_cast<std::size_t>(errors), "error"));
  const std::string unread = unread_clause(plan);
  if (!unread.empty()) clauses.push_back(unread);
  return clauses;
}

// "No changes." is a fixed text that scripts look for. It is never written where something waits,
// is wrong or could not be read: nobody knows whether that has changes.
std::string count_line(const Plan& plan) {
  const PlanSummary sums = summarize(plan);
  std::vector<std::string> open = open_clauses(plan);
  if (plan.changes.empty() && plan.withheld.empty()) {
    if (open.empty()) return "No changes.";
    const bool waits_only = sums.held > 0 && open.size() == 1;
    if (waits_only) return fmt::format("No changes now; {}.", open.front());
    if (sums.unobservable > 0 && sums.unchanged > 0) {
      open.push_back(fmt::format("{} without changes", sums.unchanged));
    }
    return fmt::format("No changes can be written: {}.", fmt::join(open, ", "));
  }
  if (sums.held > 0) open.erase(open.begin());
  open.insert(open.begin(),
              fmt::format("Plan: {} to create, {} to update, {} to delete; {} held, {} withheld",
                          sums.create, sums.update, sums.remove, sums.held, sums.blocked));
  return fmt::format("{}.", fmt::join(open, "; "));
}

// The sort is stable: within a group the plan's own order, which is the order of writing, remains.
std::vector<std::vector<const Change*>> grouped(const std::vector<Change>& changes) {
  std::vector<const Change*> order;
  for (const Change& change : changes) order.push_back(&change);
  const auto key = [](const Change* change) {
    return std::tie(change->zone, change->domain, change->provider);
  };
  std::ranges::stable_sort(order, [&](auto* a, auto* b) { return key(a) < key(b); });
  std::vector<std::vector<const Change*>> groups;
  for (const Change* change : order) {
    if (groups.empty() || key(groups.back().front()) != key(change)) groups.emplace_back();
    groups.back().push_back(change);
  }
  return groups;
}

int colour_of(Severity severity) {
  return severity == Severity::Error ? kRed : severity == Severity::Warning ? kYellow : kCyan;
}

std::string paint(Colour colour, int code, std::string_view text) {
  return colour == Colour::Off ? std::string(text) : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string paint_sign(Colour colour, char sign, std::string_view text) {
  const int code = sign == '+' ? kGreen : sign == '-' ? kRed : sign == '~' ? kYellow : 0;
  return code == 0 ? std::string(text) : paint(colour, code, text);
}

}  // namespace rampart
