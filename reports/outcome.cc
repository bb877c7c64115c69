/// Which lines of an outcome a report adds.
#include "reports/outcome.h"

#include <fmt/format.h>

#include "reports/dates.h"

namespace rampart::reports {
namespace {

/// Adds to a list of the outcome, or counts what is beyond its end.
template <class Item>
void add_limited(std::vector<Item>& list, Item item, std::int64_t& unlisted) {
  if (list.size() == kMostListed) {
    ++unlisted;
  } else {
    list.push_back(std::move(item));
  }
}

}  // namespace

void Outcome::refuse(const std::string& location, const Error& error, const std::string& input) {
  ++refusals_;
  add_limited(value_.refused, {location, sentence(error), input}, value_.unlisted);
}

void Outcome::remark_on(const std::string& location, const Header& header) {
  // Reported even though the report is stored: its messages are fewer than the reporter counted.
  if (header.skipped_records > 0) {
    remark(location, fmt::format("{} of its records cannot be read and are left out; the first: {}",
                                 header.skipped_records, header.first_skipped));
  }
  remark_on_days(location, *header.begin, *header.end);
}

void Outcome::remark_on_days(const std::string& location, Time begin, Time end) {
  const std::string why = implausible_days(begin, end, now_);
  if (why.empty()) return;
  remark(location, why + ": set aside, and shown only if --since or --until select its days");
}

void Outcome::remark(const std::string& location, std::string text) {
  add_limited(value_.remarks, {location, std::move(text)}, value_.unlisted);
}

}  // namespace rampart::reports
