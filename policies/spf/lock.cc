/// Which answers about a vendor's addresses are taken over, and which are refused.
#include "policies/spf/lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/counted.h"
#include "policies/model/lookup.h"
#include "policies/rules/spf_width.h"

namespace rampart {
namespace {

// A vendor that drops a network by mistake usually restores it within days.
constexpr std::chrono::days kRemovalDelay{7};

// "192.0.2.0/24". People edit the file too, so that every part is checked.
std::optional<spf::Network> network_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto ip = spf::Ip::parse(text.substr(0, slash));
  int length = -1;
  const std::string_view digits = text.substr(slash + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool whole = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
  if (!ip || !whole || length < 0 || length > (ip->v6 ? 128 : 32)) return std::nullopt;
  return spf::Network{*ip, length};
}

// The least growth that counts: a /16, and an IPv6 /24.
constexpr double kGrowth4 = 65536;
constexpr double kGrowth6 = 1099511627776;  // In /64 networks.

bool outgrows(double now, double known, double least) {
  return now > known * 4 && now - known > least;
}

double size4_of(const spf::IpSet& set) { return static_cast<double>(set.count4()); }

// In /64 networks, the least that a host is given. Sizes are only compared, so that the loss of
// precision does not matter.
double size6_of(const spf::IpSet& set) {
  double size = 0;
  for (const spf::Interval& interval : set.v6()) {
    size += static_cast<double>((interval.last - interval.first) >> 64) + 1;
  }
  return size;
}

// By family: an IPv6 network has so many addresses that the loss of all of IPv4 would not show.
bool is_halved(const spf::IpSet& now, const spf::IpSet& known) {
  return size4_of(now) * 2 < size4_of(known) || size6_of(now) * 2 < size6_of(known);
}

/// Why the views of a term are not taken over; empty where they are. Each check guards against a
/// vendor's accident or an attacker's answer, since the lock admits what it holds for weeks.
std::string refusal(const std::string& term, const LockedTerm* old,
                    const std::vector<ResolvedTerm>& views) {
  if (views.size() < 2) return term + ": only one resolver answered; two must agree";
  const spf::IpSet& pass = views.front().admitted.pass;
  for (const ResolvedTerm& view : views) {
    if (!view.admitted.complete) {
      return term + ": it could not be resolved completely, or depends on the message";
    }
    if (view.admitted.pass != pass) return term + ": the resolvers disagree";
  }
  if (pass.empty()) return term + ": it admits no host now";
  if (old != nullptr) {
    const spf::IpSet known = set_of(old->networks);
    if (is_halved(pass, known)) {
      return term + ": it now admits less than half of the addresses that it did";
    }
    if (is_much_wider(pass, known)) {
      return fmt::format(
          "{}: it now admits {} where spf.lock has {}; ask its operator, and to accept it take its "
          "entry out of spf.lock and run this again",
          term, size_text(pass), size_text(known));
    }
  }
  // A list that is as wide as this is no list of senders, and would be published for weeks.
  if (rules::width_of(pass) >= rules::Width::Broad) {
    const auto count4 = grouped(static_cast<std::int64_t>(pass.count4()));
    return fmt::format("{}: it admits {} IPv4 addresses{}", term, count4,
                       rules::is_wide6(pass) ? " and IPv6 networks that are too wide for senders"
                                             : ", more than a /8");
  }
  return "";
}

// New networks count at once, dropped ones only after a delay: mail that fails is worse than an
// address that passes for a week longer. The date of a removal is kept with its network, because
// the delay outlives many runs.
LockedTerm refreshed(const LockedTerm* old, const ResolvedTerm& view, Date today) {
  LockedTerm term{.resolved = today, .lookups = view.lookups};
  spf::IpSet kept = view.admitted.pass;
  const auto keep = [&](const spf::IpSet& gone, Date since) {
    if (today >= since + kRemovalDelay) return;
    kept = kept.united(gone);
    for (const std::string& network : texts_of(gone)) term.leaving.emplace(network, since);
  };
  if (old != nullptr) {
    spf::IpSet gone = set_of(old->networks).without(kept);
    for (const auto& [network, since] : old->leaving) {
      const spf::IpSet earlier = gone.common(set_of({network}));
      keep(earlier, since);
      gone = gone.without(earlier);
    }
    keep(gone, today);
  }
  term.networks = texts_of(kept);
  return term;
}

}  // namespace

spf::IpSet set_of(const std::vector<std::string>& networks) {
  std::vector<spf::Network> read;
  for (const std::string& text : networks) {
    if (const auto network = network_of(text)) read.push_back(*network);
  }
  return spf::IpSet::of(read);
}

std::vector<std::string> texts_of(const spf::IpSet& set) {
  std::vector<std::string> texts;
  for (const spf::Network& network : set.networks()) texts.push_back(spf::to_text(network));
  return texts;
}

bool is_much_wider(const spf::IpSet& now, const spf::IpSet& known) {
  return outgrows(size4_of(now), size4_of(known), kGrowth4) ||
         outgrows(size6_of(now), size6_of(known), kGrowth6);
}

std::string size_text(const spf::IpSet& set) {
  const std::string text = fmt::format("{} IPv4 addresses", set.count4());
  return set.v6().empty() ? text
                          : fmt::format("{} and {:.0f} IPv6 /64 networks", text, size6_of(set));
}

// A refused term keeps its old networks, so that one failing vendor does not block the others.
Refresh refresh_lock(const SpfLock& old,
                     const std::map<std::string, std::vector<ResolvedTerm>>& views, Date today) {
  Refresh refresh;
  for (const auto& [term, seen] : views) {
    const LockedTerm* before = find_value(old.terms, term);
    const std::string refused = refusal(term, before, seen);
    if (refused.empty()) {
      refresh.lock.terms.emplace(term, refreshed(before, seen.front(), today));
      continue;
    }
    refresh.refused.push_back(refused);
    if (before != nullptr) refresh.lock.terms.emplace(term, *before);
  }
  return refresh;
}

}  // namespace rampart
