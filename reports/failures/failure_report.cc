/// Reads the fields of a failure report, and redacts them.
#include "reports/failures/failure_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "base/text.h"
#include "mail/message/message.h"

namespace rampart::reports {
namespace {

constexpr std::size_t kMostWord = 60;

/// The first field of a name, unfolded and trimmed; empty where there is none.
std::string field(const mail::Head& head, std::string_view name) {
  const auto fields = head.all(name);
  if (fields.empty()) return {};
  std::string text(trim(fields.front()->value()));
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

/// A keyword in lower case. Fields hold what the reporter, and in part the failing mail, wrote, so
/// that anything but a short word could contain a person's data: it becomes "other".
std::string word(std::string_view text) {
  const auto allowed = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == ',' || c == ' ';
  };
  if (text.size() > kMostWord || !std::ranges::all_of(text, allowed)) return "other";
  std::string lower = ascii_lower(text);
  std::erase(lower, ' ');
  return lower;
}

/// A domain in A-labels; empty where the text is none. An escape in a name is what no host name
/// has, such as the blank or the "@" of a person's name or address.
std::string domain_of(std::string_view text) {
  const Result<Name> name = Name::parse(trim(text));
  const bool plain = name && !name->is_root() && name->text().find('\\') == std::string::npos;
  return plain ? name->text() : std::string();
}

/// The address in "Bob <bob@example.com>" or "rfc822; bob@example.com" with its domain in A-labels.
/// What is no address becomes empty: a display name may be a person's.
std::string address(std::string_view text, AddressPrivacy privacy) {
  // The last "<", because a display name in quotes may contain one.
  if (const auto open = text.rfind('<'); open != text.npos) {
    text = text.substr(open + 1, text.find('>', open) - open - 1);
  }
  if (const auto type = text.find(';'); type != text.npos) text.remove_prefix(type + 1);
  text = trim(text);
  const auto at = text.rfind('@');
  if (at == text.npos) return {};
  const std::string domain = domain_of(text.substr(at + 1));
  if (domain.empty()) return {};
  const std::string_view local = text.substr(0, at);
  /// RFC 5321 section 4.5.3.1.1 limits local parts to 64 octets.
  const bool plain = local.size() <= 64 && std::ranges::all_of(local, [](unsigned char c) {
                       return c > ' ' && c != 0x7F;
                     });
  const bool kept = privacy == AddressPrivacy::Kept && plain;
  return fmt::format("{}@{}", kept ? local : "redacted", domain);
}

std::string domain_of_address(const std::string& address) {
  return address.substr(std::min(address.rfind('@'), address.size() - 1) + 1);
}

/// RFC 5965 section 3.2: how many mails the report counts; absent means one.
std::int64_t incidents_of(const mail::Head& head) {
  constexpr std::int64_t kMost = 1'000'000;
  std::int64_t count = 0;
  for (const char c : field(head, "Incidents")) {
    // The report itself is at least one mail, so an unreadable count is one.
    if (!is_digit(c)) return 1;
    count = std::min(count * 10 + (c - '0'), kMost);
  }
  return std::clamp<std::int64_t>(count, 1, kMost);
}

/// RFC 6591 section 3.1 names auth-failure. A few reporters write the name of what failed instead.
Result<Ok> check_type(const mail::Head& head) {
  const std::string type = ascii_lower(field(head, "Feedback-Type"));
  if (type.empty()) return Error{"its feedback report has no Feedback-Type"};
  if (type == "auth-failure" || type == "dmarc" || !field(head, "Auth-Failure").empty())
    return Ok{};
  return Error{fmt::format("it is feedback of type {:.40}, not a failure report", type)};
}

/// Copies of a report may have other line ends.
std::string identity_of(std::string_view fields, std::string_view original) {
  Sha256 all;
  for (std::string text : {std::string(trim(fields)), std::string(trim(original))}) {
    std::erase(text, '\r');
    all.add(text);
    all.add(std::string_view("\0", 1));
  }
  return all.finish().substr(0, 16);
}

void read_who(const mail::Head& head, const mail::Head& mail, AddressPrivacy privacy,
              FailureReport& report) {
  report.from = address(field(mail, "From"), privacy);
  report.mail_from = address(field(head, "Original-Mail-From"), privacy);
  report.rcpt_to = address(field(head, "Original-Rcpt-To"), privacy);
  // Some reporters omit this field. The author's domain is the one whose policy failed, so it comes
  // before the envelope's.
  report.domain = domain_of(field(head, "Reported-Domain"));
  for (const std::string* other : {&report.from, &report.mail_from}) {
    if (report.domain.empty() && !other->empty()) report.domain = domain_of_address(*other);
  }
  report.dkim_domain = domain_of(field(head, "DKIM-Domain"));
  report.dkim_selector = word(field(head, "DKIM-Selector"));
  const std::string mta = field(head, "Reporting-MTA");
  report.reporting_mta = domain_of(mta.substr(mta.find(';') + 1));
}

}  // namespace

Result<FailureReport> read_failure_report(std::string_view fields, std::string_view original,
                                          AddressPrivacy privacy) {
  TRY(const mail::Head head, within("the feedback report", mail::read_head(trim(fields))));
  TRY_OK(check_type(head));
  // The original is optional in practice: some reporters leave it out for privacy.
  const Result<mail::Head> mail = mail::read_head(original);
  FailureReport report;
  read_who(head, mail ? *mail : mail::Head(), privacy, report);
  if (report.domain.empty()) return Error{"the failure report names no domain"};
  std::string arrival = field(head, "Arrival-Date");
  // Received-Date is the older name of Arrival-Date.
  if (arrival.empty()) arrival = field(head, "Received-Date");
  report.arrival = parse_mail_date(arrival);
  report.source = spf::Ip::parse(field(head, "Source-IP"));
  report.auth_failure = word(field(head, "Auth-Failure"));
  report.delivery_result = word(field(head, "Delivery-Result"));
  report.alignment = word(field(head, "Identity-Alignment"));
  report.incidents = incidents_of(head);
  report.identity = identity_of(fields, original);
  return report;
}

}  // namespace rampart::reports
