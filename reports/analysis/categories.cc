/// Why mail failed: forwarded, from a known service that is not set up, or unauthorized.
#include <algorithm>

#include "base/text.h"
#include "reports/analysis/summary.h"

namespace rampart::reports {
namespace {

constexpr std::array<std::string_view, kCategories> kNames = {
    "pass", "partial", "forwarded", "sender-missing-spf", "sender-missing-dkim", "unauthorized"};

/// Signs of forwarding in the other mail of a source.
struct Survival {
  bool verified = false;  ///< A signature of ours survived, by a verified report.
  bool asserted = false;  ///< The same by an asserted report.
  bool own_spf = false;   ///< SPF passed for our domain, which never happens through a forwarder.
};

/// A passing signature of the domain that is not the source's own.
bool carries_our_signature(const Facts& facts, const Source& source, const NamingContext& context) {
  if (!facts.dkim_aligned) return false;
  if (source.sender == nullptr) return true;
  return std::ranges::none_of(facts.results.dkim, [&](const DkimAuth& one) {
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
    if (group.messages == 0 || !carries_our_signature(*group.facts, source, context)) continue;
    (group.trust == Trust::Verified ? survival.verified : survival.asserted) = true;
  }
  return found;
}

/// Whether a reporter excuses a failure as forwarding: RFC 7489 appendix C, PolicyOverrideType. ARC
/// is visible in a comment only (RFC 8617 section 7.2.2).
bool excuses(const Override& one) {
  if (one.type == "forwarded" || one.type == "trusted_forwarder" || one.type == "mailing_list") {
    return true;
  }
  return one.type == "local_policy" &&
         ascii_lower(one.comment).find("arc=pass") != std::string::npos;
}

bool is_forwarded(const TrafficGroup& group, const Source& source, const Survival& survival) {
  const bool excused = std::ranges::any_of(group.facts->results.overrides, excuses);
  if (group.trust == Trust::Verified && excused) return true;
  if (source.declared) return false;
  if (source.sender != nullptr && source.sender->category == "forwarding") return true;
  // An asserted report may explain mail of asserted reports, but not that of verified ones.
  const bool survived = survival.verified || (group.trust == Trust::Asserted && survival.asserted);
  return survived && !survival.own_spf;
}

/// What a known service lacks: SPF where it sends with our bounce domain, else DKIM.
Category missing(const TrafficGroup& group, const Source& source) {
  if (source.sender->dkim_aligns == Aligns::No) return Category::MissingSpf;
  if (source.sender->spf_aligns == Aligns::No) return Category::MissingDkim;
  OrgDomains domains;
  const RecordResults& results = group.facts->results;
  const auto ours = [&](const std::string& domain) {
    return domains.aligned(domain, results.header_from, dmarc::Alignment::Relaxed);
  };
  const bool our_bounces =
      ours(results.envelope_from) ||
      std::ranges::any_of(results.spf, [&](const SpfAuth& one) { return ours(one.domain); });
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
