#include "policies/rules/spf_width.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/counted.h"
#include "mail/spf/ip_set.h"

namespace rampart::rules {
namespace {

constexpr std::uint64_t kShared4 = 1ULL << 16U;             // A /16.
constexpr spf::Address kShared6 = spf::Address{1} << 104U;  // A /24.
constexpr std::uint64_t kBroad4 = 1ULL << 24U;              // A /8: hardly a list of senders.
constexpr spf::Address kBroad6 = spf::Address{1} << 112U;   // A /16: no provider has as much.
constexpr std::uint64_t kAll4 = 1ULL << 32U;
constexpr spf::Address kPublic6 = spf::Address{1} << 125U;  // 2000::/3.

// The extents of `authority-wide`, in order of harm; what they count is far below one step.
constexpr std::int64_t kOpenExtent = std::int64_t{1} << 40U;
constexpr std::int64_t kBroadExtent = std::int64_t{2} << 40U;
constexpr std::int64_t kMostExtent = std::int64_t{3} << 40U;
constexpr std::int64_t kEverybodyExtent = std::int64_t{4} << 40U;

// IPv6 as far as widths need it. `total` ends at the size of 2000::/3, so that ::/0 is no overflow.
struct Width6 {
  spf::Address widest = 0;  ///< The largest interval.
  spf::Address total = 0;
};

Width6 width6_of(const spf::Intervals& intervals) {
  Width6 width;
  for (const spf::Interval& interval : intervals) {
    const spf::Address size = std::min(interval.last - interval.first, kPublic6 - 1) + 1;
    width.widest = std::max(width.widest, size);
    width.total = std::min(width.total + size, kPublic6);
  }
  return width;
}

// Where most of the addresses come from: the first term on the way, and the last record. Names the
// vendor whose record is to be looked at, who may be several includes away.
std::string cause_of(const spf::TreeNode& root) {
  const spf::TreeNode* at = &root;
  std::string term;
  while (!at->children.empty()) {
    const auto widest = std::ranges::max_element(at->children, {}, &spf::TreeNode::addresses4);
    if (widest->addresses4 == 0 || widest->addresses4 * 2 < at->addresses4) break;
    if (term.empty()) term = widest->term;
    at = &*widest;
  }
  if (term.empty()) return "";
  if (!at->record) return fmt::format(", by `{}`", term);
  // A long record would hide the sentence around it.
  constexpr std::size_t kMostShown = 120;
  const bool cut = at->record->size() > kMostShown;
  return fmt::format(", by `{}`: {} publishes `{}{}`", term, at->domain,
                     at->record->substr(0, kMostShown), cut ? "..." : "");
}

// In private use alone, by RFC 1918, RFC 6598, RFC 1122, RFC 3927, RFC 4193 and RFC 4291. Networks
// for documentation are left out: examples are made of them.
const spf::IpSet& private_networks() {
  static const spf::IpSet set = [] {
    constexpr std::array<std::pair<std::string_view, int>, 9> kRows = {{{"10.0.0.0", 8},
                                                                        {"172.16.0.0", 12},
                                                                        {"192.168.0.0", 16},
                                                                        {"100.64.0.0", 10},
                                                                        {"127.0.0.0", 8},
                                                                        {"169.254.0.0", 16},
                                                                        {"fc00::", 7},
                                                                        {"fe80::", 10},
                                                                        {"::1", 128}}};
    std::vector<spf::Network> networks;
    for (const auto& [text, length] : kRows) networks.push_back({*spf::Ip::parse(text), length});
    return spf::IpSet::of(networks);
  }();
  return set;
}

// "2,097,152 IPv4 addresses", and the widest IPv6 network where that is what is wide.
std::string extent_of(const spf::IpSet& own) {
  const std::string four = grouped(static_cast<std::int64_t>(own.count4())) + " IPv4 addresses";
  if (!is_wide6(own)) return four;
  const std::string six = "an IPv6 network wider than /24";
  return own.count4() > kShared4 ? four + " and " + six : six;
}

}  // namespace

Width width_of(const spf::IpSet& pass) {
  const std::uint64_t count4 = pass.count4();
  const Width6 width6 = width6_of(pass.v6());
  if (count4 == kAll4 || width6.total == kPublic6) return Width::Everybody;
  if (count4 >= kAll4 / 2 || width6.total >= kPublic6 / 2) return Width::Most;
  if (count4 > kBroad4 || width6.total > kBroad6) return Width::Broad;
  if (count4 > kShared4 || is_wide6(pass)) return Width::Shared;
  return Width::Narrow;
}

bool is_wide6(const spf::IpSet& pass) { return width6_of(pass.v6()).widest > kShared6; }

SpfReach spf_reach(const spf::Admitted& admitted) {
  return {.addresses4 = admitted.pass.count4(),
          .width = width_of(admitted.pass),
          .open = admitted.open_pass};
}

std::string text_of(const SpfReach& reach) {
  if (reach.addresses4 <= kBroad4) return "IPv6 networks of more than a /16 in all";
  return grouped(static_cast<std::int64_t>(reach.addresses4)) + " IPv4 addresses";
}

bool is_wide(const SpfReach& reach) { return reach.width >= Width::Broad || !reach.open.empty(); }

// Only IPv4 addresses are counted by term, so that no cause is known where IPv6 alone is wide.
// Only a fault that is new is refused: a vendor's record of today is no decision of the plan.
std::optional<Fault> authority_wide(const Name& domain, const SpfReach& reach,
                                    const spf::TreeNode& root) {
  const std::string name = domain.text();
  Fault fault{.code = "authority-wide", .blocks = true};
  if (reach.width >= Width::Most) {
    const bool all = reach.width == Width::Everybody;
    fault.severity = Severity::Error;
    fault.message =
        fmt::format("{} may send as {}{}", all ? "everybody" : "half of the internet or more", name,
                    reach.addresses4 >= kAll4 / 2 ? cause_of(root) : "");
    fault.hint =
        "mail from all these hosts passes SPF, and so DMARC: remove the term today; if it is an "
        "include, ask its operator whether this is intended";
    fault.extent = all ? kEverybodyExtent : kMostExtent;
  } else if (reach.width == Width::Broad) {
    const bool four = reach.addresses4 > kBroad4;
    fault.message = fmt::format("{} may send as {}{}", text_of(reach), name,
                                four ? ", more than a /8" + cause_of(root) : "");
    fault.hint = "check the prefix lengths of the record and of what it includes";
    fault.extent = kBroadExtent + static_cast<std::int64_t>(reach.addresses4 / kBroad4);
  } else if (!reach.open.empty()) {
    fault.message = fmt::format(
        "`{}` decides for each message who may send as {}: how many addresses it admits is "
        "unknown, and may be all",
        fmt::join(reach.open, "`, `"), name);
    fault.hint =
        "keep it only if you trust its operator to pass nobody but your own senders; otherwise ask "
        "the operator for networks to list";
    fault.extent = kOpenExtent + std::ssize(reach.open);
  } else {
    return std::nullopt;
  }
  return fault;
}

bool is_open_alone(const Fault& fault) {
  return fault.code == "authority-wide" && fault.extent < kBroadExtent;
}

spf::IpSet own_networks(const Name& domain, const spf::Record& record, const Answers& answers) {
  spf::Record own;
  for (const spf::Directive& one : record.directives) {
    using spf::Mechanism;
    const bool named = one.mechanism == Mechanism::Ip4 || one.mechanism == Mechanism::Ip6 ||
                       one.mechanism == Mechanism::A || one.mechanism == Mechanism::Mx;
    if (named && one.qualifier == spf::Qualifier::Pass) own.directives.push_back(one);
  }
  return spf::admitted_by(domain, own, answers).pass;
}

// Wider than half of the internet is `authority-wide` alone: one fault has one finding.
std::optional<Fault> spf_broad(const Name& domain, const SpfReach& reach, const spf::IpSet& own) {
  if (reach.width >= Width::Most) return std::nullopt;
  if (reach.addresses4 > kBroad4) {
    return Fault{
        .code = "spf-broad",
        .message = fmt::format("{} may send as {}, more than a /8", text_of(reach), domain.text()),
        .hint = "check the prefix lengths of the record and of what it includes",
        .extent = static_cast<std::int64_t>(reach.addresses4)};
  }
  const spf::IpSet shown = own.without(private_networks());
  // What is broader is in the whole record's reach.
  if (width_of(shown) != Width::Shared) return std::nullopt;
  return Fault{.code = "spf-broad",
               .message = fmt::format("the SPF record of {} itself names {}: a range like this "
                                      "belongs to many parties, who can all send as {}",
                                      domain.text(), extent_of(shown), domain.text()),
               .hint = "name the hosts that send; ask a cloud provider for fixed addresses"};
}

std::optional<Fault> spf_private(const Name& domain, const spf::IpSet& own) {
  // Who admits half of the internet has named no private network.
  if (width_of(own) >= Width::Most) return std::nullopt;
  std::vector<std::string> names;
  for (const spf::Network& network : own.common(private_networks()).networks()) {
    names.push_back(spf::to_text(network));
  }
  if (names.empty()) return std::nullopt;
  constexpr std::size_t kMostShown = 3;
  const bool more = names.size() > kMostShown;
  if (more) names.resize(kMostShown);
  return Fault{.code = "spf-private",
               .message = fmt::format("the SPF record of {} names private addresses ({}{}), from "
                                      "which no mail arrives over the internet",
                                      domain.text(), fmt::join(names, ", "), more ? ", ..." : ""),
               .hint = "name the public addresses of the hosts that send, or remove the term"};
}

}  // namespace rampart::rules
