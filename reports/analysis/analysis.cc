/// The steps from rows to named sources.
#include "reports/analysis/analysis.h"

namespace rampart::reports {
namespace {

Analysis analysis_of(const Range& range, TrafficGroups groups, Store& store,
                     const NamingContext& context) {
  Analysis analysis{range, std::move(groups), {}, {}};
  std::set<spf::Ip> addresses;
  for (const TrafficGroup& group : analysis.groups.groups) addresses.insert(group.ip);
  const auto hosts = find_hosts(addresses, store, context);
  Answers answers;
  analysis.sources = name_sources(analysis.groups, hosts, context, answers);
  analysis.categories = categorize_all(analysis.groups, analysis.sources, context);
  return analysis;
}

}  // namespace

Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context) {
  TRY(TrafficGroups groups, read_traffic_groups(store, range));
  return analysis_of(range, std::move(groups), store, context);
}

Result<Analysis> analyse_verified(Store& store, const Range& range, const NamingContext& context) {
  TRY(TrafficGroups groups, read_traffic_groups(store, range));
  std::erase_if(groups.groups,
                [](const TrafficGroup& group) { return group.trust != Trust::Verified; });
  return analysis_of(range, std::move(groups), store, context);
}

NamingContext naming_of(const Config& config, const Name& domain, Time now,
                        const Resolve& resolve) {
  const auto found = config.domains.find(domain);
  const Domain* known = found == config.domains.end() ? nullptr : &found->second;
  return {config, known, domain, now, resolve};
}

}  // namespace rampart::reports
