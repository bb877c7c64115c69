/// Why mail failed: forwarded, a known service not set up, or nobody's.
#include <algorithm>

#include "reports/analysis/summary.h"

namespace rampart::reports {
namespace {

constexpr std::array<std::string_view, kCategories> kNames = {
    "pass", "partial", "forwarded", "sender-missing-spf", "sender-missing-dkim", "unauthorized"};

/// What other mail through the same source shows.
struct Survival {
  bool verified = false;  ///< Our signature came through, and a verified reporter says so.
  bool asserted = false;
  bool own_spf = false;  ///< SPF passed as us: no forwarder's address does that.
};

/// A passing signature of the domain that is not the source's own.
bool carries_ours(const Facts& facts, const Source& source, const NamingContext& context) {
  if (!facts.dkim_aligned) return false;
  if (source.sender == nullptr) return true;
  return std::ranges::none_of(facts.dkim, [&](const DkimAuth& one) {
    const SenderUse* use = sender_of_selector(context, one.selector);
    const auto& own = source.sender->selectors;
    return one.result == AuthResult::Pass &&
           ((use != nullptr && use->sender.get() == source.sender) ||
            std::ranges::find(own, one.selector) != own.end());
  });
}

std::map<std::string, Survival> survivals(const TrafficGroups& groups,
                                          const std::map<spf::Ip, Source>& sources,
                                          const NamingContext& context) {
  std::map<std::string, Survival> found;
  for (const TrafficGroup& group : groups.groups) {
    const Source& source = sources.at(group.ip);
    Survival& survival = found[source.label];
    survival.own_spf = survival.own_spf || group.facts->spf_aligned;
    if (group.messages == 0 || !carries_ours(*group.facts, source, context)) continue;
    (group.trust == Trust::Verified ? survival.verified : survival.asserted) = true;
  }
  return found;
}

/// RFC 7489 appendix C, PolicyOverrideType; ARC shows in a comment (RFC 8617 section 7.2.2).
bool excuses(const Override& one) {
  if (one.type == "forwarded" || one.type == "trusted_forwarder" || one.type == "mailing_list") {
    return true;
  }
  std::string comment = one.comment;
  std::ranges::transform(comment, comment.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return one.type == "local_policy" && comment.find("arc=pass") != comment.npos;
}

bool is_forwarded(const TrafficGroup& group, const Source& source, const Survival& survival) {
  if (group.trust == Trust::Verified && std::ranges::any_of(group.facts->overrides, excuses)) {
    return true;
  }
  if (source.declared) return false;
  if (source.sender != nullptr && source.sender->category == "forwarding") return true;
  const bool word = survival.verified || (group.trust == Trust::Asserted && survival.asserted);
  return word && !survival.own_spf;
}

/// A known service: its SPF is missing where it sends with our bounce domain, else its DKIM.
Category missing(const TrafficGroup& group, const Source& source) {
  if (source.sender->dkim_aligns == Aligns::No) return Category::MissingSpf;
  if (source.sender->spf_aligns == Aligns::No) return Category::MissingDkim;
  OrgDomains domains;
  const Facts& facts = *group.facts;
  const auto ours = [&](const std::string& domain) {
    return domains.aligned(domain, facts.header_from, dmarc::Alignment::Relaxed);
  };
  const bool our_bounces =
      ours(facts.envelope_from) ||
      std::ranges::any_of(facts.spf, [&](const SpfAuth& one) { return ours(one.domain); });
  return our_bounces ? Category::MissingSpf : Category::MissingDkim;
}

}  // namespace

std::string_view to_text(Category category) { return kNames[static_cast<std::size_t>(category)]; }

std::vector<Category> categorize_all(const TrafficGroups& groups,
                                     const std::map<spf::Ip, Source>& sources,
                                     const NamingContext& context) {
  const std::map<std::string, Survival> survival = survivals(groups, sources, context);
  std::vector<Category> categories;
  categories.reserve(groups.groups.size());
  for (const TrafficGroup& group : groups.groups) {
    const Facts& facts = *group.facts;
    const Source& source = sources.at(group.ip);
    if (facts.dkim_aligned || facts.spf_aligned) {
      const bool both = facts.dkim_aligned && facts.spf_aligned;
      categories.push_back(both ? Category::Pass : Category::Partial);
    } else if (is_forwarded(group, source, survival.at(source.label))) {
      categories.push_back(Category::Forwarded);
    } else {
      categories.push_back(source.sender != nullptr ? missing(group, source)
                                                    : Category::Unauthorized);
    }
  }
  return categories;
}

}  // namespace rampart::reports
