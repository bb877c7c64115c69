/// PowerDNS Authoritative Server through its HTTP API.
#include "providers/powerdns/powerdns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/percent.h"
#include "providers/model/account.h"
#include "providers/powerdns/json.h"

namespace rampart {
namespace {

using powerdns::ApiSets;
using powerdns::ApiZone;
using powerdns::Editing;

/// Servers take bodies of 2 MB by default (webserver-max-bodysize).
constexpr std::size_t kMostBody = 1900000;
constexpr int kMostTxtOctets = 60000;
/// EXTEND and PRUNE are documented for the servers of this and later major versions.
constexpr int kSingleValuesSince = 5;

/// The name as the API spells it in an address: its own escape for what is not plain.
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

Error conflict(const Name& name, RecordType type) {
  return Error{
      .what = fmt::format("{} {} is not as it was read; plan again", name.text(), to_text(type)),
      .conflict = true};
}

/// Whether exactly what `change` was made for still stands.
Result<Ok> check_before(const SetChange& change, const ApiSets& live) {
  for (const std::optional<TypedSet>& side : {change.before, change.after}) {
    if (!side) continue;
    const auto found = live.find({change.name, side->type});
    const bool served = found != live.end() && !found->second.set.values.empty();
    const bool expected = change.before && change.before->type == side->type;
    const bool same = expected ? served && found->second.set == change.before->set : !served;
    if (!same) return conflict(change.name, side->type);
  }
  return Ok{};
}

class PowerDnsProvider : public Provider {
 public:
  PowerDnsProvider(std::string name, std::string address, std::string key, Http http)
      : name_(std::move(name)),
        address_(std::move(address)),
        key_(std::move(key)),
        http_(std::move(http)) {}

