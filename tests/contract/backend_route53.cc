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
