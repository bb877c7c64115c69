#include "policies/model/sender_use.h"

#include <algorithm>

namespace rampart {
namespace {

// Several vendors build host names from the customer's domain in this form.
std::string dashes(const Name& domain) {
  std::string text = domain.text();
  std::ranges::replace(text, '.', '-');
  return text;
}

// What the YAML gives wins, so that a vendor's exception can be written down.
std::optional<std::string> value_of(std::string_view placeholder, const Name& domain,
                                    const std::map<std::string, std::string>& with) {
  const auto given = with.find(std::string(placeholder));
  if (given != with.end()) return given->second;
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

bool declares(const Domain& domain, const std::string& sender) {
  return domain.senders && std::ranges::any_of(*domain.senders, [&](const SenderUse& use) {
           return use.sender->id == sender;
         });
}

// The day itself counts: a sender that retires today needs no record any more.
bool is_retired(const SenderUse& use, Time now) { return use.retired && Time(*use.retired) <= now; }

}  // namespace rampart
