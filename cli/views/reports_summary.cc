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

Json source_json(const SourceSummary& row) {
  Json json;
  json["source"] = row.source.label;
  json["declared"] = row.source.declared;
  if (!row.source.owner.name.empty()) {
    json["owner"] = {{"name", row.source.owner.name}, {"type", row.source.owner.type}};
  }
  json["messages"] = row.messages;
  for (std::size_t i = 0; i < reports::kCategories; ++i) {
    json["categories"][std::string(to_text(static_cast<Category>(i)))] = row.categories[i];
  }
  json["ips"] = Json::array();
  for (const auto& [ip, messages] : row.ips) json["ips"].push_back(ip.text());
  json["dkim_selectors"] = row.selectors;
  json["first_seen"] = to_text(row.first);
  json["last_seen"] = to_text(row.last);
  json["unresolved"] = row.unresolved;
  json["ignored"] = row.source.ignored;
  json["action"] = row.action;
  return json;
}

Json summary_json(const Summary& summary) {
  Json json;
  json["domain"] = summary.domain;
  json["since"] = date_json(summary.since);
  json["until"] = date_json(summary.until);
  json["messages"] = summary.messages;
  json["pass"] = summary.pass;
  json["partial"] = summary.partial;
  json["fail"] = summary.fail;
  json["pass_rate"] = or_null(summary.pass_rate);
  json["legit_rate"] = or_null(summary.legit_rate);
  json["reporters"] = summary.reporters;
  json["verified_reporters"] = summary.verified_reporters;
  json["verified_messages"] = summary.verified_messages;
  json["rolled_up"] = summary.rolled_up;
  json["contradictions"] = summary.contradictions;
  json["sources"] = Json::array();
  for (const SourceSummary& row : summary.sources) json["sources"].push_back(source_json(row));
  json["selectors"] = Json::array();
  for (const auto& [selector, sources] : summary.selectors) {
    json["selectors"].push_back(Json{{"selector", selector}, {"sources", sources}});
  }
  json["unused_senders"] = summary.unused_senders;
  json["new_sources"] = summary.new_sources;
  return json;
}

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f} %", *value * 100) : std::string("none");
}

std::string categories_text(const SourceSummary& row) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < reports::kCategories; ++i) {
    if (row.categories[i] == 0) continue;
    parts.push_back(fmt::format("{} {}", row.categories[i], to_text(static_cast<Category>(i))));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string summaries_json(const std::vector<Summary>& summaries) {
  Json json;
  if (summaries.size() == 1) {
    json = summary_json(summaries.front());
  } else {
    json["domains"] = Json::array();
    for (const Summary& one : summaries) json["domains"].push_back(summary_json(one));
  }
  return document(json);
}

// Everything that a report contains passes through `printable`: outsiders write these texts.
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
