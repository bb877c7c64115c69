/// The names of a domain's declared DKIM keys.
#include "policies/dkim/names.h"

#include <set>

#include "policies/dkim/rotation.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

// A TXT template has no target: its key is shown to the customer alone.
std::optional<Name> target_name(const DkimTemplate& row, const Name& domain, const SenderUse& use) {
  if (row.type != RecordType::CNAME) return std::nullopt;
  const auto text = filled_target(*use.sender, row, domain, use.with);
  if (!text || text->empty()) return std::nullopt;
  const auto target = Name::parse(*text);
  return target ? std::optional(*target) : std::nullopt;
}

}  // namespace

// Templates that cannot be filled are left out here; dkim_policy reports them.
std::vector<SenderRecord> sender_dkim_records(const Domain& domain) {
  std::vector<SenderRecord> records;
  if (!domain.senders) return records;
  for (std::size_t index = 0; index < domain.senders->size(); ++index) {
    const SenderUse& use = (*domain.senders)[index];
    for (const DkimTemplate& row : use.sender->dkim) {
      const auto host = fill(row.host, domain.name, use.with);
      if (!host || host->empty()) continue;
      const auto name = domain.name.child(*host);
      if (name) records.push_back({*name, row.type, target_name(row, domain.name, use), index});
    }
  }
  return records;
}

// Past selectors of rotations belong to it too, or the zone's old keys would be reported as
// unknown.
std::vector<std::string> declared_selectors(const Domain& domain) {
  std::set<std::string> selectors;
  for (const SelectorSpec& spec : domain.selectors) selectors.insert(spec.selector);
  for (const RotationSpec& rotation : domain.rotations) {
    for (const std::string& selector : selectors_of(rotation)) selectors.insert(selector);
  }
  return {selectors.begin(), selectors.end()};
}

bool rotates(const Domain& domain, const Sender& sender) {
  return contains(domain.rotations, sender.id, &RotationSpec::sender);
}

std::optional<Name> selector_name(const Domain& domain, std::string_view selector) {
  const auto name = domain.name.child(std::string(selector) + "._domainkey");
  return name ? std::optional(*name) : std::nullopt;
}

// A fixed layout: `keys generate`, the loader and this policy must agree on it without a setting.
std::string rotation_key_path(const Name& domain, std::string_view selector) {
  return "keys/" + domain.text() + "/" + std::string(selector) + ".pub";
}

}  // namespace rampart
