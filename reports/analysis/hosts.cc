/// Forward-confirmed host names of addresses, kept in the store between runs.
#include <algorithm>
#include <ranges>
#include <span>

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

/// How many addresses are looked up at once: few enough to end soon once the time is used up.
constexpr std::size_t kLookupsAtOnce = 500;

AddressTable addresses_of(const TrafficGroups& groups) {
  AddressTable addresses;
  for (const TrafficGroup& group : groups.groups) {
    addresses.messages(addresses.find_or_add(group.ip)) += group.messages;
  }
  return addresses;
}

/// Adds the names that the store knows, and returns the addresses that need a lookup. What cannot
/// be read counts as unknown.
std::vector<std::uint32_t> add_known(const AddressTable& addresses, Store& store, Time now,
                                     HostNames& hosts) {
  std::vector<bool> fresh(addresses.size());
  const auto add = [&](std::uint32_t slot, const spf::Ip& ip, const KnownHost& host) {
    fresh[slot] = now - host.seen <= kHostAge;
    if (!host.name.empty()) hosts.names.emplace(ip, host.name);
  };
  if (addresses.size() < kReadAllFrom) {
    for (std::uint32_t slot = 0; slot < addresses.size(); ++slot) {
      const spf::Ip ip = addresses.ip(slot);
      const auto host = store.host(ip);
      if (host && *host) add(slot, ip, **host);
    }
  } else {
    (void)store.for_each_host([&](const spf::Ip& ip, const KnownHost& host) {
      const std::uint32_t slot = addresses.find(ip);
      if (slot != AddressTable::kNone) add(slot, ip, host);
    });
  }
  std::vector<std::uint32_t> missing;
  for (std::uint32_t slot = 0; slot < addresses.size(); ++slot) {
    if (!fresh[slot]) missing.push_back(slot);
  }
  return missing;
}

/// The addresses to look up: those with the most messages, in that order.
std::vector<spf::Ip> largest(const AddressTable& addresses, std::vector<std::uint32_t> slots,
                             std::size_t most) {
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const std::int64_t of_a = addresses.messages(a);
    const std::int64_t of_b = addresses.messages(b);
    return of_a != of_b ? of_a > of_b : addresses.ip(a) < addresses.ip(b);
  };
  if (slots.size() > most) {
    // Only the part that is kept needs an order; the list may have a million addresses.
    std::ranges::nth_element(slots, slots.begin() + static_cast<std::ptrdiff_t>(most), before);
    slots.resize(most);
  }
  std::ranges::sort(slots, before);
  std::vector<spf::Ip> ips;
  ips.reserve(slots.size());
  for (const std::uint32_t slot : slots) ips.push_back(addresses.ip(slot));
  return ips;
}

void look_up_some(std::span<const spf::Ip> some, const Resolve& resolve, Answers& answers) {
  // A round asks all addresses at once, so the run takes the time of three lookups and not of
  // thousands.
  for (int round = 0; round < kReverseLookupRounds; ++round) {
    std::set<Question> unknown;
    for (const spf::Ip& ip : some) {
      std::vector<Question> asked;
      (void)spf::validated_names(ip, answers, asked);
      unknown.insert(asked.begin(), asked.end());
    }
    if (unknown.empty()) break;
    resolve(answers, std::vector<Question>(unknown.begin(), unknown.end()));
  }
}

/// What is not looked up because the time is used up has no answer, as if a server were silent.
Answers look_up(std::span<const spf::Ip> missing, const NamingContext& context) {
  using Clock = std::chrono::steady_clock;
  Answers answers;
  const auto& left = context.lookups.left;
  while (context.resolve && !missing.empty() && (!left || left->count() > 0)) {
    const Clock::time_point began = Clock::now();
    const std::size_t count = std::min(missing.size(), kLookupsAtOnce);
    look_up_some(missing.first(count), context.resolve, answers);
    missing = missing.subspan(count);
    if (left) *left -= std::min(*left, Clock::now() - began);
  }
  return answers;
}

/// Of several confirmed names the first by order, so that a source keeps its name between runs.
std::string first_name(const spf::Ip& ip, const Answers& answers) {
  std::vector<Question> unknown;
  std::vector<Name> names = spf::validated_names(ip, answers, unknown).names;
  // With an unanswered question, another name may come first later, and the source would change its
  // name.
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
  for (const std::string& text : names->values_or_none() | std::views::take(kMostPtrNames)) {
    const Result<Name> name = Name::parse(text);
    if (name && !is_answered(find_answer(answers, *name, type))) {
      return "the address of " + name->text();
    }
  }
  return {};
}

}  // namespace

HostNames find_hosts(const TrafficGroups& groups, Store& store, const NamingContext& context) {
  return find_hosts(addresses_of(groups), store, context);
}

HostNames find_hosts(const AddressTable& addresses, Store& store, const NamingContext& context) {
  HostNames hosts;
  const std::vector<spf::Ip> missing =
      largest(addresses, add_known(addresses, store, context.now, hosts), context.lookups.most);
  if (missing.empty()) return hosts;
  const Answers answers = look_up(missing, context);
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
