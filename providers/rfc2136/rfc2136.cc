/// Name servers that take dynamic updates (RFC 2136): BIND, Knot, PowerDNS and others.
#include "providers/rfc2136/rfc2136.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "providers/model/account.h"
#include "providers/rfc2136/changes.h"
#include "providers/rfc2136/channel.h"

namespace rampart {
namespace {

/// How the check of prerequisites is called in messages.
constexpr std::string_view kCheck = "a check of the live records";

/// A message holds 65535 octets; zone, header and signature need less than what is left.
constexpr std::size_t kMostUpdate = 60000;

/// The types to query where the zone cannot be transferred: all that may exist beside our records.
constexpr std::array kAskedTypes = {RecordType::TXT,  RecordType::MX, RecordType::A,
                                    RecordType::AAAA, RecordType::NS, RecordType::SRV,
                                    RecordType::CAA,  RecordType::DS, RecordType::DNAME,
                                    RecordType::TLSA, RecordType::PTR};

enum Rcode : unsigned {  // RFC 2136 section 2.2.
  kNoError = 0,
  kServFail = 2,
  kNxDomain = 3,
  kRefused = 5,
  kYxDomain = 6,
  kYxRrset = 7,
  kNxRrset = 8,
  kNotAuth = 9
};

// Made for each attempt, since a repeated question needs a new id and signature.
Rfc2136Channel::Maker question(const Name& name, RecordType type) {
  return [=](std::uint16_t id) { return question_message(id, name, static_cast<unsigned>(type)); };
}

std::vector<Rfc2136Channel::Maker> questions_for(std::span<const RecordKey> keys) {
  std::vector<Rfc2136Channel::Maker> questions;
  for (const RecordKey& key : keys) questions.push_back(question(key.name, key.type));
  return questions;
}

/// What an update's response code means (RFC 2136 section 2.2). The four codes of failed
/// prerequisites are one conflict: which of them comes depends on the server.
Result<Ok> result_of(const WireMessage& answer, std::string_view doing) {
  switch (answer.rcode) {
    case kNoError:
      return Ok{};
    case kNxDomain:
    case kYxDomain:
    case kYxRrset:
    case kNxRrset:
      return Error{.what = fmt::format("the zone is not as it was read ({}); plan again",
                                       rcode_text(answer.rcode)),
                   .conflict = true};
    case kRefused:
    case kNotAuth:
      return Error{.what = fmt::format("the server refuses {} ({}): it must allow this key to "
                                       "change these names and types",
                                       doing, rcode_text(answer.rcode))};
    default:
      return Error{
          .what = fmt::format("the server answers {} with {}", doing, rcode_text(answer.rcode)),
          .retryable = answer.rcode == kServFail};
  }
}

/// The server's zone for a name, from an SOA in the answer or beside it (RFC 2308 section 2.2).
/// Only an authoritative answer counts: a forwarder could name any zone.
std::optional<Name> zone_in(const WireMessage& answer, const Name& name) {
  if (!answer.authoritative) return std::nullopt;
  for (const auto* records : {&answer.answers, &answer.authority}) {
    for (const WireRecord& record : *records) {
      if (record.key.type == RecordType::SOA && name.is_within(record.key.name)) {
        return record.key.name;
      }
    }
  }
  return std::nullopt;
}

// What was read is kept, since a write needs the exact RDATA of every value.
class Rfc2136Provider : public Provider {
 public:
  /// `transfer` is the server to transfer zones from, where that is not `server` itself.
  Rfc2136Provider(ServerAddress server, const std::optional<ServerAddress>& transfer, TsigKey key,
                  Clock clock, TrafficLog log)
      : channel_(std::move(server), key, clock, {}, log) {
    if (transfer)
      transfer_.emplace(*transfer, std::move(key), std::move(clock), ChannelPatience{},
                        std::move(log));
  }

  Result<std::vector<Name>> zones() override {
    return located(Error{.what = "a name server does not list its zones; only the zone of a given "
                                 "name can be found"});
  }

