/// Summaries of reports as text and JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/counted.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"
#include "dns/txt.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using reports::Category;
using reports::SourceSummary;
using reports::Summary;

// `owner` appears only with a reverse-DNS map: null would suggest that the operator was looked up.
// Texts of reports are not escaped here: JSON needs no other form, and programs compare them.
Json source_json(const SourceSummary& row) {
  const reports::Source& source = row.source;
  Json json = {{"source", source.label},
               {"declared", source.declared},
               {"named_by", to_text(source.named_by)},
               {"sure", to_text(source.sure)}};
  if (!source.owner.name.empty()) {
    json["owner"] = {{"name", source.owner.name}, {"type", source.owner.type}};
  }
  json["messages"] = row.messages;
  for (std::size_t i = 0; i < reports::kCategories; ++i) {
    json["categories"][std::string(to_text(static_cast<Category>(i)))] = row.categories[i];
  }
  json.update(
      Json{{"marked", row.marked()},
           {"ips", array_of(row.ips, [](const auto& one) { return one.first.text(); })},
           {"ignored_ips", array_of(row.ignored_ips, [](const auto& one) { return one.text(); })},
           {"hosts", row.hosts},
           {"dkim_domains", row.dkim_domains},
           {"envelope_domains", row.envelope_domains},
           {"dkim_selectors", row.selectors},
           {"dispositions", row.dispositions},
           {"first_seen", to_text(row.first)},
           {"last_seen", to_text(row.last)},
           {"unresolved", row.unresolved},
           {"lacks", text_or_null(row.lacks)},
           // True only if all of it is ignored: a source may have addresses that the YAML does not
           // name.
           {"ignored", row.ignored == row.messages},
           {"action", row.action}});
  return json;
}

// The wave is beside its largest addresses, which are sources too.
Json wave_json(const reports::Wave& wave) {
  return {{"messages", wave.messages},           {"addresses", wave.addresses},
          {"networks", wave.networks},           {"largest", wave.largest},
          {"first_seen", date_json(wave.first)}, {"last_seen", date_json(wave.last)}};
}

// Rates are null without mail, since 0 would look like failing.
Json summary_json(const Summary& summary, std::size_t limit) {
  const auto selector_json = [](const auto& one) {
    return Json{{"selector", one.first}, {"sources", one.second}};
  };
  Json sources = Json::array();
  // Addresses that the analysis itself left out count as cut, so that the sums of shown and cut are
  // those of the domain.
  std::int64_t cut = summary.wave.unlisted_addresses;
  std::int64_t cut_messages = summary.wave.unlisted_messages;
  for (const SourceSummary& row : summary.sources) {
    if (sources.size() < limit) {
      sources.push_back(source_json(row));
    } else {
      ++cut;
      cut_messages += row.messages;
    }
  }
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
          {"sources", std::move(sources)},
          {"cut", {{"sources", cut}, {"messages", cut_messages}}},
          {"wave", wave_json(summary.wave)},
          {"selectors", array_of(summary.selectors, selector_json)},
          {"unused_senders", summary.unused_senders},
          {"new_sources", summary.new_sources}};
}

// Rounded down: a rate just below the gate of 98 % must not look like it.
std::string percent_or_none(const std::optional<double>& value) {
  return value ? percent(*value) : std::string("n/a");
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

/// How many texts of a list are shown: the rest is counted.
constexpr std::size_t kShownTexts = 5;

// Everything that a report contains passes through `printable`: outsiders write these texts.
template <class Texts>
std::string list_text(const Texts& texts) {
  std::vector<std::string> shown;
  for (const auto& one : texts) {
    if (shown.size() == kShownTexts) break;
    shown.push_back(printable(one));
  }
  const std::size_t rest = texts.size() - shown.size();
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     rest == 0 ? "" : fmt::format(" and {} more", rest));
}

// A list of texts on a line of its own, if there are any.
template <class Texts>
void add_list(std::string& text, std::string_view title, const Texts& texts) {
  if (!texts.empty()) text += fmt::format("    {}: {}\n", title, list_text(texts));
}

/// In the order of NamedBy, as words after "by".
std::string how_named(const reports::Source& source) {
  constexpr std::array<std::string_view, 5> kHow = {"its signature", "its MAIL FROM domain",
                                                    "its SPF record", "its host name", "address"};
  return fmt::format("{} by {}", to_text(source.sure),
                     kHow[static_cast<std::size_t>(source.named_by)]);
}

