/// A dashboard: pages to look at, made of what reports and ramps say. Values here, and the pages as
/// a pure function of them.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "policies/ramp/step.h"

namespace rampart {

/// How a message fared.
enum class MailOutcome { Pass, Partial, Forwarded, Fail };
constexpr std::size_t kMailOutcomes = 4;

/// Messages by fate.
struct MailCounts {
  std::array<std::int64_t, kMailOutcomes> by_outcome{};

  std::int64_t& of(MailOutcome outcome) { return by_outcome[static_cast<std::size_t>(outcome)]; }
  std::int64_t of(MailOutcome outcome) const {
    return by_outcome[static_cast<std::size_t>(outcome)];
  }
  std::int64_t all() const { return by_outcome[0] + by_outcome[1] + by_outcome[2] + by_outcome[3]; }
  MailCounts& operator+=(const MailCounts& other);

  bool operator==(const MailCounts&) const = default;
};

struct DashboardSource {
  std::string label;
  std::string owner;  ///< By the reverse-DNS map, or empty.
  bool declared = false;
  MailCounts mail;
  std::string action;  ///< Empty where nothing is known of it.
};

struct DashboardReporter {
  std::int64_t messages = 0;
  bool verified = false;
};

struct DashboardDomain {
  std::string name;                  ///< As it stands in DNS.
  std::string shown;                 ///< In Unicode.
  std::string stage;                 ///< "quarantine at 10%", "parked"; empty: not in the YAML.
  int rank = -1;                     ///< Higher is stricter.
  std::optional<StepDecision> step;  ///< For a domain on a ramp.
  std::optional<double> legit_rate;
  MailCounts mail;
  std::map<Date, MailCounts> days;
  std::vector<DashboardSource> sources;  ///< Most messages first.
  std::map<std::string, DashboardReporter> reporters;
  std::vector<Finding> findings;
  std::vector<std::string> notes;  ///< Sentences: unused senders, new sources, pruned days.
};

struct Dashboard {
  Time now;
  Date since;
  Date until;
  std::string origin;  ///< What it was made of, a few words.
  std::vector<DashboardDomain> domains;
};

/// Every page by its path below the dashboard's folder. Equal dashboards make equal bytes.
std::map<std::string, std::string> dashboard_pages(const Dashboard& dashboard);

/// A bar a day, stacked by fate; of many days, a bar for several.
std::string mail_chart(const std::map<Date, MailCounts>& days, Date since, Date until);
/// The same in a word's height, for a table; read out to nobody.
std::string mail_spark(const std::map<Date, MailCounts>& days, Date since, Date until);
/// What the colours mean, and the days in figures.
std::string mail_legend();
std::string mail_figures(const std::map<Date, MailCounts>& days);

}  // namespace rampart