  Result<std::vector<Name>> zones_of(std::span<const Name> names) override {
    std::set<Name> zones;
    std::set<Name> open(names.begin(), names.end());
    while (!open.empty()) {
      const std::vector<Name> round(open.begin(), open.end());
      std::vector<Rfc2136Channel::Maker> questions;
      for (const Name& name : round) questions.push_back(question(name, RecordType::SOA));
      TRY(const std::vector<WireMessage> answers, located(channel_.ask(questions)));
      open.clear();
      for (std::size_t index = 0; index < round.size(); ++index) {
        const std::optional<Name> zone = zone_in(answers[index], round[index]);
        const bool alias = !zone && answers[index].authoritative;
        if (zone) zones.insert(*zone);
        // At a CNAME the server may answer with another zone's SOA: query the name above instead.
        if (alias && !round[index].parent().is_root()) open.insert(round[index].parent());
      }
      std::erase_if(open, [&](const Name& name) { return zones.contains(name); });
    }
    return std::vector<Name>(zones.begin(), zones.end());
  }

  MissingZone missing_zone(const Name&) const override { return rfc2136_missing_zone(); }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    TRY_OK(located(load(zone, names)));
    ZoneRead out{.sets = {}, .complete = !known_[zone].has_value()};
    for (const auto& [key, set] : stored_[zone]) out.sets.emplace(key, plain(set));
    return out;
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    TRY_OK(located(write_all(zone, changes)));
    return Receipt{};
  }

  Limits limits() const override { return rfc2136_limits(); }

 private:
  template <class T>
  T located(T outcome) const {
    return within(to_text(channel_.server()), std::move(outcome));
  }

  // Asked first, because a wrong zone name would make every later query look like a missing name.
  Result<Ok> check_zone(const Name& zone) {
    TRY(const auto answers, channel_.ask(std::array{question(zone, RecordType::SOA)}));
    const WireMessage& answer = answers.front();
    if (answer.rcode == kNoError && zone_in(answer, zone) == zone) return Ok{};
    return Error{.what = fmt::format("the server does not serve the zone {} to this key ({})",
                                     zone.text(), rcode_text(answer.rcode)),
                 .retryable = answer.rcode == kServFail};
  }

  /// Queries every common type at each name, for a zone that cannot be transferred. CNAME first: it
  /// shows which names exist, and the others need no further query. Queries cannot show types that
  /// nobody asks for, so that the whole zone is never complete this way.
  Result<StoredSets> ask_for(const Name& zone, std::span<const Name> names) {
    TRY_OK(check_zone(zone));
    std::vector<RecordKey> keys;
    for (const Name& name : names) keys.push_back({name, RecordType::CNAME});
    std::vector<WireRecord> found;
    std::set<Name> missing;
    TRY_OK(ask_keys(keys, found, missing));
    keys.clear();
    for (const Name& name : names) {
      if (missing.contains(name)) continue;
      for (const RecordType type : kAskedTypes) keys.push_back({name, type});
    }
    TRY_OK(ask_keys(keys, found, missing));
    StoredSets sets = stored_sets(found);
    TRY_OK(drop_wildcards(zone, sets));
    return sets;
  }

  /// Adds the records at `keys` to `found`, with the delegations above them, and the names that do
  /// not exist to `missing`.
  Result<Ok> ask_keys(std::span<const RecordKey> keys, std::vector<WireRecord>& found,
                      std::set<Name>& missing) {
    TRY(const auto answers, channel_.ask(questions_for(keys)));
    for (std::size_t index = 0; index < keys.size(); ++index) {
      const WireMessage& answer = answers[index];
      const RecordKey& key = keys[index];
      if (answer.rcode != kNoError && answer.rcode != kNxDomain) {
        return Error{.what = fmt::format("the query for {} {} is answered with {}", key.name.text(),
                                         to_text(key.type), rcode_text(answer.rcode)),
                     .retryable = answer.rcode == kServFail};
      }
      if (!answer.authoritative) {  // At or below a delegation: not this zone's.
        std::ranges::copy_if(
            answer.authority, std::back_inserter(found), [&](const WireRecord& record) {
              return record.key.type == RecordType::NS && key.name.is_within(record.key.name);
            });
        continue;
      }
      if (answer.rcode == kNxDomain && answer.answers.empty()) missing.insert(key.name);
      std::ranges::copy_if(answer.answers, std::back_inserter(found),
                           [&](const WireRecord& record) { return record.key == key; });
    }
    return Ok{};
  }

