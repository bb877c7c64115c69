/// From rows to named sources.
#include "reports/analysis.h"

namespace rampart::reports {

Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context) {
  Result<Flows> flows = read_flows(store, range);
  if (!flows) return flows.error();
  Analysis analysis{range, std::move(flows).value(), {}, {}};
  std::set<spf::Ip> addresses;
  for (const Flow& flow : analysis.flows.flows) addresses.insert(flow.ip);
  const auto hosts = find_hosts(addresses, store, context);
  Answers answers;
  analysis.sources = name_sources(analysis.flows, hosts, context, answers);
  analysis.categories = categorize_all(analysis.flows, analysis.sources, context);
  return analysis;
}

NamingContext naming_of(const Config& config, const Name& domain, Time now,
                        const Resolve& resolve) {
  const auto found = config.domains.find(domain);
  const Domain* known = found == config.domains.end() ? nullptr : &found->second;
  return {config, known, domain, now, resolve};
}

}  // namespace rampart::reports
