/// The words, numbers and dates of reports, read as leniently as they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reports/parse/report.h"

namespace rampart::reports {

/// No row of a real report counts more; sums of any store's rows stay within 63 bits.
constexpr std::int64_t kMostMessages = 1'000'000'000'000;

/// "12", "12.0" or "+12"; nothing for what is negative, broken or more than kMostMessages.
std::optional<std::int64_t> parse_count(std::string_view text);

/// Unix seconds, also as milliseconds, with decimals or as an ISO 8601 date; within 1970 to 2100.
std::optional<Time> parse_moment(std::string_view text);

/// Results of either mechanism with the aliases of old drafts and loose reporters; empty is None.
AuthResult parse_raw(std::string_view text);
PolicyEvaluated parse_evaluated(std::string_view text);
Disposition parse_disposition(std::string_view text);

/// "temperror", ...; "other".
std::string_view to_text(AuthResult raw);
std::string_view to_text(Disposition disposition);
std::string_view to_text(PolicyEvaluated evaluated);

}  // namespace rampart::reports
