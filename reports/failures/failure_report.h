/// Failure reports about single mails (RFC 9991, RFC 6591, in the form of RFC 5965): which mail
/// failed, from where, and why. Subjects, message ids and bodies are never kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/calendar.h"
#include "base/result.h"
#include "mail/spf/check_host.h"

namespace rampart::reports {

/// Whether the local parts of addresses are kept. They name people, so a store has none unless its
/// owner asks for it (RFC 6590, RFC 9991 section 7).
enum class AddressPrivacy { Redacted, Kept };

/// One report: one mail, or several equal ones.
struct FailureReport {
  std::string domain;           ///< Whose policy failed, in A-labels: Reported-Domain, else From.
  std::optional<Time> arrival;  ///< When the mail arrived; nothing where no date can be read.
  std::optional<spf::Ip> source;
  std::string auth_failure;     ///< "dmarc", "dkim", "spf", "bodyhash", ... in lower case.
  std::string delivery_result;  ///< "delivered", "spam", "policy", "reject", "other", or empty.
  std::string alignment;        ///< Identity-Alignment: "none", "spf", "dkim", or "dkim,spf".
  std::string from;             ///< The mail's author: "bob@example.com" or "redacted@example.com".
  std::string mail_from;        ///< The envelope's sender, likewise.
  std::string rcpt_to;          ///< The envelope's recipient, likewise.
  std::string dkim_domain;
  std::string dkim_selector;
  std::string reporting_mta;   ///< The host that reports, or empty.
  std::int64_t incidents = 1;  ///< How many mails the report counts.
  std::string identity;        ///< 16 octets over all of the report; equal for its copies.

  bool operator==(const FailureReport&) const = default;
};

/// Reads a report. `fields` is its message/feedback-report part, `original` the header of the mail
/// that failed, or empty. An Error for a complaint or another type of feedback, and for a report
/// that names no domain.
Result<FailureReport> read_failure_report(std::string_view fields, std::string_view original,
                                          AddressPrivacy privacy);

/// A date and time of RFC 5322 section 3.3, with obsolete zones and years; nothing for other texts.
std::optional<Time> parse_mail_date(std::string_view text);

/// A report as a store keeps it.
struct FailureEntry {
  Date day;  ///< Of the mail's arrival, else of the ingest.
  std::string reporter;
  bool verified = false;  ///< The report's sender is proved by DKIM.
  FailureReport report;   ///< Without arrival and identity.
};

}  // namespace rampart::reports
