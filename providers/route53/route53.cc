/// Route 53: compare-and-swap by DELETE (exactly as stored) and CREATE in one atomic batch.
#include "providers/route53/route53.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "providers/route53/batches.h"
#include "providers/route53/client.h"
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
constexpr int kMostTxtOctets = 3953;

/// What is known of one zone's names: what stands at each that was read.
struct Seen {
  std::set<Name> names;
  std::map<RecordKey, StoredSet> sets;
};

/// Which side of a change stands now.
enum class Standing { Before, After, Neither };

std::optional<RecordSet> side_at(const std::optional<TypedSet>& side, RecordType type) {
  return side && side->type == type ? std::optional(side->set) : std::nullopt;
}

std::optional<RecordSet> set_at(const Seen& seen, const RecordKey& key) {
  const auto found = seen.sets.find(key);
  if (found == seen.sets.end()) return std::nullopt;
  // A special set is like nothing that is ever wanted.
  return found->second.special.empty() ? found->second.set : RecordSet{};
}

/// Whether `side` is what stands, of both types that the change touches.
bool stands(const Seen& seen, const SetChange& change, const std::optional<TypedSet>& side) {
  return std::ranges::all_of(std::array{&change.before, &change.after}, [&](const auto* touched) {
    if (!*touched) return true;
    const RecordType type = (*touched)->type;
    return set_at(seen, {change.name, type}) == side_at(side, type);
  });
}

Standing standing(const Seen& seen, const Batch& batch) {
  const auto all = [&](const auto side) {
    return std::ranges::all_of(
        batch, [&](const Replacement& one) { return stands(seen, one.change, one.change.*side); });
  };
  if (all(&SetChange::after)) return Standing::After;
  return all(&SetChange::before) ? Standing::Before : Standing::Neither;
}

/// Record types of which this program writes any; a special set of another type does not concern
/// it.
bool is_ours(RecordType type) {
  return type == RecordType::TXT || type == RecordType::CNAME || type == RecordType::MX ||
         type == RecordType::SPF;
}

Error special_set(const StoredSet& stored) {
  return Error{.what =
                   fmt::format("{} {} is {}: such a set is never overwritten; make it a plain "
                               "one, or leave this name to whoever made it so",
                               stored.key.name.text(), to_text(stored.key.type), stored.special)};
}

Error conflict(const SetChange& change) {
  return Error{.what = change.name.text() + " is not as it was read; plan again", .conflict = true};
}

double pace_of(const ProviderSettings& settings) {
  const auto given = settings.settings.find("requests_per_second");
  if (given == settings.settings.end()) return kDefaultPace;
  const std::string& text = given->second;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value > 0 && value <= 1000 ? value : 0;
}

class Route53Provider : public Provider {
 public:
  Route53Provider(const ProviderSettings& settings, const Clock& clock,
                  const std::function<Exchange(const HttpRequest&)>& exchange)
      : client_(settings, pace_of(settings), clock, exchange) {}

  Result<std::vector<Name>> zones() override {
    const Result<Ok> listed = list_zones();
    if (!listed) return within("route53", listed.error());
    std::vector<Name> names;
    for (const auto& [name, twins] : *zones_) names.push_back(name);
    return names;
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    Result<ZoneRead> read = read_zone(zone, names);
    if (!read) return within("route53", read.error());
    return read;
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    Result<Receipt> receipt = write_zone(zone, changes);
    // What was read stands no longer, or is in doubt.
    seen_.erase(zone);
    if (!receipt) return within("route53", receipt.error());
    return receipt;
  }

  Result<Ok> wait(const Receipt& receipt) override {
    std::string_view ids = receipt.id;
    while (!ids.empty()) {
      const std::string_view id = ids.substr(0, ids.find(' '));
      ids.remove_prefix(std::min(id.size() + 1, ids.size()));
      const Result<Ok> served = await_sync(id);
      if (!served) return within("route53", served.error());
    }
    return Ok{};
  }

  Limits limits() const override {
    return Limits{.max_txt_octets = kMostTxtOctets, .min_ttl = 0s, .max_ttl = 2147483647s};
  }

 private:
  Result<Ok> list_zones() {
    Result<route53::ZonesByName> zones = client_.list_zones();
    if (!zones) return zones.error();
    zones_ = std::move(zones).value();
    return Ok{};
  }

