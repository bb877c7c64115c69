/// Parts that the dashboard's pages share.
#pragma once

#include <string>

#include "cli/dashboard/dashboard.h"

namespace rampart::dashboard {

/// Table cells for `mail`: messages, share that passes, failing messages.
std::string mail_cells(const MailCounts& mail);
/// The column heads of these cells.
std::string mail_heads();

/// "99.31 %", or a dash.
std::string share(const std::optional<double>& value);
/// The share of mail that passes DMARC.
std::optional<double> pass_rate(const MailCounts& mail);

/// A domain's stage as a badge.
std::string stage(const DashboardDomain& domain);

/// What comes next for a domain, and when.
struct NextStep {
  std::string what;
  std::string when;
};
/// A domain's next step and its date, in a few words; plain text, not escaped.
NextStep next_step(const DashboardDomain& domain);

/// One card: title, figure and an optional remark.
std::string card(const std::string& what, const std::string& figure, const std::string& remark);

/// Tables of at most a hundred rows, sorted by messages, descending.
std::string sources_table(const std::vector<DashboardSource>& sources);
std::string reporters_table(const std::map<std::string, DashboardReporter>& reporters);

/// A table with a caption; `head` and `rows` are markup.
std::string table(const std::string& caption, const std::string& head, const std::string& rows);

/// The end of every page.
std::string footer(const Dashboard& dashboard);

/// The page of one domain.
std::string domain_page(const Dashboard& dashboard, const DashboardDomain& domain);

}  // namespace rampart::dashboard
