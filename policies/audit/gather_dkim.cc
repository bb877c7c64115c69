/// From answers to facts: the keys of the selectors that were asked for.
#include <algorithm>
#include <map>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

// No signer would choose it: what answers here answers for any name.
constexpr std::string_view kNobodys = "rampart-asks-for-no-such-selector";

using Wanted = std::map<std::string, Source, std::less<>>;

void desired(Wanted& wanted, const std::string& selector, Source source) {
  const auto [place, fresh] = wanted.emplace(selector, source);
  if (!fresh) place->second = std::min(place->second, source);
}

// The selectors asked for, and those of the senders that the SPF record names. Nullopt while that
// record is not known.
std::optional<Wanted> wanted_selectors(Facts& facts, Table& table) {
  Wanted wanted;
  for (const Asked& one : facts.subject.selectors) desired(wanted, one.selector, one.source);
  const spf::CompiledRecord& compiled = table.cache.at(facts.subject.domain);
  if (compiled.state == spf::CompiledRecord::State::Unasked) return std::nullopt;
  if (compiled.state != spf::CompiledRecord::State::Ready) return wanted;
  for (const Sender* sender : senders_in(compiled.record, table.senders)) {
    for (const std::string& one : selectors_of(*sender, facts.subject.domain)) {
      desired(wanted, one, Source::Sender);
    }
  }
  return wanted;
}

// RFC 6376 section 3.6.1: what verifiers make of one record.
void read_key(KeyFacts& key) {
  key.state = KeyState::Invalid;
  const auto record = dkim::parse_key(key.text);
  if (!record) {
    key.problem = sentence(record.error());
    return;
  }
  key.testing = std::ranges::find(record->flags, "y") != record->flags.end();
  if (record->revoked()) {
    key.state = KeyState::Revoked;
    return;
  }
  const auto shape = dkim::shape_of(*record);
  const auto lists = [](const auto& field, const char* word) {
    return !field || std::ranges::find(*field, word) != field->end();
  };
  if (!shape) {
    key.problem = sentence(shape.error());
  } else if (!lists(record->hashes, "sha256")) {
    key.problem =
        "`h=` does not list sha256, the one hash that verifiers take (RFC 8301 section 3)";
  } else if (!lists(record->services, "email") && !lists(record->services, "*")) {
    key.problem = "`s=` does not list email, so that the key is not for mail";
  } else {
    key.shape = *shape;
    key.state = KeyState::Key;
  }
}

void read_values(const Answer& answer, KeyFacts& key) {
  std::vector<std::string> records;
  std::ranges::copy_if(answer.values, std::back_inserter(records), [&key](const auto& value) {
    return kind_of({key.name, RecordType::TXT}, value) == RecordKind::DkimKey;
  });
  if (records.empty()) return;
  key.text = records.front();
  key.state = KeyState::Several;
  if (records.size() == 1) read_key(key);
}

KeyFacts read_selector(const Asked& asked, const Name& name, const Answer& answer) {
  KeyFacts key{.asked = asked, .name = name, .cnames = answer.cnames};
  const bool led = !answer.cnames.empty();
  switch (answer.status) {
    case AnswerStatus::Failed:
      key.state = KeyState::Unobservable;
      key.problem = answer.detail;
      break;
    case AnswerStatus::NxDomain:
      key.state = led ? KeyState::Dangling : KeyState::Absent;
      break;
    case AnswerStatus::NoData:
      key.state = led ? KeyState::Unset : KeyState::Absent;
      break;
    case AnswerStatus::Data:
      read_values(answer, key);
      if (led && key.state == KeyState::Absent) key.state = KeyState::Unset;
      break;
  }
  return key;
}

// Whether a selector is worth a line: it stands, or somebody said that it would.
bool tells(const KeyFacts& key, const std::string& wildcard) {
  if (key.asked.source <= Source::Reported) return true;
  if (key.state == KeyState::Absent || key.state == KeyState::Unobservable) return false;
  return wildcard.empty() || key.text != wildcard;
}

}  // namespace

void gather_dkim(Facts& facts, Table& table) {
  const auto wanted = wanted_selectors(facts, table);
  if (!wanted) return;
  const std::size_t open = facts.unknown.size();
  DkimFacts dkim;
  const auto ask = [&](const std::string& selector, Source source) -> std::optional<KeyFacts> {
    const auto name = facts.subject.domain.child(selector + "._domainkey");
    if (!name) return std::nullopt;
    const Answer* answer = answer_for(facts, table, *name, RecordType::TXT);
    if (answer == nullptr) return std::nullopt;
    if (answer->status == AnswerStatus::Failed) note_failure(facts, *name, *answer);
    return read_selector({selector, source}, *name, *answer);
  };
  for (const auto& [selector, source] : *wanted) {
    dkim.guessed = dkim.guessed || source == Source::Guessed;
    if (auto key = ask(selector, source)) dkim.keys.push_back(std::move(*key));
  }
  const bool found = std::ranges::any_of(dkim.keys, [](const KeyFacts& key) {
    return key.asked.source == Source::Guessed && !key.text.empty();
  });
  if (found) {
    if (const auto any = ask(std::string(kNobodys), Source::Guessed)) dkim.wildcard = any->text;
  }
  if (facts.unknown.size() != open) return;
  dkim.state = State::Valid;
  dkim.asked = wanted->size();
  std::erase_if(dkim.keys, [&](const KeyFacts& key) { return !tells(key, dkim.wildcard); });
  facts.dkim = std::move(dkim);
}

std::vector<const KeyFacts*> usable_keys(const DkimFacts& dkim) {
  std::vector<const KeyFacts*> keys;
  for (const KeyFacts& key : dkim.keys) {
    const bool strong = key.shape.algorithm != "rsa" || key.shape.bits >= 1024;
    if (key.state == KeyState::Key && strong) keys.push_back(&key);
  }
  return keys;
}

std::string_view to_text(Source source) {
  switch (source) {
    case Source::Declared:
      return "declared";
    case Source::Reported:
      return "reported";
    case Source::Sender:
      return "sender";
    case Source::Guessed:
      return "guessed";
  }
  return "";
}

std::string_view to_text(KeyState state) {
  switch (state) {
    case KeyState::Absent:
      return "absent";
    case KeyState::Key:
      return "key";
    case KeyState::Revoked:
      return "revoked";
    case KeyState::Several:
      return "several";
    case KeyState::Invalid:
      return "invalid";
    case KeyState::Dangling:
      return "dangling";
    case KeyState::Unset:
      return "unset";
    case KeyState::Unobservable:
      return "unobservable";
  }
  return "";
}

}  // namespace rampart::audit
