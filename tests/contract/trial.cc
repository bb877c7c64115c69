/// What the cases of the contract suite share.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "dns/txt.h"
#include "reconciler/apply/apply.h"
#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

/// What others keep in every zone of the suite.
Sets foreign_sets(const Name& zone) {
  const auto at = [&](std::string_view prefix) { return zone.child(prefix).value(); };
  const std::string host = "mail." + zone.text();
  return {{{zone, RecordType::TXT}, texts({"google-site-verification=abc", "MS=ms123; \"x\""})},
          {{zone, RecordType::MX}, {std::chrono::seconds(600), {"10 " + host}}},
          {{at("www"), RecordType::A}, {std::chrono::seconds(300), {"192.0.2.1", "192.0.2.2"}}},
          {{at("www"), RecordType::TXT}, texts({"theirs"})},
          {{at("mail"), RecordType::AAAA}, {std::chrono::seconds(3600), {"2001:db8::1"}}},
          {{at("blog"), RecordType::CNAME}, {std::chrono::seconds(3600), {"hosting.example.net"}}}};
}

std::string shown(const std::optional<TypedSet>& set) {
  if (!set) return "nothing";
  std::string text = fmt::format("{} TTL {}", rampart::to_text(set->type), set->set.ttl.count());
  for (const std::string& value : set->set.values) text += fmt::format(" [{}]", printable(value));
  return text;
}

}  // namespace

const Name& main_zone() {
  static const Name zone = Name::literal("contract.example");
  return zone;
}

std::span<const Name> contract_zones() {
  static const std::array zones = {main_zone(), Name::literal("sub.contract.example"),
                                   Name::literal("xn--bcher-kva.example")};
  return zones;
}

RecordSet texts(std::set<std::string> values, int ttl) {
  return {std::chrono::seconds(ttl), std::move(values)};
}

TypedSet txt(std::set<std::string> values, int ttl) {
  return {RecordType::TXT, texts(std::move(values), ttl)};
}

TypedSet cname(std::string target, int ttl) {
  return {RecordType::CNAME, {std::chrono::seconds(ttl), {std::move(target)}}};
}

std::string to_text(const Sets& sets) {
  std::string text;
  for (const auto& [key, set] : sets) {
    text += fmt::format("    {} {}\n", key.name.text(), shown(TypedSet{key.type, set}));
  }
  return text;
}

std::string required(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) {
    fmt::print("{} is not set: start this suite with tests/contract/run.py\n", variable);
    std::exit(2);
  }
  return value;
}

void Trial::expect(bool holds, const std::string& what) {
  if (!holds) failures_.push_back(what);
}

void Trial::renew(Credentials credentials) {
  auto made = backend_.provider(credentials);
  provider_.reset();
  if (!made) return does_not_apply("the host has no such credentials");
  expect(made->ok(), made->ok() ? "" : "no provider: " + sentence(made->error()));
  if (made->ok()) provider_ = std::move(*made).value();
}

Provider& Trial::provider() {
  if (!provider_) renew();
  if (!provider_) {
    fmt::print("{}\n", fmt::join(failures_, "\n"));
    std::exit(2);
  }
  return *provider_;
}

Name Trial::at(std::string_view prefix) const {
  return prefix == "@" ? zone_ : zone_.child(prefix).value();
}

void Trial::start(const Sets& ours, const Name& zone) {
  zone_ = zone;
  expected_ = foreign_sets(zone);
  for (const auto& [key, set] : ours) {
    RecordSet& both = expected_[key];
    both.ttl = set.ttl;
    both.values.insert(set.values.begin(), set.values.end());
  }
  backend_.arm(Fault::None, 0, 0);
  const Result<Ok> made = backend_.make_zone(zone, expected_);
  expect(made.ok(), made.ok() ? "" : "the zone cannot be made: " + sentence(made.error()));
  renew();
  backend_.arm(Fault::None, 0, 0);
}

void Trial::start_with(std::span<const Foreign> records) {
  zone_ = main_zone();
  backend_.arm(Fault::None, 0, 0);
  const Result<Ok> made = backend_.plant(zone_, records);
  expect(made.ok(), made.ok() ? "" : "the zone cannot be made: " + sentence(made.error()));
  renew();
  backend_.arm(Fault::None, 0, 0);
}