  Result<HostedZone> find_zone(const Name& name) {
    if (!zones_) {
      const Result<Ok> listed = list_zones();
      if (!listed) return listed.error();
    }
    const auto found = zones_->find(name);
    if (found == zones_->end()) {
      return Error{.what = "these credentials reach no public hosted zone " + name.text()};
    }
    const std::vector<HostedZone>& twins = found->second;
    if (twins.size() == 1) return twins.front();
    return Error{.what = fmt::format("there are {} public hosted zones of this name ({} and {}); "
                                     "only one of them is delegated to: delete the other",
                                     twins.size(), twins[0].id, twins[1].id),
                 .where = name.text()};
  }

  /// Reads what stands at `names` into `seen_`, and gives back whether that was the whole zone.
  Result<bool> look(const HostedZone& zone, std::span<const Name> names) {
    const auto from =
        zone.count <= kPageSize ? route53::WalkFrom::Start : route53::WalkFrom::FirstName;
    const Result<route53::Walked> walked = route53::walk(
        names, from, [&](const auto& place) { return client_.list_sets(zone.id, place); });
    if (!walked) return walked.error();
    Seen& seen = seen_[zone.name];
    const std::set<Name> wanted(names.begin(), names.end());
    seen.names.insert(wanted.begin(), wanted.end());
    std::erase_if(seen.sets, [&](const auto& one) { return wanted.contains(one.first.name); });
    for (const StoredSet& set : walked->sets) seen.sets.insert_or_assign(set.key, set);
    return walked->complete;
  }

  Result<ZoneRead> read_zone(const Name& name, std::span<const Name> names) {
    const Result<HostedZone> zone = find_zone(name);
    if (!zone) return zone.error();
    seen_.erase(name);
    const Result<bool> complete = look(*zone, names);
    if (!complete) return complete.error();
    ZoneRead read{.complete = *complete};
    for (const auto& [key, stored] : seen_[name].sets) {
      if (stored.special.empty()) {
        read.sets.emplace(key, stored.set);
      } else if (is_ours(key.type) && std::ranges::find(names, key.name) != names.end()) {
        return special_set(stored);
      }
    }
    return read;
  }

  Result<Receipt> write_zone(const Name& name, std::span<const SetChange> changes) {
    for (const SetChange& change : changes) {
      const Result<Ok> fits = route53::check_values(change);
      if (!fits) return fits.error();
    }
    const Result<HostedZone> zone = find_zone(name);
    if (!zone) return zone.error();
    const Result<std::vector<Replacement>> replacements = replacements_for(*zone, changes);
    if (!replacements) return replacements.error();
    const Result<std::vector<Batch>> batches = route53::pack(*replacements);
    if (!batches) return batches.error();
    Receipt receipt;
    std::size_t written = 0;
    for (const Batch& batch : *batches) {
      const Result<std::string> id = post(*zone, batch);
      if (!id && written > 0) {
        Error error = id.error();
        error.conflict = false;
        error.what +=
            fmt::format("; {} of {} changes were written before", written, changes.size());
        return error;
      }
      if (!id) return id.error();
      written += batch.size();
      if (!receipt.id.empty() && !id->empty()) receipt.id += ' ';
      receipt.id += *id;
    }
    return receipt;
  }

  /// Each change with the stored text of what it replaces; a conflict where that has moved.
  Result<std::vector<Replacement>> replacements_for(const HostedZone& zone,
                                                    std::span<const SetChange> changes) {
    const auto process = std::ranges::find_if(
        changes, [&](const SetChange& change) { return !change.name.is_within(zone.name); });
    if (process != changes.end()) {
      return Error{.what = process->name.text() + " is not within zone " + zone.name.text()};
    }
    const Result<Ok> read = read_unseen(zone, changes);
    if (!read) return read.error();
    const Seen& seen = seen_[zone.name];
    std::vector<Replacement> replacements;
    for (const SetChange& change : changes) {
      for (const auto& side : {change.before, change.after}) {
        const auto found = side ? seen.sets.find({change.name, side->type}) : seen.sets.end();
        if (found != seen.sets.end() && !found->second.special.empty()) {
          return special_set(found->second);
        }
      }
      if (!stands(seen, change, change.before)) return conflict(change);
      if (change.before == change.after) continue;
      Replacement one{.change = change};
      if (change.before) one.stored = seen.sets.at({change.name, change.before->type});
      replacements.push_back(std::move(one));
    }
    return replacements;
  }

