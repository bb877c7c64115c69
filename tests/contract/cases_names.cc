/// Names and zones: case, wildcards, U-labels, delegations, and names outside the zone.
#include <algorithm>
#include <array>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

/// A TXT comes and goes at `prefix`.
void at_name(Trial& trial, std::string_view prefix) {
  const Result<Name> name = trial.zone().child(prefix);
  trial.expect(name.ok(), "no name: " + std::string(prefix));
  if (!name) return;
  trial.must(trial.change(*name, RecordType::TXT, txt({"v=spf1 -all"})));
  trial.must(trial.change(*name, RecordType::TXT, txt({"v=spf1 ~all"})));
  trial.must(trial.change(*name, RecordType::TXT, std::nullopt));
}

std::function<void(Trial&)> name_case(std::string_view prefix) {
  return [=](Trial& trial) {
    trial.start();
    at_name(trial, prefix);
  };
}

std::function<void(Trial&)> odd_name_case(std::string_view prefix) {
  return [=](Trial& trial) {
    trial.start();
    if (trial.backend().takes_odd_names()) return at_name(trial, prefix);
    trial.must_fail(trial.change(trial.at(prefix), RecordType::TXT, txt({"v=spf1 -all"})));
  };
}

void upper_case(Trial& trial) {
  const RecordSet mixed{std::chrono::seconds(3600), {"target.example.net"}};
  trial.start({{{Name::literal("mixed.contract.example"), RecordType::CNAME}, mixed}});
  trial.must(trial.change(Name::literal("MIXED.Contract.EXAMPLE"), RecordType::CNAME,
                          cname("other.example.net")));
}

/// A wildcard's answers are no records of the names below it.
void below_wildcard(Trial& trial) {
  trial.start({{{Name::literal("*.contract.example"), RecordType::TXT}, texts({"v=spf1 -all"})}});
  const Name name = trial.at("covered");
  const Result<ZoneRead> read = trial.provider().read(trial.zone(), std::array{name});
  trial.expect(read.ok() && !read->sets.contains({name, RecordType::TXT}),
               "a wildcard's answer is read as a record");
  trial.must(trial.change(name, RecordType::TXT, txt({"v=spf1 -all"})));
  trial.must(trial.change(name, RecordType::TXT, std::nullopt));
}

void idn_zone(Trial& trial) {
  trial.start({}, contract_zones()[2]);
  at_name(trial, "_dmarc");
  at_name(trial,
          "s\xc3\xbc"
          "d");
}

/// A zone delegated from another that the same host serves is written where it lies.
void delegated(Trial& trial) {
  trial.start();
  const Sets parent = trial.dump();
  trial.start({}, contract_zones()[1]);
  at_name(trial, "_dmarc");
  const Result<Sets> after = trial.backend().dump(main_zone());
  trial.expect(after.ok() && *after == parent, "the parent zone changed");
}

/// The zone of a name is the longest that holds it.
void zone_of_a_name(Trial& trial) {
  trial.start();
  for (const Name& zone : contract_zones()) {
    if (zone != main_zone()) trial.start({}, zone);
  }
  const std::array names = {
      Name::literal("_dmarc.deep.sub.contract.example"), Name::literal("_dmarc.contract.example"),
      Name::literal("www.xn--bcher-kva.example"), Name::literal("www.absent.example")};
  const Result<std::vector<Name>> found = trial.provider().zones_of(names);
  trial.expect(found.ok(), found.ok() ? "" : "zones: " + sentence(found.error()));
  if (!found) return;
  for (const Name& zone : contract_zones()) {
    trial.expect(std::ranges::count(*found, zone) == 1, zone.text() + " is not found once");
  }
  trial.expect(std::ranges::count(*found, Name::literal("absent.example")) == 0,
               "a zone is found that does not exist");
}

void absent_zone_read(Trial& trial) {
  trial.start();
  const Name zone = Name::literal("absent.example");
  const Result<ZoneRead> read = trial.provider().read(zone, std::array{zone});
  trial.expect(!read.ok(), "a zone that does not exist is read");
  if (!read) trial.check_error(read.error());
}

void absent_zone_written(Trial& trial) {
  trial.start();
  const Name zone = Name::literal("absent.example");
  const SetChange change{zone, std::nullopt, txt({"v=spf1 -all"})};
  const Result<Receipt> written = trial.provider().write(zone, std::span(&change, 1));
  trial.expect(!written.ok(), "a zone that does not exist is written");
  if (!written) trial.check_error(written.error());
}

void process(Trial& trial) {
  trial.start();
  const std::array changes = {
      SetChange{Name::literal("in.contract.example"), std::nullopt, txt({"v=spf1 -all"})},
      SetChange{Name::literal("www.example.net"), std::nullopt, txt({"v=spf1 -all"})}};
  const Result<Receipt> written = trial.provider().write(trial.zone(), changes);
  trial.expect(!written.ok(), "a name outside the zone is written");
  if (!written) trial.check_error(written.error());
  trial.check_zone();
}

/// A TXT where a CNAME exists that the change does not know of.
void alias_in_the_way(Trial& trial) {
  trial.start();
  const SetChange change{trial.at("blog"), std::nullopt, txt({"v=spf1 -all"})};
  const Result<Receipt> written = trial.provider().write(trial.zone(), std::span(&change, 1));
  trial.expect(!written.ok(), "a TXT beside a CNAME is written without a word");
  if (!written) trial.check_error(written.error());
  trial.check_zone();
}

/// A CNAME where a TXT exists.
void text_in_the_way(Trial& trial) {
  trial.start();
  const SetChange change{trial.at("www"), std::nullopt, cname("target.example.net")};
  const Result<Receipt> written = trial.provider().write(trial.zone(), std::span(&change, 1));
  trial.expect(!written.ok(), "a CNAME beside a TXT is written without a word");
  if (!written) trial.check_error(written.error());
  trial.check_zone();
}

}  // namespace

std::vector<Case> name_cases() {
  return {{"a name with an underscore", name_case("_dmarc")},
          {"a name of several labels", name_case("a.b._domainkey")},
          {"a wildcard", name_case("*")},
          {"a wildcard below a name", name_case("*._domainkey")},
          {"a name with a dot in a label", odd_name_case("a\\.b")},
          {"a name with an odd octet", odd_name_case("a\\033b")},
          {"a label of 63 octets",
           name_case(std::string_view(
               "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"))},
          {"an IDN label", name_case("b\xc3\xbc"
                                     "cher")},
          {"an IDN zone", idn_zone},
          {"the case of names", upper_case},
          {"a name below a wildcard", below_wildcard},
          {"a delegated zone", delegated},
          {"the zones of names", zone_of_a_name},
          {"a zone that does not exist, read", absent_zone_read},
          {"a zone that does not exist, written", absent_zone_written},
          {"a name outside the zone", process},
          {"a CNAME in the way", alias_in_the_way},
          {"other records in a CNAME's way", text_in_the_way}};
}

}  // namespace rampart::contract
