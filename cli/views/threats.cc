/// Unauthorized addresses, as lists for people and for other security tools.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/counted.h"
#include "base/csv.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"

namespace rampart {
namespace {

/// A UUID of version 8 (RFC 9562 section 5.8) made from a SHA-256, so that equal threats keep their
/// ids.
std::string uuid_of(std::string_view digest) {
  std::string hex;
  for (const char c : digest.substr(0, 16)) {
    fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(c));
  }
  // The version and the variant have fixed places in a UUID.
  hex[12] = '8';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string uuid(std::string_view seed) {
  Sha256 hash;
  hash.add(seed);
  return uuid_of(hash.finish());
}

// STIX has times and reports have days: the start of the day is never after the first message.
std::string moment(Date day) { return to_text(day) + "T00:00:00.000Z"; }

std::string indicator_id(const std::string& domain, const Threat& threat) {
  return "indicator--" + uuid(domain + " " + threat.ip.text());
}

Json indicator(const std::string& domain, const Threat& threat) {
  const std::string ip = threat.ip.text();
  return {
      {"type", "indicator"},
      {"spec_version", "2.1"},
      {"id", indicator_id(domain, threat)},
      {"created", moment(threat.first)},
      {"modified", moment(threat.last)},
      {"name", fmt::format("{} sends mail as {}", ip, domain)},
      {"description", fmt::format("{} that failed DMARC, from {} to {}",
                                  counted(threat.messages, "message", "messages"),
                                  to_text(Date(threat.first)), to_text(Date(threat.last)))},
      {"indicator_types", Json::array({"malicious-activity"})},
      {"pattern", fmt::format("[{}:value = '{}']", threat.ip.v6 ? "ipv6-addr" : "ipv4-addr", ip)},
      {"pattern_type", "stix"},
      {"valid_from", moment(threat.first)}};
}

template <class Visit>
void for_each_threat(const std::vector<ThreatList>& lists, const Visit& visit) {
  for (const ThreatList& list : lists) {
    for (const Threat& one : list.threats) visit(list, one);
  }
}

// STIX wants times that change with the content, and equal threats must make equal bytes.
Json omitted_note(const std::vector<ThreatList>& lists) {
  Date newest = Date::min();
  for_each_threat(lists, [&](const ThreatList&, const Threat& one) {
    newest = std::max<Date>(newest, one.last);
  });
  const std::string last = moment(newest);
  const std::string text = omitted_text(lists);
  return {{"type", "note"},
          {"spec_version", "2.1"},
          {"id", "note--" + uuid(last + text)},
          {"created", last},
          {"modified", last},
          {"abstract", "What is left out of this bundle"},
          {"content", text},
          {"object_refs", Json::array()}};
}

/// A million indicators as one JSON value would take gigabytes, so that the bundle is written
/// object by object: once to the hash that its id is made from, and once as the document.
class BundleWriter {
 public:
  explicit BundleWriter(const std::vector<ThreatList>& lists) : lists_(lists) {
    for (const ThreatList& one : lists) empty_ = empty_ && one.threats.empty();
    // A note must refer to an object (STIX 2.1 section 4.13), so an empty bundle has none.
    if (!empty_ && !omitted_text(lists).empty()) note_ = omitted_note(lists);
  }

  std::string id() const {
    Sha256 hash;
    for_each_threat(lists_, [&](const ThreatList& list, const Threat& one) {
      hash.add(document_row(indicator(list.domain, one)));
    });
    if (note_) write_note(document_row(*note_), "", [&](std::string_view text) { hash.add(text); });
    return "bundle--" + uuid_of(hash.finish());
  }

  void write(std::ostream& out) const {
    out << "{\n  \"type\": \"bundle\",\n  \"id\": \"" << id() << "\",\n  \"objects\": [";
    std::string_view separator = "\n";
    for_each_threat(lists_, [&](const ThreatList& list, const Threat& one) {
      out << std::exchange(separator, ",\n") << indented(indicator(list.domain, one));
    });
    if (note_) {
      out << separator;
      write_note(indented(*note_), "\n        ", [&](std::string_view text) { out << text; });
    }
    out << (empty_ ? "]\n}\n" : "\n  ]\n}\n");
  }

 private:
  /// An object as an element of the document's list, without the line's end.
  static std::string indented(const Json& object) {
    std::string text(4, ' ');
    std::string lines = document(object);
    lines.pop_back();
    for (const char c : lines) {
      text += c;
      if (c == '\n') text.append(4, ' ');
    }
    return text;
  }