  /// Drops what wildcards answer for names that do not exist: a prerequisite would not match it. An
  /// update without changes checks which names exist (RFC 2136 section 2.4.4).
  Result<Ok> drop_wildcards(const Name& zone, StoredSets& sets) {
    std::set<Name> names;
    for (const auto& [key, set] : sets) {
      if (key.name != zone) names.insert(key.name);
    }
    std::vector<Rfc2136Channel::Maker> questions;
    for (const Name& name : names) {
      Update update(zone);
      update.require_used(name);
      questions.push_back([=](std::uint16_t id) { return update.check(id); });
    }
    TRY(const auto answers, channel_.ask(questions));
    std::size_t index = 0;
    for (const Name& name : names) {
      const WireMessage& answer = answers[index++];
      if (answer.rcode == kNoError) continue;
      if (answer.rcode != kNxDomain) return result_of(answer, kCheck);
      std::erase_if(sets, [&](const auto& item) { return item.first.name == name; });
    }
    return Ok{};
  }

  // A refused transfer is remembered, so that each zone is tried once.
  Result<Ok> load(const Name& zone, std::span<const Name> names) {
    // One transfer shows the whole zone, types unknown to us included.
    if (!not_transferred_.contains(zone) && !lags(zone)) {
      const auto records = (transfer_ ? *transfer_ : channel_).transfer(zone);
      // Some servers abort a transfer that does not fit their messages, but still answer queries.
      if (!records && !records.error().retryable) return records.error();
      if (records && *records) {
        stored_[zone] = stored_sets(**records);
        known_[zone] = std::nullopt;
        return Ok{};
      }
      if (records) not_transferred_.insert(zone);
    }
    TRY(stored_[zone], ask_for(zone, names));
    known_[zone] = std::set<Name>(names.begin(), names.end());
    return Ok{};
  }

  // The transfer server gets a write later than the primary, from which it is read back.
  bool lags(const Name& zone) const { return transfer_ && written_.contains(zone); }

  // A code other than NOERROR means that nothing was changed (RFC 2136 section 3.8).
  Result<Ok> send(const Rfc2136Channel::Maker& message, std::string_view doing) {
    TRY(const WireMessage answer, channel_.update(message));
    return result_of(answer, doing);
  }

  /// One message is one transaction. Several are all checked before the first is sent, so that a
  /// partial write is unlikely.
  Result<Ok> send_all(const Name& zone, std::span<const Update> messages) {
    if (messages.size() > 1) {
      for (const Update& update : messages) {
        TRY_OK(send([&](std::uint16_t id) { return update.check(id); }, kCheck));
      }
    }
    for (std::size_t index = 0; index < messages.size(); ++index) {
      Result<Ok> sent = send([&](std::uint16_t id) { return messages[index].message(id); },
                             "an update of " + zone.text());
      if (sent) continue;
      if (index == 0) return sent;  // Nothing was written, so a conflict stays one.
      Error error = sent.error();
      error.conflict = false;
      error.what = fmt::format("the first {} of {} updates are written, the others are not: {}",
                               index, messages.size(), error.what);
      return error;
    }
    return Ok{};
  }

  // Updates are computed for all changes before the first message, so that an Error leaves nothing
  // half written.
  Result<Ok> write_all(const Name& zone, std::span<const SetChange> changes) {
    TRY_OK(check_within(zone, changes));
    TRY_OK(check_txt_sizes(changes, *limits().max_txt_octets));
    if (!is_read(zone, changes)) TRY_OK(load(zone, names_in(changes)));
    TRY_OK(check_no_dname_above([&](const RecordKey& key) { return stored_[zone].contains(key); },
                                zone, changes));
    std::vector<Update> updates;
    for (const SetChange& change : changes) {
      StoredSets here;
      for (auto at = stored_[zone].lower_bound({change.name, RecordType{}});
           at != stored_[zone].end() && at->first.name == change.name; ++at) {
        here.insert(*at);
      }
      TRY(Update update, update_for(zone, change, here));
      updates.push_back(std::move(update));
    }
    // From here on what was read is outdated, whatever becomes of the write.
    known_.erase(zone);
    written_.insert(zone);
    TRY_OK(send_all(zone, packed(zone, changes, updates, kMostUpdate)));
    TRY(const std::vector<SetChange> ignored, ignored_aliases(changes));
    if (ignored.empty()) return Ok{};
    TRY_OK(add_ignored(zone, ignored));
    TRY(const std::vector<SetChange> missing, ignored_aliases(ignored));
    return missing.empty() ? Result<Ok>(Ok{}) : ignored_alias(missing.front().name);
  }

