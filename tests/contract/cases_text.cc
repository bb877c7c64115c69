/// TXT values of every length and with every awkward octet.
#include <fmt/format.h>

#include <array>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

/// Why the host does not take `value`, by its limits or its own rules.
std::string rejected(Trial& trial, const std::string& value) {
  const Limits limits = trial.provider().limits();
  if (limits.max_txt_octets && std::ssize(value) > *limits.max_txt_octets) {
    return fmt::format("at most {} octets", *limits.max_txt_octets);
  }
  return trial.backend().rejects(txt({value}));
}

/// A value is published, replaced and removed; or fails clearly before anything is sent.
void check_value(Trial& trial, const std::string& value) {
  trial.start();
  const Name name = trial.at("s1._domainkey");
  const SetChange create = trial.change(name, RecordType::TXT, txt({value}));
  if (!rejected(trial, value).empty()) {
    trial.backend().arm(Fault::None, 0, 0);
    const Result<Receipt> written = trial.provider().write(trial.zone(), std::span(&create, 1));
    trial.expect(!written.ok(), "a value that the host rejects is written");
    trial.expect(trial.backend().calls() == 0, "the host is called for what it must reject");
    if (!written.ok()) trial.check_error(written.error());
    return trial.check_zone();
  }
  trial.must(create);
  trial.must(trial.change(name, RecordType::TXT, txt({"v=DKIM1; p=", value})));
  trial.must(trial.change(name, RecordType::TXT, txt({"v=DKIM1; p="})));
  trial.must(trial.change(name, RecordType::TXT, std::nullopt));
}

/// `length` octets in which no two stretches are alike.
std::string of_length(std::size_t length) {
  std::string value;
  for (int number = 0; value.size() < length; ++number) value += fmt::format("k{}", number);
  return value.substr(0, length);
}

struct Value {
  std::string_view what;
  std::string value;
};

std::vector<Value> awkward() {
  const std::string longest(254, 'a');
  return {{"an apostrophe and a backtick", "it's `so`"},
          {"a quote inside", "a\"b"},
          {"two quotes inside", "a\"\"b"},
          {"wholly quoted", "\"a\""},
          {"quotes at an end", "\"a b\"c\""},
          {"what looks like two strings", "a\" \"b"},
          {"a semicolon", "v=DMARC1; p=none; rua=mailto:a@contract.example"},
          {"semicolons and spaces", "a ; b;"},
          {"an escaped semicolon", "v=DMARC1\\; p=none"},
          {"spaces at the ends", "  a  b  "},
          {"only a space", " "},
          {"a tab", "a\tb"},
          {"one backslash", "a\\b"},
          {"four backslashes", "\\\\\\\\"},
          {"a backslash at the end", "a\\"},
          {"a backslash at octet 255", longest + "\\b"},
          {"a quote at octet 255", longest + "\"b"},
          {"a decimal escape's look", "\\065\\195"},
          {"an octal escape's look", "\\303\\266"},
          {"UTF-8",
           "v=spf1 \xe2\x80\x93"
           "all gr\xc3\xbc\xc3\x9f"
           "e"},
          {"UTF-8 cut at octet 255", longest + "\xc3\xbc\xc3\xbc"},
          {"macro characters", "v=spf1 exists:%{i}._spf.%{d2}.example.net -all"},
          {"parentheses and hashes", "(a) # {b} $c @"},
          {"a dot at the end", "contract.example."},
          {"only digits", "1234567890"},
          {"markup", "<b>&amp;\"'</b>]]>"}};
}

}  // namespace

std::vector<Case> text_cases() {
  std::vector<Case> cases;
  for (const std::size_t length :
       {0, 1, 254, 255, 256, 509, 510, 511, 764, 765, 766, 2048, 2049, 4000}) {
    cases.push_back({fmt::format("TXT of {} octets", length),
                     [=](Trial& trial) { check_value(trial, of_length(length)); }});
  }
  for (const Value& value : awkward()) {
    cases.push_back({fmt::format("TXT with {}", value.what),
                     [text = value.value](Trial& trial) { check_value(trial, text); }});
  }
  return cases;
}

}  // namespace rampart::contract
