/// Pieces that the dashboard's pages share.
#pragma once

#include <string>

#include "cli/dashboard/dashboard.h"

namespace rampart::dashboard {

/// The figures of `mail` that people look for, as cells of a table: messages, passing, failing.
std::string mail_cells(const MailCounts& mail);
/// The head's cells for them.
std::string mail_heads();

/// "99.31 %", or a dash.
std::string share(const std::optional<double>& value);
/// The share of mail that passes DMARC.
std::optional<double> pass_rate(const MailCounts& mail);

/// A domain's stage as a badge.
std::string stage(const DashboardDomain& domain);
/// What comes next for a domain, in a few words, and when; no markup, not escaped.
struct NextStep {
  std::string what;
  std::string when;
};
NextStep next_step(const DashboardDomain& domain);

/// One card: what, how much, and a remark.
std::string card(const std::string& what, const std::string& figure, const std::string& remark);

/// Tables of at most a hundred rows, the most messages first.
std::string sources_table(const std::vector<DashboardSource>& sources);
std::string reporters_table(const std::map<std::string, DashboardReporter>& reporters);

/// A table with its caption and head; the rows are markup.
std::string table(const std::string& caption, const std::string& head, const std::string& rows);

/// What every page ends with.
std::string footer(const Dashboard& dashboard);

/// The page of one domain.
std::string domain_page(const Dashboard& dashboard, const DashboardDomain& domain);

}  // namespace rampart::dashboard
