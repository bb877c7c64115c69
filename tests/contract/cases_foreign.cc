/// Other parties' records of every type and in every place: each is byte-equal, in the host's own
/// words, after ours came, changed and went.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

/// In every value of ours, and in no foreign one.
constexpr std::string_view kMark = "rampart-ours";
constexpr std::string_view kFirst = "v=spf1 include:rampart-ours.example.net ~all";
constexpr std::string_view kSecond = "v=spf1 include:rampart-ours.example.net -all";
constexpr std::string_view kTarget = "rampart-ours.example.net";

/// A zone of foreign records, and what the host itself says about it before ours.
class Watched {
 public:
  Watched(Trial& trial, const std::vector<Foreign>& records) : trial_(trial) {
    trial.start_with(records);
    before_ = raw();
    trial.expect(before_.size() >= records.size(),
                 fmt::format("the host keeps {} of {} foreign records:\n    {}", before_.size(),
                             records.size(), fmt::join(before_, "\n    ")));
  }

  /// Ours at `prefix` becomes `after` in place of every value of ours of that type; foreign values
  /// of the set stay. Without values of any kind the set goes.
  void write(std::string_view prefix, RecordType type, const std::set<std::string>& after) {
    const std::optional<SetChange> change = change_to(prefix, type, after);
    if (!change) return;
    apply(std::array{*change});
    live_[{change->name, type}] = after.size();
    check(fmt::format("{} {}", prefix, to_text(type)));
  }

  /// A TXT comes, changes and goes.
  void round_trip(std::string_view prefix) {
    write(prefix, RecordType::TXT, {std::string(kFirst)});
    write(prefix, RecordType::TXT, {std::string(kSecond)});
    write(prefix, RecordType::TXT, {});
  }

  /// The write of a set whose type is new at the name must fail and change nothing.
  void refused(std::string_view prefix, const TypedSet& set) {
    const SetChange change{trial_.at(prefix), std::nullopt, set};
    const Result<Receipt> written = trial_.provider().write(trial_.zone(), std::span(&change, 1));
    trial_.expect(!written.ok(), "it is written over what others keep there");
    if (!written.ok()) trial_.check_error(written.error());
    check("after the refusal");
  }

  std::optional<SetChange> change_to(std::string_view prefix, RecordType type,
                                     const std::set<std::string>& ours) {
    const Name name = trial_.at(prefix);
    const Result<ZoneRead> read = trial_.provider().read(trial_.zone(), std::array{name});
    trial_.expect(read.ok(), read.ok() ? "" : "it cannot be read: " + sentence(read.error()));
    if (!read.ok()) return std::nullopt;
    SetChange change{.name = name};
    TypedSet set{type, {std::chrono::seconds(300), {}}};
    if (const auto found = read->sets.find({name, type}); found != read->sets.end()) {
      set.set = found->second;
      change.before = set;
    }
    std::erase_if(set.set.values,
                  [](const std::string& value) { return value.find(kMark) != std::string::npos; });
    set.set.values.insert(ours.begin(), ours.end());
    if (!set.set.values.empty()) change.after = set;
    return change;
  }

  void apply(std::span<const SetChange> changes) {
    const Result<Ok> done = trial_.apply(changes);
    trial_.expect(done.ok(), done.ok() ? "" : "the write failed: " + sentence(done.error()));
  }

  /// Notes how many values of ours are expected at a key.
  void expect_ours(const RecordKey& key, std::size_t values) { live_[key] = values; }

  /// Every line of before is there, in its order; the others are ours, and as many as expected.
  void check(const std::string& where) {
    const std::vector<std::string> now = raw();
    std::size_t ours = 0;
    for (const auto& [key, values] : live_) ours += values;
    std::size_t at = 0;
    std::size_t found = 0;
    for (const std::string& line : now) {
      if (at < before_.size() && line == before_[at]) {
        ++at;
      } else if (line.find(kMark) != std::string::npos) {
        ++found;
      } else {
        trial_.expect(false, where + ": a foreign record changed or is new: " + line);
      }
    }
    if (at < before_.size()) {
      trial_.expect(false, where + ": a foreign record is not what it was: " + before_[at]);
    }
    trial_.expect(found == ours, fmt::format("{}: {} records of ours in place of {}:\n    {}",
                                             where, found, ours, fmt::join(now, "\n    ")));
  }

