/// Route 53: compare-and-swap by DELETE (exactly as stored) and CREATE in one atomic batch.
#include "providers/route53/route53.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "providers/model/account.h"
#include "providers/route53/batches.h"
#include "providers/route53/client.h"
#include "providers/route53/special.h"
#include "providers/route53/text.h"
#include "providers/route53/walk.h"

namespace rampart {
namespace {

using namespace std::chrono_literals;
using route53::Batch;
using route53::HostedZone;
using route53::Replacement;
using route53::StoredSet;

constexpr int kPageSize = 300;
constexpr int kMostTries = 3;
constexpr auto kFirstPoll = 2s;
constexpr auto kLongestPoll = 10s;
constexpr auto kLongestWait = 10min;

/// Five requests a second and account: the Developer Guide's page of quotas, as of 2026.
constexpr double kDefaultPace = 5;

/// 4000 characters hold 16 strings with their quotes and the blanks between them.
constexpr int kMostRoute53TxtOctets = 3953;

/// What is known of one zone: the names that were read, and their sets. Names are kept as well as
/// sets: a name without sets was read, too.
struct Seen {
  std::set<Name> names;
  std::map<RecordKey, StoredSet> sets;
};

/// Which side of a batch's changes is live.
enum class LiveSide { Before, After, Neither };

/// The plain set at a key. A special set (weighted, an alias) equals no desired set, so it is shown
/// as an empty one. A special set must never match, so that the change at it becomes a conflict.
SetLookup lookup_in(const Seen& seen) {
  return [&seen](const RecordKey& key) -> const RecordSet* {
    static const RecordSet special;
    const auto found = seen.sets.find(key);
    if (found == seen.sets.end()) return nullptr;
    return found->second.special.empty() ? &found->second.set : &special;
  };
}

// After a lost response the zone shows which of the two states was reached.
LiveSide live_side(const Seen& seen, const Batch& batch) {
  const auto all = [&](const auto side) {
    return std::ranges::all_of(batch, [&](const Replacement& one) {
      return holds(lookup_in(seen), one.change, one.change.*side);
    });
  };
  if (all(&SetChange::after)) return LiveSide::After;
  return all(&SetChange::before) ? LiveSide::Before : LiveSide::Neither;
}

// The stored text of every set is needed for a write, so that reads are remembered until then.
class Route53Provider : public Provider {
 public:
  Route53Provider(const ProviderSettings& settings, double pace, const Clock& clock,
                  const std::function<Exchange(const HttpRequest&)>& exchange)
      : client_(settings, pace, clock, exchange), zone_ids_(settings.zone_ids) {}

  Result<std::vector<Name>> zones() override {
    TRY_OK(within("route53", list_zones()));
    std::vector<Name> names;
    for (const auto& [name, twins] : *zones_) names.push_back(name);
    return names;
  }

  // ListHostedZones lists every zone of the account, whatever the policy says about single zones.
  MissingZone missing_zone(const Name&) const override {
    return {.why =
                "the account of these credentials holds no public hosted zone at or above this "
                "name",
            .advice =
                "if the zone is at Route 53, use credentials of the account that holds it "
                "(AWS_PROFILE, or a role with route53:ListHostedZones, "
                "route53:ListResourceRecordSets and route53:ChangeResourceRecordSets); else "
                "correct `provider:`"};
  }

  std::vector<Name> ambiguous_zones() const override {
    std::vector<Name> names;
    if (!zones_) return names;
    for (const auto& [name, twins] : *zones_) {
      if (twins.size() > 1 && !zone_ids_.contains(name)) names.push_back(name);
    }
    return names;
  }

  // Each hosted zone has name servers of its own, which its NS records at the apex name.
  void choose_zone(const Name& zone, std::span<const Name> servers) override {
    std::vector<std::string> served;
    for (const HostedZone& twin : zones_->at(zone)) {
      const Result<route53::SetPage> page = client_.list_sets(
          twin.id,
          route53::NextSet{.name = route53::name_text(zone), .type = "NS", .identifier = ""});
      if (!page) return;  // Undecided: reading the zone then reports why.
      for (const StoredSet& set : page->sets) {
        if (set.key != RecordKey{zone, RecordType::NS}) continue;
        const bool delegated = std::ranges::any_of(set.set.values, [&](const std::string& value) {
          const Result<Name> server = Name::parse(value);
          return server && std::ranges::find(servers, *server) != servers.end();
        });
        if (delegated) served.push_back(twin.id);
      }
    }
    if (served.size() == 1) zone_ids_.insert_or_assign(zone, served.front());
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    return within("route53", read_zone(zone, names));
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    Result<Receipt> receipt = write_zone(zone, changes);
    // What was read is outdated, or its state unknown.
    seen_.erase(zone);
    return within("route53", std::move(receipt));
  }

  Result<Ok> wait(const Receipt& receipt) override {
    std::string_view ids = receipt.id;
    while (!ids.empty()) {
      const std::string_view id = ids.substr(0, ids.find(' '));
      ids.remove_prefix(std::min(id.size() + 1, ids.size()));
      TRY_OK(within("route53", await_sync(id)));
    }
    return Ok{};
  }

