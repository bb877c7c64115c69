/// Filled placeholders of senders, and which senders a domain declares.
#include "policies/model/sender_use.h"

#include "policies/model/lookup.h"

namespace rampart {
namespace {

// Several vendors build host names from the customer's domain in this form.
std::string dashes(const Name& domain) {
  std::string text = domain.text();
  std::ranges::replace(text, '.', '-');
  return text;
}

// A value in the YAML comes first, so that a user can override the derived ones.
std::optional<std::string> value_of(std::string_view placeholder, const Name& domain,
                                    const std::map<std::string, std::string>& with) {
  if (const auto* given = find_value(with, std::string(placeholder))) return *given;
  if (placeholder == "domain") return domain.text();
  if (placeholder == "domain_dashes") return dashes(domain);
  return std::nullopt;
}

}  // namespace

// A brace without its partner makes the whole text unusable: half a name must never be published.
std::optional<std::string> fill(std::string_view text, const Name& domain,
                                const std::map<std::string, std::string>& with) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t brace = text.find_first_of("{}");
    filled += text.substr(0, brace);
    if (brace == std::string_view::npos) return filled;
    const std::size_t end = text.find('}', brace);
    if (text[brace] == '}' || end == std::string_view::npos) return std::nullopt;
    const auto value = value_of(text.substr(brace + 1, end - brace - 1), domain, with);
    if (!value) return std::nullopt;
    filled += *value;
    text.remove_prefix(end + 1);
  }
  return filled;
}

// A region without targets of its own has the ordinary one, as most regions do.
const std::string& target_template(const Sender& sender, const DkimTemplate& row,
                                   const std::map<std::string, std::string>& with) {
  const auto chosen = std::ranges::find_if(row.targets, [&](const std::string& one) {
    return std::ranges::any_of(with, [&](const auto& value) {
      const std::string brace = "{" + value.first + "}";
      if (one.find(brace) == one.npos || row.target.find(brace) != row.target.npos) return false;
      return value.first != "region" || contains(sender.regions, value.second);
    });
  });
  return chosen == row.targets.end() ? row.target : *chosen;
}

std::optional<std::string> filled_target(const Sender& sender, const DkimTemplate& row,
                                         const Name& domain,
                                         const std::map<std::string, std::string>& with) {
  return fill(target_template(sender, row, with), domain, with);
}

bool declares(const Domain& domain, const std::string& sender) {
  return contains(domain.declared_senders(), sender,
                  [](const SenderUse& use) -> const std::string& { return use.sender->id; });
}

// The day itself counts: a sender that retires today needs no record any more.
bool is_retired(const SenderUse& use, Time now) { return use.retired && Time(*use.retired) <= now; }

}  // namespace rampart