 private:
  std::vector<std::string> raw() {
    const Result<std::vector<std::string>> lines = trial_.backend().raw(trial_.zone());
    trial_.expect(lines.ok(), lines.ok() ? "" : "the side door: " + sentence(lines.error()));
    return lines.ok() ? *lines : std::vector<std::string>();
  }

  Trial& trial_;
  std::vector<std::string> before_;
  std::map<RecordKey, std::size_t> live_;
};

Foreign sample_at(std::string_view owner, const Sample& sample) {
  return {.owner = std::string(owner), .type = sample.type, .data = sample.data};
}

/// A DS record only exists at a delegation.
std::vector<Foreign> samples_at(std::string_view owner, const Sample& sample) {
  std::vector<Foreign> records = {sample_at(owner, sample)};
  if (sample.type == "DS") {
    records.push_back({.owner = std::string(owner), .type = "NS", .data = "ns1.example.net."});
  }
  return records;
}

/// Whether a validator lets the records pass; else the case does not apply.
bool described(Trial& trial, const std::vector<Foreign>& records) {
  const bool all = std::ranges::all_of(
      records, [&](const Foreign& one) { return trial.backend().describes(one.type); });
  if (!all) trial.does_not_apply("the API's description asks for fields that the stand-in lacks");
  return all;
}

/// Ours comes, changes and goes as a TXT at "host"; or as a CNAME, where `set` says so.
void beside(Trial& trial, const std::vector<Foreign>& records) {
  if (!described(trial, records)) return;
  Watched zone(trial, records);
  zone.round_trip("host");
}

void in_a_cnames_way(Trial& trial, const Sample& sample) {
  Watched zone(trial, samples_at("host", sample));
  const std::optional<RecordType> type = parse_record_type(sample.type);
  if (!type || !may_join_cname(*type)) return zone.refused("host", cname(std::string(kTarget)));
  zone.write("host", RecordType::CNAME, {std::string(kTarget)});
  zone.write("host", RecordType::CNAME, {"second." + std::string(kTarget)});
  zone.write("host", RecordType::CNAME, {});
}

/// The type above, below and beside a name of ours, which is an empty non-terminal before.
void around(Trial& trial, const Sample& sample) {
  std::vector<Foreign> records;
  for (const std::string_view owner : {"b", "x.a.b", "c.b", "*.b"}) {
    if (sample.place == Place::Cut && (owner == "b" || owner == "*.b")) continue;
    for (const Foreign& record : samples_at(owner, sample)) records.push_back(record);
  }
  Watched zone(trial, records);
  zone.round_trip("a.b");
  zone.write("d.b", RecordType::CNAME, {std::string(kTarget)});
  zone.write("d.b", RecordType::CNAME, {});
}

void at_the_apex(Trial& trial, const Sample& sample) {
  const std::vector<Foreign> records = {
      sample_at("@", sample), {.owner = "@", .type = "TXT", .data = "\"site-verification=1\""}};
  if (!described(trial, records)) return;
  Watched zone(trial, records);
  zone.round_trip("@");
}

/// Beside a foreign text of a certain spelling, in one set with it; at the apex with an SPF record
/// and at a name below with any.
void beside_text(Trial& trial, std::string_view prefix, const std::string& data) {
  Watched zone(trial, {{.owner = std::string(prefix), .type = "TXT", .data = data},
                       {.owner = std::string(prefix), .type = "TXT", .data = "\"plain\""}});
  zone.round_trip(prefix);
}

void with_ttl(Trial& trial, long ttl) {
  const Sample address{"A", "192.0.2.7"};
  Foreign first = sample_at("host", address);
  Foreign second = sample_at("*", address);
  first.ttl = second.ttl = ttl;
  Watched zone(
      trial,
      {first, second, {.owner = "host", .type = "MX", .data = "10 mx.example.net.", .ttl = 3600}});
  zone.round_trip("host");
}

