/// The dashboard: HTML pages about reports and ramps. This header holds the data; the pages are a
/// pure function of it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "policies/ramp/step.h"

namespace rampart {

/// The outcome of a message: aligned by SPF and DKIM, by one of them, failed but forwarded, failed.
enum class MailOutcome { Pass, Partial, Forwarded, Fail };
constexpr std::size_t kMailOutcomes = 4;

/// Messages by outcome.
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

/// One source of mail: a service, a host's domain or an address.
struct DashboardSource {
  std::string label;
  std::string owner;  ///< By the reverse-DNS map, or empty.
  bool declared = false;
  MailCounts mail;
  std::string action;  ///< What to do about it, or empty.
};

/// What one reporting organisation sent.
struct DashboardReporter {
  std::int64_t messages = 0;
  bool verified = false;  ///< At least one of its reports was.
};

/// The data of one domain's page.
struct DashboardDomain {
  std::string name;                  ///< A-labels, as in DNS.
  std::string shown;                 ///< In Unicode.
  std::string stage;                 ///< "quarantine at 10%", "parked"; empty: not in the YAML.
  int rank = -1;                     ///< For sorting by stage; higher is stricter.
  std::optional<StepDecision> step;  ///< For a domain on a ramp.
  std::optional<double> legit_rate;  ///< Share of legitimate mail that passes, 0 to 1.
  MailCounts mail;
  std::map<Date, MailCounts> days;
  std::vector<DashboardSource> sources;  ///< Most messages first.
  std::map<std::string, DashboardReporter> reporters;
  std::vector<Finding> findings;
  std::vector<std::string> notes;  ///< Sentences: unused senders, new sources, pruned days.
};

/// Everything the pages show.
struct Dashboard {
  Time now;
  Date since;
  Date until;          ///< Included.
  std::string origin;  ///< The source of the data, in a few words.
  std::vector<DashboardDomain> domains;
};

/// Every page by its path in the dashboard's folder. Equal dashboards give equal bytes.
std::map<std::string, std::string> dashboard_pages(const Dashboard& dashboard);

/// One bar per day, stacked by outcome; a long range has one bar per several days.
std::string mail_chart(const std::map<Date, MailCounts>& days, Date since, Date until);
/// The same as a small chart for a table cell, hidden from screen readers.
std::string mail_spark(const std::map<Date, MailCounts>& days, Date since, Date until);
/// The legend of the colours.
std::string mail_legend();
/// The days as a table, for those who cannot see the chart.
std::string mail_figures(const std::map<Date, MailCounts>& days);

}  // namespace rampart
