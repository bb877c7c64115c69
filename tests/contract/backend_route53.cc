/// Route 53: our own fake, which AWS's clients prove true, behind the misbehaving proxy.
#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "dns/rdata.h"
#include "providers/route53/route53.h"
#include "providers/route53/text.h"
#include "tests/contract/backends.h"
#include "tests/contract/proxy_control.h"

namespace rampart::contract {
namespace {

using nlohmann::json;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kExpiredToken = "AQoDYXdzEJr/+=old";

/// Octets cross the side door in hexadecimal, so that the fake alone knows Route 53's escapes.
std::string hex(std::string_view octets) {
  std::string text;
  for (const char c : octets) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string unhex(const std::string& text) {
  std::string octets;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    octets += static_cast<char>(std::strtol(text.substr(at, 2).c_str(), nullptr, 16));
  }
  return octets;
}

json to_json(const RecordKey& key, const RecordSet& set) {
  json one = {{"wire", hex(key.name.wire())},
              {"type", rampart::to_text(key.type)},
              {"ttl", set.ttl.count()}};
  for (const std::string& value : set.values) {
    const std::string text = is_text(key.type) ? value : print_rdata(key.type, value);
    one[is_text(key.type) ? "octets" : "values"].push_back(is_text(key.type) ? hex(text) : text);
  }
  return one;
}

class Route53Backend : public Backend {
 public:
  Route53Backend()
      : proxy_("RAMPART_CONTRACT_CONTROL"),
        door_(real_clock()),
        address_("http://127.0.0.1:" + required("RAMPART_CONTRACT_PORT")),
        door_address_("http://127.0.0.1:" + required("RAMPART_CONTRACT_HOST") + "/_control/") {
    const Result<json> ready = ask("set", {{"shape", "both"}});
    if (!ready) std::exit(2);
  }

  Result<Ok> make_zone(const Name& zone, const Sets& sets) override {
    json wanted = json::array();
    for (const auto& [key, set] : sets) wanted.push_back(to_json(key, set));
    return done(ask("zone", {{"name", zone.text()}, {"sets", wanted}}));
  }

  Result<Sets> dump(const Name& zone) override {
    const Result<json> answer = ask("dump", {{"zone", zone.text()}});
    if (!answer) return answer.error();
    Sets sets;
    for (const json& one : (*answer)["sets"]) {
      const RecordKey key{Name::parse(one["name"].get<std::string>()).value(),
                          parse_record_type(one["type"].get<std::string>()).value()};
      RecordSet& set = sets[key];
      set.ttl = std::chrono::seconds(one["ttl"].get<long>());
      for (const json& value : one["values"]) {
        set.values.insert(is_text(key.type)
                              ? unhex(value.get<std::string>())
                              : canonical_rdata(key.type, value.get<std::string>()).value());
      }
    }
    return without_authority(zone, std::move(sets));
  }

  Result<Ok> put(const Name& zone, const RecordKey& key,
                 const std::optional<RecordSet>& set) override {
    json one = to_json(key, set.value_or(RecordSet{}));
    one["zone"] = zone.text();
    one["gone"] = !set;
    return done(ask("put", one));
  }

  /// Route 53 keeps sets: records of one name, type and policy (`more`) are one.
  Result<Ok> plant(const Name& zone, std::span<const Foreign> records) override {
    std::map<std::string, json> sets;
    for (const Foreign& record : records) {
      const Name owner = record.owner == "@" ? zone : zone.child(record.owner).value();
      json& one = sets[owner.text() + " " + record.type + record.more];
      one["wire"] = hex(owner.wire());
      one["type"] = record.type;
      if (!record.more.empty()) one["special"] = json::parse(record.more);
      if (record.data.empty()) continue;  // An alias.
      one["ttl"] = record.ttl;
      one["values"].push_back(record.data);
    }
    json wanted = json::array();
    for (const auto& [key, one] : sets) wanted.push_back(one);
    return done(ask("zone", {{"name", zone.text()}, {"sets", wanted}}));
  }

  Result<std::vector<std::string>> raw(const Name& zone) override {
    const Result<json> answer = ask("raw", {{"zone", zone.text()}});
    if (!answer) return answer.error();
    return (*answer)["lines"].get<std::vector<std::string>>();
  }

  std::vector<Sample> samples() const override {
    std::vector<Sample> samples = common_samples();
    samples.push_back({"SPF", "\"v=spf1 -all\""});
    samples.push_back({"WEIRD", "a type of tomorrow"});
    return samples;
  }

  /// Escapes are octal here.
  std::vector<std::string> texts() const override {
    std::vector<std::string> texts = Backend::texts();
    for (std::string& text : texts) {
      if (text.find("\\195") != std::string::npos) text = R"("gr\303\274n" "\344")";
      if (text.find("\\255") != std::string::npos) text = R"("\000\001\377")";
    }
    return texts;
  }