  Limits limits() const override { return route53_limits(); }

 private:
  Result<Ok> list_zones() {
    TRY(zones_, client_.list_zones());
    return Ok{};
  }

  // Only one of several zones is delegated to, and the API does not show which: `zone_ids:` or the
  // delegation decides.
  Result<HostedZone> find_zone(const Name& name) {
    if (!zones_) TRY_OK(list_zones());
    const auto found = zones_->find(name);
    if (found == zones_->end()) {
      return Error{.what = "these credentials reach no public hosted zone " + name.text()};
    }
    const std::vector<HostedZone>& twins = found->second;
    std::vector<std::string_view> ids;
    for (const HostedZone& twin : twins) ids.push_back(twin.id);
    if (const auto chosen = zone_ids_.find(name); chosen != zone_ids_.end()) {
      const auto twin = std::ranges::find(twins, chosen->second, &HostedZone::id);
      if (twin != twins.end()) return *twin;
      return Error{.what = fmt::format("zone_ids names {}, but these credentials reach only {}",
                                       chosen->second, fmt::join(ids, " and ")),
                   .where = name.text()};
    }
    if (twins.size() == 1) return twins.front();
    return Error{
        .what = fmt::format("there are {} public hosted zones of this name ({}), and the "
                            "name servers that DNS returns for it do not show which of "
                            "them is served: write `zone_ids: {{{}: {}}}` (or another of "
                            "these ids) in this provider's settings",
                            twins.size(), fmt::join(ids, " and "), name.text(), twins.front().id),
        .where = name.text()};
  }

  /// Reads the sets at `names` into `seen_`; whether that was the whole zone. A small zone is read
  /// whole, which costs one request like a single name.
  Result<bool> refresh(const HostedZone& zone, std::span<const Name> names) {
    const auto from =
        zone.count <= kPageSize ? route53::WalkFrom::Start : route53::WalkFrom::FirstName;
    TRY(const route53::Walked walked, route53::walk(names, from, [&](const auto& position) {
          return client_.list_sets(zone.id, position);
        }));
    Seen& seen = seen_[zone.name];
    const std::set<Name> wanted(names.begin(), names.end());
    seen.names.insert(wanted.begin(), wanted.end());
    std::erase_if(seen.sets, [&](const auto& one) { return wanted.contains(one.first.name); });
    for (auto& [key, set] : route53::joined(walked.sets)) seen.sets.insert_or_assign(key, set);
    return walked.complete;
  }

  Result<ZoneRead> read_zone(const Name& name, std::span<const Name> names) {
    TRY(const HostedZone zone, find_zone(name));
    seen_.erase(name);
    TRY(const bool complete, refresh(zone, names));
    ZoneRead read{.complete = complete};
    for (const auto& [key, stored] : seen_[name].sets) {
      RecordSet& set = read.sets.emplace(key, stored.set).first->second;
      if (stored.special.empty()) continue;
      // An alias has no values of its own, and yet nothing else may be put in its place.
      if (set.values.empty()) set.values.insert(stored.special);
      std::ranges::move(route53::special_notices(stored), std::back_inserter(read.notices));
    }
    return read;
  }

  // Several batches are not atomic together, so that a later failure names what is written.
  Result<Receipt> write_zone(const Name& name, std::span<const SetChange> changes) {
    TRY_OK(check_within(name, changes));
    for (const SetChange& change : changes) TRY_OK(route53::check_values(change));
    TRY(const HostedZone zone, find_zone(name));
    TRY(const std::vector<Replacement> replacements, replacements_for(zone, changes));
    TRY(const std::vector<Batch> batches, route53::pack(replacements));
    Receipt receipt;
    std::size_t written = 0;
    for (const Batch& batch : batches) {
      const Result<std::string> id = post(zone, batch);
      if (!id && written > 0) {
        Error error = id.error();
        error.conflict = false;
        error.what +=
            fmt::format("; {} of {} changes were already written", written, changes.size());
        return error;
      }
      if (!id) return id.error();
      written += batch.size();
      if (!receipt.id.empty() && !id->empty()) receipt.id += ' ';
      receipt.id += *id;
    }
    return receipt;
  }

  /// Each change with the stored text of what it replaces; a conflict where that has changed. Sets
  /// of both types are looked at, since a change may replace one type by another.
  Result<std::vector<Replacement>> replacements_for(const HostedZone& zone,
                                                    std::span<const SetChange> changes) {
    TRY_OK(read_unseen(zone, changes));
    const Seen& seen = seen_[zone.name];
    std::vector<Replacement> replacements;
    for (const SetChange& change : changes) {
      for (const auto& side : {change.before, change.after}) {
        const auto found = side ? seen.sets.find({change.name, side->type}) : seen.sets.end();
        if (found != seen.sets.end() && !found->second.special.empty()) {
          return route53::special_set(found->second);
        }
      }
      TRY_OK(check_before(lookup_in(seen), change));
      if (change.before == change.after) continue;
      Replacement one{.change = change};
      if (change.before) one.stored = seen.sets.at({change.name, change.before->type});
      replacements.push_back(std::move(one));
    }
    return replacements;
  }

