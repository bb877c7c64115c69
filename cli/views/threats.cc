/// Unauthorized addresses, as lists for people and for other security tools.
#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"

namespace rampart {
namespace {

/// A UUID of version 8 (RFC 9562 section 5.8) made from a hash, so that equal threats keep their
/// ids.
std::string uuid(const std::string& seed) {
  std::string hex = sha256_hex(seed).substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

// STIX has times and reports have days: the start of the day is never after the first message.
std::string moment(Date day) { return to_text(day) + "T00:00:00.000Z"; }

Json indicator(const Threat& threat) {
  const std::string ip = threat.ip.text();
  return {
      {"type", "indicator"},
      {"spec_version", "2.1"},
      {"id", "indicator--" + uuid(threat.domain + " " + ip)},
      {"created", moment(threat.first)},
      {"modified", moment(threat.last)},
      {"name", fmt::format("{} sends mail as {}", ip, threat.domain)},
      {"description", fmt::format("{} messages that failed DMARC, from {} to {}", threat.messages,
                                  to_text(threat.first), to_text(threat.last))},
      {"indicator_types", Json::array({"malicious-activity"})},
      {"pattern", fmt::format("[{}:value = '{}']", threat.ip.v6 ? "ipv6-addr" : "ipv4-addr", ip)},
      {"pattern_type", "stix"},
      {"valid_from", moment(threat.first)}};
}

}  // namespace

// Forwarded and unresolved mail is left out: a blocklist that contains a forwarder breaks real
// mail.
std::vector<Threat> threats_in(const reports::Analysis& analysis) {
  std::map<spf::Ip, Threat> found;
  for (std::size_t i = 0; i < analysis.groups.groups.size(); ++i) {
    const reports::TrafficGroup& group = analysis.groups.groups[i];
    if (analysis.classifications[i].friendly) continue;
    const auto [at, added] = found.try_emplace(
        group.ip, Threat{analysis.range.domain, group.ip, analysis.host_of(group.ip), 0,
                         group.first, group.last});
    at->second.messages += group.messages;
    at->second.first = std::min(at->second.first, group.first);
    at->second.last = std::max(at->second.last, group.last);
  }
  std::vector<Threat> threats;
  for (auto& [ip, threat] : found) threats.push_back(std::move(threat));
  std::ranges::stable_sort(
      threats, [](const Threat& a, const Threat& b) { return a.messages > b.messages; });
  return threats;
}

// The host is what reverse DNS claims, and may be chosen by the attacker.
std::string threats_csv(const std::vector<Threat>& threats) {
  std::string text = "ip,domain,host,messages,first_seen,last_seen\n";
  for (const Threat& one : threats) {
    text += fmt::format("{},{},{},{},{},{}\n", one.ip.text(), one.domain, one.host, one.messages,
                        to_text(one.first), to_text(one.last));
  }
  return text;
}

std::string threats_text(const std::vector<Threat>& threats) {
  std::string text;
  for (const Threat& one : threats) {
    text += fmt::format("{}{}: {} messages as {}, {} to {}\n", one.ip.text(),
                        one.host.empty() ? "" : " (" + one.host + ")", one.messages, one.domain,
                        to_text(one.first), to_text(one.last));
  }
  return text.empty() ? "No unauthorised source.\n" : text;
}

std::string threats_stix(const std::vector<Threat>& threats) {
  const Json objects = array_of(threats, indicator);
  std::string seed;
  for (const Json& object : objects) seed += object.dump();
  return document({{"type", "bundle"}, {"id", "bundle--" + uuid(seed)}, {"objects", objects}});
}

}  // namespace rampart
