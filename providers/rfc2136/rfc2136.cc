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

/// A message holds 65535 octets; zone, header and signature need less than what is left.
constexpr std::size_t kMostUpdate = 60000;
/// A change holds the old set twice and the new one once: all must fit one message.
constexpr int kMostTxtOctets = 16000;

/// What is asked for where a zone is not given away whole: all that may stand beside our records.
constexpr std::array kAskedTypes = {RecordType::TXT,  RecordType::MX, RecordType::A,
                                    RecordType::AAAA, RecordType::NS, RecordType::SRV,
                                    RecordType::CAA,  RecordType::DS, RecordType::DNAME,
                                    RecordType::TLSA, RecordType::PTR};

enum Rcode : unsigned {
  kNoError = 0,
  kNxDomain = 3,
  kRefused = 5,
  kYxDomain = 6,
  kYxRrset = 7,
  kNxRrset = 8,
  kNotAuth = 9
};

Rfc2136Channel::Maker question(const Name& name, RecordType type) {
  return [=](std::uint16_t id) { return question_message(id, name, static_cast<unsigned>(type)); };
}

/// What an update's response code means (RFC 2136 section 2.2).
Result<Ok> judged(const WireMessage& answer, std::string_view doing) {
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
          .retryable = answer.rcode == 2};
  }
}

class Rfc2136Provider : public Provider {
 public:
  Rfc2136Provider(Server server, TsigKey key, Clock clock, TrafficLog log)
      : channel_(std::move(server), std::move(key), std::move(clock), {}, std::move(log)) {}

  Result<std::vector<Name>> zones() override {
    return located(Error{.what = "a name server does not list its zones; it can be asked only for "
                                 "those of names"});
  }

  Result<std::vector<Name>> zones_of(std::span<const Name> names) override;
  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override;
  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override;
  Result<Ok> wait(const Receipt&) override { return Ok{}; }

  // Last verified 2026-11-21 with BIND 9.18, Knot DNS 3.2 and PowerDNS 4.7.
  Limits limits() const override {
    return Limits{.max_txt_octets = kMostTxtOctets, .min_ttl = {}, .max_ttl = kMostTtl};
  }

 private:
  static constexpr std::chrono::seconds kMostTtl{2147483647};  // RFC 2181 section 8.

  Error located(Error error) const { return within(to_text(channel_.server()), std::move(error)); }
  Result<Ok> check_zone(const Name& zone);
  Result<StoredSets> ask_for(const Name& zone, std::span<const Name> names);
  Result<Ok> ask_keys(std::span<const RecordKey> keys, std::vector<WireRecord>& found,
                      std::set<Name>& missing);
  Result<Ok> drop_wildcards(const Name& zone, StoredSets& sets);
  Result<Ok> load(const Name& zone, std::span<const Name> names);
  Result<Ok> send(const Rfc2136Channel::Maker& message, std::string_view doing);
  Result<Ok> send_all(const Name& zone, std::span<const Update> messages);
  Result<Ok> check_changes(const Name& zone, std::span<const SetChange> changes) const;
  Result<Ok> check_aliases(std::span<const SetChange> changes);

  bool is_read(const Name& zone, std::span<const SetChange> changes) const {
    const auto known = known_.find(zone);
    if (known == known_.end()) return false;
    return !known->second || std::ranges::all_of(changes, [&](const SetChange& change) {
      return known->second->contains(change.name);
    });
  }

  Rfc2136Channel channel_;
  std::map<Name, StoredSets> stored_;                    ///< As read last, by zone.
  std::map<Name, std::optional<std::set<Name>>> known_;  ///< The names read; nothing for all.
  std::set<Name> not_given_;  ///< The zones that are not transferred to us.
};

/// The server's zone for a name, from an SOA in the answer or beside it (RFC 2308 section 2.2).
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

