/// `rampart senders list|show|search|check`: the catalogue of sending services, for people and
/// programs.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/closest.h"
#include "base/text.h"
#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/json_documents.h"
#include "cli/views/senders.h"
#include "policies/dkim/vendor_rotation.h"

namespace rampart {
namespace {

using Rows = std::vector<const Sender*>;

/// The word may be anything that an administrator sees: a host in a Received line, a selector in a
/// signature, an include.
bool mentions(const Sender& sender, const std::string& word) {
  const auto in = [&](const std::string& text) {
    return ascii_lower(text).find(word) != text.npos;
  };
  if (in(sender.id) || in(sender.name) || in(sender.category)) return true;
  const auto target = [&](const DkimTemplate& one) { return in(one.host) || in(one.target); };
  return std::ranges::any_of(sender.spf, in) || std::ranges::any_of(sender.spf_aliases, in) ||
         std::ranges::any_of(sender.rdns, in) || std::ranges::any_of(sender.selectors, in) ||
         std::ranges::any_of(sender.dkim, target);
}

/// Aligned columns; the name comes last because its length varies most.
/// Widths from the rows that are shown: a search with three results needs no wide columns.
std::string listing(const Rows& rows) {
  std::size_t id = 0;
  std::size_t category = 0;
  for (const Sender* one : rows) {
    id = std::max(id, one->id.size());
    category = std::max(category, one->category.size());
  }
  std::string text;
  for (const Sender* one : rows) {
    text += fmt::format("{:{}}  {:{}}  {}\n", one->id, id, one->category, category, one->name);
  }
  return text;
}

/// One labelled value; absent values have no line.
void line(std::string& text, std::string_view label, const std::string& value) {
  if (!value.empty()) text += fmt::format("  {:<13} {}\n", label, value);
}

// For people, in the order of the enumerators of IncludeNeeded and of Aligns.
constexpr std::array kIncludeTexts = {
    "needed at the From domain", "not needed: its MAIL FROM is in a domain of its own",
    "optional: only for SPF to align", "needed by older set-ups only", ""};
constexpr std::array kAlignsTexts = {"yes", "no", "if set up", "partly", "unknown"};

std::string include_text(const Sender& sender) {
  return kIncludeTexts.at(static_cast<std::size_t>(sender.include_needed));
}

std::string aligns_text(Aligns aligns) { return kAlignsTexts.at(static_cast<std::size_t>(aligns)); }

// In the order in which a service is set up: SPF, return path, DKIM, then what to expect of it.
std::string details(const Sender& sender) {
  std::string text = fmt::format("{} ({}, {})\n", sender.name, sender.id, sender.category);
  line(text, "spf", fmt::format("{}", fmt::join(sender.spf, " ")));
  line(text, "of", sender.spf_shared);
  line(text, "also", fmt::format("{}", fmt::join(sender.spf_aliases, " ")));
  line(text, "include", sender.spf.empty() ? "" : include_text(sender));
  if (sender.lookups) {
    line(text, "lookups", fmt::format("{} (seen {})", *sender.lookups, sender.lookups_as_of));
  }
  line(text, "return path", sender.return_path.value_or(""));
  line(text, "dkim", std::string(to_text(sender.dkim_kind)));
  for (const DkimTemplate& one : sender.dkim) {
    line(text, "",
         fmt::format("{} {} {}", one.host, to_text(one.type),
                     one.target.empty() ? "(the service shows the key)" : one.target));
    for (const std::string& other : one.targets) line(text, "", "  or CNAME " + other);
  }
  line(text, "regions", fmt::format("{}", fmt::join(sender.regions, ", ")));
  line(text, "selectors", fmt::format("{}", fmt::join(sender.selectors, ", ")));
  line(text, "rotation", how_keys_rotate(sender));
  line(text, "aligns",
       fmt::format("spf {}, dkim {}", aligns_text(sender.spf_aligns),
                   aligns_text(sender.dkim_aligns)));
  line(text, "hosts", fmt::format("{}", fmt::join(sender.rdns, ", ")));
  line(text, "signs as", fmt::format("{}", fmt::join(sender.dkim_domains, ", ")));
  line(text, "MAIL FROM", fmt::format("{}", fmt::join(sender.envelope_domains, ", ")));
  line(text, "note", sender.note);
  line(text, "source", sender.source);
  line(text, "checked", sender.checked);
  line(text, "unverified", sender.unverified);
  line(text, "reviewed", sender.reviewed);
  return text;
}

// A near miss is answered with the id that was probably meant, as for commands.
ConfigError unknown_sender(const std::string& id, const Config& config) {
  std::vector<std::string> ids;
  for (const auto& row : config.senders) ids.push_back(row.first);
  const std::string near = closest(id, ids);
  const std::string hint =
      near.empty() ? "see rampart senders search WORD" : "did you mean " + near + "?";
  return command_error("unknown-sender", "there is no sender " + id, hint);
}

ExitCode show(const Context& context, const Rows& rows, std::string (*text)(const Rows&)) {
  return print(context, context.json() ? senders_json(rows) : text(rows));
}

}  // namespace

// The whole catalogue, own senders of the YAML included where -c names one.
ExitCode run_senders_list(Context& context) {
  VALUE_OR_EXIT(const Config config, config_if_named(context));
  Rows rows;
  for (const auto& [id, sender] : config.senders) rows.push_back(sender.get());
  return show(context, rows, listing);
}

ExitCode run_senders_show(Context& context) {
  VALUE_OR_EXIT(const Config config, config_if_named(context));
  const std::string id = *context.arguments.one("ID");
  const auto found = config.senders.find(id);
  if (found == config.senders.end()) return fail(context, {unknown_sender(id, config)});
  return show(context, {found->second.get()},
              [](const Rows& rows) { return details(*rows.front()); });
}

// No match is not an error: a script gets an empty list.
ExitCode run_senders_search(Context& context) {
  VALUE_OR_EXIT(const Config config, config_if_named(context));
  const std::string word = ascii_lower(*context.arguments.one("WORD"));
  Rows rows;
  for (const auto& [id, sender] : config.senders) {
    if (mentions(*sender, word)) rows.push_back(sender.get());
  }
  if (rows.empty() && !context.json()) progress(context, "No sender matches " + word + ".");
  return show(context, rows, listing);
}

// What moved counts before what is unknown: it is certain, and there is something to do about it.
ExitCode run_senders_check(Context& context) {
  VALUE_OR_EXIT(const Config config, config_if_named(context));
  const std::vector<std::string> ids = context.arguments.all("ID");
  std::vector<std::shared_ptr<const Sender>> senders;
  for (const std::string& id : ids) {
    const auto found = config.senders.find(id);
    if (found == config.senders.end()) return fail(context, {unknown_sender(id, config)});
    senders.push_back(found->second);
  }
  for (const auto& [id, sender] : config.senders) {
    if (ids.empty()) senders.push_back(sender);
  }
  TRY_OR_FAIL("resolver", DnsSession lookups, resolver_session(context, config));
  const std::vector<SenderCheck> rows = check_senders(senders, lookups);
  const auto any = [&](RowState state) {
    return std::ranges::any_of(rows, [&](const SenderCheck& row) { return row.any(state); });
  };
  const ExitCode open = any(RowState::Unknown) ? ExitCode::Error : ExitCode::Ok;
  const ShownFacts shown = ids.empty() ? ShownFacts::Differing : ShownFacts::All;
  return print(context, context.json() ? senders_check_json(rows) : senders_check_text(rows, shown),
               any(RowState::Moved) ? ExitCode::Different : open);
}

}  // namespace rampart
