/// Checks the dates of reports and of the mails that carry them.
#include "reports/dates.h"

#include <fmt/format.h>

#include "reports/failures/failure_report.h"
#include "reports/ingest.h"

namespace rampart::reports {
namespace {

/// The text after the last semicolon outside comments, where a Received field has its date (RFC
/// 5322 section 3.6.7).
std::string_view date_of_received(std::string_view field) {
  std::size_t date = field.size();
  int depth = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '(') ++depth;
    if (field[i] == ')' && depth > 0) --depth;
    if (field[i] == ';' && depth == 0) date = i + 1;
  }
  return field.substr(date);
}

}  // namespace

// A mail without a date counts as new, since that can only delay what depends on it.
Time arrival_of(const Carrier& carrier, Time now) {
  if (!carrier) return now;
  const auto arrived = parse_mail_date(date_of_received(carrier->received));
  return arrived && *arrived >= kFirstReportDay && *arrived <= now ? *arrived : now;
}

std::string implausible_days(Time begin, Time end, Time now) {
  const auto range = [&] {
    return fmt::format("its date range, {} to {},", rampart::to_text(begin), rampart::to_text(end));
  };
  if (begin < kFirstReportDay) return range() + " is older than DMARC";
  if (begin > now + kClockTolerance) return range() + " is in the future";
  return {};
}

}  // namespace rampart::reports
