/// `rampart inventory`: every domain with its phase, senders and owners, as Markdown.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "cli/commands/table.h"
#include "cli/views/markdown.h"
#include "policies/dkim/names.h"

namespace rampart {
namespace {

/// A cell of a Markdown table: its text must not end the cell or start markup.
/// Names and reasons are free text of the YAML. An empty cell gets a dash, so that a table in a
/// ticket keeps its form.
std::string cell(const std::string& text) { return text.empty() ? "-" : markdown::prose(text); }

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& one : cells) text += " " + cell(one) + " |";
  return text + "\n";
}

std::string heading(const std::vector<std::string>& names) {
  return row(names) + "|" +
         fmt::format("{}", fmt::join(std::vector<std::string>(names.size(), "---"), "|")) + "|\n";
}

// Parked and absent domains have no ramp position, and show their state in its place.
std::string state_of(const Domain& domain) {
  if (domain.state == DomainState::Parked) return "parked";
  if (domain.state == DomainState::Absent) return "absent";
  return to_text(domain.dmarc.position);
}

// In the order of names, as everywhere, so that two versions of the page can be compared.
std::string domains_table(const Config& config) {
  std::string text = heading({"Domain", "Phase", "Since", "Target", "Selectors", "Senders"});
  for (const auto& [name, domain] : config.domains) {
    std::vector<std::string> senders;
    if (domain.senders) {
      for (const SenderUse& use : *domain.senders) senders.push_back(use.sender->id);
    }
    text +=
        row({name.unicode(), state_of(domain),
             domain.dmarc.since ? to_text(*domain.dmarc.since) : "", to_text(domain.dmarc.target),
             fmt::format("{}", fmt::join(declared_selectors(domain), ", ")),
             fmt::format("{}", fmt::join(senders, ", "))});
  }
  return text;
}

/// Each service that a domain uses, with the domains.
/// The map sorts by id; a retiring sender shows its last day with each domain.
std::string senders_table(const Config& config) {
  std::map<std::string, std::vector<std::string>> domains;
  for (const auto& [name, domain] : config.domains) {
    if (!domain.senders) continue;
    for (const SenderUse& use : *domain.senders) {
      domains[use.sender->id].push_back(
          name.unicode() + (use.retired ? " (until " + to_text(*use.retired) + ")" : ""));
    }
  }
  std::string text = heading({"Sender", "Name", "Category", "Owner", "Reviewed", "Domains"});
  for (const auto& [id, used] : domains) {
    const Sender& sender = *config.senders.at(id);
    text += row({id, sender.name, sender.category, sender.owner, sender.reviewed,
                 fmt::format("{}", fmt::join(used, ", "))});
  }
  return text;
}

/// Dates on which somebody must act: waivers that end and senders that retire.
std::string dates_table(const Config& config) {
  std::vector<std::array<std::string, 3>> dates;
  for (const auto& [name, domain] : config.domains) {
    for (const Waiver& one : domain.waivers) {
      dates.push_back({to_text(one.until), name.unicode(),
                       fmt::format("waiver of {} ends ({})", one.code, one.reason)});
    }
    if (!domain.senders) continue;
    for (const SenderUse& use : *domain.senders) {
      if (use.retired) {
        dates.push_back({to_text(*use.retired), name.unicode(), use.sender->id + " retires"});
      }
    }
  }
  if (dates.empty()) return "";
  // By the text of the date first, whose form sorts as the date itself.
  std::ranges::sort(dates);
  std::string text = "\n## Dates\n\n" + heading({"Day", "Domain", "What"});
  for (const auto& [day, name, what] : dates) text += row({day, name, what});
  return text;
}

}  // namespace

ExitCode run_inventory(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  context.process.out << "# Mail inventory\n\n## Domains\n\n"
                      << domains_table(config) << "\n## Senders\n\n"
                      << senders_table(config) << dates_table(config);
  return ExitCode::Ok;
}

}  // namespace rampart
