/// Unauthorized addresses, as lists for people and for other security tools.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/counted.h"
#include "base/csv.h"
#include "base/sha256.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"

namespace rampart {
namespace {

/// A UUID of version 8 (RFC 9562 section 5.8) made from a hash, so that equal threats keep their
/// ids.
std::string uuid(const std::string& seed) {
  std::string hex = sha256_hex(seed).substr(0, 32);
  // The version and the variant have fixed places in a UUID.
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
      {"description", fmt::format("{} that failed DMARC, from {} to {}",
                                  counted(threat.messages, "message", "messages"),
                                  to_text(threat.first), to_text(threat.last))},
      {"indicator_types", Json::array({"malicious-activity"})},
      {"pattern", fmt::format("[{}:value = '{}']", threat.ip.v6 ? "ipv6-addr" : "ipv4-addr", ip)},
      {"pattern_type", "stix"},
      {"valid_from", moment(threat.first)}};
}

// STIX wants times that change with the content, and equal threats must make equal bytes.
Json omitted_note(const ThreatList& list, const Json& indicators) {
  const auto by_last = [](const Threat& a, const Threat& b) { return a.last < b.last; };
  const std::string last = moment(std::ranges::max_element(list.threats, by_last)->last);
  const std::string text = omitted_text(list);
  return {{"type", "note"},
          {"spec_version", "2.1"},
          {"id", "note--" + uuid(last + text)},
          {"created", last},
          {"modified", last},
          {"abstract", "What is left out of this bundle"},
          {"content", text},
          {"object_refs", array_of(indicators, [](const Json& one) { return one.at("id"); })}};
}

}  // namespace

// Forwarded and unresolved mail is left out: a blocklist that contains a forwarder breaks real
// mail.
ThreatList threats_in(const reports::Analysis& analysis) {
  ThreatList list;
  std::map<spf::Ip, Threat> found;
  std::set<spf::Ip> omitted;
  for (std::size_t i = 0; i < analysis.groups.groups.size(); ++i) {
    const reports::TrafficGroup& group = analysis.groups.groups[i];
    const reports::Classification& classification = analysis.classifications[i];
    // An address is left out with all of its mail: a blocklist cannot tell one message from
    // another.
    if (classification.friendly) {
      if (!reports::failed(classification.category)) continue;
      list.omitted_messages += group.messages;
      omitted.insert(group.ip);
      continue;
    }
    const auto [at, added] =
        found.try_emplace(group.ip, Threat{analysis.range.domain, group.ip,
                                           analysis.host_of(group.ip), 0, group.first, group.last});
    at->second.messages += group.messages;
    at->second.first = std::min(at->second.first, group.first);
    at->second.last = std::max(at->second.last, group.last);
  }
  list.omitted_addresses = static_cast<std::int64_t>(omitted.size());
  for (auto& [ip, threat] : found) list.threats.push_back(std::move(threat));
  // By messages, since a blocklist with a limit keeps its first rows.
  std::ranges::stable_sort(list.threats, std::ranges::greater{}, &Threat::messages);
  return list;
}

void ThreatList::append(ThreatList other) {
  std::ranges::move(other.threats, std::back_inserter(threats));
  omitted_messages += other.omitted_messages;
  omitted_addresses += other.omitted_addresses;
}

std::string omitted_text(const ThreatList& list) {
  if (list.omitted_messages == 0) return {};
  return fmt::format("left out, because the address may be legitimate: {} from {}",
                     counted(list.omitted_messages, "failing message", "failing messages"),
                     counted(list.omitted_addresses, "address", "addresses"));
}

// The host is what reverse DNS claims, and may be chosen by the attacker.
std::string threats_csv(const ThreatList& list) {
  std::string text = "ip,domain,host,messages,first_seen,last_seen\n";
  for (const Threat& one : list.threats) {
    text += fmt::format("{},{},{},{},{},{}\n", one.ip.text(), csv_cell(one.domain),
                        csv_cell(one.host), one.messages, to_text(one.first), to_text(one.last));
  }
  return text;
}

std::string threats_text(const ThreatList& list) {
  std::string text;
  for (const Threat& one : list.threats) {
    text += fmt::format("{}{}: {} as {}, {} to {}\n", one.ip.text(),
                        one.host.empty() ? "" : " (" + one.host + ")",
                        counted(one.messages, "message", "messages"), one.domain,
                        to_text(one.first), to_text(one.last));
  }
  if (text.empty()) text = "No unauthorised source.\n";
  const std::string omitted = omitted_text(list);
  return omitted.empty() ? text : text + omitted + ".\n";
}

/// The bundle's id is made from its objects, so that two runs over the same reports give the same
/// file.
std::string threats_stix(const ThreatList& list) {
  Json objects = array_of(list.threats, indicator);
  // A note must refer to an object (STIX 2.1 section 4.13), so an empty bundle has none.
  if (!objects.empty() && list.omitted_messages > 0) objects.push_back(omitted_note(list, objects));
  std::string seed;
  for (const Json& object : objects) seed += object.dump();
  return document({{"type", "bundle"}, {"id", "bundle--" + uuid(seed)}, {"objects", objects}});
}

}  // namespace rampart