Result<std::vector<Name>> Rfc2136Provider::zones_of(std::span<const Name> names) {
  std::set<Name> zones;
  std::set<Name> open(names.begin(), names.end());
  while (!open.empty()) {
    const std::vector<Name> round(open.begin(), open.end());
    std::vector<Rfc2136Channel::Maker> questions;
    for (const Name& name : round) questions.push_back(question(name, RecordType::SOA));
    const Result<std::vector<WireMessage>> answers = channel_.ask(questions);
    if (!answers) return located(answers.error());
    open.clear();
    for (std::size_t index = 0; index < round.size(); ++index) {
      const std::optional<Name> zone = zone_in((*answers)[index], round[index]);
      const bool alias = !zone && (*answers)[index].authoritative;
      if (zone) zones.insert(*zone);
      // At a CNAME the server may answer with another zone's SOA: the name above knows better.
      if (alias && !round[index].parent().is_root()) open.insert(round[index].parent());
    }
    std::erase_if(open, [&](const Name& name) { return zones.contains(name); });
  }
  return std::vector<Name>(zones.begin(), zones.end());
}

Result<Ok> Rfc2136Provider::check_zone(const Name& zone) {
  const auto answers = channel_.ask(std::array{question(zone, RecordType::SOA)});
  if (!answers) return answers.error();
  const WireMessage& answer = answers->front();
  if (answer.rcode == kNoError && zone_in(answer, zone) == zone) return Ok{};
  return Error{.what = fmt::format("the server does not serve the zone {} to this key ({})",
                                   zone.text(), rcode_text(answer.rcode)),
               .retryable = answer.rcode == 2};
}

/// Questions of every common type at each name, for a zone that is not given away whole.
Result<StoredSets> Rfc2136Provider::ask_for(const Name& zone, std::span<const Name> names) {
  if (const Result<Ok> served = check_zone(zone); !served) return served.error();
  std::vector<RecordKey> keys;
  for (const Name& name : names) keys.push_back({name, RecordType::CNAME});
  std::vector<WireRecord> found;
  std::set<Name> missing;
  if (const Result<Ok> asked = ask_keys(keys, found, missing); !asked) return asked.error();
  keys.clear();
  for (const Name& name : names) {
    if (missing.contains(name)) continue;
    for (const RecordType type : kAskedTypes) keys.push_back({name, type});
  }
  if (const Result<Ok> asked = ask_keys(keys, found, missing); !asked) return asked.error();
  StoredSets sets = stored_sets(found);
  if (const Result<Ok> dropped = drop_wildcards(zone, sets); !dropped) return dropped.error();
  return sets;
}

/// Adds the records at `keys` to `found`, and the names that do not exist to `missing`.
Result<Ok> Rfc2136Provider::ask_keys(std::span<const RecordKey> keys,
                                     std::vector<WireRecord>& found, std::set<Name>& missing) {
  std::vector<Rfc2136Channel::Maker> questions;
  for (const RecordKey& key : keys) questions.push_back(question(key.name, key.type));
  const auto answers = channel_.ask(questions);
  if (!answers) return answers.error();
  for (std::size_t index = 0; index < keys.size(); ++index) {
    const WireMessage& answer = (*answers)[index];
    const RecordKey& key = keys[index];
    if (answer.rcode != kNoError && answer.rcode != kNxDomain) {
      return Error{
          .what = fmt::format("the question for {} {} is answered with {}", key.name.text(),
                              to_text(key.type), rcode_text(answer.rcode)),
          .retryable = answer.rcode == 2};
    }
    if (!answer.authoritative) continue;
    if (answer.rcode == kNxDomain && answer.answers.empty()) missing.insert(key.name);
    std::ranges::copy_if(answer.answers, std::back_inserter(found),
                         [&](const WireRecord& record) { return record.key == key; });
  }
  return Ok{};
}