/// Foreign records at `owner`, which others wrote in their own way, and ours at `ours`.
struct NameCase {
  std::string_view what;
  std::string_view owner;
  std::string_view ours;
  bool odd = false;  ///< Not every host takes such a name.
};

constexpr std::array kNameCases = {
    NameCase{"ours at a foreign name", "host", "host"},
    NameCase{"ours below a foreign name", "host", "_dmarc.host"},
    NameCase{"ours above a foreign name", "x.y.host", "host"},
    NameCase{"ours at an empty non-terminal", "x.y.host", "y.host"},
    NameCase{"ours beside a foreign wildcard", "*.host", "_dmarc.host"},
    NameCase{"ours at a foreign wildcard", "*.host", "*.host"},
    NameCase{"ours below the zone's wildcard", "*", "a.b.c"},
    NameCase{"our wildcard beside foreign names", "host", "*"},
    NameCase{"a foreign name in upper case", "WWW.Host", "_dmarc.www.host"},
    NameCase{"ours at a foreign name in upper case", "MAIL", "mail"},
    NameCase{"a foreign name with a service's labels", "_sip._tcp", "_tcp"},
    NameCase{"a foreign A-label", "xn--bcher-kva", "_dmarc.xn--bcher-kva"},
    NameCase{"a foreign label of 63 octets",
             "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg", "_dmarc"},
    NameCase{"a foreign name of 20 labels", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t", "s.t"},
    NameCase{"a foreign label of digits", "0", "1.0"},
    NameCase{"a foreign name with a dot in a label", "a\\.b", "b", true},
    NameCase{"ours at a name with a dot in a label", "a\\.b", "a\\.b", true},
    NameCase{"a foreign name with a blank in a label", "a\\032b", "_dmarc.a\\032b", true},
    NameCase{"a foreign name with an octet beyond ASCII", "\\195\\188", "_dmarc", true},
    NameCase{"a foreign label that looks like a wildcard", "\\*\\042", "_dmarc", true},
};

void at_names(Trial& trial, const NameCase& one) {
  if (one.odd && !trial.backend().takes_odd_names()) {
    return trial.does_not_apply("the host takes no such names");
  }
  const std::string owner(one.owner);
  // Where ours joins a set, named spells its owner as the last writer did (RFC 4343: no
  // difference).
  const bool respelled = owner != one.ours && ascii_lower(owner) == one.ours;
  const std::vector<Foreign> records = {
      {.owner = owner, .type = "A", .data = "192.0.2.1"},
      {.owner = owner, .type = respelled ? "SPF" : "TXT", .data = "\"theirs\" \"in two\""},
      {.owner = owner, .type = "MX", .data = "10 mx.example.net.", .ttl = 600}};
  if (!described(trial, records)) return;
  Watched zone(trial, records);
  zone.round_trip(one.ours);
}

std::vector<Foreign> crowd() {
  std::vector<Foreign> records;
  for (int number = 0; number < 12; ++number) {
    const std::string owner = fmt::format("n{}", number);
    records.push_back({.owner = owner, .type = "A", .data = fmt::format("192.0.2.{}", number)});
    records.push_back({.owner = owner, .type = "TXT", .data = fmt::format("\"a\" \"{}\"", number)});
    records.push_back({.owner = "_dmarc." + owner, .type = "TXT", .data = "\"theirs\""});
  }
  records.push_back({.owner = "alias", .type = "CNAME", .data = "hosting.example.net."});
  return records;
}

/// Changes of many names at once, then all of them undone: nothing of it is left.
void undone(Trial& trial) {
  Watched zone(trial, crowd());
  const auto write_all = [&](const std::set<std::string>& values) {
    std::vector<SetChange> changes;
    for (int number = 0; number < 12; ++number) {
      const auto change = zone.change_to(fmt::format("n{}", number), RecordType::TXT, values);
      if (!change) return;
      changes.push_back(*change);
      zone.expect_ours({change->name, RecordType::TXT}, values.size());
    }
    zone.apply(changes);
    zone.check("twelve names at once");
  };
  write_all({std::string(kFirst), std::string(kSecond)});
  write_all({std::string(kSecond)});
  write_all({});
}

/// A selector goes from TXT to CNAME and back among foreign names.
void swapped(Trial& trial) {
  Watched zone(trial, crowd());
  const std::string_view prefix = "s1._domainkey";
  const RecordKey key{trial.at(prefix), RecordType::TXT};
  zone.write(prefix, RecordType::TXT, {std::string(kFirst)});
  const TypedSet text = txt({std::string(kFirst)}, 300);
  const TypedSet alias = cname(std::string(kTarget), 300);
  zone.apply(std::array{SetChange{key.name, text, alias}});
  zone.check("a CNAME in place of a TXT");
  zone.apply(std::array{SetChange{key.name, alias, text}});
  zone.check("a TXT in place of a CNAME");
  zone.write(prefix, RecordType::TXT, {});
}

/// A text of several strings of ours beside foreign ones.
void long_text(Trial& trial) {
  Watched zone(trial, crowd());
  const std::string key = std::string(kFirst) + std::string(1500, 'k');
  zone.write("n1", RecordType::TXT, {key});
  zone.write("n1", RecordType::TXT, {key + "2"});
  zone.write("n1", RecordType::TXT, {});
}

void foreign_alias(Trial& trial) {
  Watched zone(trial, crowd());
  zone.refused("alias", txt({std::string(kFirst)}));
  zone.round_trip("_dmarc.alias");
}

void special_cases(const Special& special, std::vector<Case>& cases) {
  const auto run = [&](std::string_view what, Neighbour neighbour, const TypedSet& set) {
    cases.push_back({fmt::format("foreign: {} {}", what, special.what), [=](Trial& trial) {
                       if (neighbour == Neighbour::Beside && set.type == RecordType::TXT) {
                         return beside(trial, special.records);
                       }
                       Watched zone(trial, special.records);
                       if (neighbour == Neighbour::InTheWay) return zone.refused("host", set);
                       zone.write("host", set.type, set.set.values);
                       zone.write("host", set.type, {});
                     }});
  };
  run("a TXT at", special.to_txt, txt({std::string(kFirst)}));
  if (special.to_cname) run("a CNAME at", *special.to_cname, cname(std::string(kTarget)));
  cases.push_back({fmt::format("foreign: our names around {}", special.what), [=](Trial& trial) {
                     Watched zone(trial, special.records);
                     zone.round_trip("_dmarc.host");
                     zone.round_trip("@");
                   }});
}

}  // namespace

