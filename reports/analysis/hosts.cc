/// Forward-confirmed host names of addresses, kept in the store between runs.
#include <algorithm>

#include "mail/spf/message.h"
#include "reports/analysis/sources.h"

namespace rampart::reports {
namespace {

/// How long a looked-up host name is used before it is looked up again.
constexpr std::chrono::days kHostAge{14};

/// PTR, then the addresses of each name, then those behind a CNAME.
constexpr int kReverseLookupRounds = 3;

/// From so many addresses on, one pass over the stored names is quicker than a query for each.
constexpr std::size_t kReadAllFrom = 5'000;

/// RFC 7208 section 5.5: no more PTR names than these are checked.
constexpr std::size_t kMostPtrNames = 10;

struct AddressCount {
  spf::Ip ip;
  std::int64_t messages = 0;
};

/// Every address once, most messages first.
std::vector<AddressCount> addresses_of(const TrafficGroups& groups) {
  std::vector<AddressCount> addresses;
  for (const TrafficGroup& group : groups.groups) {
    if (addresses.empty() || addresses.back().ip != group.ip) addresses.push_back({group.ip, 0});
    addresses.back().messages += group.messages;
  }
  std::ranges::sort(addresses, [](const AddressCount& a, const AddressCount& b) {
    return a.messages != b.messages ? a.messages > b.messages : a.ip < b.ip;
  });
  return addresses;
}

using KnownHosts = std::unordered_map<spf::Ip, KnownHost, IpHash>;

/// What the store knows of these addresses. What cannot be read counts as unknown.
KnownHosts known_hosts(const std::vector<AddressCount>& addresses, Store& store) {
  KnownHosts known;
  if (addresses.size() < kReadAllFrom) {
    for (const AddressCount& one : addresses) {
      auto host = store.host(one.ip);
      if (host && *host) known.emplace(one.ip, std::move(**host));
    }
    return known;
  }
  (void)store.for_each_host(
      [&](const spf::Ip& ip, const KnownHost& host) { known.emplace(ip, host); });
  return known;
}

Answers look_up(const std::vector<spf::Ip>& missing, const Resolve& resolve) {
  Answers answers;
  for (int round = 0; resolve && round < kReverseLookupRounds; ++round) {
    std::set<Question> unknown;
    for (const spf::Ip& ip : missing) {
      std::vector<Question> asked;
      (void)spf::validated_names(ip, answers, asked);
      unknown.insert(asked.begin(), asked.end());
    }
    if (unknown.empty()) break;
    resolve(answers, std::vector<Question>(unknown.begin(), unknown.end()));
  }
  return answers;
}

/// Of several confirmed names the first by order, so that a source keeps its name between runs.
std::string first_name(const spf::Ip& ip, const Answers& answers) {
  std::vector<Question> unknown;
  std::vector<Name> names = spf::validated_names(ip, answers, unknown).names;
  if (names.empty() || !unknown.empty()) return {};
  std::ranges::sort(names);
  return names.front().text();
}

bool is_answered(const Answer* answer) {
  return answer != nullptr && answer->status != AnswerStatus::Failed;
}

/// Which lookup of an address without a confirmed name got no answer, or empty.
std::string unanswered(const spf::Ip& ip, const Answers& answers) {
  const Answer* names = find_answer(answers, spf::reverse_name(ip), RecordType::PTR);
  if (!is_answered(names)) return "the PTR record of " + ip.text();
  const RecordType type = ip.v6 ? RecordType::AAAA : RecordType::A;
  for (const std::string& text : names->values) {
    if (static_cast<std::size_t>(&text - names->values.data()) >= kMostPtrNames) break;
    const Result<Name> name = Name::parse(text);
    if (name && !is_answered(find_answer(answers, *name, type))) {
      return "the address of " + name->text();
    }
  }
  return {};
}

}  // namespace

HostNames find_hosts(const TrafficGroups& groups, Store& store, const NamingContext& context) {
  HostNames hosts;
  const std::vector<AddressCount> addresses = addresses_of(groups);
  const KnownHosts known = known_hosts(addresses, store);
  std::vector<spf::Ip> missing;
  for (const AddressCount& one : addresses) {
    const auto found = known.find(one.ip);
    if (found != known.end() && !found->second.name.empty()) {
      hosts.names.emplace(one.ip, found->second.name);
    }
    const bool fresh = found != known.end() && context.now - found->second.seen <= kHostAge;
    if (!fresh && missing.size() < kMostLookups) missing.push_back(one.ip);
  }
  if (missing.empty()) return hosts;
  const Answers answers = look_up(missing, context.resolve);
  // If the store cannot be written now, the only cost is another lookup in the next run.
  const bool writing = store.begin().ok();
  for (const spf::Ip& ip : missing) {
    const std::string host = first_name(ip, answers);
    const std::string lacks = host.empty() ? unanswered(ip, answers) : std::string();
    if (!lacks.empty()) {
      // The name of an earlier run, however old, stays; without one, the address may have a name.
      if (!hosts.names.contains(ip)) hosts.unanswered.emplace(ip, lacks);
      continue;
    }
    if (host.empty()) {
      hosts.names.erase(ip);
    } else {
      hosts.names.insert_or_assign(ip, host);
    }
    if (writing) (void)store.remember_host(ip, host, context.now);
  }
  if (writing && !store.commit()) store.rollback();
  return hosts;
}

}  // namespace rampart::reports