// The action is on a line of its own with an arrow, since it is what a reader scans for.
std::string source_text(const SourceSummary& row) {
  const reports::Source& source = row.source;
  // A source that is named by its address shows that already in its label.
  const std::string named =
      source.named_by == reports::NamedBy::Address ? "" : ", " + how_named(source);
  std::string text = fmt::format(
      "  {}{}{}: {} from {}, {} to {}\n", printable(source.label),
      source.declared ? " (declared)" : "", named, counted(row.messages, "message"),
      counted(row.ips.size(), "address", "addresses"), to_text(row.first), to_text(row.last));
  if (!source.owner.name.empty()) {
    text += fmt::format("    operated by {}{}\n", printable(source.owner.name),
                        source.owner.type.empty() ? "" : " (" + printable(source.owner.type) + ")");
  }
  text += fmt::format("    {}\n", categories_text(row));
  std::vector<std::string> addresses;
  for (const auto& [ip, messages] : row.ips) addresses.push_back(ip.text());
  if (source.named_by != reports::NamedBy::Address) add_list(text, "addresses", addresses);
  add_list(text, "hosts", row.hosts);
  add_list(text, "signed as", row.dkim_domains);
  add_list(text, "MAIL FROM", row.envelope_domains);
  add_list(text, "selectors", row.selectors);
  if (row.ignored > 0 && row.ignored < row.messages) {
    text += fmt::format("    {} ignored by `sources: {{ignore: ...}}` in the YAML\n",
                        counted(row.ignored, "message"));
  }
  if (row.action != "none") text += fmt::format("    -> {}\n", printable(row.action));
  return text;
}

// All unmarked mail of unknown hosts is one line, however many addresses it comes from.
std::string wave_text(const reports::Wave& wave) {
  if (wave.messages == 0) return {};
  return fmt::format(
      "  unauthorized mail from unknown hosts, with nothing that ties it to the domain: {} from {} "
      "in {} ({}), {} to {}\n"
      "    -> no DNS change: likely spoofing; `rampart reports threats` lists the addresses\n",
      counted(wave.messages, "message"), counted(wave.addresses, "address", "addresses"),
      counted(wave.networks, "network"), list_text(wave.largest), to_text(*wave.first),
      to_text(*wave.last));
}

}  // namespace

// One domain is the document itself, as the contract has it: most calls are for one.
std::string summaries_json(const std::vector<Summary>& summaries,
                           std::optional<std::size_t> limit) {
  const std::size_t most = limit.value_or(std::numeric_limits<std::size_t>::max());
  const auto json = [most](const Summary& one) { return summary_json(one, most); };
  if (summaries.size() == 1) return document(json(summaries.front()));
  return document({{"domains", array_of(summaries, json)}});
}

// Senders without mail and new sources follow the table, because they are absent from it or easily
// missed in it.
std::string sources_text(const Summary& summary, std::optional<std::size_t> limit) {
  std::string text;
  std::size_t shown = 0;
  std::size_t cut = 0;
  std::int64_t cut_messages = 0;
  for (const SourceSummary& row : summary.sources) {
    // Those are in the wave's one line below.
    if (row.anybodys) continue;
    if (shown++ < limit.value_or(kSourcesInText)) {
      text += source_text(row);
    } else {
      ++cut;
      cut_messages += row.messages;
    }
  }
  if (cut > 0) {
    text += fmt::format("  and {} with {}: --limit {} shows all\n", counted(cut, "more source"),
                        counted(cut_messages, "message"), shown);
  }
  text += wave_text(summary.wave);
  for (const auto& [selector, users] : summary.selectors) {
    text += fmt::format("  selector in use: {} ({})\n", printable(selector), list_text(users));
  }
  for (const std::string& one : summary.unused_senders) {
    text += fmt::format("  declared, but no mail for 90 days: {}\n", one);
  }
  const std::size_t most = limit.value_or(kSourcesInText);
  for (std::size_t i = 0; i < std::min(most, summary.new_sources.size()); ++i) {
    text += fmt::format("  new this week: {}\n", printable(summary.new_sources[i]));
  }
  if (summary.new_sources.size() > most) {
    text += fmt::format("  new this week: {} more\n", summary.new_sources.size() - most);
  }
  return text;
}

// Totals of all reports and of verified ones are both shown: anybody can send an unverified report.
std::string summary_text(const Summary& summary, std::optional<std::size_t> limit) {
  std::string text =
      fmt::format("{}: {}", printable(summary.domain), counted(summary.messages, "message"));
  if (summary.since && summary.until) {
    text += fmt::format(", {} to {}", to_text(*summary.since), to_text(*summary.until));
  }
  text += fmt::format("\n  pass {}, partial {}, fail {}; DMARC pass rate {}\n", summary.pass,
                      summary.partial, summary.fail, percent_or_none(summary.pass_rate));
  // The figure of the gates has a line of its own: spoofing lowers the pass rate above it, and not
  // this one.
  text += fmt::format("  legitimate mail that passes: {}\n", percent_or_none(summary.legit_rate));
  text += fmt::format("  {}, {} of them verified; {} in verified reports\n",
                      counted(summary.reporters, "reporter"), summary.verified_reporters,
                      counted(summary.verified_messages, "message"));
  for (const auto& [reporter, rows] : summary.contradictions) {
    text += fmt::format("  the verdicts of {} contradict its own SPF and DKIM results in {}\n",
                        printable(reporter), counted(rows, "record"));
  }
  // Pruned mail is in the totals and in no source, so the difference is explained.
  if (summary.rolled_up > 0) {
    text += fmt::format("  {} no source, because that report data was pruned\n",
                        counted(summary.rolled_up, "message has", "messages have"));
  }
  return text + sources_text(summary, limit);
}

}  // namespace rampart
