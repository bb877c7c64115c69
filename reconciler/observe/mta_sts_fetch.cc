/// Fetching MTA-STS policies as senders do.
#include "reconciler/observe/mta_sts_fetch.h"

#include <fmt/format.h>

#include <algorithm>

#include "policies/model/live.h"
#include "policies/records/transport.h"
#include "providers/http/http.h"

namespace rampart {
namespace {

// RFC 8461 section 3.3 suggests a minute and 64 kilobytes. A plan of many domains waits less for
// each.
constexpr std::size_t kMaxPolicyOctets = 64U << 10U;
constexpr std::chrono::milliseconds kConnectTimeout{4000};
constexpr std::chrono::milliseconds kTotalTimeout{10000};
constexpr std::chrono::seconds kTimeForAll{60};
constexpr int kOk = 200;

// A certificate that does not match is a refusal and not silence: senders would not use that policy
// either (RFC 8461 section 3.3).
ServedPolicy fetch_one(const Name& domain, const PolicyFetch& fetch, Http& http) {
  using State = ServedPolicy::State;
  HttpRequest request;
  request.url = fmt::format("https://mta-sts.{}/.well-known/mta-sts.txt", domain.text());
  request.repeatable = true;
  const Result<HttpResponse> response = http.send(request);
  if (!response) {
    const State state = response.error().retryable ? fetch.silence : State::Refused;
    return {state, "", response.error().what};
  }
  // RFC 8461 section 3.3: redirects must not be followed, and only 200 counts.
  if (response->status != kOk) {
    return {State::Refused, "", fmt::format("it answers with status {}", response->status)};
  }
  return {State::Served, response->body, ""};
}

/// Whether a plan would change or remove the record.
/// Only where a new id would be published, or the record removed: fetching every policy in every
/// plan would make plans slow and depend on web servers.
bool is_needed(const Domain& domain, const World& world) {
  const auto name = domain.name.child("_mta-sts");
  if (!name) return false;
  const auto live = live_values(domain, world, {*name, RecordType::TXT}, RecordKind::MtaSts);
  if (domain.state == DomainState::Absent) return !live.empty();
  if (domain.state != DomainState::Managed || !domain.mta_sts) return false;
  const PolicyResult policy_result = transport_policy(domain, world);
  return std::ranges::any_of(policy_result.desired_records, [&](const DesiredRecord& desired) {
    return desired.kind == RecordKind::MtaSts &&
           (!desired.value || std::ranges::find(live, *desired.value) == live.end());
  });
}

}  // namespace

// One after another with a limit for all, because a plan of many domains must end even if their web
// hosts are down.
void fetch_policies(const Config& config, const PolicyFetch& fetch, World& world) {
  HttpSettings settings{.attempts = 1,
                        .connect_timeout = kConnectTimeout,
                        .total_timeout = kTotalTimeout,
                        .most_octets = kMaxPolicyOctets};
  take_certificates(settings, fetch.environment);
  settings.connect_to = fetch.connect_to;
  const Clock clock = real_clock();
  const auto end = clock.now() + kTimeForAll;
  Http http(clock, std::move(settings));
  for (const auto& [name, domain] : config.domains) {
    if (!is_needed(domain, world)) continue;
    const bool late = clock.now() > end;
    world.served_policies[name] =
        late ? ServedPolicy{fetch.silence, "",
                            "it was not queried: other policy hosts used up the time"}
             : fetch_one(name, fetch, http);
  }
}

}  // namespace rampart