/// Takes away what wildcards answer for names that have nothing: a prerequisite sees none of that.
Result<Ok> Rfc2136Provider::drop_wildcards(const Name& zone, StoredSets& sets) {
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
  const auto answers = channel_.ask(questions);
  if (!answers) return answers.error();
  std::size_t index = 0;
  for (const Name& name : names) {
    const WireMessage& answer = (*answers)[index++];
    if (answer.rcode == kNoError) continue;
    if (answer.rcode != kNxDomain) return judged(answer, "a check of what stands");
    std::erase_if(sets, [&](const auto& item) { return item.first.name == name; });
  }
  return Ok{};
}

Result<Ok> Rfc2136Provider::load(const Name& zone, std::span<const Name> names) {
  if (!not_given_.contains(zone)) {
    const auto records = channel_.transfer(zone);
    // Some servers break off what does not fit their messages; their answers still come.
    if (!records && !records.error().retryable) return records.error();
    if (records && *records) {
      stored_[zone] = stored_sets(**records);
      known_[zone] = std::nullopt;
      return Ok{};
    }
    if (records) not_given_.insert(zone);
  }
  Result<StoredSets> sets = ask_for(zone, names);
  if (!sets) return sets.error();
  stored_[zone] = std::move(sets).value();
  known_[zone] = std::set<Name>(names.begin(), names.end());
  return Ok{};
}

Result<ZoneRead> Rfc2136Provider::read(const Name& zone, std::span<const Name> names) {
  const Result<Ok> loaded = load(zone, names);
  if (!loaded) return located(loaded.error());
  ZoneRead out{.sets = {}, .complete = !known_[zone].has_value()};
  for (const auto& [key, set] : stored_[zone]) out.sets.emplace(key, plain(set));
  return out;
}

Result<Ok> Rfc2136Provider::check_changes(const Name& zone,
                                          std::span<const SetChange> changes) const {
  for (const SetChange& change : changes) {
    if (!change.name.is_within(zone)) {
      return Error{.what =
                       fmt::format("{} lies outside the zone {}", change.name.text(), zone.text())};
    }
    if (!change.after || change.after->type != RecordType::TXT) continue;
    for (const std::string& value : change.after->set.values) {
      if (std::ssize(value) <= kMostTxtOctets) continue;
      return Error{.what = fmt::format("a TXT value of {} octets at {}: at most {} go into an "
                                       "update",
                                       value.size(), change.name.text(), kMostTxtOctets)};
    }
  }
  return Ok{};
}

Result<Ok> Rfc2136Provider::send(const Rfc2136Channel::Maker& message, std::string_view doing) {
  const auto answer = channel_.update(message);
  if (!answer) return answer.error();
  return judged(*answer, doing);
}

/// One message is one transaction. More than one are all checked before the first is sent.
Result<Ok> Rfc2136Provider::send_all(const Name& zone, std::span<const Update> messages) {
  if (messages.size() > 1) {
    for (const Update& update : messages) {
      const Result<Ok> checked =
          send([&](std::uint16_t id) { return update.check(id); }, "a check of what stands");
      if (!checked) return checked;
    }
  }
  for (std::size_t index = 0; index < messages.size(); ++index) {
    Result<Ok> sent = send([&](std::uint16_t id) { return messages[index].message(id); },
                           "an update of " + zone.text());
    if (sent) continue;
    if (index == 0) return sent;
    Error error = sent.error();
    error.conflict = false;
    error.what = fmt::format("the first {} of {} updates are written, the others are not: {}",
                             index, messages.size(), error.what);
    return error;
  }
  return Ok{};
}

