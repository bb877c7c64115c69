/// From evidence to the figures of a domain's own mail.
#include "policies/audit/mail_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/counted.h"
#include "policies/audit/rule_table.h"
#include "policies/model/lookup.h"
#include "policies/ramp/legit.h"

namespace rampart::audit {
namespace {

constexpr std::array<std::string_view, 4> kMailStates = {"not-read", "no-store", "silent", "seen"};
constexpr std::size_t kMostFailed = 3;  // A wave of spoofing has thousands of sources.

// Selectors of all days at hand: how long a key has been in use is no matter of the window.
void read_selectors(const EvidenceRows& rows, MailFacts& mail) {
  for (const EvidenceRow* row : rows) {
    if (!row->selectors_reported) continue;
    if (!mail.selectors_since || row->day < *mail.selectors_since) mail.selectors_since = row->day;
    for (const std::string& selector : row->selectors) {
      const auto [at, added] = mail.selectors.try_emplace(selector, row->day);
      if (!added) at->second = std::min(at->second, row->day);
    }
  }
}

// Only mail with the mark is named: anybody can send mail without it.
void read_failing(const LegitTally& tally, MailFacts& mail) {
  std::vector<const SourceTally*> failing;
  for (const SourceTally& one : tally.sources) {
    if (!one.ignored && one.marked > 0) failing.push_back(&one);
  }
  std::ranges::stable_sort(failing, std::ranges::greater(), &SourceTally::marked);
  failing.resize(std::min(failing.size(), kMostFailed));
  for (const SourceTally* one : failing) {
    mail.failed.push_back(fmt::format("{}: {}", one->source, grouped(one->marked)));
  }
}

}  // namespace

std::string_view to_text(MailFacts::State state) { return word_of(kMailStates, state); }

// A domain outside the YAML has no declared senders, so that its mail is marked by its own names
// alone; the rest is as for a gate.
MailFacts mail_facts(const Evidence* evidence, const Config& config, const Name& name, Time now) {
  const EvidenceWindow window =
      gate_window(now, {static_cast<int>(kMailWindow.count()), Duration::Unit::Days});
  MailFacts mail{.state = MailFacts::State::NoStore,
                 .since = window.from,
                 .until = window.until - std::chrono::days(1)};
  if (evidence == nullptr) return mail;
  mail.state = MailFacts::State::Silent;
  const Domain outside{.name = name};
  const Domain* declared = find_value(config.domains, name);
  const Domain& domain = declared == nullptr ? outside : *declared;
  const EvidenceRows all = rows_of(*evidence, name);
  const CountingReporters reporters =
      counting_reporters(config, {all, evidence->heard_on(name)}, utc_day(now));
  const EvidenceRows counting = counting_rows(all, reporters);
  read_selectors(counting, mail);
  const EvidenceRows rows = rows_within(counting, window);
  if (rows.empty()) return mail;
  mail.state = MailFacts::State::Seen;
  const LegitTally tally = tally_of(
      domain, config, {rows, rows_within(counting, {Date::min(), window.from}), reporters});
  mail.reporters = tally.reporters_with_mail();
  mail.own = tally.own;
  mail.aligned = tally.passing;
  mail.failing = tally.marked;
  mail.unanswered = tally.unanswered;
  mail.rate = tally.legit_rate();
  mail.doubt = why_doubtful(tally, kLeastAligned);
  for (const EvidenceRow* row : rows) {
    const bool both = row->outcome == DmarcOutcome::Both && !ignores(domain, row->source);
    if (both) mail.both += row->messages;
  }
  read_failing(tally, mail);
  return mail;
}

}  // namespace rampart::audit
