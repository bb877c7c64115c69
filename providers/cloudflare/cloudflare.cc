/// Cloudflare: DNS records through API v4.
#include "providers/cloudflare/cloudflare.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/percent.h"
#include "base/text.h"
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
/// setting "requests_per_second" changes the pace, for an account that is shared with others.
constexpr RateLimit kRate{.per_second = 10.0 / 3, .burst = 200};

/// The API's largest pages; a host may return fewer items than requested.
constexpr int kRecordsPerPage = 5000;
constexpr int kZonesPerPage = 50;

/// A list of the API, filtered by a name where one is given. The page size is part of it, since a
/// host may answer with fewer items but never with more.
struct ListQuery {
  std::string path;
  int per_page;
  std::optional<Name> name = {};

  std::string page(int number) const {
    const std::string filter = name ? fmt::format("name={}&", percent_encoded(name->text())) : "";
    return fmt::format("{}?{}page={}&per_page={}", path, filter, number, per_page);
  }
};

// Complete only where the zone was read whole, so that absence can be concluded.
struct Listing {
  std::vector<Record> records;
  bool complete = false;
};

using ByName = std::map<Name, std::vector<Record>>;

// The API changes records one by one, but a change concerns everything at its name.
ByName by_name(std::span<const Record> records) {
  ByName names;
  for (const Record& record : records) names[record.key.name].push_back(record);
  return names;
}

// Such a page must not be taken for an empty zone.
HttpSettings with_evaluation(HttpSettings http) {
  // Some proxies on the way answer with an HTML page of their own and status 200.
  http.evaluate = [](const HttpResponse& response) {
    const bool json = trim(response.body).starts_with('{');
    return response.status == 200 && !json ? Verdict::Failed : verdict_by_status(response);
  };
  return http;
}

// Zones are remembered by name, because every call needs the id and looking it up costs a request.
class CloudflareProvider : public Provider {
 public:
  CloudflareProvider(const ProviderSettings& settings, std::string address,
                     const std::string& token, Clock clock, HttpSettings http)
      : name_(settings.name),
        address_(std::move(address)),
        authorization_("Bearer " + token),
        http_(std::move(clock), with_evaluation(std::move(http))),
        zone_ids_(settings.zone_ids) {
    http_.secrets().add(token);  // Before the first request can be logged.
  }

  Result<std::vector<Name>> zones() override {
    TRY(const std::vector<Zone> listed,
        located("listing the zones", list<Zone>({"/zones", kZonesPerPage})));
    std::set<Name> names;
    for (const Zone& zone : listed) {
      if (!why_unusable(zone).why.empty()) {
        unusable_.insert_or_assign(zone.name, zone);
        continue;
      }
      remember(zone);
      names.insert(zone.name);
    }
    return std::vector<Name>(names.begin(), names.end());
  }

  // A zone that is not listed may well exist, and a second zone of the name would be useless: so
  // the advice is about the token.
  MissingZone missing_zone(const Name& name) const override {
    for (Name at = name; !at.is_root(); at = at.parent()) {
      if (const auto found = unusable_.find(at); found != unusable_.end()) {
        return why_unusable(found->second);
      }
    }
    const std::string reach =
        zones_.empty()
            ? "its API token reaches no zone at all"
            : fmt::format("its API token reaches {} zone{}, but none at or above this name",
                          zones_.size(), zones_.size() == 1 ? "" : "s");
    return {.why = reach,
            .advice =
                "if the zone is at Cloudflare, give the token the permissions Zone > Zone > "
                "Read and Zone > DNS > Edit for it (Zone Resources: Include > Specific zone), "
                "or use a token of the account that holds it; else correct `provider:`"};
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    TRY(const Listing listing, located("reading zone " + zone.text(), read_records(zone, names)));
    return ZoneRead{.sets = cloudflare::sets_of(listing.records, zone),
                    .complete = listing.complete,
                    .notices = cloudflare::notices_of(listing.records, zone)};
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    TRY_OK(
        located("writing zone " + zone.text(), write_all(zone, {changes.begin(), changes.end()})));
    return Receipt{};
  }

  Limits limits() const override { return cloudflare_limits(); }

 private:
  /// Cloudflare's messages may quote the request, so they are redacted like the rest.
  template <class T>
  Result<T> located(const std::string& doing, Result<T> result) const {
    if (result) return result;
    Error error = std::move(result).error();
    error.what = http_.redact(error.what);
    return within(name_, within(doing, std::move(error)));
  }

