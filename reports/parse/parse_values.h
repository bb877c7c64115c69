/// Parses the keywords, numbers and dates of reports, as leniently as reporters write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reports/parse/report.h"

namespace rampart::reports {

/// No real report has more messages or sessions in all its rows; with it, sums over millions of
/// reports fit into 63 bits.
constexpr std::int64_t kMostMessages = 1'000'000'000'000;

/// "12", "12.0" or "+12"; nothing for a negative or malformed count or one above kMostMessages.
std::optional<std::int64_t> parse_count(std::string_view text);

/// A time: Unix seconds, possibly in milliseconds or microseconds or with decimals, or an ISO 8601
/// date. Nothing outside of 1970 to 2099.
std::optional<Time> parse_moment(std::string_view text);

/// A result of SPF or DKIM, including the aliases of old drafts and careless reporters; empty is
/// None.
AuthResult parse_auth_result(std::string_view text);
/// "pass" is Pass, empty is Absent, anything else is Fail.
PolicyEvaluated parse_evaluated(std::string_view text);
/// An unknown word is Other.
Disposition parse_disposition(std::string_view text);

/// The keywords of the RFCs; "other" for Other, "" for Absent.
std::string_view to_text(AuthResult result);
std::string_view to_text(Disposition disposition);
std::string_view to_text(PolicyEvaluated evaluated);

}  // namespace rampart::reports
