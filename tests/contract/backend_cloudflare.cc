/// Our stand-in for Cloudflare, reached through the proxy that misbehaves.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "dns/rdata.h"
#include "dns/txt.h"
#include "providers/cloudflare/cloudflare.h"
#include "providers/cloudflare/json.h"
#include "tests/contract/backends.h"
#include "tests/contract/proxy_control.h"

namespace rampart::contract {
namespace {

using Json = nlohmann::json;

constexpr const char* kToken = "user-token-0000000000000000000000000000";
constexpr const char* kWrong = "wrong-token-555555555555555555555555555";
constexpr const char* kExpired = "expired-token-4444444444444444444444444";
constexpr const char* kNarrow = "narrow-token-22222222222222222222222222";
constexpr std::size_t kMostTxtAtOneName = 8192;
constexpr int kPage = 100;

const char* token_of(Credentials credentials) {
  switch (credentials) {
    case Credentials::Good:
      return kToken;
    case Credentials::Wrong:
      return kWrong;
    case Credentials::Expired:
      return kExpired;
    case Credentials::Narrow:
      return kNarrow;
  }
  return kToken;
}

/// Another party's record, as people enter them: short texts without quotes.
Json record_of(const RecordKey& key, const RecordSet& set, const std::string& value) {
  Json record = {{"name", key.name.text()},
                 {"type", to_text(key.type)},
                 {"ttl", set.ttl.count()},
                 {"content", value}};
  if (key.type == RecordType::TXT) {
    const bool plain = std::ranges::all_of(
        value, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
    record["content"] = plain && value.size() <= 255 ? value : quote_txt(value);
  } else if (key.type == RecordType::MX) {
    record["priority"] = std::stoi(value);
    record["content"] = value.substr(value.find(' ') + 1);
  } else if (key.type == RecordType::CAA) {
    record["data"] = {{"value", value}};
  }
  return record;
}

Json records_of(const RecordKey& key, const RecordSet& set) {
  Json records = Json::array();
  for (const std::string& value : set.values) records.push_back(record_of(key, set, value));
  return records;
}

class CloudflareBackend : public Backend {
 public:
  CloudflareBackend() : control_("RAMPART_CONTRACT_CONTROL"), side_(quick_clock()) {
    (void)command("settings", {{"page", kPage}});
  }

  Result<Ok> make_zone(const Name& zone, const Sets& sets) override {
    Json records = Json::array();
    for (const auto& [key, set] : sets) {
      for (const Json& record : records_of(key, set)) records.push_back(record);
    }
    return done(command("zones", {{"name", zone.text()}, {"plan", "pro"}, {"records", records}}));
  }

  Result<Sets> dump(const Name& zone) override {
    const Result<std::string> body = ask("GET", "zones/" + zone.text(), {});
    if (!body) return body.error();
    // Read as the API's own lists are, so that both sides know one spelling of each value.
    const Json list = {{"success", true}, {"result", Json::parse(*body).at("records")}};
    const auto page = cloudflare::read_page<cloudflare::Record>(list.dump());
    if (!page) return page.error();
    return without_authority(zone, cloudflare::sets_of(page->items, zone));
  }

  Result<Ok> put(const Name& zone, const RecordKey& key,
                 const std::optional<RecordSet>& set) override {
    return done(command("edit", {{"zone", zone.text()},
                                 {"name", key.name.text()},
                                 {"type", to_text(key.type)},
                                 {"records", set ? records_of(key, *set) : Json::array()}}));
  }

  // For other types the description asks for the data in fields, which the stand-in does not have.
  bool describes(std::string_view type) const override {
    constexpr std::array<std::string_view, 8> kByContent = {"A",  "AAAA", "CNAME", "MX",
                                                            "NS", "PTR",  "TXT",   "DS"};
    return std::getenv("RAMPART_CONTRACT_VALIDATED") == nullptr ||
           std::ranges::find(kByContent, type) != kByContent.end();
  }

  Result<Ok> plant(const Name& zone, std::span<const Foreign> records) override {
    Json all = Json::array();
    for (const Foreign& record : records) {
      const std::string owner =
          record.owner == "@" ? zone.text() : zone.child(record.owner).value().text();
      Json one = {
          {"name", owner}, {"type", record.type}, {"ttl", record.ttl}, {"content", record.data}};
      if (record.type == "MX") {
        one["priority"] = std::stoi(record.data);
        one["content"] = record.data.substr(record.data.find(' ') + 1);
      }
      if (!record.more.empty()) one.update(Json::parse(record.more));
      all.push_back(std::move(one));
    }
    return done(command("zones", {{"name", zone.text()}, {"plan", "pro"}, {"records", all}}));
  }

  Result<std::vector<std::string>> raw(const Name& zone) override {
    const Result<std::string> body = ask("GET", "zones/" + zone.text(), {});
    if (!body) return body.error();
    const Json zone_json = Json::parse(*body);
    std::vector<std::string> lines;
    for (const Json& record : zone_json.at("records")) lines.push_back(record.dump());
    std::ranges::sort(lines);
    return lines;
  }

  std::vector<Sample> samples() const override {
    std::vector<Sample> samples = common_samples();
    const std::vector<Sample> more = {
        {"CERT", "1 12345 8 MIIBIjANBgkq"},
        {"LOC", "51 28 38.000 N 0 0 1.000 W 30.00m 10.00m 100.00m 10.00m"},
        {"OPENPGPKEY", "mQENBFVHm5sBCACX"},
        {"SMIMEA", "3 0 1 0123456789abcdef"},
        {"URI", "10 1 \"https://www.example.net/path\""},
        {"DNSKEY", "256 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0d"},
        {"WEIRD", "a type of tomorrow"}};
    samples.insert(samples.end(), more.begin(), more.end());
    return samples;
  }

  std::vector<std::string> texts() const override {
    std::vector<std::string> texts = Backend::texts();
    std::erase(texts, "\"\"");  // The host takes no empty text.
    texts.insert(texts.end(), {"no-quotes-at-all", "no quotes; a \\ and a \" inside"});
    return texts;
  }

  std::vector<long> ttls() const override { return {1, 60, 120, 86400}; }

  std::vector<Special> specials() const override;

  std::optional<Result<std::unique_ptr<Provider>>> provider(Credentials credentials) override {
    ProviderSettings settings;
    settings.name = "cf";
    settings.environment = {{"CLOUDFLARE_API_TOKEN_CF", token_of(credentials)},
                            {"CLOUDFLARE_API_TOKEN", "not-this-one"},
                            {"CLOUDFLARE_BASE_URL", required("RAMPART_CONTRACT_URL")}};
    HttpSettings http;
    http.total_timeout = std::chrono::seconds(20);
    return make_cloudflare_provider(settings, quick_clock(), std::move(http));
  }

  bool arm(Fault fault, int nth, int count) override { return control_.arm(fault, nth, count); }

  int calls() override { return control_.calls(); }

  std::string rejects(const TypedSet& typed) const override {
    std::size_t octets = 0;
    for (const std::string& value : typed.set.values) octets += value.size();
    if (typed.type != RecordType::TXT) return {};
    if (typed.set.values.contains("")) return "Cloudflare accepts no empty text";
    return octets > kMostTxtAtOneName ? "more than 8192 octets of text at one name" : "";
  }

  int page() const override { return kPage; }

  std::size_t atomic_changes() const override { return 3500; }

  std::vector<std::string> secrets() const override { return {kToken, kWrong, kExpired, kNarrow}; }

 private:
  static Result<Ok> done(const Result<std::string>& answer) {
    if (!answer) return answer.error();
    return Ok{};
  }

  Result<std::string> command(const std::string& path, const Json& body) {
    return ask("POST", path, body.dump());
  }

  Result<std::string> ask(const std::string& method, const std::string& path,
                          const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.url = required("RAMPART_CONTRACT_SIDE_DOOR") + "/" + path;
    request.body = body;
    const Result<HttpResponse> response = side_.send(request);
    if (!response) return response.error();
    if (response->status != 200) return Error{.what = "the side door: " + response->body};
    return response->body;
  }

  ProxyControl control_;
  Http side_;
};

}  // namespace

std::vector<Special> CloudflareBackend::specials() const {
  const auto at_host = [](std::string what, std::string type, std::string data, std::string more) {
    return Special{.what = std::move(what),
                   .records = {{.owner = "host",
                                .type = std::move(type),
                                .data = std::move(data),
                                .ttl = 1,
                                .more = std::move(more)},
                               {.owner = "@", .type = "TXT", .data = "\"theirs\""}}};
  };
  std::vector<Special> all = {
      at_host("a proxied A record", "A", "192.0.2.1", R"({"proxied": true})"),
      at_host("a proxied AAAA record", "AAAA", "2001:db8::1", R"({"proxied": true})"),
      at_host("a commented A record", "A", "192.0.2.1", R"({"comment": "ask Bob"})"),
      at_host("a commented TXT record", "TXT", "theirs", R"({"comment": "ask Bob, v=spf1"})"),
      at_host("a tagged TXT record", "TXT", "\"theirs\"", R"({"tags": ["owner:web", "x:y"]})"),
      at_host("a tagged MX record", "MX", "10 mx.example.net", R"({"tags": ["owner:mail"]})"),
      at_host("a record with settings", "A", "192.0.2.1", R"({"settings": {"ipv4_only": true}})"),
      at_host("a record with members of tomorrow", "TXT", "theirs",
              R"({"private_routing": true, "modified_by": {"id": "u1"}, "priority": null})"),
      at_host("a record of structured data", "SRV", "10 60 5060 sip.example.net",
              R"({"data": {"priority": 10, "weight": 60, "port": 5060, "target": "sip.example.net"},
                  "priority": 10})"),
      at_host("a record of data without content", "CAA", "",
              R"({"data": {"flags": 0, "tag": "issue", "value": "ca.example.net"}})"),
      at_host("a read-only A record of a product", "A", "192.0.2.1",
              R"({"meta": {"read_only": true, "origin_worker_id": "w1"}})"),
      at_host("a locked TXT record of Email Routing", "TXT", "\"v=DKIM1; p=AAAA\"",
              R"({"meta": {"read_only": true, "email_routing": true}})"),
      at_host("a TXT record that was locked before 2024", "TXT", "\"v=DKIM1; p=AAAA\"",
              R"({"locked": true})"),
      at_host("a locked MX record of Email Routing", "MX", "10 route1.mx.cloudflare.net",
              R"({"meta": {"read_only": true, "email_routing": true}})"),
      at_host("an unlocked TXT record of Email Routing", "TXT", "\"v=DKIM1; p=AAAA\"",
              R"({"meta": {"email_routing": true}})"),
      at_host("a name that no name server takes", "TXT", "theirs",
              R"({"name": "a..b.contract.example"})")};
  all.back().to_cname.reset();
  Special proxied = at_host("a proxied CNAME", "CNAME", "cdn.example.net", R"({"proxied": true})");
  proxied.to_txt = Neighbour::InTheWay;
  proxied.to_cname.reset();  // Taken over, by another case.
  all.push_back(std::move(proxied));
  Special locked = at_host("a read-only proxied CNAME", "CNAME", "tunnel.example.net",
                           R"({"proxied": true, "meta": {"read_only": true}})");
  locked.to_txt = Neighbour::InTheWay;
  all.push_back(std::move(locked));
  return all;
}

std::unique_ptr<Backend> make_cloudflare_backend() { return std::make_unique<CloudflareBackend>(); }

}  // namespace rampart::contract
