/// From rows to named sources.
#include "reports/analysis/analysis.h"

namespace rampart::reports {
namespace {

Analysis analysis_of(const Range& range, Flows flows, Store& store, const NamingContext& context) {
  Analysis analysis{range, std::move(flows), {}, {}};
  std::set<spf::Ip> addresses;
  for (const Flow& flow : analysis.flows.flows) addresses.insert(flow.ip);
  const auto hosts = find_hosts(addresses, store, context);
  Answers answers;
  analysis.sources = name_sources(analysis.flows, hosts, context, answers);
  analysis.categories = categorize_all(analysis.flows, analysis.sources, context);
  return analysis;
}

}  // namespace

Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context) {
  Result<Flows> flows = read_flows(store, range);
  if (!flows) return flows.error();
  return analysis_of(range, std::move(flows).value(), store, context);
}

Result<Analysis> analyse_verified(Store& store, const Range& range, const NamingContext& context) {
  Result<Flows> read = read_flows(store, range);
  if (!read) return read.error();
  Flows flows = std::move(read).value();
  std::erase_if(flows.flows, [](const Flow& flow) { return flow.trust != Trust::Verified; });
  return analysis_of(range, std::move(flows), store, context);
}

NamingContext naming_of(const Config& config, const Name& domain, Time now,
                        const Resolve& resolve) {
  const auto found = config.domains.find(domain);
  const Domain* known = found == config.domains.end() ? nullptr : &found->second;
  return {config, known, domain, now, resolve};
}

}  // namespace rampart::reports
