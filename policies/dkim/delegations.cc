/// Joins what several senders require at one name.
#include "policies/dkim/delegations.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "policies/dkim/names.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_pattern.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

// Whether two senders require one record: the same target, or the key of the same service.
bool same_record(const Domain& domain, const Delegation& one, const SenderRecord& record) {
  const auto id = [&domain](std::size_t index) { return (*domain.senders)[index].sender->id; };
  if (one.target != record.target) return false;
  return one.target || id(one.senders.front()) == id(record.sender);
}

// Services have targets by region and by the age of an account, and the YAML need not know which:
// the CNAME that works is kept.
bool is_right_for(const Domain& domain, const SenderUse& use, const Name& name,
                  const std::string& target) {
  return std::ranges::any_of(use.sender->dkim, [&](const DkimTemplate& row) {
    const auto host = fill(row.host, domain.name, use.with);
    const auto at = host && !host->empty() ? domain.name.child(*host) : Result<Name>(Error{});
    return at && *at == name && is_right_target(*use.sender, row, domain.name, use.with, target);
  });
}

}  // namespace

// Compared as names and not as text: two spellings of one name are one selector in DNS.
std::set<Name> declared_names(const Domain& domain) {
  std::set<Name> names;
  for (const std::string& selector : declared_selectors(domain)) {
    if (const auto name = selector_name(domain, selector)) names.insert(*name);
  }
  return names;
}

std::multimap<Name, Delegation> delegations(const Domain& domain) {
  std::multimap<Name, Delegation> wanted;
  std::set<std::pair<std::size_t, Name>> settled;
  const std::set<Name> declared = declared_names(domain);
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    const bool known = record.target || record.type == RecordType::TXT;
    if (!known || declared.contains(record.name)) continue;
    if (!settled.emplace(record.sender, record.name).second) continue;
    const auto [first, last] = wanted.equal_range(record.name);
    const auto same = std::find_if(
        first, last, [&](const auto& row) { return same_record(domain, row.second, record); });
    if (same != last) {
      same->second.senders.push_back(record.sender);
    } else {
      wanted.emplace(record.name, Delegation{record.target, {record.sender}});
    }
  }
  return wanted;
}

std::string names_of(const Domain& domain, const Name& at,
                     const std::multimap<Name, Delegation>& wanted) {
  std::vector<std::string> ids;
  const auto [first, last] = wanted.equal_range(at);
  for (auto row = first; row != last; ++row) {
    for (const std::size_t index : row->second.senders) {
      ids.push_back((*domain.senders)[index].sender->id);
    }
  }
  return fmt::format("{}", fmt::join(ids, " and "));
}

// Two providers with different CNAMEs are no proof of either.
Name desired_target(const Domain& domain, const World& world, const Name& name,
                    const Delegation& delegation) {
  const auto live = live_values(domain, world, {name, RecordType::CNAME}, RecordKind::DkimCname);
  const auto target = live.size() == 1 ? Name::parse(live.front().text()) : Result<Name>(Error{});
  const bool right =
      target && std::ranges::all_of(delegation.senders, [&](const std::size_t index) {
        return is_right_for(domain, (*domain.senders)[index], name, target->text());
      });
  return right ? *target : *delegation.target;
}

}  // namespace rampart