std::optional<TypedSet> Trial::live_set(const Name& name, RecordType type) const {
  const auto found = expected_.find({name, type});
  if (found == expected_.end()) return std::nullopt;
  return TypedSet{type, found->second};
}

SetChange Trial::change(const Name& name, RecordType type, std::optional<TypedSet> after) const {
  return {name, live_set(name, type), std::move(after)};
}

Result<Ok> Trial::apply(std::span<const SetChange> changes) {
  return apply(changes, [] {});
}

Result<Ok> Trial::apply(std::span<const SetChange> changes, const std::function<void()>& between) {
  std::vector<Name> names;
  for (const SetChange& change : changes) names.push_back(change.name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  const Result<ZoneRead> read = provider().read(zone_, names);
  if (!read) return read.error();
  for (const SetChange& change : changes) {
    if (!is_live(change, change.before, read->sets)) {
      return Error{.what = "before the write, " + change.name.text() + " is not " +
                           shown(change.before) + " but of\n" + to_text(read->sets)};
    }
  }
  between();
  const Result<Receipt> receipt = provider().write(zone_, changes);
  if (!receipt) return receipt.error();
  return provider().wait(*receipt);
}

void Trial::accept(std::span<const SetChange> changes) {
  for (const SetChange& change : changes) {
    if (change.before) expected_.erase({change.name, change.before->type});
  }
  for (const SetChange& change : changes) {
    if (change.after) expected_[{change.name, change.after->type}] = change.after->set;
  }
}

void Trial::must(std::span<const SetChange> changes) {
  const Result<Ok> done = apply(changes);
  expect(done.ok(), done.ok() ? "" : "the write failed: " + sentence(done.error()));
  if (done.ok()) accept(changes);
  check_zone();
  renew();
  check_read();
}

Error Trial::must_fail(std::span<const SetChange> changes) {
  const Result<Ok> done = apply(changes);
  expect(!done.ok(), "the write should fail");
  check_zone();
  if (done.ok()) return {};
  check_error(done.error());
  return done.error();
}

Sets Trial::dump() {
  const Result<Sets> sets = backend_.dump(zone_);
  expect(sets.ok(), sets.ok() ? "" : "the zone cannot be dumped: " + sentence(sets.error()));
  return sets.ok() ? *sets : Sets{};
}

void Trial::check_zone() {
  const Sets sets = dump();
  if (sets == expected_) return;
  Sets missing;
  Sets surplus;
  for (const auto& [key, set] : expected_) {
    if (!sets.contains(key) || sets.at(key) != set) missing.emplace(key, set);
  }
  for (const auto& [key, set] : sets) {
    if (!expected_.contains(key) || expected_.at(key) != set) surplus.emplace(key, set);
  }
  expect(false,
         fmt::format("the zone lacks\n{}  and holds\n{}", to_text(missing), to_text(surplus)));
}

void Trial::check_read() {
  std::vector<Name> names = {at("never-made")};
  for (const auto& [key, set] : expected_) {
    if (names.back() != key.name) names.push_back(key.name);
  }
  const Result<ZoneRead> read = provider().read(zone_, names);
  expect(read.ok(), read.ok() ? "" : "it cannot be read: " + sentence(read.error()));
  if (!read.ok()) return;
  Sets sets = read->sets;
  std::erase_if(sets, [&](const auto& item) {
    const RecordType type = item.first.type;
    return item.first.name == zone_ && (type == RecordType::SOA || type == RecordType::NS);
  });
  expect(sets == expected_,
         fmt::format("the adapter reads\n{}  in place of\n{}", to_text(sets), to_text(expected_)));
}

void Trial::check_error(const Error& error) {
  const std::string text = sentence(error);
  expect(error.what.size() > 5, "the error says nothing: \"" + text + "\"");
  for (const std::string& secret : backend_.secrets()) {
    expect(text.find(secret) == std::string::npos, "the error quotes a secret: " + text);
  }
}

}  // namespace rampart::contract
