/// A zone in a few lines of text, in place of the DNS in SPF tests.
#pragma once

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/answers.h"
#include "mail/spf/check_host.h"

namespace rampart::spf {

/// Lines "name TYPE value". The value `!servfail` makes that question fail; `*` as its type makes
/// every question about the name fail. A name without a line, and without names below it, does not
/// exist.
class TestZone {
 public:
  TestZone() = default;
  explicit TestZone(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string name, type, value;
      if (!(words >> name >> type)) continue;
      std::getline(words >> std::ws, value);
      add(name, type, value);
    }
  }

  void add(const std::string& name, const std::string& type, const std::string& value) {
    names_[Name::literal(name).text()].emplace_back(type, value);
  }

  Answer answer(const Question& question) const {
    Answer answer;
    Name name = question.name;
    for (int hops = 0; hops < 10; ++hops) {
      const auto found = names_.find(name.text());
      if (found == names_.end()) break;
      if (read_values(found->second, to_text(question.type), answer)) return answer;
      const auto alias = std::ranges::find(found->second, "CNAME", &Record::first);
      if (alias == found->second.end()) break;
      name = Name::literal(alias->second);
      answer.cnames.push_back(name);
    }
    answer.status = exists(name.text()) ? AnswerStatus::NoData : AnswerStatus::NxDomain;
    return answer;
  }

  void resolve(const std::vector<Question>& questions, Answers& answers) const {
    for (const Question& question : questions) answers[question] = answer(question);
  }

 private:
  using Record = std::pair<std::string, std::string>;

  bool exists(const std::string& name) const {
    return std::ranges::any_of(names_, [&](const auto& entry) {
      return entry.first == name || entry.first.ends_with("." + name);
    });
  }

  /// Whether that was the answer: values of the type, or a failure.
  static bool read_values(const std::vector<Record>& records, const std::string& type,
                          Answer& answer) {
    std::vector<std::string> values;
    for (const auto& [own, value] : records) {
      if (value == "!servfail" && (own == type || own == "*")) {
        answer.status = AnswerStatus::Failed;
        answer.detail = "192.0.2.53:53: SERVFAIL";
        return true;
      }
      if (own == type) values.push_back(value);
    }
    if (values.empty()) return false;
    answer.values = std::move(values);
    answer.status = AnswerStatus::Data;
    return true;
  }

  std::map<std::string, std::vector<Record>> names_;
};

/// A verdict, the rounds it took, and the answers it used.
struct Resolved {
  Verdict verdict;
  int rounds = 0;
  Answers answers;
};

/// check_host() with every round of questions answered by the zone; ends early where a question is
/// asked again, which would never end.
inline Resolved check_in(const TestZone& zone, const Client& client) {
  Resolved resolved;
  while (true) {
    resolved.verdict = check_host(client, resolved.answers);
    if (resolved.verdict.unknown.empty() || resolved.rounds > 50) return resolved;
    ++resolved.rounds;
    zone.resolve(resolved.verdict.unknown, resolved.answers);
  }
}

/// Every answer that the tree of `record` at `domain` needs.
inline Answers answers_for_tree(const TestZone& zone, const Name& domain,
                                const spf::Record& record) {
  Answers answers;
  for (int round = 0; round < 50; ++round) {
    const Tree tree = tree_of(domain, record, answers);
    if (tree.unknown.empty()) break;
    zone.resolve(tree.unknown, answers);
  }
  return answers;
}

}  // namespace rampart::spf
