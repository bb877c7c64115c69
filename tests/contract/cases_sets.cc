/// Sets of values: only what is ours is added, changed and removed, beside foreign values.
#include <array>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

constexpr std::string_view kSpf = "v=spf1 include:_spf.example.net ~all";

/// The apex TXT set with `ours` beside the foreign values.
TypedSet apex_with(const Trial& trial, std::set<std::string> ours, int ttl = 3600) {
  const std::optional<TypedSet> live = trial.live_set(trial.zone(), RecordType::TXT);
  for (const std::string& value : live->set.values) {
    if (!value.starts_with("v=spf1")) ours.insert(value);
  }
  return txt(std::move(ours), ttl);
}

void change_apex(Trial& trial, std::set<std::string> ours, int ttl = 3600) {
  trial.must(trial.change(trial.zone(), RecordType::TXT, apex_with(trial, std::move(ours), ttl)));
}

void add_at_apex(Trial& trial) {
  trial.start();
  change_apex(trial, {std::string(kSpf)});
}

void change_at_apex(Trial& trial) {
  trial.start({{{main_zone(), RecordType::TXT}, texts({std::string(kSpf)})}});
  change_apex(trial, {"v=spf1 -all"});
}

void remove_at_apex(Trial& trial) {
  trial.start({{{main_zone(), RecordType::TXT}, texts({std::string(kSpf)})}});
  change_apex(trial, {});
}

void many_at_apex(Trial& trial) {
  std::set<std::string> values;
  for (int number = 0; number < 20; ++number) values.insert("verify=" + std::to_string(number));
  trial.start({{{main_zone(), RecordType::TXT}, texts(values)}});
  change_apex(trial, {std::string(kSpf)});
  change_apex(trial, {"v=spf1 mx -all"});
  change_apex(trial, {});
}

void first_of_its_type(Trial& trial) {
  trial.start();
  trial.must(trial.change(trial.at("_dmarc"), RecordType::TXT, txt({"v=DMARC1; p=none"}, 300)));
}

void replace_only_value(Trial& trial) {
  trial.start();
  const Name name = trial.at("_dmarc");
  trial.must(trial.change(name, RecordType::TXT, txt({"v=DMARC1; p=none"})));
  trial.must(trial.change(name, RecordType::TXT, txt({"v=DMARC1; p=reject"})));
  trial.must(trial.change(name, RecordType::TXT, std::nullopt));
  trial.must(trial.change(name, RecordType::TXT, txt({"v=DMARC1; p=none"})));
}

void ttl_only(Trial& trial) {
  trial.start({{{main_zone(), RecordType::TXT}, texts({std::string(kSpf)})}});
  change_apex(trial, {std::string(kSpf)}, 300);
  change_apex(trial, {std::string(kSpf)}, 7200);
}

void value_and_ttl(Trial& trial) {
  trial.start({{{main_zone(), RecordType::TXT}, texts({std::string(kSpf)})}});
  change_apex(trial, {"v=spf1 -all"}, 600);
}

void one_of_three(Trial& trial) {
  trial.start(
      {{{Name::literal("three.contract.example"), RecordType::TXT}, texts({"a", "b", "c"})}});
  const Name name = trial.at("three");
  trial.must(trial.change(name, RecordType::TXT, txt({"a", "B", "c"})));
  trial.must(trial.change(name, RecordType::TXT, txt({"a", "c"})));
  trial.must(trial.change(name, RecordType::TXT, txt({"a", "c", "d", "e"})));
  trial.must(trial.change(name, RecordType::TXT, txt({"f"})));
}

void text_in_place_of_alias(Trial& trial) {
  const Name name = Name::literal("s1._domainkey.contract.example");
  trial.start({{{name, RecordType::CNAME}, cname("s1.dkim.example.net").set}});
  trial.must(trial.change(name, RecordType::CNAME, txt({"v=DKIM1; p=AAAA"})));
}

void alias_in_place_of_text(Trial& trial) {
  const Name name = Name::literal("s1._domainkey.contract.example");
  trial.start({{{name, RecordType::TXT}, texts({"v=DKIM1; p=AAAA", "v=DKIM1; p=BBBB"})}});
  trial.must(trial.change(name, RecordType::TXT, cname("s1.dkim.example.net", 300)));
}