  // Usually empty: a plan reads its names shortly before it writes.
  Result<Ok> read_unseen(const HostedZone& zone, std::span<const SetChange> changes) {
    std::vector<Name> missing = names_in(changes);
    const Seen& seen = seen_[zone.name];
    std::erase_if(missing, [&](const Name& name) { return seen.names.contains(name); });
    if (!missing.empty()) TRY_OK(refresh(zone, missing));
    return Ok{};
  }

  /// Sends one batch; its change's id, or an empty text where only reading back showed that it was
  /// applied. Without an answer the zone is read: sending again is safe, since a batch that was
  /// applied deletes sets that no longer exist, and so is refused.
  Result<std::string> post(const HostedZone& zone, const Batch& batch) {
    const std::string body = route53::batch_xml(batch);
    bool lost = false;
    for (int tries = 1;; ++tries) {
      const Result<HttpResponse> response = client_.change_sets(zone.id, body);
      const Result<std::string> id =
          response && response->status == 200
              ? route53::read_change_id(*response)
              : Result<std::string>(response ? client_.refusal(*response) : response.error());
      if (id) return id;
      const bool invalid = response && response->status == 400 &&
                           route53::read_refusal(*response).code == "InvalidChangeBatch";
      const bool refused = response && response->status >= 400 && response->status < 500;
      if (refused && !invalid) return id.error();
      if (!response && !response.error().retryable) return id.error();
      lost = lost || !invalid;
      const Result<LiveSide> now = read_side(zone, batch);
      if (!now) {
        Error error = id.error();
        error.what += "; whether it was applied could not be read: " + sentence(now.error());
        return error;
      }
      if (*now == LiveSide::After && lost) return std::string();
      if (*now != LiveSide::Before) return conflict_of(zone, batch);
      if (invalid || tries == kMostTries) return id.error();
    }
  }

  // Read again and never from memory, as this decides whether the batch is sent again.
  Result<LiveSide> read_side(const HostedZone& zone, const Batch& batch) {
    std::vector<Name> names;
    for (const Replacement& one : batch) names.push_back(one.change.name);
    TRY_OK(refresh(zone, names));
    return live_side(seen_[zone.name], batch);
  }

  /// The conflict of the first change whose old set is no longer live.
  Error conflict_of(const HostedZone& zone, const Batch& batch) {
    for (const Replacement& one : batch) {
      const Result<Ok> unchanged = check_before(lookup_in(seen_[zone.name]), one.change);
      if (!unchanged) return unchanged.error();
    }
    const SetChange& first = batch.front().change;
    return conflict_at({first.name, first.after ? first.after->type : first.before->type});
  }

  // Pauses grow, because most changes are live within a minute and a few take much longer.
  Result<Ok> await_sync(std::string_view id) {
    const auto until = client_.clock().now() + kLongestWait;
    std::chrono::nanoseconds pause = kFirstPoll;
    for (;; pause = std::min<std::chrono::nanoseconds>(pause * 3 / 2, kLongestPoll)) {
      TRY(const route53::ChangeState state, client_.change_state(id));
      if (state == route53::ChangeState::InSync) return Ok{};
      if (client_.clock().now() + pause > until) {
        return Error{.what = fmt::format("change {} is still PENDING", id), .retryable = true};
      }
      client_.clock().sleep_for(pause);
    }
  }

  route53::Client client_;
  std::map<Name, std::string> zone_ids_;  ///< From the YAML, or found by the delegation.
  std::optional<route53::ZonesByName> zones_;
  std::map<Name, Seen> seen_;
};

// As the console shows it, without `/hostedzone/`; at most 32 characters (the API's ResourceId).
Result<Ok> check_hosted_zone_id(const std::string& text) {
  const bool plain = !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  if (plain) return Ok{};
  return Error{.what = fmt::format("`{}` is not the id of a hosted zone", text)};
}

}  // namespace

std::vector<ProviderSetting> route53_settings() {
  return {pace_setting(),
          zone_ids_setting("^[A-Z0-9]{1,32}$", check_hosted_zone_id,
                           "write the id as the console shows it, without /hostedzone/, such as "
                           "Z0123456789ABC")};
}

Limits route53_limits() {
  return {.max_txt_octets = kMostRoute53TxtOctets, .max_values = route53::kMostValues};
}

Result<std::unique_ptr<Provider>> make_route53_provider(
    const ProviderSettings& settings, const Clock& clock,
    std::function<Exchange(const HttpRequest&)> exchange) {
  TRY(const std::optional<double> pace, requests_per_second(settings));
  return std::unique_ptr<Provider>(
      std::make_unique<Route53Provider>(settings, pace.value_or(kDefaultPace), clock, exchange));
}

}  // namespace rampart