  Result<Ok> read_unseen(const HostedZone& zone, std::span<const SetChange> changes) {
    std::vector<Name> missing;
    const Seen& seen = seen_[zone.name];
    for (const SetChange& change : changes) {
      if (!seen.names.contains(change.name)) missing.push_back(change.name);
    }
    if (missing.empty()) return Ok{};
    const Result<bool> read = look(zone, missing);
    if (!read) return read.error();
    return Ok{};
  }

  /// Sends one batch and gives back its change's id. Where no answer came, reading tells whether it
  /// was applied; it is safe to send again, as what it deletes then no longer stands.
  Result<std::string> post(const HostedZone& zone, const Batch& batch) {
    const std::string body = route53::batch_xml(batch);
    bool lost = false;
    for (int tries = 1;; ++tries) {
      const Result<HttpResponse> response = client_.change_sets(zone.id, body);
      const Result<std::string> id = response && response->status == 200
                                         ? route53::read_change_id(*response)
                                         : Result<std::string>(failure(response));
      if (id) return id;
      const bool invalid = response && response->status == 400 &&
                           route53::read_refusal(*response).code == "InvalidChangeBatch";
      const bool refused = response && response->status >= 400 && response->status < 500;
      if (refused && !invalid) return id.error();
      if (!response && !response.error().retryable) return id.error();
      lost = lost || !invalid;
      const Result<Standing> now = look_again(zone, batch);
      if (!now) return in_doubt(id.error(), now.error());
      if (*now == Standing::After && lost) return std::string();
      if (*now != Standing::Before) return conflict(moved(zone, batch));
      if (invalid || tries == kMostTries) return id.error();
    }
  }

  Error failure(const Result<HttpResponse>& response) const {
    return response ? client_.refusal(*response) : response.error();
  }

  Result<Standing> look_again(const HostedZone& zone, const Batch& batch) {
    std::vector<Name> names;
    for (const Replacement& one : batch) names.push_back(one.change.name);
    const Result<bool> read = look(zone, names);
    if (!read) return read.error();
    return standing(seen_[zone.name], batch);
  }

  static Error in_doubt(Error error, const Error& reading) {
    error.what += "; whether it was applied could not be read: " + sentence(reading);
    return error;
  }

  /// The first change whose old value no longer stands.
  const SetChange& moved(const HostedZone& zone, const Batch& batch) {
    const Seen& seen = seen_[zone.name];
    const auto found = std::ranges::find_if(batch, [&](const Replacement& one) {
      return !stands(seen, one.change, one.change.before);
    });
    return found == batch.end() ? batch.front().change : found->change;
  }

  Result<Ok> await_sync(std::string_view id) {
    const auto until = client_.clock().now() + kLongestWait;
    for (std::chrono::nanoseconds pause = kFirstPoll;; pause = std::min(pause * 3 / 2, longest())) {
      const Result<route53::ChangeState> state = client_.change_state(id);
      if (!state) return state.error();
      if (*state == route53::ChangeState::InSync) return Ok{};
      if (client_.clock().now() + pause > until) {
        return Error{.what = fmt::format("change {} is still PENDING", id), .retryable = true};
      }
      client_.clock().sleep_for(pause);
    }
  }

  static std::chrono::nanoseconds longest() { return kLongestPoll; }

  route53::Client client_;
  std::optional<route53::ZonesByName> zones_;
  std::map<Name, Seen> seen_;
};

}  // namespace

Result<std::unique_ptr<Provider>> make_route53_provider(const ProviderSettings& settings) {
  return make_route53_provider(settings, real_clock());
}

Result<std::unique_ptr<Provider>> make_route53_provider(
    const ProviderSettings& settings, const Clock& clock,
    std::function<Exchange(const HttpRequest&)> exchange) {
  if (pace_of(settings) <= 0) {
    return Error{.what = "requests_per_second is no number above 0 and up to 1000",
                 .where = settings.name};
  }
  return std::unique_ptr<Provider>(std::make_unique<Route53Provider>(settings, clock, exchange));
}

}  // namespace rampart
