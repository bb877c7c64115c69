/// PowerDNS Authoritative Server through its HTTP API.
#include "providers/powerdns/powerdns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/percent.h"
#include "base/text.h"
#include "providers/model/account.h"
#include "providers/powerdns/json.h"

namespace rampart {
namespace {

using powerdns::ApiSets;
using powerdns::ApiZone;
using powerdns::Editing;

/// Servers accept bodies of 2 MB by default (webserver-max-bodysize).
constexpr std::size_t kMostBody = 1900000;
/// The server's SQL schemas hold 64000 characters of content, quotes and blanks included.
constexpr int kMostPowerdnsTxtOctets = 60000;
/// EXTEND and PRUNE are documented for the servers of this and later major versions.
constexpr int kSingleValuesSince = 5;

/// The zone's id in the API's paths: the name with `=XX` for other than plain characters. The
/// server's own escape, which differs from percent-encoding.
std::string zone_id(const Name& zone) {
  if (zone.is_root()) return "=2E";
  std::string id;
  for (const char c : zone.text() + ".") {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (plain) {
      id += c;
    } else {
      id += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
  }
  return id;
}

/// What the server serves; disabled records are not part of it.
RecordSets served_sets(const ApiSets& sets) {
  RecordSets served;
  for (const auto& [key, set] : sets) {
    if (!set.set.values.empty()) served.emplace(key, set.set);
  }
  return served;
}

/// Secondaries transfer a zone only after its serial was raised (RFC 1034 section 4.3.5).
ZoneNotice serial_notice(const Name& zone) {
  return {
      .topic = ZoneNotice::Topic::Serial,
      .message = fmt::format("PowerDNS does not raise the serial of {} after a change, so its "
                             "secondaries keep the old records: the zone has no SOA-EDIT-API",
                             zone.text()),
      .hint = fmt::format("run `pdnsutil set-meta {} SOA-EDIT-API DEFAULT` at the server; after "
                          "a change that was made without it, also run `pdnsutil "
                          "increase-serial {}`",
                          zone.text(), zone.text())};
}

/// The API refuses a second CNAME of one name, even if one of them is disabled.
ZoneNotice disabled_alias_notice(const RecordKey& key) {
  return {.topic = ZoneNotice::Topic::Record,
          .blocks = true,
          .message = fmt::format("{} has a disabled CNAME, and PowerDNS accepts no other CNAME "
                                 "beside it; nothing is written there",
                                 key.name.text()),
          .hint = "delete the disabled record, or enable it and delete the other one",
          .written = key};
}

std::vector<ZoneNotice> notices_of(const Name& zone, const ApiZone& live) {
  std::vector<ZoneNotice> notices;
  const bool has_secondaries = live.kind == "Master" || live.kind == "Primary";
  if (has_secondaries && live.soa_edit_api == "") notices.push_back(serial_notice(zone));
  for (const auto& [key, set] : live.sets) {
    if (key.type == RecordType::CNAME && !set.disabled.empty()) {
      notices.push_back(disabled_alias_notice(key));
    }
  }
  return notices;
}

// The version is learned from the first response, so that no extra request is needed.
class PowerDnsProvider : public Provider {
 public:
  PowerDnsProvider(std::string name, std::string address, std::string key, Http http)
      : name_(std::move(name)),
        address_(std::move(address)),
        key_(std::move(key)),
        http_(std::move(http)) {}

  Result<std::vector<Name>> zones() override { return within(name_, list_zones()); }

  // A filtered response shows one name alone, so that it is never complete.
  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    const bool alone = names.size() == 1;
    TRY(const ApiZone live,
        within(name_, alone ? load_name(zone, names.front()) : load(zone, names)));
    return ZoneRead{
        .sets = served_sets(live.sets), .complete = !alone, .notices = notices_of(zone, live)};
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    return within(name_, write_all(zone, changes));
  }

  Limits limits() const override { return powerdns_limits(); }

 private:
  Result<std::vector<Name>> list_zones() {
    TRY(const HttpResponse answer, call("GET", "/zones?dnssec=false", "", "listing the zones"));
    return powerdns::read_zone_names(answer.body);
  }

  Result<HttpResponse> call(std::string method, const std::string& path, std::string body,
                            std::string_view doing) {
    HttpRequest request{.method = std::move(method),
                        .url = address_ + path,
                        .headers = {{"X-API-Key", key_}, {"Accept", "application/json"}},
                        .body = std::move(body)};
    // A PATCH that arrived twice could undo what somebody wrote in between.
    request.repeatable = request.method == "GET";
    if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    TRY(HttpResponse answer, http_.send(request));
    if (answer.status < 200 || answer.status > 299) return refusal(answer, doing);
    return answer;
  }

  // The status decides, because the server's messages differ between its versions.
  Error refusal(const HttpResponse& answer, std::string_view doing) const {
    const std::string reason = http_.redact(powerdns::reason_of(answer.body));
    if (answer.status == 401 || answer.status == 403) {
      return Error{.what =
                       fmt::format("{}: the server does not accept the key in PDNS_API_KEY ({})",
                                   doing, answer.status)};
    }
    if (answer.status == 404) {
      return Error{.what =
                       fmt::format("{}: there is no such zone or server_id ({})", doing, reason)};
    }
    if (answer.status == 413) {
      return Error{.what = fmt::format(
                       "{}: the request exceeds the server's webserver-max-bodysize", doing)};
    }
    return Error{.what = fmt::format("{}: {} {}", doing, answer.status, reason),
                 .retryable = answer.status == 429 || answer.status >= 500};
  }

  /// The server reports its version in every response: "PowerDNS/4.7.3".
  void learn_version(const HttpResponse& answer) {
    const std::string server = answer.header("server").value_or("");
    constexpr std::string_view kPrefix = "PowerDNS/";
    if (!server.starts_with(kPrefix)) return;
    int major = 0;
    std::from_chars(server.data() + kPrefix.size(), server.data() + server.size(), major);
    if (major >= kSingleValuesSince) editing_ = Editing::SingleValues;
  }

  Result<ApiZone> get_zone(const Name& zone, const std::string& filter) {
    const std::string doing = "reading zone " + zone.text();
    TRY(const HttpResponse answer, call("GET", "/zones/" + zone_id(zone) + filter, "", doing));
    learn_version(answer);
    return within(doing, powerdns::read_zone(answer.body));
  }

  /// What is served at one name. The filtered response of version 4.7 lacks the disabled records
  /// (PowerDNS issue 11473), so that no set may be written by it.
  Result<ApiZone> load_name(const Name& zone, const Name& name) {
    TRY(ApiZone read, get_zone(zone, "?rrset_name=" + percent_encoded(name.text() + ".")));
    // Servers before 4.7 ignore the filter and return the whole zone.
    std::erase_if(read.sets, [&](const auto& item) { return item.first.name != name; });
    return read;
  }

  /// The whole zone with its disabled records and comments, both of which a write must send again.
  /// The API gives a set the smallest TTL of all its records. The TTL that is served at one of
  /// `names` is read again where a disabled record may have lowered it.
  Result<ApiZone> load(const Name& zone, std::span<const Name> names) {
    TRY(ApiZone whole, get_zone(zone, ""));
    for (const Name& name : names) {
      const bool unclear = std::ranges::any_of(whole.sets, [&](const auto& item) {
        const auto& [key, set] = item;
        return key.name == name && !set.disabled.empty() && !set.set.values.empty();
      });
      if (!unclear) continue;
      TRY(const ApiZone served, load_name(zone, name));
      for (const auto& [key, set] : served.sets) {
        const auto found = whole.sets.find(key);
        if (found != whole.sets.end()) found->second.set.ttl = set.set.ttl;
      }
    }
    return whole;
  }

  // A secondary zone accepts the PATCH at some versions and is overwritten at the next transfer.
  Result<Receipt> write_all(const Name& zone, std::span<const SetChange> changes) {
    TRY_OK(check_within(zone, changes));
    TRY_OK(check_txt_sizes(changes, kMostPowerdnsTxtOctets));
    TRY(const ApiZone live, load(zone, names_in(changes)));
    if (live.kind == "Slave" || live.kind == "Secondary" || live.kind == "Consumer") {
      return Error{.what = fmt::format("{} is a secondary zone here: it is changed at its primary",
                                       zone.text())};
    }
    // The API has no compare-and-swap: this check, right before the write, is as near as it gets.
    const RecordSets served = served_sets(live.sets);
    TRY_OK(check_no_dname_above([&](const RecordKey& key) { return served.contains(key); }, zone,
                                changes));
    for (const SetChange& change : changes) TRY_OK(check_before(lookup_in(served), change));
    std::uint32_t patches = 0;
    TRY_OK(patch(zone, changes, live.sets, patches));
    return Receipt{.id = {}, .doubt = doubt_of(zone, live, patches)};
  }

  /// What somebody else added to a set between reading and writing it is lost, and only the zone's
  /// serial shows that it was there.
  std::string doubt_of(const Name& zone, const ApiZone& before, std::uint32_t patches) {
    if (editing_ == Editing::SingleValues || patches == 0) return {};
    const Result<HttpResponse> answer =
        call("GET", "/zones/" + zone_id(zone) + "?rrsets=false", "", "reading the serial");
    // The write itself is confirmed by the caller, who reads it back.
    if (!answer) return {};
    const auto after = powerdns::read_serial(answer->body);
    if (!after || powerdns::is_own_serial(before, *after, patches)) return {};
    return fmt::format(
        "another client changed zone {} at the same time (serial {} after {}): values that it "
        "added to the same RRsets may be lost; compare the zone with what should exist",
        zone.text(), *after, *before.serial);
  }

  /// Sends the changes, in halves where one body would be too large; counts what was sent.
  Result<Ok> patch(const Name& zone, std::span<const SetChange> changes, const ApiSets& live,
                   std::uint32_t& patches) {
    const std::string body = powerdns::patch_body(changes, live, editing_);
    if (body.empty()) return Ok{};
    if (body.size() > kMostBody && changes.size() > 1) {
      // Each half is still all or nothing on the server.
      const std::size_t half = changes.size() / 2;
      TRY_OK(patch(zone, changes.first(half), live, patches));
      return within("a part of the changes is written, the rest is not",
                    patch(zone, changes.subspan(half), live, patches));
    }
    const std::string path = "/zones/" + zone_id(zone);
    const std::string doing = "changing zone " + zone.text();
    TRY(const HttpResponse answer, call("PATCH", path, body, doing));
    ++patches;
    // Only the API's own 204 confirms the write: a proxy on the way may answer anything else.
    if (answer.status == 204 || (answer.status == 200 && answer.body.empty())) return Ok{};
    return Error{.what = doing + ": outcome unknown: the response is not PowerDNS'",
                 .retryable = true};
  }

  std::string name_;
  std::string address_;
  std::string key_;
  Http http_;
  Editing editing_ = Editing::WholeSets;
};

}  // namespace

// The id becomes a part of every request's path.
std::vector<ProviderSetting> powerdns_settings() {
  return {{.name = "server_id",
           .doc = "The server's id in its API; localhost by default.",
           .pattern = "^[A-Za-z0-9._-]+$",
           .check = [](const std::string& text) -> Result<Ok> {
             const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
               return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
             });
             if (plain) return Ok{};
             return Error{.what = fmt::format("`{}` is not the id of a server", text)};
           },
           .advice = "write letters, digits, `-`, `_` and `.`; the default, localhost, is right "
                     "unless a proxy in front of the servers defines other ids"}};
}

// Last verified 2026-11-21 with PowerDNS 4.7.
Limits powerdns_limits() { return {.max_txt_octets = kMostPowerdnsTxtOctets}; }

Result<std::unique_ptr<Provider>> make_powerdns_provider(const ProviderSettings& settings,
                                                         Clock clock, HttpSettings http_settings) {
  TRY(const std::string url, required_value(settings, "PDNS_API_URL"));
  TRY(const std::string key, required_credential(settings, "PDNS_API_KEY"));
  // People copy the address with and without the path.
  std::string address = without_slashes(url);
  if (address.ends_with("/api/v1")) address.resize(address.size() - 7);
  address += "/api/v1/servers/" + percent_encoded(settings.setting("server_id", "localhost"));
  take_certificates(http_settings, settings.environment);
  Http http(std::move(clock), std::move(http_settings));
  http.secrets().add(key);
  return std::unique_ptr<Provider>(
      std::make_unique<PowerDnsProvider>(settings.name, std::move(address), key, std::move(http)));
}

}  // namespace rampart
