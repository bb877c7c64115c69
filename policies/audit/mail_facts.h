/// What reports say about a domain's own mail, for profiles that ask for more than DNS shows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/config.h"
#include "policies/model/evidence.h"

namespace rampart::audit {

/// How far back an audit reads reports: long enough for a quarterly newsletter.
constexpr std::chrono::days kMailWindow{90};

/// The figures of a domain's own mail in a window, by reporters that count for gates. They are
/// those of the ramp (docs/concepts/ramps.md), so that audit and gates cannot contradict each
/// other.
struct MailFacts {
  enum class State {
    NotRead,  ///< No profile asks for reports.
    NoStore,  ///< There is neither a report store nor an evidence file.
    Silent,   ///< No reporter that counts reported mail in the window.
    Seen,
  };
  State state = State::NotRead;
  Date since;  ///< The window, both days included.
  Date until;
  int reporters = 0;            ///< Those that saw mail.
  std::int64_t own = 0;         ///< The domain's own mail that known reporters saw.
  std::int64_t aligned = 0;     ///< Own mail that is aligned by SPF, by DKIM or by both.
  std::int64_t both = 0;        ///< Own mail that is aligned by both.
  std::int64_t failing = 0;     ///< Failing mail that bears the domain's mark.
  std::int64_t unanswered = 0;  ///< Failing mail whose source could not be looked up.
  /// The share of own mail that is aligned, as gates compute it; empty where there is none.
  std::optional<double> rate;
  std::string doubt;                ///< Why a high rate is not trusted; empty where it is.
  std::vector<std::string> failed;  ///< The sources with most of `failing`, "ptr:a.example: 12".
  /// By selector of aligned, passing signatures: the first day in all reports at hand.
  std::map<std::string, Date> selectors;
  /// The first day on which any reporter stated selectors; empty where none did.
  std::optional<Date> selectors_since;

  bool operator==(const MailFacts&) const = default;
};

/// "not-read", "no-store", "silent", "seen".
std::string_view to_text(MailFacts::State state);

/// The figures for `name`. `evidence` is null where there is neither store nor evidence file.
MailFacts mail_facts(const Evidence* evidence, const Config& config, const Name& name, Time now);

}  // namespace rampart::audit
