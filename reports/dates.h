/// The days of reports, and when their mails arrived. Every date that a sender writes can be false;
/// only that of the server that took the mail in is not.
#pragma once

#include <string>

#include "base/calendar.h"
#include "reports/input/unpack.h"

namespace rampart::reports {

/// When the mail arrived, by the date of its topmost Received field. `now` where no mail carried
/// the report, the field has no date, or the date is before DMARC or after `now`.
Time arrival_of(const Carrier& carrier, Time now);

/// Why the days of a report cannot be right; empty where they can.
std::string implausible_days(Time begin, Time end, Time now);

}  // namespace rampart::reports
