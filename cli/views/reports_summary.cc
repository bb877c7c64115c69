/// Summaries of reports as text and JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/views/json_parts.h"
#include "cli/views/reports.h"
#include "dns/txt.h"

namespace rampart {
namespace {

using reports::Category;
using reports::SourceSummary;
using reports::Summary;

// `owner` appears only with a reverse-DNS map: null would suggest that the operator was looked up.
Json source_json(const SourceSummary& row) {
  const reports::Source& source = row.source;
  Json json = {{"source", source.label}, {"declared", source.declared}};
  if (!source.owner.name.empty()) {
    json["owner"] = {{"name", source.owner.name}, {"type", source.owner.type}};
  }
  json["messages"] = row.messages;
  for (std::size_t i = 0; i < reports::kCategories; ++i) {
    json["categories"][std::string(to_text(static_cast<Category>(i)))] = row.categories[i];
  }
  json.update(Json{{"ips", array_of(row.ips, [](const auto& one) { return one.first.text(); })},
                   {"dkim_selectors", row.selectors},
                   {"first_seen", to_text(row.first)},
                   {"last_seen", to_text(row.last)},
                   {"unresolved", row.unresolved},
                   {"ignored", source.ignored},
                   {"action", row.action}});
  return json;
}

// Rates are null without mail, since 0 would look like failing.
Json summary_json(const Summary& summary) {
  const auto selector_json = [](const auto& one) {
    return Json{{"selector", one.first}, {"sources", one.second}};
  };
  return {{"domain", summary.domain},
          {"since", date_json(summary.since)},
          {"until", date_json(summary.until)},
          {"messages", summary.messages},
          {"pass", summary.pass},
          {"partial", summary.partial},
          {"fail", summary.fail},
          {"pass_rate", or_null(summary.pass_rate)},
          {"legit_rate", or_null(summary.legit_rate)},
          {"reporters", summary.reporters},
          {"verified_reporters", summary.verified_reporters},
          {"verified_messages", summary.verified_messages},
          {"rolled_up", summary.rolled_up},
          {"contradictions", summary.contradictions},
          {"sources", array_of(summary.sources, source_json)},
          {"selectors", array_of(summary.selectors, selector_json)},
          {"unused_senders", summary.unused_senders},
          {"new_sources", summary.new_sources}};
}

// Two decimals: a rate just below the gate of 98 % must not be rounded up to it.
std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f} %", *value * 100) : std::string("none");
}

// Categories without mail are left out: most sources have one or two.
std::string categories_text(const SourceSummary& row) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < reports::kCategories; ++i) {
    if (row.categories[i] == 0) continue;
    parts.push_back(fmt::format("{} {}", row.categories[i], to_text(static_cast<Category>(i))));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

// One domain is the document itself, as the contract has it: most calls are for one.
std::string summaries_json(const std::vector<Summary>& summaries) {
  if (summaries.size() == 1) return document(summary_json(summaries.front()));
  return document({{"domains", array_of(summaries, summary_json)}});
}

// Everything that a report contains passes through `printable`: outsiders write these texts.
// The action of each source is on a line of its own with an arrow, since it is what a reader scans
// for. Senders without mail and new sources follow the table, because they are absent from it or
// easily missed in it.
std::string sources_text(const Summary& summary) {
  std::string text;
  for (const SourceSummary& row : summary.sources) {
    text += fmt::format("  {}{}: {} messages from {} addresses, {} to {}\n",
                        printable(row.source.label), row.source.declared ? " (declared)" : "",
                        row.messages, row.ips.size(), to_text(row.first), to_text(row.last));
    const reports::HostOwner& owner = row.source.owner;
    if (!owner.name.empty()) {
      text += fmt::format("    operated by {}{}\n", printable(owner.name),
                          owner.type.empty() ? "" : " (" + printable(owner.type) + ")");
    }
    text += fmt::format("    {}\n", categories_text(row));
    if (!row.selectors.empty()) {
      text += fmt::format("    selectors: {}\n",
                          printable(fmt::format("{}", fmt::join(row.selectors, ", "))));
    }
    if (row.action != "none") text += fmt::format("    -> {}\n", printable(row.action));
  }
  for (const auto& [selector, users] : summary.selectors) {
    text += fmt::format("  selector in use: {} ({})\n", printable(selector),
                        printable(fmt::format("{}", fmt::join(users, ", "))));
  }
  for (const std::string& one : summary.unused_senders) {
    text += fmt::format("  declared, no mail for 90 days: {}\n", one);
  }
  for (const std::string& one : summary.new_sources) {
    text += fmt::format("  new this week: {}\n", printable(one));
  }
  return text;
}

// Totals of all reports and of verified ones are both shown: anybody can send an unverified report.
std::string summary_text(const Summary& summary) {
  std::string text = fmt::format("{}: {} messages", printable(summary.domain), summary.messages);
  if (summary.since && summary.until) {
    text += fmt::format(", {} to {}", to_text(*summary.since), to_text(*summary.until));
  }
  text += fmt::format("\n  pass {}, partial {}, fail {}; DMARC passes for {}\n", summary.pass,
                      summary.partial, summary.fail, percent(summary.pass_rate));
  text += fmt::format("  legitimate mail passes: {}\n", percent(summary.legit_rate));
  text += fmt::format("  {} reporters, {} of them verified; {} messages in verified reports\n",
                      summary.reporters, summary.verified_reporters, summary.verified_messages);
  for (const auto& [reporter, rows] : summary.contradictions) {
    text += fmt::format("  {} contradicts itself in {} records\n", printable(reporter), rows);
  }
  if (summary.rolled_up > 0) {
    text += fmt::format("  {} messages of pruned days are attributed to no source\n",
                        summary.rolled_up);
  }
  return text + sources_text(summary);
}

}  // namespace rampart