std::vector<Case> foreign_cases(const Backend& backend) {
  std::vector<Case> cases;
  const auto add = [&](std::string name, std::function<void(Trial&)> run) {
    cases.push_back({"foreign: " + name, std::move(run)});
  };
  for (const Sample& sample : backend.samples()) {
    const std::string& type = sample.type;
    if (sample.place != Place::Cut) {
      add("a TXT beside " + type, [=](Trial& trial) { beside(trial, samples_at("host", sample)); });
    }
    add("a CNAME where there is " + type, [=](Trial& trial) { in_a_cnames_way(trial, sample); });
    add(type + " above, below and beside", [=](Trial& trial) { around(trial, sample); });
    if (sample.place != Place::Anywhere) continue;
    add("an SPF record beside " + type, [=](Trial& trial) { at_the_apex(trial, sample); });
  }
  for (const std::string& data : backend.texts()) {
    const std::string shown = data.size() > 40 ? data.substr(0, 40) + "..." : data;
    for (const std::string_view prefix : {"@", "host"}) {
      add(fmt::format("in one set at {} with {}", prefix, shown),
          [=](Trial& trial) { beside_text(trial, prefix, data); });
    }
  }
  for (const long ttl : backend.ttls()) {
    add(fmt::format("beside a TTL of {}", ttl), [=](Trial& trial) { with_ttl(trial, ttl); });
  }
  for (const NameCase& one : kNameCases) {
    add(std::string(one.what), [=](Trial& trial) { at_names(trial, one); });
  }
  add("twelve names at once, undone", undone);
  add("a selector's type changes and changes back", swapped);
  add("a long text beside others", long_text);
  add("a CNAME in the way", foreign_alias);
  for (const Special& special : backend.specials()) special_cases(special, cases);
  return cases;
}

}  // namespace rampart::contract