  std::vector<Special> specials() const override {
    const std::vector<std::pair<std::string, std::string>> policies = {
        {"weighted", R"({"SetIdentifier": "ID", "Weight": "10"})"},
        {"latency", R"({"SetIdentifier": "ID", "Region": "eu-west-1"})"},
        {"geolocation", R"({"SetIdentifier": "ID", "GeoLocation": {"CountryCode": "DE"}})"},
        {"proximity", R"({"SetIdentifier": "ID", "GeoProximityLocation": {"AWSRegion": "eu"}})"},
        {"address", R"({"SetIdentifier": "ID", "CidrRoutingConfig": {"LocationName": "*"}})"},
        {"failover", R"({"SetIdentifier": "ID", "Failover": "PRIMARY"})"},
        {"multi-value", R"({"SetIdentifier": "ID", "MultiValueAnswer": "true"})"},
        {"health-checked", R"({"HealthCheckId": "11111111-2222"})"},
        {"traffic policy", R"({"TrafficPolicyInstanceId": "33333333-4444"})"},
        {"alias", R"({"AliasTarget": "d1.cloudfront.example."})"}};
    std::vector<Special> specials;
    for (const auto& [what, special] : policies) {
      for (const Sample& sample : {Sample{"A", "192.0.2.1"}, Sample{"TXT", "\"theirs\" \"2\""},
                                   Sample{"CNAME", "hosting.example.net."}}) {
        std::vector<Foreign> records;
        const bool several = special.find("ID") != std::string::npos;
        for (const std::string_view id : {"blue", "green"}) {
          std::string more = special;
          if (several) more.replace(more.find("\"ID\""), 4, fmt::format("\"{}\"", id));
          records.push_back({.owner = "host",
                             .type = sample.type,
                             .data = what == "alias" ? "" : sample.data,
                             .more = more});
          if (!several) break;
        }
        records.push_back({.owner = "@", .type = "TXT", .data = "\"theirs\""});
        specials.push_back(
            {.what = what + " " + sample.type + " sets",
             .records = records,
             .to_txt = sample.type == "A" ? Neighbour::Beside : Neighbour::InTheWay});
      }
    }
    return specials;
  }

  std::optional<Result<std::unique_ptr<Provider>>> provider(Credentials credentials) override {
    ProviderSettings settings;
    settings.name = "aws";
    settings.environment = {{"AWS_ENDPOINT_URL_ROUTE_53", address_},
                            {"AWS_EC2_METADATA_DISABLED", "true"},
                            {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                            {"AWS_SECRET_ACCESS_KEY", std::string(kSecret)}};
    std::map<std::string, std::string>& environment = settings.environment;
    if (credentials == Credentials::Wrong) {
      environment["AWS_SECRET_ACCESS_KEY"] = "wrongwrongwrong/wrong";
    } else if (credentials == Credentials::Narrow) {
      environment["AWS_ACCESS_KEY_ID"] = "AKIDNARROW";
    } else if (credentials == Credentials::Expired) {
      environment["AWS_ACCESS_KEY_ID"] = "ASIAEXPIRED";
      environment["AWS_SESSION_TOKEN"] = kExpiredToken;
    }
    return make_route53_provider(settings, quick_clock());
  }

  bool arm(Fault fault, int nth, int count) override { return proxy_.arm(fault, nth, count); }

  int calls() override { return proxy_.calls(); }

  std::string rejects(const TypedSet& set) const override {
    constexpr std::size_t kMostCharacters = 4000;
    for (const std::string& value : set.set.values) {
      if (route53::value_text(set.type, value).size() > kMostCharacters) {
        return "a value has more than 4000 characters, escapes counted";
      }
    }
    return {};
  }

  int page() const override { return 300; }

  std::vector<std::string> secrets() const override {
    return {std::string(kSecret), std::string(kExpiredToken), "wrongwrongwrong"};
  }

 private:
  Result<json> ask(const std::string& verb, const json& question) {
    const Result<HttpResponse> response =
        door_.send({.method = "POST", .url = door_address_ + verb, .body = question.dump()});
    if (!response) return response.error();
    json answer = json::parse(response->body, nullptr, false);
    if (response->status != 200 || answer.is_discarded()) {
      return Error{.what = "the fake refuses " + verb};
    }
    return answer;
  }

  static Result<Ok> done(const Result<json>& answer) {
    if (!answer) return answer.error();
    return Ok{};
  }

  ProxyControl proxy_;
  Http door_;
  std::string address_;
  std::string door_address_;
};

}  // namespace

std::unique_ptr<Backend> make_route53_backend() { return std::make_unique<Route53Backend>(); }

}  // namespace rampart::contract
