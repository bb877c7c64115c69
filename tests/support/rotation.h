/// A rotation and reports about it in a few words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policies/dkim/rotation.h"

namespace rampart::testing {

inline const Name kDomain = Name::literal("example.com");

inline Date day(const char* text) { return parse_date(text).value(); }

inline RotationSpec office() { return {.name = "office", .sender = "mta", .mark = {}}; }

/// `evidence` with all its reporters known.
inline Evidence all_known(Evidence evidence) {
  for (const EvidenceRow& row : evidence.rows) evidence.known_reporters.insert(row.reporter);
  return evidence;
}

inline EvidenceRow row(Date on, std::string reporter, std::vector<std::string> selectors) {
  EvidenceRow one{.day = on,
                  .policy_domain = kDomain,
                  .header_from = kDomain,
                  .reporter = std::move(reporter),
                  .source = "mta",
                  .outcome = DmarcOutcome::Both,
                  .selectors = std::move(selectors),
                  .selectors_reported = true,
                  .published = {},
                  .messages = 10};
  one.selectors_reported = !one.selectors.empty();
  return one;
}

inline RotationSpec running(const char* current, std::optional<std::string> next = {}) {
  RotationSpec spec = office();
  spec.current = current;
  spec.next = std::move(next);
  return spec;
}

}  // namespace rampart::testing
