/// Real name servers: dns_door.py reaches them directly, the adapter through a proxy.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "dns/rdata.h"
#include "dns/zonefile/zone_file.h"
#include "providers/powerdns/powerdns.h"
#include "providers/rfc2136/rfc2136.h"
#include "tests/contract/backends.h"
#include "tests/contract/proxy_control.h"

namespace rampart::contract {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kWrongSecret = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3I=";

Json record_json(const RecordKey& key, const RecordSet& set, const std::string& value) {
  return {{"name", key.name.text() + "."},
          {"ttl", set.ttl.count()},
          {"type", rampart::to_text(key.type)},
          {"data", print_rdata(key.type, value)}};
}

}  // namespace

DnsSideDoor::DnsSideDoor()
    : http_(real_clock()), address_("http://127.0.0.1:" + required("RAMPART_CONTRACT_DOOR")) {}

Result<std::string> DnsSideDoor::ask(const std::string& verb, const std::string& question) {
  const Result<HttpResponse> response =
      http_.send({.method = "POST", .url = address_ + verb, .body = question});
  if (!response) return response.error();
  if (response->status != 200) return Error{.what = "the side door: " + response->body};
  return response->body;
}

Result<Sets> DnsSideDoor::dump(const Name& zone) {
  TRY(const std::string answer, ask("/dump", Json{{"zone", zone.text()}}.dump()));
  // The file of a zone begins with its SOA, which the side door leaves out.
  const std::string head = fmt::format("{}. 60 IN SOA . . 1 2 3 4 5\n", zone.text());
  const auto text = Json::parse(answer)["text"].get<std::string>();
  const Result<ZoneFile> file = parse_zone_file(zone, head + text);
  if (!file) return within("the server's listing", file.error());
  return without_authority(zone, file->sets());
}

Result<std::vector<std::string>> DnsSideDoor::raw(const Name& zone) {
  TRY(const std::string answer, ask("/raw", Json{{"zone", zone.text()}}.dump()));
  return Json::parse(answer)["lines"].get<std::vector<std::string>>();
}

Result<Ok> DnsSideDoor::make_zone(const Name& zone, const Sets& sets) {
  Json records = Json::array();
  for (const auto& [key, set] : sets) {
    for (const std::string& value : set.values) records.push_back(record_json(key, set, value));
  }
  TRY_OK(ask("/zone", Json{{"zone", zone.text()}, {"records", records}}.dump()));
  return Ok{};
}

Result<Ok> DnsSideDoor::plant(const Name& zone, std::span<const Foreign> foreign) {
  Json records = Json::array();
  for (const Foreign& one : foreign) {
    const std::string below = one.owner == "@" ? "" : one.owner + ".";
    records.push_back({{"name", below + zone.text() + "."},
                       {"ttl", one.ttl},
                       {"type", one.type},
                       {"data", one.data},
                       {"more", one.more}});
  }
  TRY_OK(ask("/zone", Json{{"zone", zone.text()}, {"records", records}}.dump()));
  return Ok{};
}

Result<Ok> DnsSideDoor::put(const Name& zone, const RecordKey& key,
                            const std::optional<RecordSet>& set) {
  Json records = Json::array();
  if (set) {
    for (const std::string& value : set->values) records.push_back(record_json(key, *set, value));
  }
  TRY_OK(ask("/put", Json{{"zone", zone.text()},
                          {"name", key.name.text() + "."},
                          {"type", rampart::to_text(key.type)},
                          {"records", records}}
                         .dump()));
  return Ok{};
}

Result<std::string> DnsSideDoor::sql(const std::string& commands) {
  TRY(const std::string answer, ask("/sql", Json{{"commands", commands}}.dump()));
  return Json::parse(answer)["text"].get<std::string>();
}