  static Error ignored_alias(const Name& name) {
    return Error{.what = fmt::format("the server accepted the update but ignored the CNAME at {}: "
                                     "other records exist there",
                                     name.text())};
  }

  /// The changes whose CNAME is not there: servers report NOERROR for a CNAME that they ignore
  /// (RFC 2136 section 3.4.2.2).
  Result<std::vector<SetChange>> ignored_aliases(std::span<const SetChange> changes) {
    std::vector<SetChange> aliases;
    std::vector<RecordKey> keys;
    for (const SetChange& change : changes) {
      if (!change.after || change.after->type != RecordType::CNAME) continue;
      aliases.push_back(change);
      keys.push_back({change.name, RecordType::CNAME});
    }
    if (keys.empty()) return aliases;
    TRY(const auto answers, channel_.ask(questions_for(keys)));
    std::vector<SetChange> ignored;
    for (std::size_t index = 0; index < keys.size(); ++index) {
      const bool there =
          std::ranges::count(answers[index].answers, keys[index], &WireRecord::key) > 0;
      if (!there) ignored.push_back(aliases[index]);
    }
    return ignored;
  }

  /// Adds CNAMEs whose update has only removed what they replace. In a signed zone, Knot DNS still
  /// finds the old records' RRSIG and NSEC at the name then; they are gone once it has signed
  /// again.
  Result<Ok> add_ignored(const Name& zone, std::span<const SetChange> ignored) {
    for (const SetChange& change : ignored) {
      TRY(const Update update, update_for(zone, {change.name, std::nullopt, change.after}, {}));
      const Result<Ok> sent =
          send([&](std::uint16_t id) { return update.message(id); }, "an update of " + zone.text());
      if (sent) continue;
      // A conflict would mean that nothing was written; here the old records are removed.
      if (sent.error().conflict) return ignored_alias(change.name);
      return sent;
    }
    return Ok{};
  }

  bool is_read(const Name& zone, std::span<const SetChange> changes) const {
    const auto known = known_.find(zone);
    if (known == known_.end()) return false;
    return !known->second || std::ranges::all_of(changes, [&](const SetChange& change) {
      return known->second->contains(change.name);
    });
  }

  Rfc2136Channel channel_;
  std::optional<Rfc2136Channel> transfer_;
  std::map<Name, StoredSets> stored_;                    ///< As read last, by zone.
  std::map<Name, std::optional<std::set<Name>>> known_;  ///< The names read; nullopt for all.
  std::set<Name> written_;                               ///< The zones that were written to.
  std::set<Name> not_transferred_;                       ///< The zones whose transfer is refused.
};

// The secret comes from the environment alone: the YAML is in git.
Result<TsigKey> read_key(const ProviderSettings& settings) {
  if (settings.setting("tsig_name").empty()) {
    return Error{.what = "the setting \"tsig_name\" is missing", .where = settings.name};
  }
  TRY(Name name, within(settings.name + ": tsig_name", Name::parse(settings.setting("tsig_name"))));
  TRY(const TsigAlgorithm algorithm,
      within(settings.name + ": tsig_algorithm",
             parse_tsig_algorithm(settings.setting("tsig_algorithm", "hmac-sha256"))));
  TRY(const std::string base64, required_value(settings, "RAMPART_TSIG_SECRET"));
  TRY(std::string secret, within(settings.name, parse_tsig_secret(base64)));
  return TsigKey{std::move(name), algorithm, std::move(secret)};
}

}  // namespace

Result<std::unique_ptr<Provider>> make_rfc2136_provider(const ProviderSettings& settings,
                                                        Clock clock) {
  TRY(const std::string address, required_setting(settings, "server"));
  TRY(ServerAddress server, within(settings.name + ": server", parse_server_address(address)));
  std::optional<ServerAddress> transfer;
  if (settings.settings.contains("transfer")) {
    TRY(transfer,
        within(settings.name + ": transfer", parse_server_address(settings.setting("transfer"))));
  }
  TRY(TsigKey key, read_key(settings));
  return std::unique_ptr<Provider>(std::make_unique<Rfc2136Provider>(
      std::move(server), transfer, std::move(key), std::move(clock), settings.log));
}

}  // namespace rampart
