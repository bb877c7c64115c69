/// Any text as an MTA-STS, TLS-RPT and BIMI record, and as an MTA-STS policy: read, printed, read
/// again.
#include "mail/transport.h"
#include "mail/transport_policy.h"

#include <cstdint>
#include <cstdlib>

namespace {

bool policy_round_trips(std::string_view text) {
  const auto policy = rampart::parse_mta_sts_policy(text);
  if (!policy) return true;
  std::string again = "version: STSv1\nmode: " + std::string(to_text(policy->mode)) + "\n";
  for (const std::string& host : policy->mx) again += "mx: " + host + "\n";
  again += "max_age: " + std::to_string(policy->max_age) + "\n";
  const auto read = rampart::parse_mta_sts_policy(again);
  return read && *read == *policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto round_trips = [text](auto parse) {
    const auto record = parse(text);
    if (!record) return true;
    const auto again = parse(print(*record));
    return again && *again == *record;
  };
  const bool fine = round_trips(parse_mta_sts) && round_trips(parse_tls_rpt) &&
                    round_trips(parse_bimi) && policy_round_trips(text);
  if (!fine) std::abort();
  return 0;
}