  Result<std::vector<Name>> zones() override {
    const Result<HttpResponse> answer = call("GET", "/zones?dnssec=false", "", "listing the zones");
    if (!answer) return answer.error();
    Result<std::vector<Name>> names = powerdns::read_zone_names(answer->body);
    if (!names) return within(name_, names.error());
    return names;
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    const Result<ApiZone> live = load(zone, names);
    if (!live) return live.error();
    ZoneRead out{.sets = {}, .complete = names.size() != 1};
    for (const auto& [key, set] : live->sets) {
      if (!set.set.values.empty()) out.sets.emplace(key, set.set);
    }
    return out;
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override;

  Result<Ok> wait(const Receipt&) override { return Ok{}; }

  // Last verified 2026-11-21 with PowerDNS 4.7.
  Limits limits() const override {
    return Limits{.max_txt_octets = kMostTxtOctets, .min_ttl = {}, .max_ttl = kMostTtl};
  }

 private:
  static constexpr std::chrono::seconds kMostTtl{2147483647};  // RFC 2181 section 8.

  Result<HttpResponse> call(std::string method, const std::string& path, std::string body,
                            std::string_view doing);
  Error refusal(const HttpResponse& answer, std::string_view doing) const;
  void note_version(const HttpResponse& answer);
  Result<ApiZone> load(const Name& zone, std::span<const Name> names);
  Result<Ok> check(const Name& zone, std::span<const SetChange> changes) const;
  Result<Ok> patch(const Name& zone, std::span<const SetChange> changes, const ApiSets& live);

  std::string name_;
  std::string address_;
  std::string key_;
  Http http_;
  Editing editing_ = Editing::WholeSets;
};

Error PowerDnsProvider::refusal(const HttpResponse& answer, std::string_view doing) const {
  const std::string reason = http_.redact(powerdns::reason_of(answer.body));
  Error error{.where = name_};
  if (answer.status == 401 || answer.status == 403) {
    error.what = fmt::format("{}: the server does not accept the key in PDNS_API_KEY ({})", doing,
                             answer.status);
  } else if (answer.status == 404) {
    error.what = fmt::format("{}: there is no such zone or server_id ({})", doing, reason);
  } else if (answer.status == 413) {
    error.what = fmt::format(
        "{}: the request is larger than the server's "
        "webserver-max-bodysize",
        doing);
  } else {
    error.what = fmt::format("{}: {} {}", doing, answer.status, reason);
    error.retryable = answer.status == 429 || answer.status >= 500;
  }
  return error;
}

/// The server names its version in every answer: "PowerDNS/4.7.3".
void PowerDnsProvider::note_version(const HttpResponse& answer) {
  const std::string server = answer.header("server").value_or("");
  constexpr std::string_view kPrefix = "PowerDNS/";
  if (!server.starts_with(kPrefix)) return;
  int major = 0;
  std::from_chars(server.data() + kPrefix.size(), server.data() + server.size(), major);
  if (major >= kSingleValuesSince) editing_ = Editing::SingleValues;
}

Result<HttpResponse> PowerDnsProvider::call(std::string method, const std::string& path,
                                            std::string body, std::string_view doing) {
  HttpRequest request{.method = std::move(method),
                      .url = address_ + path,
                      .headers = {{"X-API-Key", key_}, {"Accept", "application/json"}},
                      .body = std::move(body)};
  request.repeatable = request.method == "GET";
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  Result<HttpResponse> answer = http_.send(request);
  if (!answer) return within(name_, answer.error());
  if (answer->status < 200 || answer->status > 299) return refusal(*answer, doing);
  return answer;
}

/// One name alone is asked for where the server can; more come with their whole zone.
Result<ApiZone> PowerDnsProvider::load(const Name& zone, std::span<const Name> names) {
  std::string path = "/zones/" + zone_id(zone);
  if (names.size() == 1) path += "?rrset_name=" + percent_encoded(names[0].text() + ".");
  const std::string doing = "reading zone " + zone.text();
  const Result<HttpResponse> answer = call("GET", path, "", doing);
  if (!answer) return answer.error();
  note_version(*answer);
  Result<ApiZone> read = powerdns::read_zone(answer->body);
  if (!read) return within(name_ + ": " + doing, read.error());
  if (names.size() == 1) {
    // Servers before 4.7 give the whole zone whatever is asked.
    std::erase_if(read.value().sets, [&](const auto& item) { return item.first.name != names[0]; });
  }
  return read;
}

Result<Ok> PowerDnsProvider::check(const Name& zone, std::span<const SetChange> changes) const {
  for (const SetChange& change : changes) {
    if (!change.name.is_within(zone)) {
      return Error{
          .what = fmt::format("{} lies outside the zone {}", change.name.text(), zone.text()),
          .where = name_};
    }
    if (!change.after || change.after->type != RecordType::TXT) continue;
    for (const std::string& value : change.after->set.values) {
      if (std::ssize(value) <= kMostTxtOctets) continue;
      return Error{.what = fmt::format("a TXT value of {} octets at {}: at most {}", value.size(),
                                       change.name.text(), kMostTxtOctets),
                   .where = name_};
    }
  }
  return Ok{};
}

Result<Ok> PowerDnsProvider::patch(const Name& zone, std::span<const SetChange> changes,
                                   const ApiSets& live) {
  const std::string body = powerdns::patch_body(changes, live, editing_);
  if (body.empty()) return Ok{};
  if (body.size() > kMostBody && changes.size() > 1) {
    const std::size_t half = changes.size() / 2;
    if (const Result<Ok> first = patch(zone, changes.first(half), live); !first) return first;
    const Result<Ok> second = patch(zone, changes.subspan(half), live);
    if (second) return second;
    return within("a part of the changes is written, the rest is not", second.error());
  }
  const std::string path = "/zones/" + zone_id(zone);
  const std::string doing = "changing zone " + zone.text();
  const Result<HttpResponse> answer = call("PATCH", path, body, doing);
  if (!answer) return answer.error();
  // Anything but the API's own 204 is no word of the server's that it wrote.
  if (answer->status == 204 || (answer->status == 200 && answer->body.empty())) return Ok{};
  return Error{.what = doing + ": outcome unknown: the answer is not PowerDNS'",
               .where = name_,
               .retryable = true};
}

Result<Receipt> PowerDnsProvider::write(const Name& zone, std::span<const SetChange> changes) {
  if (const Result<Ok> checked = check(zone, changes); !checked) return checked.error();
  std::vector<Name> names;
  for (const SetChange& change : changes) names.push_back(change.name);
  const Result<ApiZone> live = load(zone, names);
  if (!live) return live.error();
  if (live->kind == "Slave" || live->kind == "Secondary" || live->kind == "Consumer") {
    return Error{.what = fmt::format("{} is a secondary zone here: it is changed at its primary",
                                     zone.text()),
                 .where = name_};
  }
  for (const SetChange& change : changes) {
    const Result<Ok> stands = check_before(change, live->sets);
    if (!stands) return within(name_, stands.error());
  }
  const Result<Ok> done = patch(zone, changes, live->sets);
  if (!done) return done.error();
  return Receipt{};
}

}  // namespace

Result<std::unique_ptr<Provider>> make_powerdns_provider(const ProviderSettings& settings) {
  return make_powerdns_provider(settings, real_clock(),
                                {.log = settings.log.debug, .trace = settings.log.trace});
}

Result<std::unique_ptr<Provider>> make_powerdns_provider(const ProviderSettings& settings,
                                                         Clock clock, HttpSettings http_settings) {
  const auto missing = [&](std::string_view variable) {
    return Error{.what = fmt::format("set {}, or {}, in the environment", variable,
                                     account_variable(variable, settings.name)),
                 .where = settings.name};
  };
  const std::optional<std::string> url = environment_value(settings, "PDNS_API_URL");
  if (!url) return missing("PDNS_API_URL");
  const std::optional<std::string> key = environment_value(settings, "PDNS_API_KEY");
  if (!key) return missing("PDNS_API_KEY");
  const bool plain = std::ranges::all_of(*key, [](char c) { return c > ' ' && c <= '~'; });
  if (!plain) {
    return Error{.what = "the value of PDNS_API_KEY holds blanks or characters that no header may",
                 .where = settings.name};
  }
  std::string address = *url;
  while (address.ends_with('/')) address.pop_back();
  if (address.ends_with("/api/v1")) address.resize(address.size() - 7);
  const auto id = settings.settings.find("server_id");
  const std::string server = id == settings.settings.end() ? "localhost" : id->second;
  address += "/api/v1/servers/" + percent_encoded(server);
  take_certificates(http_settings, settings.environment);
  Http http(std::move(clock), std::move(http_settings));
  http.secrets().add(*key);
  return std::unique_ptr<Provider>(
      std::make_unique<PowerDnsProvider>(settings.name, std::move(address), *key, std::move(http)));
}

}  // namespace rampart
