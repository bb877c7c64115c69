/// The names under which a domain's DKIM keys are declared to stand.
#include "policies/dkim_names.h"

#include <algorithm>
#include <set>

#include "policies/rotation.h"

namespace rampart {
namespace {

std::string dashes(const Name& domain) {
  std::string text = domain.text();
  std::ranges::replace(text, '.', '-');
  return text;
}

std::optional<std::string> value_of(std::string_view placeholder, const Name& domain,
                                    const std::map<std::string, std::string>& with) {
  const auto given = with.find(std::string(placeholder));
  if (given != with.end()) return given->second;
  if (placeholder == "domain") return domain.text();
  if (placeholder == "domain_dashes") return dashes(domain);
  return std::nullopt;
}

std::optional<Name> filled_target(const DkimTemplate& row, const Name& domain,
                                  const SenderUse& use) {
  if (row.type != RecordType::CNAME) return std::nullopt;
  const auto text = fill(row.target, domain, use.with);
  if (!text || text->empty()) return std::nullopt;
  const auto target = Name::parse(*text);
  return target.ok() ? std::optional(target.value()) : std::nullopt;
}

}  // namespace

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

std::vector<SenderRecord> sender_dkim_records(const Domain& domain) {
  std::vector<SenderRecord> records;
  if (!domain.senders) return records;
  for (std::size_t index = 0; index < domain.senders->size(); ++index) {
    const SenderUse& use = (*domain.senders)[index];
    for (const DkimTemplate& row : use.sender->dkim) {
      const auto host = fill(row.host, domain.name, use.with);
      if (!host || host->empty()) continue;
      const auto name = domain.name.child(*host);
      if (!name.ok()) continue;
      records.push_back({name.value(), row.type, filled_target(row, domain.name, use), index});
    }
  }
  return records;
}

std::vector<std::string> declared_selectors(const Domain& domain) {
  std::set<std::string> selectors;
  for (const SelectorSpec& spec : domain.selectors) selectors.insert(spec.selector);
  for (const RotationSpec& rotation : domain.rotations) {
    for (const std::string& selector : selectors_of(rotation)) selectors.insert(selector);
  }
  return {selectors.begin(), selectors.end()};
}

std::optional<Name> selector_name(const Domain& domain, std::string_view selector) {
  const auto name = domain.name.child(std::string(selector) + "._domainkey");
  return name.ok() ? std::optional(name.value()) : std::nullopt;
}

std::string rotation_key_path(const Name& domain, std::string_view selector) {
  return "keys/" + domain.text() + "/" + std::string(selector) + ".pub";
}

}  // namespace rampart
