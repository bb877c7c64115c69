/// Cloudflare: DNS records through API v4.
#include "providers/cloudflare/cloudflare.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/percent.h"
#include "providers/cloudflare/edits.h"
#include "providers/cloudflare/json.h"
#include "providers/model/account.h"

namespace rampart {
namespace {

using cloudflare::Edit;
using cloudflare::Page;
using cloudflare::Permission;
using cloudflare::Record;
using cloudflare::Zone;

constexpr std::string_view kTokenVariable = "CLOUDFLARE_API_TOKEN";
constexpr std::string_view kAddressVariable = "CLOUDFLARE_BASE_URL";
constexpr std::string_view kAddress = "https://api.cloudflare.com/client/v4";

/// 1200 requests in any five minutes (documented, 2024-01): 200 at once and the rest spread. The
/// setting "requests_per_second" changes the pace, for who shares the account with others.
constexpr RateLimit kRate{.per_second = 10.0 / 3, .burst = 200};
constexpr double kMostPerSecond = 1000;

/// The API allows more records a page, and 50 zones; a host may give fewer than were asked for.
constexpr int kRecordsPerPage = 5000;
constexpr int kZonesPerPage = 50;

/// A list of the API, narrowed to a name where one is given.
struct Query {
  std::string path;
  int per_page;
  std::optional<Name> name = {};

  std::string page(int number) const {
    const std::string filter = name ? fmt::format("name={}&", percent_encoded(name->text())) : "";
    return fmt::format("{}?{}page={}&per_page={}", path, filter, number, per_page);
  }
};

struct Listing {
  std::vector<Record> records;
  bool complete = false;
};

using ByName = std::map<Name, std::vector<Record>>;

ByName by_name(std::span<const Record> records) {
  ByName names;
  for (const Record& record : records) names[record.key.name].push_back(record);
  return names;
}

std::vector<Name> names_of(std::span<const SetChange> changes) {
  std::set<Name> names;
  for (const SetChange& change : changes) names.insert(change.name);
  return {names.begin(), names.end()};
}

HttpSettings with_judge(HttpSettings http) {
  // Some proxies in between answer with a page of their own and status 200.
  http.evaluate = [](const HttpResponse& response) {
    const bool json = response.body.find_first_not_of(" \r\n\t") != std::string::npos &&
                      response.body[response.body.find_first_not_of(" \r\n\t")] == '{';
    return response.status == 200 && !json ? Verdict::Failed : judge_by_status(response);
  };
  return http;
}

class CloudflareProvider : public Provider {
 public:
  CloudflareProvider(std::string name, std::string address, std::string token, Clock clock,
                     HttpSettings settings)
      : name_(std::move(name)),
        address_(std::move(address)),
        authorization_("Bearer " + token),
        http_(std::move(clock), with_judge(std::move(settings))) {
    http_.secrets().add(token);
  }

  Result<std::vector<Name>> zones() override {
    const Result<std::vector<Zone>> listed = list<Zone>({"/zones", kZonesPerPage});
    if (!listed) return failed("listing the zones", listed.error());
    std::set<Name> names;
    for (const Zone& zone : *listed) {
      remember(zone);
      names.insert(zone.name);
    }
    return std::vector<Name>(names.begin(), names.end());
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    const std::string doing = "reading zone " + zone.text();
    const Result<Zone> found = find(zone);
    if (!found) return failed(doing, found.error());
    const Result<Listing> listing = records(*found, names);
    if (!listing) return failed(doing, listing.error());
    return ZoneRead{.sets = cloudflare::sets_of(listing->records, zone),
                    .complete = listing->complete};
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    const Result<Ok> written = write_all(zone, {changes.begin(), changes.end()});
    if (!written) return failed("writing zone " + zone.text(), written.error());
    return Receipt{};
  }

  /// A batch that was accepted is served within seconds, and nothing tells when.
  Result<Ok> wait(const Receipt&) override { return Ok{}; }

  Limits limits() const override {
    return Limits{.max_txt_octets = cloudflare::kMostTxtOctets,
                  .min_ttl = cloudflare::kMinTtl,
                  .max_ttl = cloudflare::kMaxTtl};
  }

 private:
  Error failed(const std::string& doing, Error error) const {
    error.what = http_.redact(error.what);
    return within(name_, within(doing, std::move(error)));
  }

  /// The body of a successful answer.
  Result<std::string> ask(const HttpRequest& wanted, Permission needed) {
    HttpRequest request = wanted;
    request.url = address_ + wanted.url;
    request.headers = {{"Authorization", authorization_}, {"Accept", "application/json"}};
    if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    Result<HttpResponse> response = http_.send(request);
    if (!response) return response.error();
    if (response->status != 200) {
      return cloudflare::refusal(response->status, response->body, needed);
    }
    return std::move(response.value().body);
  }

