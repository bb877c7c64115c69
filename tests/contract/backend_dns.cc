/// Real name servers: dig and nsupdate reach them directly, the adapter through a proxy.
#include <fmt/format.h>

#include <array>
#include <set>

#include "dns/rdata.h"
#include "dns/zonefile/zone_file.h"
#include "providers/powerdns/powerdns.h"
#include "providers/rfc2136/rfc2136.h"
#include "tests/contract/backends.h"
#include "tests/contract/proxy_control.h"

namespace rampart::contract {
namespace {

/// The keys that the servers know; run.py configures them.
constexpr std::string_view kSideKey = "hmac-sha256:side.:";
constexpr std::string_view kWrongSecret = "d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmctd3I=";

std::string add_line(const RecordKey& key, const RecordSet& set, const std::string& value) {
  return fmt::format("update add {}. {} {} {}\n", key.name.text(), set.ttl.count(),
                     rampart::to_text(key.type), print_rdata(key.type, value));
}

/// The commands that turn what `before` holds into `after`, removals first.
std::vector<std::string> commands(const Sets& before, const Sets& after) {
  std::vector<std::string> lines;
  for (const auto& [key, set] : before) {
    const auto stays = after.find(key);
    if (stays != after.end() && stays->second == set) continue;
    lines.push_back(
        fmt::format("update delete {}. {}\n", key.name.text(), rampart::to_text(key.type)));
  }
  for (const auto& [key, set] : after) {
    const auto previous = before.find(key);
    if (previous != before.end() && previous->second == set) continue;
    for (const std::string& value : set.values) lines.push_back(add_line(key, set, value));
  }
  return lines;
}

}  // namespace

DnsSideDoor::DnsSideDoor()
    : port_(required("RAMPART_CONTRACT_DNS_PORT")),
      secret_(required("RAMPART_CONTRACT_SECRET")),
      pdns_folder_(required("RAMPART_CONTRACT_PDNS")) {}

/// pdns breaks off transfers of large records, so its own listing is used.
Result<std::string> DnsSideDoor::listing(const Name& zone) const {
  if (pdns_folder_.empty()) {
    const std::string key = std::string(kSideKey) + secret_;
    return run_program({"dig", "@127.0.0.1", "-p", port_, "-y", key, "+noall", "+answer", "+onesoa",
                        zone.text(), "AXFR"},
                       "");
  }
  return run_program({"pdnsutil", "--config-dir=" + pdns_folder_, "list-zone", zone.text()}, "");
}

Result<Sets> DnsSideDoor::dump(const Name& zone) const {
  const Result<std::string> text = listing(zone);
  if (!text) return text.error();
  const Result<ZoneFile> file = parse_zone_file(zone, *text);
  if (!file) return within("the server's listing", file.error());
  return without_authority(zone, file->sets());
}

Result<Ok> DnsSideDoor::send(const Name& zone, const std::vector<std::string>& lines) const {
  constexpr std::size_t kMostOctets = 30000;
  std::string batch;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    batch += lines[index];
    if (index + 1 < lines.size() && batch.size() + lines[index + 1].size() < kMostOctets) continue;
    const Result<std::string> done = run_program(
        {"nsupdate", "-v", "-y", std::string(kSideKey) + secret_},
        fmt::format("server 127.0.0.1 {}\nzone {}\n{}send\n", port_, zone.text(), batch));
    if (!done) return done.error();
    batch.clear();
  }
  return Ok{};
}

Result<Ok> DnsSideDoor::make_zone(const Name& zone, const Sets& sets) const {
  const Result<Sets> before = dump(zone);
  if (!before) return before.error();
  return send(zone, commands(*before, sets));
}

Result<Ok> DnsSideDoor::put(const Name& zone, const RecordKey& key,
                            const std::optional<RecordSet>& set) const {
  std::vector<std::string> lines = {
      fmt::format("update delete {}. {}\n", key.name.text(), rampart::to_text(key.type))};
  if (set) {
    for (const std::string& value : set->values) lines.push_back(add_line(key, *set, value));
  }
  return send(zone, lines);
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
    TRY_OK(run(commands + "commit;\n"));
    return Ok{};
  }

  /// An Error where the zone no longer holds exactly these rows.
  Result<Ok> check(const Name& zone) const {
    TRY(const std::string found,
        run(fmt::format("select name,type,content from records where disabled=1 and {0} union all "
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
  Result<std::string> run(const std::string& commands) const {
    return run_program({"sqlite3", "-cmd", ".timeout 20000", database_}, commands);
  }

  std::string database_ = required("RAMPART_CONTRACT_PDNS") + "/pdns.db";
};

class ServerBackend : public Backend {
 public:
  explicit ServerBackend(Maker maker) : maker_(maker) {}

  Result<Ok> make_zone(const Name& zone, const Sets& sets) override {
    TRY_OK(door_.make_zone(zone, sets));
    return plant(zone);
  }
  Result<Sets> dump(const Name& zone) override {
    if (has_hidden_rows()) TRY_OK(hidden_.check(zone));
    return door_.dump(zone);
  }
  Result<Ok> put(const Name& zone, const RecordKey& key,
                 const std::optional<RecordSet>& set) override {
    TRY_OK(door_.put(zone, key, set));
    return plant(zone);  // nsupdate removes disabled records.
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
  Result<Ok> plant(const Name& zone) const {
    return has_hidden_rows() ? hidden_.plant(zone) : Result<Ok>(Ok{});
  }

  Maker maker_;
  DnsSideDoor door_;
  HiddenRows hidden_;
  ProxyControl proxy_{"RAMPART_CONTRACT_CONTROL"};
};

}  // namespace

std::unique_ptr<Backend> make_powerdns_backend() {
  return std::make_unique<ServerBackend>(make_powerdns);
}

std::unique_ptr<Backend> make_rfc2136_backend() {
  return std::make_unique<ServerBackend>(make_rfc2136);
}

}  // namespace rampart::contract
