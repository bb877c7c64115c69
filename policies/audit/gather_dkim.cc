/// From answers to facts: the keys of the selectors that are queried.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/dkim.h"

namespace rampart::audit {
namespace {

// No signer would choose this selector: a key here comes from a wildcard.
constexpr std::string_view kNeverUsed = "rampart-asks-for-no-such-selector";

// The subject's selectors, and those of the senders that the SPF record names. Nullopt while that
// record is unknown. Senders that the record names sign with known selectors, so their keys need no
// guessing.
std::optional<std::vector<SelectorQuery>> queries_of(const Subject& subject, Table& table) {
  std::vector<SelectorQuery> queries = subject.selectors;
  const spf::CompiledRecord& compiled = table.cache.at(subject.domain);
  if (compiled.state == spf::CompiledRecord::State::Unasked) return std::nullopt;
  if (compiled.state != spf::CompiledRecord::State::Ready) return queries;
  for (const Sender* sender : senders_in(compiled.record, table.senders)) {
    for (std::string& selector : selectors_of(*sender, subject.domain)) {
      add_query(queries, {std::move(selector), Source::Sender});
    }
  }
  return queries;
}

// The rule book reads it, so that an audit and a plan agree on what a usable key is.
void read_key(KeyFacts& key) {
  rules::KeyReading reading = rules::read_key(key.text);
  key.problem = std::move(reading.problem);
  key.shape = std::move(reading.shape);
  key.testing = reading.testing;
  key.slips = std::move(reading.slips);
  key.state = reading.revoked       ? KeyState::Revoked
              : key.problem.empty() ? KeyState::Key
                                    : KeyState::Invalid;
}

// A misspelt key is reported as one that cannot be used, for that is what verifiers make of it.
void read_values(const std::vector<std::string>& values, KeyFacts& key) {
  const RecordKey at{key.name, RecordType::TXT};
  std::vector<std::string> records;
  for (const std::string& value : values) {
    if (kind_of(at, value) == RecordKind::DkimKey) {
      records.push_back(value);
    } else if (auto slip = own_near_miss(at, value)) {
      key.text = value;
      key.problem = std::move(*slip);
      key.state = KeyState::Invalid;
    }
  }
  if (records.empty()) return;
  key.others = values.size() - records.size();
  key.text = records.front();
  key.state = KeyState::Several;
  if (records.size() == 1) read_key(key);
}

// A CNAME tells an unfinished delegation from a selector that was never set up.
KeyFacts read_selector(const SelectorQuery& query, const Name& name, const Answer& answer) {
  KeyFacts key{.query = query, .name = name, .cnames = answer.cnames};
  const bool delegated = !answer.cnames.empty();
  const bool missing = answer.status == AnswerStatus::NxDomain;
  answer.match(
      [&](const std::vector<std::string>& values) {
        read_values(values, key);
        if (delegated && key.state == KeyState::Absent) key.state = KeyState::Unset;
      },
      [&] {
        key.state = !delegated ? KeyState::Absent : missing ? KeyState::Dangling : KeyState::Unset;
      },
      [&](const std::string& detail) {
        key.state = KeyState::Unobservable;
        key.problem = detail;
      });
  return key;
}

// Whether to report a selector: it holds something of its own, or is known to be used. Guesses that
// found nothing would fill a report with dozens of rows about names that were never used.
bool is_reported(const KeyFacts& key, const std::string& wildcard) {
  if (key.query.source <= Source::Reported) return true;
  if (key.state == KeyState::Absent || key.state == KeyState::Unobservable) return false;
  return wildcard.empty() || key.text != wildcard;
}

}  // namespace

// The surest source is kept: a declared selector that is missing is a fault, a guessed one is not.
void add_query(std::vector<SelectorQuery>& queries, SelectorQuery query) {
  const auto at = std::ranges::lower_bound(queries, query.selector, {}, &SelectorQuery::selector);
  if (at == queries.end() || at->selector != query.selector) {
    queries.insert(at, std::move(query));
  } else {
    at->source = std::min(at->source, query.source);
  }
}

// All facts are collected first and stored at the end, so that a round that lacks answers leaves no
// half of them.
void gather_dkim(Facts& facts, Table& table) {
  const auto queries = queries_of(facts.subject, table);
  if (!queries) return;
  const std::size_t open = facts.unknown.size();
  DkimFacts dkim{.queried = queries->size()};
  const auto read = [&](const SelectorQuery& query) -> std::optional<KeyFacts> {
    const auto name = facts.subject.domain.child(query.selector + "._domainkey");
    const Answer* answer = name ? answer_for(facts, table, *name, RecordType::TXT) : nullptr;
    if (answer == nullptr) return std::nullopt;
    if (answer->status == AnswerStatus::Failed) {
      record_failure(facts, *name, *answer);
      ++dkim.unanswered;
    }
    KeyFacts key = read_selector(query, *name, *answer);
    if (key.state == KeyState::Dangling) {
      key.target = rules::read_name(*name, RecordType::TXT, table.answers, facts.unknown);
    }
    return key;
  };
  for (const SelectorQuery& query : *queries) {
    dkim.guessed = dkim.guessed || query.source == Source::Guessed;
    if (auto key = read(query)) dkim.keys.push_back(std::move(*key));
  }
  // The wildcard is queried only once a guess has found a key: most domains have none.
  const bool found = std::ranges::any_of(dkim.keys, [](const KeyFacts& key) {
    return key.query.source == Source::Guessed && !key.text.empty();
  });
  if (found) {
    const auto any = read({std::string(kNeverUsed), Source::Guessed});
    if (any) dkim.wildcard = any->text;
  }
  if (facts.unknown.size() != open) return;
  dkim.state = State::Valid;
  std::erase_if(dkim.keys, [&](const KeyFacts& key) { return !is_reported(key, dkim.wildcard); });
  facts.dkim = std::move(dkim);
}

// Weak keys are left out because verifiers treat them as none (RFC 8301 section 3.2).
std::vector<const KeyFacts*> usable_keys(const DkimFacts& dkim) {
  std::vector<const KeyFacts*> keys;
  for (const KeyFacts& key : dkim.keys) {
    const bool weak = rules::length_of(key.shape) == rules::KeyLength::Weak;
    if (key.state == KeyState::Key && !weak) keys.push_back(&key);
  }
  return keys;
}

// What to do is named only where it can help: who guessed already cannot guess more.
std::string describe_no_key(const DkimFacts& dkim) {
  if (dkim.queried == 0) return "no selector is known; try --guess-selectors";
  if (is_revoked_for_all(dkim)) return "a wildcard record revokes the key of every selector";
  if (dkim.unanswered > 0) {
    return fmt::format("{} of {} selectors got no answer; no other one holds a usable key",
                       dkim.unanswered, dkim.queried);
  }
  return fmt::format("none of {} holds a usable key{}", counted(dkim.queried, "selector"),
                     dkim.guessed ? "; name the selectors in domains.yaml" : "");
}

bool is_revoked_for_all(const DkimFacts& dkim) {
  return !dkim.wildcard.empty() && rules::read_key(dkim.wildcard).revoked;
}

// The shortest decides, since a forger attacks the weakest key.
const KeyFacts* shortest_key(const std::vector<const KeyFacts*>& keys) {
  const KeyFacts* shortest = nullptr;
  for (const KeyFacts* key : keys) {
    if (rules::length_of(key->shape) == rules::KeyLength::Strong) continue;
    if (shortest == nullptr || key->shape.bits < shortest->shape.bits) shortest = key;
  }
  return shortest;
}

}  // namespace rampart::audit