  static Result<Page<Zone>> read_page(const std::string& body, const Zone*) {
    return cloudflare::read_zones(body);
  }
  static Result<Page<Record>> read_page(const std::string& body, const Record*) {
    return cloudflare::read_records(body);
  }

  template <class T>
  Result<Page<T>> page(const Query& query, int number) {
    constexpr bool kZones = std::is_same_v<T, Zone>;
    HttpRequest request;
    request.url = query.page(number);
    request.repeatable = true;
    const Result<std::string> body =
        ask(request, kZones ? Permission::ZoneRead : Permission::DnsRead);
    if (!body) return body.error();
    return read_page(*body, static_cast<const T*>(nullptr));
  }

  /// The rest of a list whose pages up to `number` are in `items`. A page that brings nothing new
  /// ends it.
  template <class T>
  Result<std::vector<T>> list_on(const Query& query, Page<T> last) {
    std::set<std::string> ids;
    std::vector<T> items;
    for (int number = 1;; ++number) {
      std::size_t fresh = 0;
      for (T& item : last.items) {
        if (!ids.insert(item.id).second) continue;
        items.push_back(std::move(item));
        ++fresh;
      }
      if (!cloudflare::goes_on(last.info, number, fresh)) break;
      Result<Page<T>> next = page<T>(query, number + 1);
      if (!next) return next.error();
      last = std::move(next.value());
    }
    // Pages are no snapshot: what moved from a later page to an earlier one was not seen. (Of a
    // narrowed list some hosts give the total without the filter.)
    if (!query.name && static_cast<std::size_t>(last.info.total) > items.size()) {
      return Error{.what = "the list changed while it was read; try again", .retryable = true};
    }
    return items;
  }

  template <class T>
  Result<std::vector<T>> list(const Query& query) {
    Result<Page<T>> first = page<T>(query, 1);
    if (!first) return first.error();
    return list_on<T>(query, std::move(first.value()));
  }

  /// One zone may be in two accounts; the one that is served counts.
  void remember(const Zone& zone) {
    const auto [place, added] = zones_.emplace(zone.name, std::vector{zone});
    if (added) return;
    std::vector<Zone>& twins = place->second;
    std::erase_if(twins, [&](const Zone& twin) { return twin.id == zone.id; });
    twins.push_back(zone);
  }

  Result<Zone> find(const Name& name) {
    if (!zones_.contains(name)) {
      const Result<std::vector<Zone>> listed = list<Zone>({"/zones", kZonesPerPage, name});
      if (!listed) return listed.error();
      for (const Zone& zone : *listed) remember(zone);
    }
    const auto found = zones_.find(name);
    if (found == zones_.end()) {
      return Error{.what =
                       "the API token reaches no zone of this name: it is at another host or "
                       "account, or the token lacks the permission Zone Read for it"};
    }
    const std::vector<Zone>& twins = found->second;
    if (twins.size() == 1) return twins.front();
    const auto active = std::ranges::find(twins, "active", &Zone::status);
    if (active != twins.end()) return *active;
    return Error{.what =
                     "two accounts hold a zone of this name and neither is active: use a token "
                     "that reaches one of them only"};
  }

  static std::string records_path(const Zone& zone) {
    return "/zones/" + percent_encoded(zone.id) + "/dns_records";
  }

  /// The records at `names`, or all of the zone where that takes no more calls.
  Result<Listing> records(const Zone& zone, std::span<const Name> names) {
    if (names.size() == 1) return records_by_name(zone, names);
    const Query whole{records_path(zone), kRecordsPerPage};
    Result<Page<Record>> first = page<Record>(whole, 1);
    if (!first) return first.error();
    const std::int64_t left = cloudflare::pages_left(first->info);
    if (!names.empty() && left > static_cast<std::int64_t>(names.size())) {
      return records_by_name(zone, names);
    }
    Result<std::vector<Record>> all = list_on<Record>(whole, std::move(first.value()));
    if (!all) return all.error();
    return Listing{.records = std::move(all.value()), .complete = true};
  }

  Result<Listing> records_by_name(const Zone& zone, std::span<const Name> names) {
    Listing listing;
    for (const Name& name : names) {
      Result<std::vector<Record>> found = list<Record>({records_path(zone), kRecordsPerPage, name});
      if (!found) return found.error();
      // A host that does not know the filter gives other names too.
      std::ranges::copy_if(found.value(), std::back_inserter(listing.records),
                           [&](const Record& record) { return record.key.name == name; });
    }
    return listing;
  }

