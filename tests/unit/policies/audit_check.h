/// What an audit finds in the good domain of audit_zone.h with some lines replaced.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/audit_zone.h"

namespace rampart::audit {

/// "severity code", in the order of evaluate().
inline std::vector<std::string> findings_of(const Facts& facts) {
  std::vector<std::string> found;
  for (const Finding& one : evaluate(facts)) {
    found.push_back(std::string(rampart::to_text(one.severity)) + " " + one.code);
    CHECK_FALSE(one.message.empty());
    CHECK(one.domain == facts.subject.domain);
  }
  return found;
}

inline void check(std::string_view replaced, std::string_view lines,
                  const std::vector<std::string>& expected) {
  INFO(lines);
  CHECK(findings_of(good_facts_but(replaced, lines)) == expected);
}

inline std::string many(const char* term, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += " " + std::string(term);
  return text;
}

}  // namespace rampart::audit