void alias_to_another(Trial& trial) {
  const Name name = Name::literal("s1._domainkey.contract.example");
  trial.start({{{name, RecordType::CNAME}, cname("s1.dkim.example.net").set}});
  trial.must(trial.change(name, RecordType::CNAME, cname("s1.dkim.example.org")));
  trial.must(trial.change(name, RecordType::CNAME, cname("s1.dkim.example.org", 60 * 20)));
  trial.must(trial.change(name, RecordType::CNAME, std::nullopt));
}

void other_types_at_the_name(Trial& trial) {
  trial.start();
  const Name name = trial.at("www");
  const TypedSet both = txt({"theirs", "v=spf1 -all"});
  trial.must(trial.change(name, RecordType::TXT, both));
  trial.must(trial.change(name, RecordType::TXT, txt({"theirs"})));
}

void null_mx(Trial& trial) {
  trial.start();
  const TypedSet none{RecordType::MX, {std::chrono::seconds(3600), {"0 ."}}};
  const Name name = trial.at("www");
  trial.must(trial.change(name, RecordType::MX, none));
  trial.must(trial.change(name, RecordType::MX, std::nullopt));
}

void mail_exchangers(Trial& trial) {
  trial.start();
  const TypedSet two{RecordType::MX,
                     {std::chrono::seconds(600), {"5 mx.example.net", "10 mail.contract.example"}}};
  trial.must(trial.change(trial.zone(), RecordType::MX, two));
}

void several_at_once(Trial& trial) {
  trial.start({{{Name::literal("old._domainkey.contract.example"), RecordType::TXT},
                texts({"v=DKIM1; p="})},
               {{Name::literal("c._domainkey.contract.example"), RecordType::CNAME},
                cname("c.example.net").set}});
  const std::array changes = {
      trial.change(trial.zone(), RecordType::TXT, apex_with(trial, {std::string(kSpf)})),
      trial.change(trial.at("_dmarc"), RecordType::TXT, txt({"v=DMARC1; p=none"})),
      trial.change(trial.at("new._domainkey"), RecordType::CNAME, cname("x.example.net")),
      trial.change(trial.at("old._domainkey"), RecordType::TXT, std::nullopt),
      trial.change(trial.at("c._domainkey"), RecordType::CNAME, txt({"v=DKIM1; p=CCCC"}))};
  trial.must(changes);
}

/// A repeated write finds its `before` gone and reports it; the live set stays.
void repeated(Trial& trial) {
  trial.start();
  const SetChange change =
      trial.change(trial.at("_dmarc"), RecordType::TXT, txt({"v=DMARC1; p=none"}));
  trial.must(change);
  const Result<Receipt> again = trial.provider().write(trial.zone(), std::span(&change, 1));
  trial.expect(!again.ok(), "a create of an existing set succeeds");
  if (!again.ok()) {
    trial.expect(again.error().conflict, "not reported as a conflict: " + sentence(again.error()));
    trial.check_error(again.error());
  }
  trial.check_zone();
}

void unchanged(Trial& trial) {
  trial.start();
  trial.must(trial.change(trial.at("www"), RecordType::TXT, txt({"theirs"})));
}

void nothing_to_write(Trial& trial) {
  trial.start();
  trial.must(std::span<const SetChange>{});
}

}  // namespace

std::vector<Case> set_cases() {
  return {{"our value is added beside foreign values at the apex", add_at_apex},
          {"our value changes beside foreign values at the apex", change_at_apex},
          {"our value is removed, foreign values at the apex remain", remove_at_apex},
          {"many values at the apex", many_at_apex},
          {"a first set at a name", first_of_its_type},
          {"the only value of a set, changed, removed and made again", replace_only_value},
          {"the TTL alone", ttl_only},
          {"a value and the TTL", value_and_ttl},
          {"one of three values", one_of_three},
          {"a TXT in place of a CNAME", text_in_place_of_alias},
          {"a CNAME in place of a TXT", alias_in_place_of_text},
          {"a CNAME's target and TTL", alias_to_another},
          {"a TXT beside an A at one name", other_types_at_the_name},
          {"a null MX", null_mx},
          {"the MX set", mail_exchangers},
          {"creates, changes and removals in one write", several_at_once},
          {"a write repeated is a conflict", repeated},
          {"a change that changes nothing", unchanged},
          {"no change at all", nothing_to_write}};
}

}  // namespace rampart::contract