  /// Everything that can be refused here is refused before anything is sent.
  Result<std::vector<std::string>> bodies(const Zone& zone, std::span<const SetChange> changes,
                                          ByName& records) const {
    std::vector<std::vector<Edit>> groups;
    for (const SetChange& change : changes) {
      Result<std::vector<Edit>> edits =
          cloudflare::edits_for(change, records[change.name], zone.name);
      if (!edits) return edits.error();
      groups.push_back(std::move(edits.value()));
    }
    const Result<std::vector<std::vector<Edit>>> batches =
        cloudflare::pack(groups, zone.most_edits);
    if (!batches) return batches.error();
    std::vector<std::string> bodies;
    for (const std::vector<Edit>& batch : *batches) {
      const Result<std::string> body = cloudflare::batch_body(batch);
      if (!body) return body.error();
      bodies.push_back(*body);
    }
    return bodies;
  }

  /// Sends the bodies in turn and counts those that were accepted.
  Result<Ok> send(const Zone& zone, std::span<const std::string> bodies, int& accepted) {
    for (const std::string& body : bodies) {
      HttpRequest request;
      request.method = "POST";
      request.url = records_path(zone) + "/batch";
      request.body = body;
      const Result<std::string> answer = ask(request, Permission::DnsWrite);
      if (!answer) return answer.error();
      if (!cloudflare::succeeded(200, *answer)) {
        return cloudflare::refusal(200, *answer, Permission::DnsWrite);
      }
      ++accepted;
    }
    return Ok{};
  }

  /// A refusal because a record is not as it was read has two causes: somebody else changed it, or
  /// our own request arrived twice, which connections that break make happen. A second look tells.
  Result<Ok> write_all(const Name& zone, std::vector<SetChange> changes) {
    for (const SetChange& change : changes) {
      const Result<Ok> possible = cloudflare::check_change(change, zone);
      if (!possible) return possible;
    }
    const Result<Zone> found = find(zone);
    if (!found) return found.error();
    int accepted = 0;
    for (int look = 1;; ++look) {
      const Result<Listing> listing = records(*found, names_of(changes));
      if (!listing) return partly(accepted, listing.error());
      ByName standing = by_name(listing->records);
      if (look > 1) {
        std::erase_if(changes, [&](const SetChange& change) {
          return cloudflare::stands(change, standing[change.name], zone);
        });
      }
      const Result<std::vector<std::string>> texts = bodies(*found, changes, standing);
      if (!texts) return partly(accepted, texts.error());
      const Result<Ok> sent = send(*found, *texts, accepted);
      if (sent || look > 1 || !sent.error().conflict) {
        return sent ? sent : partly(accepted, sent.error());
      }
    }
  }

  /// After a first batch nobody may say any more that nothing was written.
  static Result<Ok> partly(int accepted, Error error) {
    if (accepted == 0) return error;
    error.what = fmt::format("after {} {} written: {}", accepted,
                             accepted == 1 ? "batch was" : "batches were", error.what);
    error.conflict = false;
    return error;
  }

  std::string name_;
  std::string address_;
  std::string authorization_;
  Http http_;
  std::map<Name, std::vector<Zone>> zones_;
};

/// The pace that the settings ask for; nothing where it is no sensible number.
std::optional<RateLimit> rate_of(const ProviderSettings& settings) {
  const auto given = settings.settings.find("requests_per_second");
  if (given == settings.settings.end()) return kRate;
  const std::string& text = given->second;
  double pace = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pace);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !(pace > 0 && pace <= kMostPerSecond)) return std::nullopt;
  return RateLimit{.per_second = pace, .burst = std::max(1.0, pace)};
}

bool is_token(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings,
                                                           Clock clock, HttpSettings http) {
  const std::optional<std::string> token = environment_value(settings, kTokenVariable);
  if (!token) {
    return Error{.what = fmt::format("set {}, or {}, in the environment", kTokenVariable,
                                     account_variable(kTokenVariable, settings.name)),
                 .where = settings.name};
  }
  if (!is_token(*token)) {
    return Error{.what = fmt::format("the value of {} holds blanks, line ends or other characters "
                                     "that no API token has",
                                     kTokenVariable),
                 .where = settings.name};
  }
  const std::optional<RateLimit> rate = rate_of(settings);
  if (!rate) {
    return Error{.what = "requests_per_second is no number above 0 and up to 1000",
                 .where = settings.name};
  }
  http.rate = *rate;
  std::string address =
      environment_value(settings, kAddressVariable).value_or(std::string(kAddress));
  while (address.ends_with('/')) address.pop_back();
  take_certificates(http, settings.environment);
  return std::unique_ptr<Provider>(std::make_unique<CloudflareProvider>(
      settings.name, address, *token, std::move(clock), std::move(http)));
}

Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings) {
  return make_cloudflare_provider(settings, real_clock(),
                                  {.log = settings.log.debug, .trace = settings.log.trace});
}

}  // namespace rampart