  /// The note with a reference to every indicator in its empty list, each after `before`.
  template <class Write>
  void write_note(const std::string& text, std::string_view before, const Write& write) const {
    const std::size_t list = text.rfind("[]") + 1;
    write(std::string_view(text).substr(0, list));
    bool first = true;
    for_each_threat(lists_, [&](const ThreatList& one, const Threat& threat) {
      write(fmt::format("{}{}\"{}\"", std::exchange(first, false) ? "" : ",", before,
                        indicator_id(one.domain, threat)));
    });
    if (!before.empty()) write(before.substr(0, before.size() - 2));
    write(std::string_view(text).substr(list));
  }

  const std::vector<ThreatList>& lists_;
  std::optional<Json> note_;
  bool empty_ = true;
};

}  // namespace

// Forwarded and unresolved mail is left out: a blocklist that contains a forwarder breaks real
// mail.
ThreatList threats_in(const reports::Analysis& analysis) {
  ThreatList list{.domain = analysis.range.domain};
  const auto& groups = analysis.groups.groups;
  // Exactly as many as there are: a vector that grows needs half as much again.
  std::size_t addresses = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool is_new = i == 0 || groups[i - 1].ip != groups[i].ip;
    addresses += is_new && !analysis.classifications[i].friendly ? 1 : 0;
  }
  list.threats.reserve(addresses);
  const spf::Ip* omitted = nullptr;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const reports::TrafficGroup& group = groups[i];
    const reports::Classification& classification = analysis.classifications[i];
    // An address is left out with all of its mail: a blocklist cannot tell one message from
    // another.
    if (classification.friendly) {
      if (!reports::failed(classification.category)) continue;
      list.omitted_messages += group.messages;
      if (omitted == nullptr || *omitted != group.ip) ++list.omitted_addresses;
      omitted = &group.ip;
      continue;
    }
    // Groups are sorted by address.
    if (list.threats.empty() || list.threats.back().ip != group.ip) {
      list.threats.push_back({.ip = group.ip, .first = group.first, .last = group.last});
      const std::string host = analysis.host_of(group.ip);
      if (!host.empty()) list.hosts.emplace(group.ip, host);
    }
    Threat& threat = list.threats.back();
    threat.messages += group.messages;
    threat.first = std::min(threat.first, group.first);
    threat.last = std::max(threat.last, group.last);
  }
  // By messages, since a blocklist with a limit keeps its first rows. A stable sort would need the
  // memory of a second list.
  std::ranges::sort(list.threats, [](const Threat& a, const Threat& b) {
    return a.messages != b.messages ? a.messages > b.messages : a.ip < b.ip;
  });
  return list;
}

std::string omitted_text(const std::vector<ThreatList>& lists) {
  std::int64_t messages = 0;
  std::int64_t addresses = 0;
  for (const ThreatList& one : lists) {
    messages += one.omitted_messages;
    addresses += one.omitted_addresses;
  }
  if (messages == 0) return {};
  return fmt::format("left out, because the address may be legitimate: {} from {}",
                     counted(messages, "failing message", "failing messages"),
                     counted(addresses, "address", "addresses"));
}

// The host is what reverse DNS claims, and may be chosen by the attacker.
void write_threats_csv(const std::vector<ThreatList>& lists, std::ostream& out) {
  out << "ip,domain,host,messages,first_seen,last_seen\n";
  for_each_threat(lists, [&](const ThreatList& list, const Threat& one) {
    out << fmt::format("{},{},{},{},{},{}\n", one.ip.text(), csv_cell(list.domain),
                       csv_cell(list.host_of(one)), one.messages, to_text(Date(one.first)),
                       to_text(Date(one.last)));
  });
}

void write_threats_text(const std::vector<ThreatList>& lists, std::ostream& out) {
  if (lists.empty()) {
    out << "No DMARC reports were found: `rampart reports ingest` stores some.\n";
    return;
  }
  bool none = true;
  for_each_threat(lists, [&](const ThreatList& list, const Threat& one) {
    none = false;
    const std::string host = list.host_of(one);
    out << fmt::format("{}{}: {} as {}, {} to {}\n", one.ip.text(),
                       host.empty() ? "" : " (" + printable(host) + ")",
                       counted(one.messages, "message", "messages"), printable(list.domain),
                       to_text(Date(one.first)), to_text(Date(one.last)));
  });
  if (none) out << "No address sends mail that is certainly unauthorized.\n";
  const std::string omitted = omitted_text(lists);
  if (!omitted.empty()) out << omitted << ".\n";
}

std::string ThreatList::host_of(const Threat& threat) const {
  const auto found = hosts.find(threat.ip);
  return found == hosts.end() ? std::string() : found->second;
}

/// The bundle's id is made from its objects, so that two runs over the same reports give the same
/// file.
void write_threats_stix(const std::vector<ThreatList>& lists, std::ostream& out) {
  BundleWriter(lists).write(out);
}

}  // namespace rampart