namespace {

/// Makes a provider for some credentials.
using Maker = std::optional<Result<std::unique_ptr<Provider>>> (*)(Credentials);

std::optional<Result<std::unique_ptr<Provider>>> make_rfc2136(Credentials credentials) {
  ProviderSettings settings;
  settings.name = "bind";
  const bool narrow = credentials == Credentials::Narrow;
  settings.settings = {{"server", "127.0.0.1:" + required("RAMPART_CONTRACT_PROXY_PORT")},
                       {"tsig_name", narrow ? "narrow." : "rampart."},
                       {"tsig_algorithm", narrow ? "hmac-sha512" : "hmac-sha256"}};
  const bool wrong = credentials == Credentials::Wrong;
  settings.environment = {
      {"RAMPART_TSIG_SECRET", "bm90IHVzZWQ="},
      {"RAMPART_TSIG_SECRET_BIND",
       wrong ? std::string(kWrongSecret) : required("RAMPART_CONTRACT_SECRET")}};
  Clock clock = quick_clock();
  if (credentials == Credentials::Expired) {
    clock.now = [] { return std::chrono::system_clock::now() - std::chrono::hours(1); };
  }
  return make_rfc2136_provider(settings, clock);
}

/// The API has one key, which may everything.
std::optional<Result<std::unique_ptr<Provider>>> make_powerdns(Credentials credentials) {
  if (credentials == Credentials::Expired || credentials == Credentials::Narrow) return {};
  ProviderSettings settings;
  settings.name = "pdns";
  settings.environment = {
      {"PDNS_API_URL", "http://127.0.0.1:" + required("RAMPART_CONTRACT_API_PORT")},
      {"PDNS_API_KEY_PDNS", credentials == Credentials::Wrong
                                ? std::string(kWrongSecret)
                                : required("RAMPART_CONTRACT_API_KEY")}};
  return make_powerdns_provider(settings, quick_clock(), {});
}

/// A row of PowerDNS' database: a disabled record, or a comment.
struct HiddenRow {
  std::string_view prefix;
  std::string_view type;
  std::string_view content;
  bool comment = false;
};

/// What PowerDNS keeps without serving it: disabled records and comments, at names that the cases
/// change and at others. Read and written in the server's own database.
class HiddenRows {
 public:
  explicit HiddenRows(DnsSideDoor& door) : door_(door) {}

  /// Makes the zone hold the rows below and no others.
  Result<Ok> plant(const Name& zone) const {
    std::string commands = fmt::format(
        "begin immediate;\ndelete from records where disabled=1 and {0};\n"
        "delete from comments where {0};\n",
        of(zone));
    for (const HiddenRow& row : kRows) {
      const std::string name = owner(row, zone);
      commands += row.comment ? fmt::format(
                                    "insert into comments(domain_id,name,type,modified_at,account,"
                                    "comment) select id,'{}','{}',1700000000,'bob','{}' from "
                                    "domains where name='{}';\n",
                                    name, row.type, row.content, zone.text())
                              : fmt::format(
                                    "insert into records(domain_id,name,type,content,ttl,prio,"
                                    "disabled,auth) select id,'{}','{}','{}',60,0,1,1 from domains "
                                    "where name='{}';\n",
                                    name, row.type, row.content, zone.text());
    }
    TRY_OK(door_.sql(commands + "commit;\n"));
    return Ok{};
  }

  /// An Error where the zone no longer holds exactly these rows.
  Result<Ok> check(const Name& zone) const {
    TRY(const std::string found,
        door_.sql(
            fmt::format("select name,type,content from records where disabled=1 and {0} union all "
                        "select name,type,account||modified_at||comment from comments where {0} "
                        "order by 1,2,3;\n",
                        of(zone))));
    std::set<std::string> expected;
    for (const HiddenRow& row : kRows) {
      expected.insert(fmt::format("{}|{}|{}{}\n", owner(row, zone), row.type,
                                  row.comment ? "bob1700000000" : "", row.content));
    }
    std::string all;
    for (const std::string& line : expected) all += line;
    if (found == all) return Ok{};
    return Error{"disabled records or comments have changed:\n" + found};
  }

 private:
  static constexpr std::array kRows = {
      HiddenRow{"", "TXT", "\"site-verification=for-later\""},
      HiddenRow{"", "TXT", "ask Bob", true},
      HiddenRow{"", "MX", "mail.example.net"},
      HiddenRow{"_dmarc", "TXT", "\"v=DMARC1; p=reject; rua=mailto:later@example.net\""},
      HiddenRow{"_dmarc", "TXT", "ticket 4711", true},
      HiddenRow{"s1._domainkey", "TXT", "the key of the office", true},
      HiddenRow{"s1._domainkey", "CNAME", "until May", true},
      HiddenRow{"unused", "A", "192.0.2.99"},
      HiddenRow{"www", "TXT", "\"off\""},
  };

  static std::string owner(const HiddenRow& row, const Name& zone) {
    return fmt::format("{}{}{}", row.prefix, row.prefix.empty() ? "" : ".", zone.text());
  }
  static std::string of(const Name& zone) {
    return fmt::format("domain_id=(select id from domains where name='{}')", zone.text());
  }

  DnsSideDoor& door_;
};

class ServerBackend : public Backend {
 public:
  explicit ServerBackend(Maker maker) : maker_(maker) {}

