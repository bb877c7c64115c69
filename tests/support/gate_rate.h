/// The legitimate rate of reports' flows as the gates of a ramp see it.
#pragma once

#include <map>
#include <vector>

#include "policies/ramp/legit.h"
#include "reports/analysis/summary.h"

namespace rampart::testing {

inline DmarcOutcome outcome_of(const reports::Facts& its, reports::Category category) {
  if (its.dkim_aligned || its.spf_aligned) {
    return its.dkim_aligned && its.spf_aligned ? DmarcOutcome::Both
           : its.dkim_aligned                  ? DmarcOutcome::DkimOnly
                                               : DmarcOutcome::SpfOnly;
  }
  return category == reports::Category::Forwarded ? DmarcOutcome::Forwarded : DmarcOutcome::Fail;
}

/// The same mail as the gates of a ramp see it: its rate there, or -1.
inline double gate_rate(const reports::TrafficGroups& groups,
                        const std::map<spf::Ip, reports::Source>& sources,
                        const reports::NamingContext& context) {
  const auto categories = reports::categorize_all(groups, sources, context);
  std::vector<EvidenceRow> rows;
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    const reports::TrafficGroup& one = groups.groups[i];
    std::int64_t left = one.messages;
    for (const Date day : one.days) {
      const bool last = day == *one.days.rbegin();
      const std::int64_t share =
          last ? left : one.messages / static_cast<std::int64_t>(one.days.size());
      left -= share;
      rows.push_back({.day = day,
                      .policy_domain = context.name,
                      .header_from = context.name,
                      .reporter = "r.example",
                      .source = sources.at(one.ip).label,
                      .outcome = outcome_of(*one.facts, categories[i]),
                      .selectors = {},
                      .selectors_reported = false,
                      .published = {},
                      .messages = share});
    }
  }
  EvidenceRows pointers;
  for (const EvidenceRow& row : rows) pointers.push_back(&row);
  const Domain& domain = context.config.domains.at(context.name);
  return tally_of(domain, context.config, pointers, pointers).legit_rate().value_or(-1);
}

}  // namespace rampart::testing
