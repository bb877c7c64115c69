/// The steps from rows to named sources.
#include "reports/analysis/analysis.h"

#include <malloc.h>

#include "policies/model/reporters.h"

namespace rampart::reports {

Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context) {
  TRY(TrafficGroups groups, read_traffic_groups(store, range, {Trust::Asserted, context.counts}));
  HostNames hosts = find_hosts(groups, store, context);
  // The table of addresses is gone, but its many small parts stay with the allocator, which would
  // not use them for the large vectors that follow.
  ::malloc_trim(0);
  // A run over several domains shares one cache, because the catalogue's SPF records are the same
  // for all.
  auto cache = context.cache;
  if (!cache) {
    cache = std::make_shared<NamingCache>(context.config, store, context.resolve, context.now);
  }
  return analyse_groups(range, std::move(groups), std::move(hosts), context, *cache);
}

/// A missing answer keeps mail out of the wave: the address may turn out to be the domain's own.
bool Analysis::is_anybodys(std::size_t group) const {
  const Classification& one = classifications[group];
  return one.category == Category::Unauthorized && !one.marked() && !one.ignored &&
         one.lacks == 0 && (one.source == kByAddress || sources[one.source].sender == nullptr);
}

Source Analysis::source_of(std::size_t group) const {
  const std::uint32_t source = classifications[group].source;
  // Sources that are named by address alone are not stored: a botnet has a hundred thousand of
  // them.
  if (source != kByAddress) return sources[source];
  Source made;
  made.label = "ip:" + groups.groups[group].ip.text();
  return made;
}

std::string Analysis::host_of(const spf::Ip& ip) const {
  const auto found = hosts.names.find(ip);
  return found == hosts.names.end() ? std::string() : found->second;
}

NamingContext naming_of(const Config& config, const Name& domain, Time now,
                        const Resolve& resolve) {
  const auto found = config.domains.find(domain);
  const Domain* known = found == config.domains.end() ? nullptr : &found->second;
  return {.config = config,
          .domain = known,
          .name = domain,
          .now = now,
          .resolve = resolve,
          .owners = nullptr,
          .counts =
              [&config](const std::string& reporter) {
                // Anybody can sign a report, so only a known reporter's word that mail was
                // forwarded excuses a failure.
                return reporter_kind(config, reporter) == ReporterKind::Known;
              },
          .cache = nullptr,
          .lookups = {}};
}

}  // namespace rampart::reports