  /// Sends a request, its URL relative to the API's address; the body of a successful response.
  /// Headers are set for each request, so that a repeated one cannot carry them twice.
  Result<std::string> call(HttpRequest request, Permission needed) {
    request.url = address_ + request.url;
    request.headers = {{"Authorization", authorization_}, {"Accept", "application/json"}};
    if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    TRY(HttpResponse response, http_.send(request));
    if (response.status == 200) return std::move(response.body);
    return cloudflare::refusal(response.status, response.body, needed);
  }

  template <class T>
  Result<Page<T>> page(const ListQuery& query, int number) {
    constexpr bool kZones = std::is_same_v<T, Zone>;
    TRY(const std::string body, call({.url = query.page(number), .repeatable = true},
                                     kZones ? Permission::ZoneRead : Permission::DnsRead));
    return cloudflare::read_page<T>(body);
  }

  /// The whole list whose first page is `last`. A page without new items ends it, so that a host
  /// that repeats its last page for ever cannot hold the run.
  template <class T>
  // The ids show repetition, since pages of a list that changes may overlap.
  Result<std::vector<T>> list_on(const ListQuery& query, Page<T> last) {
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
      TRY(last, page<T>(query, number + 1));
    }
    // Pages are no snapshot: an item that moved from a later page to an earlier one was missed.
    // (For a filtered list some hosts report the total without the filter.)
    if (!query.name && static_cast<std::size_t>(last.info.total) > items.size()) {
      return Error{.what = "the list changed while it was read; try again", .retryable = true};
    }
    return items;
  }

  template <class T>
  Result<std::vector<T>> list(const ListQuery& query) {
    TRY(Page<T> first, page<T>(query, 1));
    return list_on<T>(query, std::move(first));
  }

  /// Why records of a zone of this type are not written; empty where they are.
  static MissingZone why_unusable(const Zone& zone) {
    if (zone.type == "partial") {
      return {.why = fmt::format("holds {} as a partial zone (CNAME setup): its records are not "
                                 "served",
                                 zone.name.text()),
              .advice =
                  "set `provider:` to the host of the name servers that the zone is delegated "
                  "to"};
    }
    if (zone.type == "secondary") {
      return {.why = fmt::format("holds {} as a secondary zone: its records are changed at the "
                                 "primary",
                                 zone.name.text()),
              .advice = "set `provider:` to the host of the primary"};
    }
    return {};
  }

  /// One zone may be in two accounts that the token reaches.
  void remember(const Zone& zone) {
    const auto [place, added] = zones_.emplace(zone.name, std::vector{zone});
    if (added) return;
    std::vector<Zone>& twins = place->second;
    std::erase_if(twins, [&](const Zone& twin) { return twin.id == zone.id; });
    twins.push_back(zone);
  }

  // Asked by name first: a token for one zone may not list the others.
  Result<Zone> find(const Name& name) {
    if (!zones_.contains(name)) {
      TRY(const std::vector<Zone> listed, list<Zone>({"/zones", kZonesPerPage, name}));
      for (const Zone& zone : listed) remember(zone);
    }
    const auto found = zones_.find(name);
    if (found == zones_.end()) {
      return Error{.what =
                       "the API token reaches no zone of this name: the zone is at another "
                       "provider or in another "
                       "account, or the token lacks the permission Zone Read for it"};
    }
    const std::vector<Zone>& twins = found->second;
    if (const auto chosen = zone_ids_.find(name); chosen != zone_ids_.end()) {
      const auto twin = std::ranges::find(twins, chosen->second, &Zone::id);
      if (twin != twins.end()) return *twin;
      return Error{.what = fmt::format("zone_ids names {} for it, which the API token does not "
                                       "reach; it reaches {}",
                                       chosen->second, twins.front().id)};
    }
    if (twins.size() == 1) return twins.front();
    // Only an active zone is delegated to, so only there are records served.
    const auto active = std::ranges::find(twins, "active", &Zone::status);
    if (active != twins.end()) return *active;
    return Error{.what =
                     "two accounts hold a zone of this name and neither is active: choose one with "
                     "`zone_ids:`, or use a token that reaches only one of them"};
  }

  static std::string records_path(const Zone& zone) {
    return "/zones/" + percent_encoded(zone.id) + "/dns_records";
  }

  Result<Listing> read_records(const Name& zone, std::span<const Name> names) {
    TRY(const Zone found, find(zone));
    return records(found, names);
  }

  /// The records at `names`, or all of the zone where that takes no more calls: the first page
  /// shows how many follow.
  Result<Listing> records(const Zone& zone, std::span<const Name> names) {
    if (names.size() == 1) return records_by_name(zone, names);
    const ListQuery whole{records_path(zone), kRecordsPerPage};
    TRY(Page<Record> first, page<Record>(whole, 1));
    const std::int64_t left = cloudflare::pages_left(first.info);
    if (!names.empty() && left > static_cast<std::int64_t>(names.size())) {
      return records_by_name(zone, names);
    }
    TRY(std::vector<Record> all, list_on<Record>(whole, std::move(first)));
    return Listing{.records = std::move(all), .complete = true};
  }

  // One request for each name is cheaper than the whole of a large zone.
  Result<Listing> records_by_name(const Zone& zone, std::span<const Name> names) {
    Listing listing;
    for (const Name& name : names) {
      TRY(const std::vector<Record> found,
          list<Record>({records_path(zone), kRecordsPerPage, name}));
      // A host that ignores the filter returns other names too.
      std::ranges::copy_if(found, std::back_inserter(listing.records),
                           [&](const Record& record) { return record.key.name == name; });
    }
    return listing;
  }

  /// The bodies of all batches. Everything that can be refused locally is refused before the first
  /// one is sent. A batch is atomic, but several are not, so that as few as possible are made.
  Result<std::vector<std::string>> bodies(const Zone& zone, std::span<const SetChange> changes,
                                          ByName& records) const {
    std::vector<std::vector<Edit>> groups;
    for (const SetChange& change : changes) {
      TRY(std::vector<Edit> edits, cloudflare::edits_for(change, records[change.name], zone.name));
      groups.push_back(std::move(edits));
    }
    TRY(const auto batches, cloudflare::pack(groups, zone.most_edits));
    std::vector<std::string> bodies;
    for (const std::vector<Edit>& batch : batches) {
      TRY(std::string body, cloudflare::batch_body(batch));
      bodies.push_back(std::move(body));
    }
    return bodies;
  }

  /// Sends the bodies one after another and counts those that were accepted. The count decides
  /// whether a later failure may still be called a conflict.
  Result<Ok> send(const Zone& zone, std::span<const std::string> bodies, int& accepted) {
    for (const std::string& body : bodies) {
      TRY(const std::string answer,
          call({.method = "POST", .url = records_path(zone) + "/batch", .body = body},
               Permission::DnsWrite));
      if (!cloudflare::succeeded(answer)) {
        return cloudflare::refusal(200, answer, Permission::DnsWrite);
      }
      ++accepted;
    }
    return Ok{};
  }

  /// A conflict has two causes: somebody else changed a record, or our own request arrived twice
  /// because its connection broke. So after the first conflict the zone is read again, and only the
  /// changes that are not live yet are sent once more.
  Result<Ok> write_all(const Name& zone, std::vector<SetChange> changes) {
    for (const SetChange& change : changes) TRY_OK(cloudflare::check_change(change, zone));
    TRY(const Zone found, find(zone));
    int accepted = 0;
    for (int attempt = 1;; ++attempt) {
      const Result<Listing> listing = records(found, names_in(changes));
      if (!listing) return partly(accepted, listing.error());
      ByName live = by_name(listing->records);
      if (attempt > 1) {
        std::erase_if(changes, [&](const SetChange& change) {
          return cloudflare::is_live(change, live[change.name], zone);
        });
      }
      const Result<std::vector<std::string>> texts = bodies(found, changes, live);
      if (!texts) return partly(accepted, texts.error());
      const Result<Ok> sent = send(found, *texts, accepted);
      if (sent) return sent;
      if (attempt > 1 || !sent.error().conflict) return partly(accepted, sent.error());
    }
  }

  /// Once a batch was accepted, `conflict` (which promises that nothing was written) must go.
  static Result<Ok> partly(int accepted, Error error) {
    if (accepted == 0) return error;
    error.what = fmt::format(
        "{} already written, the rest was not: {}",
        accepted == 1 ? "one batch was" : fmt::format("{} batches were", accepted), error.what);
    error.conflict = false;
    return error;
  }

  std::string name_;
  std::string address_;
  std::string authorization_;
  Http http_;
  std::map<Name, std::string> zone_ids_;
  std::map<Name, std::vector<Zone>> zones_;
  std::map<Name, Zone> unusable_;  ///< Listed, but not of a type whose records are written.
};

}  // namespace

Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings,
                                                           Clock clock, HttpSettings http) {
  TRY(const std::string token, required_credential(settings, kTokenVariable));
  TRY(const std::optional<double> pace, requests_per_second(settings));
  http.rate = pace ? RateLimit{.per_second = *pace, .burst = std::max(1.0, *pace)} : kRate;
  take_certificates(http, settings.environment);
  return std::unique_ptr<Provider>(std::make_unique<CloudflareProvider>(
      settings,
      without_slashes(
          environment_value(settings, kAddressVariable).value_or(std::string(kAddress))),
      token, std::move(clock), std::move(http)));
}

Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings) {
  return make_cloudflare_provider(settings, real_clock(), logging_to(settings.log));
}

}  // namespace rampart