  Result<Ok> make_zone(const Name& zone, const Sets& sets) override {
    TRY_OK(door_.make_zone(zone, sets));
    return hide(zone);
  }
  Result<Ok> plant(const Name& zone, std::span<const Foreign> records) override {
    return door_.plant(zone, records);
  }
  Result<std::vector<std::string>> raw(const Name& zone) override { return door_.raw(zone); }
  std::vector<Sample> samples() const override {
    std::vector<Sample> samples = server_samples();
    // By an update with a key, named takes a zone for a signed one, and pdns takes none.
    std::erase_if(samples, [&](const Sample& one) {
      const bool generic = one.type.starts_with("TYPE");
      return one.type == "DNSKEY" || (generic && !required("RAMPART_CONTRACT_PDNS").empty());
    });
    return samples;
  }
  std::vector<Special> specials() const override;
  Result<Sets> dump(const Name& zone) override {
    if (has_hidden_rows()) TRY_OK(hidden_.check(zone));
    return door_.dump(zone);
  }
  Result<Ok> put(const Name& zone, const RecordKey& key,
                 const std::optional<RecordSet>& set) override {
    TRY_OK(door_.put(zone, key, set));
    return hide(zone);  // An update removes disabled records.
  }
  std::optional<Result<std::unique_ptr<Provider>>> provider(Credentials credentials) override {
    return maker_(credentials);
  }
  bool arm(Fault fault, int nth, int count) override { return proxy_.arm(fault, nth, count); }
  int calls() override { return proxy_.calls(); }
  /// The API refuses such names; updates carry them.
  bool takes_odd_names() const override { return maker_ != make_powerdns; }
  std::vector<std::string> secrets() const override {
    std::vector<std::string> secrets = {required("RAMPART_CONTRACT_SECRET"),
                                        std::string(kWrongSecret)};
    if (maker_ == make_powerdns) secrets.push_back(required("RAMPART_CONTRACT_API_KEY"));
    return secrets;
  }

 private:
  /// Only the API shows and keeps such rows.
  bool has_hidden_rows() const { return maker_ == make_powerdns; }
  Result<Ok> hide(const Name& zone) const {
    return has_hidden_rows() ? hidden_.plant(zone) : Result<Ok>(Ok{});
  }

  Maker maker_;
  DnsSideDoor door_;
  HiddenRows hidden_{door_};
  ProxyControl proxy_{"RAMPART_CONTRACT_CONTROL"};
};

/// What only PowerDNS' own API keeps as it is.
std::vector<Special> ServerBackend::specials() const {
  if (!has_hidden_rows()) return {};
  const auto at_host = [](std::string what, std::vector<Foreign> records,
                          Neighbour to_cname = Neighbour::InTheWay) {
    for (Foreign& one : records) one.owner = "host";
    records.push_back({.owner = "@", .type = "TXT", .data = "\"theirs\""});
    return Special{.what = std::move(what), .records = std::move(records), .to_cname = to_cname};
  };
  // The API gives all records of a set one TTL, those that are disabled too.
  const std::string off = R"({"disabled": 1})";
  const std::string comment = R"({"comment": 1})";
  const std::string own = R"({"lua": 1})";
  const Foreign address{.type = "A", .data = "192.0.2.1"};
  std::vector<Special> all = {
      at_host("a disabled A record", {{.type = "A", .data = "192.0.2.9", .more = off}},
              Neighbour::Beside),
      at_host("a disabled TXT record",
              {{.type = "TXT", .data = "\"for\" \"later\"", .ttl = 300, .more = off}, address}),
      at_host("a disabled TXT record beside others",
              {{.type = "TXT", .data = "\"live\" \"one\""},
               {.type = "TXT", .data = "\"for\" \"later\"", .more = off}}),
      at_host("a disabled MX record", {{.type = "MX", .data = "mx.example.net", .more = off}},
              Neighbour::Beside),
      at_host("a disabled CNAME", {{.type = "CNAME", .data = "old.example.net", .more = off}}),
      at_host("a comment on an A record",
              {address, {.type = "A", .data = "ask Bob", .more = comment}}),
      at_host("a comment on a TXT set", {{.type = "TXT", .data = "\"theirs\""},
                                         {.type = "TXT", .data = "ask Bob", .more = comment}}),
      at_host("a comment on a TXT set that does not exist",
              {address, {.type = "TXT", .data = "reserved", .more = comment}}),
      at_host("a comment on a CNAME that does not exist",
              {address, {.type = "CNAME", .data = "until May", .more = comment}}),
      at_host("a LUA record of addresses",
              {{.type = "LUA", .data = "A \"ifportup(443, {'192.0.2.1'})\"", .more = own}}),
      at_host("a LUA record of texts", {{.type = "LUA", .data = "TXT \"os.date()\"", .more = own}}),
      at_host("an ALIAS record", {{.type = "ALIAS", .data = "cdn.example.net", .more = own}})};
  return all;
}

}  // namespace

std::unique_ptr<Backend> make_powerdns_backend() {
  return std::make_unique<ServerBackend>(make_powerdns);
}

std::unique_ptr<Backend> make_rfc2136_backend() {
  return std::make_unique<ServerBackend>(make_rfc2136);
}

}  // namespace rampart::contract