/// Servers say NOERROR to a CNAME that they ignore (RFC 2136 section 3.4.2.2).
Result<Ok> Rfc2136Provider::check_aliases(std::span<const SetChange> changes) {
  std::vector<Rfc2136Channel::Maker> questions;
  std::vector<RecordKey> keys;
  for (const SetChange& change : changes) {
    if (!change.after || change.after->type != RecordType::CNAME) continue;
    keys.push_back({change.name, RecordType::CNAME});
    questions.push_back(question(change.name, RecordType::CNAME));
  }
  if (questions.empty()) return Ok{};
  const auto answers = channel_.ask(questions);
  if (!answers) return answers.error();
  for (std::size_t index = 0; index < keys.size(); ++index) {
    const bool stands =
        std::ranges::count((*answers)[index].answers, keys[index], &WireRecord::key) > 0;
    if (stands) continue;
    return Error{.what = fmt::format("the server took the update but ignored the CNAME at {}: "
                                     "other records stand there",
                                     keys[index].name.text())};
  }
  return Ok{};
}

Result<Receipt> Rfc2136Provider::write(const Name& zone, std::span<const SetChange> changes) {
  if (const auto checked = check_changes(zone, changes); !checked) return located(checked.error());
  if (!is_read(zone, changes)) {
    std::vector<Name> names;
    for (const SetChange& change : changes) names.push_back(change.name);
    if (const auto loaded = load(zone, names); !loaded) return located(loaded.error());
  }
  std::vector<Update> updates;
  for (const SetChange& change : changes) {
    const auto first = stored_[zone].lower_bound({change.name, RecordType{}});
    StoredSets here;
    for (auto at = first; at != stored_[zone].end() && at->first.name == change.name; ++at) {
      here.insert(*at);
    }
    Result<Update> update = update_for(zone, change, here);
    if (!update) return located(update.error());
    updates.push_back(std::move(update).value());
  }
  const std::vector<Update> messages = packed(zone, changes, updates, kMostUpdate);
  known_.erase(zone);
  if (const auto sent = send_all(zone, messages); !sent) return located(sent.error());
  if (const auto aliases = check_aliases(changes); !aliases) return located(aliases.error());
  return Receipt{};
}

Result<TsigKey> read_key(const ProviderSettings& settings) {
  const auto setting = [&](const std::string& key) {
    const auto found = settings.settings.find(key);
    return found == settings.settings.end() ? std::string() : found->second;
  };
  const std::string name = setting("tsig_name");
  if (name.empty()) return Error{.what = "the setting \"tsig_name\" is missing"};
  const std::string algorithm = setting("tsig_algorithm");
  const Result<Name> key = Name::parse(name);
  if (!key) return within("tsig_name", key.error());
  const auto read = parse_tsig_algorithm(algorithm.empty() ? "hmac-sha256" : algorithm);
  if (!read) return within("tsig_algorithm", read.error());
  const auto secret = environment_value(settings, "RAMPART_TSIG_SECRET");
  if (!secret) {
    return Error{.what = fmt::format("the TSIG secret is missing: set RAMPART_TSIG_SECRET or {}",
                                     account_variable("RAMPART_TSIG_SECRET", settings.name))};
  }
  const Result<std::string> raw = parse_tsig_secret(*secret);
  if (!raw) return raw.error();
  return TsigKey{*key, *read, *raw};
}

}  // namespace

Result<std::unique_ptr<Provider>> make_rfc2136_provider(const ProviderSettings& settings) {
  return make_rfc2136_provider(settings, real_clock());
}

Result<std::unique_ptr<Provider>> make_rfc2136_provider(const ProviderSettings& settings,
                                                        Clock clock) {
  const auto address = settings.settings.find("server");
  if (address == settings.settings.end()) {
    return Error{.what = "the setting \"server\" is missing", .where = settings.name};
  }
  Result<Server> server = parse_server(address->second);
  if (!server) return within(settings.name + ": server", server.error());
  Result<TsigKey> key = read_key(settings);
  if (!key) return within(settings.name, key.error());
  return std::unique_ptr<Provider>(std::make_unique<Rfc2136Provider>(
      std::move(server).value(), std::move(key).value(), std::move(clock), settings.log));
}

}  // namespace rampart
