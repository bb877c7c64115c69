/// Many records and many changes.
#include <fmt/format.h>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

Name numbered(int number) {
  return main_zone().child(fmt::format("_dmarc.n{:04}", number)).value();
}

Sets crowd(int records) {
  Sets sets;
  for (int number = 0; number < records; ++number) {
    sets[{numbered(number), RecordType::TXT}] =
        texts({fmt::format("v=DMARC1; p=none; n={}", number)});
  }
  return sets;
}

/// A zone of `records` in which the last name that a listing yields is changed, and a new one made.
void pages(Trial& trial, int records) {
  const Sets before = crowd(records);
  trial.start(before);
  trial.check_read();
  const int last = records - 1;
  const SetChange change =
      trial.change(numbered(last), RecordType::TXT, txt({"v=DMARC1; p=reject"}));
  trial.must(change);
}

/// Pages that are not quite, exactly and just over full; the six foreign sets count too.
void around_page(Trial& trial) {
  const int page = trial.backend().page();
  if (page == 0) return trial.does_not_apply("the host has no pages");
  trial.start();
  int others = 0;
  for (const auto& [key, set] : trial.expected()) others += static_cast<int>(set.values.size());
  for (const int extra : {-5, -4, -3, -2, -1, 0, 1, 2}) {
    trial.start(crowd(page - others + extra));
    trial.check_read();
  }
}

void many_changes(Trial& trial) {
  constexpr int kMany = 1500;
  trial.start();
  std::vector<SetChange> changes;
  for (int number = 0; number < kMany; ++number) {
    changes.push_back(trial.change(numbered(number), RecordType::TXT,
                                   txt({"v=DMARC1; p=none; rua=mailto:d@a.example"})));
  }
  trial.must(changes);
  for (SetChange& change : changes) {
    change = trial.change(change.name, RecordType::TXT, txt({"v=DMARC1; p=reject"}));
  }
  trial.must(changes);
  for (SetChange& change : changes) {
    change = trial.change(change.name, RecordType::TXT, std::nullopt);
  }
  trial.must(changes);
}

/// As many large changes as one domain's rotation makes at once are written together or not at all.
void one_invalid(Trial& trial) {
  trial.start();
  std::vector<SetChange> changes;
  const int many = static_cast<int>(trial.backend().atomic_changes());
  for (int number = 0; number < many; ++number) {
    changes.push_back(trial.change(numbered(number), RecordType::TXT, txt({"v=DMARC1; p=none"})));
  }
  const std::size_t middle = changes.size() / 2;
  // Outdated from the start: no record exists there.
  changes[middle].before = txt({"v=DMARC1; p=quarantine"});
  const Result<Receipt> written = trial.provider().write(trial.zone(), changes);
  trial.expect(!written.ok(), "a batch with a stale change is written");
  if (!written) trial.check_error(written.error());
  trial.check_zone();
}

void large_keys(Trial& trial) {
  trial.start();
  std::vector<SetChange> changes;
  const std::string key(2000, 'k');
  for (int number = 0; number < 60; ++number) {
    changes.push_back(trial.change(trial.at(fmt::format("s{}._domainkey", number)), RecordType::TXT,
                                   txt({fmt::format("{}{}", key, number)})));
  }
  trial.must(changes);
}

}  // namespace

std::vector<Case> bulk_cases() {
  std::vector<Case> cases = {{"1500 changes in a zone", many_changes},
                             {"a batch with one stale change", one_invalid},
                             {"sixty large keys in one write", large_keys},
                             {"listings around a full page", around_page}};
  for (const int records : {93, 94, 95, 293, 294, 600, 1200}) {
    cases.push_back(
        {fmt::format("a zone of {} names", records), [=](Trial& trial) { pages(trial, records); }});
  }
  return cases;
}

}  // namespace rampart::contract
