/// A domain whose DKIM keys another tool keeps.
#include "policies/dkim/unmanaged.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "policies/dkim/names.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

// Whether the selector has a key or a CNAME, or nobody can tell: an answer that did not come is no
// reason to ask another tool for a record.
bool may_exist(const Domain& domain, const World& world, const Name& name) {
  return std::ranges::any_of(world.zones_for(domain, name), [&](const LiveZone* zone) {
    return zone->at({name, RecordType::CNAME}).state != LiveState::Absent ||
           zone->at({name, RecordType::TXT}).state != LiveState::Absent;
  });
}

}  // namespace

// Every selector that the tool publishes is right, so that undeclared ones are not reported.
PolicyResult unmanaged_dkim(const Domain& domain, const World& world) {
  PolicyResult result;
  std::set<std::size_t> signs;
  std::map<std::size_t, Name> lacking;
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    if (may_exist(domain, world, record.name)) signs.insert(record.sender);
    lacking.emplace(record.sender, record.name);
  }
  for (const auto& [index, name] : lacking) {
    const SenderUse& use = (*domain.senders)[index];
    if (signs.contains(index) || is_retired(use, world.now)) continue;
    result.findings.push_back(marked(
        finding_of(domain, Severity::Info, "dkim-missing",
                   fmt::format("{} cannot sign as {} until a key is published, such as at {}",
                               use.sender->name, domain.name.text(), name.text()),
                   "publish it with the tool that keeps the keys: `dkim: unmanaged` is set here"),
        use.mark));
  }
  return result;
}

}  // namespace rampart
