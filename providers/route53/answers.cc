/// Reading Route 53's answers.
#include "providers/route53/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/xml.h"
#include "dns/txt.h"
#include "providers/model/sets.h"
#include "providers/route53/text.h"

namespace rampart::route53 {
namespace {

/// The codes of a request that was refused before anything was done.
constexpr std::array<std::string_view, 7> kThrottled = {"Throttling",
                                                        "ThrottlingException",
                                                        "ThrottledException",
                                                        "RequestLimitExceeded",
                                                        "TooManyRequestsException",
                                                        "SlowDown",
                                                        "PriorRequestNotComplete"};

// Retryable: a body that was cut off on its way is the most common cause.
Error unreadable(std::string_view why) {
  return Error{.what = fmt::format("Route 53's response cannot be read: {}", why),
               .retryable = true};
}

/// The answer's root element, which must be of that name. The name is checked, since proxies answer
/// with well-formed pages of their own.
Result<XmlElement> root_of(const HttpResponse& response, std::string_view name) {
  Result<XmlElement> root = parse_xml(response.body);
  if (!root) return unreadable(root.error().what);
  if (root->name == name) return root;
  return unreadable(fmt::format("\"{}\" in place of {}", printable(root->name), name));
}

std::optional<long> number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "/hostedzone/Z1" as "Z1". Requests take the id without its prefix.
std::string bare_id(std::string_view id) {
  const std::size_t slash = id.rfind('/');
  return std::string(slash == std::string_view::npos ? id : id.substr(slash + 1));
}

/// Describes what makes a set more than a plain one; empty for a plain set. Such sets share a name
/// and type, which a plain RRset cannot express.
std::string special_of(const XmlElement& element) {
  const std::string id = printable(element.text_of("SetIdentifier"));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kRoutings = {{
      {"Weight", "weighted"},
      {"Region", "routed by latency"},
      {"GeoLocation", "routed by location"},
      {"GeoProximityLocation", "routed by proximity"},
      {"CidrRoutingConfig", "routed by address"},
      {"Failover", "a failover set"},
      {"MultiValueAnswer", "a multi-value set"},
      {"TrafficPolicyInstanceId", "created by a traffic policy"},
      {"HealthCheckId", "bound to a health check"},
  }};
  if (const XmlElement* const alias = element.child("AliasTarget")) {
    return "an alias of " + printable(alias->text_of("DNSName"));
  }
  for (const auto& [child, words] : kRoutings) {
    if (element.child(child) == nullptr) continue;
    return id.empty() ? std::string(words) : fmt::format("{} (\"{}\")", words, id);
  }
  return id.empty() ? "" : fmt::format("one of several (\"{}\")", id);
}

// The text is kept as the host wrote it: a DELETE must repeat it to the letter.
Result<StoredSet> read_set(const XmlElement& element) {
  const Result<Name> name = read_name(element.text_of("Name"));
  if (!name) return unreadable(name.error().what);
  const RecordType type = reported_type(element.text_of("Type"));
  StoredSet stored{.key = {*name, type}, .special = special_of(element)};
  const std::optional<long> ttl = number(element.text_of("TTL"));
  if (!ttl && stored.special.empty()) stored.special = "without a TTL";
  stored.set.ttl = sound_ttl(ttl.value_or(0));
  const XmlElement* const records = element.child("ResourceRecords");
  if (records == nullptr) return stored;
  for (const XmlElement& record : records->children) {
    const std::string text(record.text_of("Value"));
    // A value that cannot be read is another party's, and must not make its zone unreadable.
    const Result<std::string> value = read_value(type, text);
    stored.texts.push_back(text);
    stored.set.values.insert(value ? *value : text);
  }
  return stored;
}

bool is_private(const XmlElement& zone) {
  const XmlElement* const config = zone.child("Config");
  return config != nullptr && config->text_of("PrivateZone") == "true";
}

}  // namespace

// One zone without a readable name makes the list unusable, since it could be the one that is
// looked for.
Result<ZonePage> read_zones(const HttpResponse& response) {
  TRY(const XmlElement root, root_of(response, "ListHostedZonesResponse"));
  ZonePage page;
  const XmlElement* const zones = root.child("HostedZones");
  if (zones == nullptr) return unreadable("it lists no zones");
  for (const XmlElement& element : zones->children) {
    const Result<Name> name = read_name(element.text_of("Name"));
    if (!name) return unreadable(name.error().what);
    // A private zone may have a public one's name, and would look like its twin.
    if (is_private(element)) continue;
    const long count = number(element.text_of("ResourceRecordSetCount")).value_or(0);
    page.zones.push_back({bare_id(element.text_of("Id")), *name, static_cast<int>(count)});
  }
  if (root.text_of("IsTruncated") == "true") page.next_marker = root.text_of("NextMarker");
  return page;
}

Result<SetPage> read_sets(const HttpResponse& response) {
  TRY(const XmlElement root, root_of(response, "ListResourceRecordSetsResponse"));
  SetPage page;
  const XmlElement* const sets = root.child("ResourceRecordSets");
  if (sets == nullptr) return unreadable("it lists no record sets");
  for (const XmlElement& element : sets->children) {
    TRY(StoredSet stored, read_set(element));
    page.sets.push_back(std::move(stored));
  }
  if (root.text_of("IsTruncated") == "true") {
    page.next = NextSet{.name = std::string(root.text_of("NextRecordName")),
                        .type = std::string(root.text_of("NextRecordType")),
                        .identifier = std::string(root.text_of("NextRecordIdentifier"))};
  }
  return page;
}

Result<std::string> read_change_id(const HttpResponse& response) {
  TRY(const XmlElement root, root_of(response, "ChangeResourceRecordSetsResponse"));
  const XmlElement* const info = root.child("ChangeInfo");
  const std::string id = info == nullptr ? "" : bare_id(info->text_of("Id"));
  if (id.empty()) return unreadable("the change has no id");
  return id;
}

Result<ChangeState> read_change_state(const HttpResponse& response) {
  TRY(const XmlElement root, root_of(response, "GetChangeResponse"));
  const XmlElement* const info = root.child("ChangeInfo");
  const std::string_view status = info == nullptr ? "" : info->text_of("Status");
  if (status == "INSYNC") return ChangeState::InSync;
  if (status == "PENDING") return ChangeState::Pending;
  return unreadable("the change's status is neither PENDING nor INSYNC");
}

// The API has two forms of errors, one of them for invalid batches alone.
Refusal read_refusal(const HttpResponse& response) {
  const Result<XmlElement> root = parse_xml(response.body);
  if (!root) return {};
  if (const XmlElement* const error = root->child("Error")) {
    return {std::string(error->text_of("Code")), std::string(error->text_of("Message"))};
  }
  Refusal refusal{.code = root->name};
  if (const XmlElement* const messages = root->child("Messages")) {
    for (const XmlElement& message : messages->children) {
      refusal.message += (refusal.message.empty() ? "" : "; ") + message.text;
    }
  }
  return refusal;
}

// Throttling comes with status 400 as well, so the code is read.
Verdict evaluate(const HttpResponse& response) {
  if (response.status == 429) return Verdict::Refused;
  // A body that is cut off shows nothing of what was done.
  if (response.status == 200) return parse_xml(response.body) ? Verdict::Final : Verdict::Failed;
  if (response.status < 400) return Verdict::Final;
  const std::string code = read_refusal(response).code;
  if (std::ranges::find(kThrottled, code) != kThrottled.end()) return Verdict::Refused;
  return response.status >= 500 ? Verdict::Failed : Verdict::Final;
}

}  // namespace rampart::route53
