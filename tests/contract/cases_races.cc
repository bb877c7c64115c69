/// What others do between our reading and our writing: refused or merged, and nothing lost.
#include <array>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

/// Somebody puts `theirs` at `key` between the read and the write of `change`. The write must
/// fail as a conflict and leave what they made; or keep every value of theirs where it merges.
void race(Trial& trial, const SetChange& change, const RecordKey& key,
          const std::optional<RecordSet>& theirs) {
  const Result<Ok> done = trial.apply(std::span(&change, 1), [&] {
    const Result<Ok> put = trial.backend().put(trial.zone(), key, theirs);
    trial.expect(put.ok(), put.ok() ? "" : "the side door: " + sentence(put.error()));
  });
  if (theirs) {
    trial.expected()[key] = *theirs;
  } else {
    trial.expected().erase(key);
  }
  trial.expect(!done.ok(), "the write succeeds over what somebody else wrote");
  if (!done.ok()) {
    trial.expect(done.error().conflict, "not reported as a conflict: " + sentence(done.error()));
    trial.check_error(done.error());
  }
  trial.check_zone();
}

Name dmarc() { return Name::literal("_dmarc.contract.example"); }

void with_dmarc(Trial& trial) {
  trial.start({{{dmarc(), RecordType::TXT}, texts({"v=DMARC1; p=none"})}});
}

void value_changed(Trial& trial) {
  with_dmarc(trial);
  race(trial, trial.change(dmarc(), RecordType::TXT, txt({"v=DMARC1; p=reject"})),
       {dmarc(), RecordType::TXT}, texts({"v=DMARC1; p=quarantine"}));
}

void value_added(Trial& trial) {
  trial.start();
  TypedSet ours = *trial.live_set(trial.zone(), RecordType::TXT);
  RecordSet theirs = ours.set;
  ours.set.values.insert("v=spf1 -all");
  theirs.values.insert("verification=new");
  race(trial, trial.change(trial.zone(), RecordType::TXT, ours), {trial.zone(), RecordType::TXT},
       theirs);
}

void value_removed(Trial& trial) {
  trial.start();
  TypedSet ours = *trial.live_set(trial.zone(), RecordType::TXT);
  RecordSet theirs = ours.set;
  ours.set.values.insert("v=spf1 -all");
  theirs.values.erase(theirs.values.begin());
  race(trial, trial.change(trial.zone(), RecordType::TXT, ours), {trial.zone(), RecordType::TXT},
       theirs);
}

void set_removed(Trial& trial) {
  with_dmarc(trial);
  race(trial, trial.change(dmarc(), RecordType::TXT, txt({"v=DMARC1; p=reject"})),
       {dmarc(), RecordType::TXT}, std::nullopt);
}

void set_removed_before_removal(Trial& trial) {
  with_dmarc(trial);
  race(trial, trial.change(dmarc(), RecordType::TXT, std::nullopt), {dmarc(), RecordType::TXT},
       texts({"v=DMARC1; p=none", "somebody=else"}));
}

void set_made(Trial& trial) {
  trial.start();
  race(trial, trial.change(dmarc(), RecordType::TXT, txt({"v=DMARC1; p=reject"})),
       {dmarc(), RecordType::TXT}, texts({"v=DMARC1; p=none; rua=mailto:a@example.net"}));
}

void alias_made(Trial& trial) {
  trial.start();
  const Result<Ok> done = trial.apply(
      std::array{trial.change(dmarc(), RecordType::TXT, txt({"v=DMARC1; p=none"}))}, [&] {
        const auto put = trial.backend().put(trial.zone(), {dmarc(), RecordType::CNAME},
                                             cname("dmarc.example.net").set);
        trial.expect(put.ok(), put.ok() ? "" : "the side door: " + sentence(put.error()));
      });
  trial.expected()[{dmarc(), RecordType::CNAME}] = cname("dmarc.example.net").set;
  trial.expect(!done.ok(), "a TXT is written beside a CNAME without a word");
  if (!done.ok()) trial.check_error(done.error());
  trial.check_zone();
}

void alias_target_changed(Trial& trial) {
  const Name name = Name::literal("s1._domainkey.contract.example");
  trial.start({{{name, RecordType::CNAME}, cname("s1.example.net").set}});
  race(trial, trial.change(name, RecordType::CNAME, txt({"v=DKIM1; p=AAAA"})),
       {name, RecordType::CNAME}, cname("moved.example.net").set);
}

/// One of two changes is stale: neither is written.
void half_stale(Trial& trial) {
  with_dmarc(trial);
  const std::array changes = {trial.change(trial.at("new"), RecordType::TXT, txt({"v=spf1 -all"})),
                              trial.change(dmarc(), RecordType::TXT, txt({"v=DMARC1; p=reject"}))};
  const RecordSet theirs = texts({"v=DMARC1; p=quarantine"});
  const Result<Ok> done = trial.apply(changes, [&] {
    const auto put = trial.backend().put(trial.zone(), {dmarc(), RecordType::TXT}, theirs);
    trial.expect(put.ok(), put.ok() ? "" : "the side door: " + sentence(put.error()));
  });
  trial.expected()[{dmarc(), RecordType::TXT}] = theirs;
  trial.expect(!done.ok() && done.error().conflict, "half of a stale batch is not a conflict");
  trial.check_zone();
}

/// Others may write elsewhere in the zone meanwhile.
void elsewhere(Trial& trial) {
  with_dmarc(trial);
  const RecordKey other{trial.at("www"), RecordType::TXT};
  const std::array changes = {trial.change(dmarc(), RecordType::TXT, txt({"v=DMARC1; p=reject"}))};
  const Result<Ok> done = trial.apply(changes, [&] {
    const auto put = trial.backend().put(trial.zone(), other, texts({"theirs", "and more"}));
    trial.expect(put.ok(), put.ok() ? "" : "the side door: " + sentence(put.error()));
  });
  trial.expect(done.ok(), done.ok() ? "" : "the write failed: " + sentence(done.error()));
  trial.accept(changes);
  trial.expected()[other] = texts({"theirs", "and more"});
  trial.check_zone();
}

void other_type_at_the_name(Trial& trial) {
  trial.start();
  const Name name = trial.at("www");
  const RecordKey other{name, RecordType::AAAA};
  const RecordSet theirs{std::chrono::seconds(3600), {"2001:db8::2"}};
  const std::array changes = {trial.change(name, RecordType::TXT, txt({"theirs", "v=spf1 -all"}))};
  const Result<Ok> done = trial.apply(changes, [&] {
    const auto put = trial.backend().put(trial.zone(), other, theirs);
    trial.expect(put.ok(), put.ok() ? "" : "the side door: " + sentence(put.error()));
  });
  trial.expect(done.ok(), done.ok() ? "" : "the write failed: " + sentence(done.error()));
  trial.accept(changes);
  trial.expected()[other] = theirs;
  trial.check_zone();
}

}  // namespace

std::vector<Case> race_cases() {
  return {{"our value is changed meanwhile", value_changed},
          {"a foreign value is added meanwhile", value_added},
          {"a foreign value is removed meanwhile", value_removed},
          {"the set is removed meanwhile", set_removed},
          {"a foreign value joins a set that we remove", set_removed_before_removal},
          {"the set is made meanwhile", set_made},
          {"a CNAME is made meanwhile", alias_made},
          {"a CNAME's target is changed meanwhile", alias_target_changed},
          {"half of a batch is stale", half_stale},
          {"another name is changed meanwhile", elsewhere},
          {"another type at the name is made meanwhile", other_type_at_the_name}};
}

}  // namespace rampart::contract
