/// Reads SMTP TLS reports, including the deviations of reporters.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/text.h"
#include "dns/name.h"
#include "reports/parse/parse_values.h"
#include "reports/tls/tls_report.h"

namespace rampart::reports {
namespace {

using TlsJson = nlohmann::json;

/// A report nests six deep; more is an attack.
constexpr int kMostDepth = 12;
/// The largest real reports have a tenth; an empty object of two octets needs 80 in memory.
constexpr std::size_t kMostValues = 150'000;
constexpr std::size_t kMostTlsText = 1000;
constexpr std::size_t kMostLines = 100;

/// The text at `key`, empty where there is none; numbers and null are no texts.
std::string text_at(const TlsJson& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  // Control characters are removed, because the store keeps lists as lines and terminals obey
  // escape sequences.
  std::string text = found->get<std::string>();
  if (text.size() > kMostTlsText) {
    // Whole characters are kept: half of one would make the stored text invalid UTF-8.
    std::size_t end = kMostTlsText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  return std::string(trim(text));
}

/// A list of texts; RFC 8460 has an array where some reporters write one text, and the reverse.
std::vector<std::string> texts_at(const TlsJson& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end()) return texts;
  const TlsJson list = found->is_array() ? *found : TlsJson::array({*found});
  for (const TlsJson& one : list) {
    if (texts.size() == kMostLines) break;
    // Wrapped, so that entries pass the same checks as single texts.
    const TlsJson wrapped = {{"text", one}};
    if (std::string text = text_at(wrapped, "text"); !text.empty())
      texts.push_back(std::move(text));
  }
  return texts;
}

/// A count of sessions; 0 where there is none.
Result<std::int64_t> count_at(const TlsJson& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return 0;
  // Some reporters write numbers as texts, so both are read as a text. A negative number or a
  // fraction is then refused like any other word.
  const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
  const auto count = parse_count(trim(text));
  // An unreadable count may hide any number of failures, so it is not read as 0.
  if (!count) return Error{fmt::format("{}: \"{:.60}\" is not a count of sessions", key, text)};
  return *count;
}

Result<Time> moment_at(const TlsJson& range, const char* key) {
  const std::string text = text_at(range, key);
  const auto time = parse_moment(text);
  if (!time) return Error{fmt::format("{}: \"{:.60}\" is not a date", key, text)};
  return *time;
}

const TlsJson& object_at(const TlsJson& parent, const char* key) {
  // An absent object is read as an empty one, so the members below it need no test of their own.
  static const TlsJson none = TlsJson::object();
  const auto found = parent.find(key);
  return found == parent.end() || !found->is_object() ? none : *found;
}

Result<TlsFailure> read_failure(const TlsJson& detail) {
  if (!detail.is_object()) return Error{"failure-details: one of them is not an object"};
  TlsFailure failure{.result_type = ascii_lower(text_at(detail, "result-type")),
                     .sending_ip = text_at(detail, "sending-mta-ip"),
                     .receiving_mx = ascii_lower(text_at(detail, "receiving-mx-hostname")),
                     .receiving_ip = text_at(detail, "receiving-ip"),
                     .reason = text_at(detail, "failure-reason-code")};
  // Details without a type still count sessions.
  if (failure.result_type.empty()) failure.result_type = "unknown";
  // Both fields are optional (RFC 8460 section 4.4). The name of the greeting is the next best.
  if (failure.receiving_mx.empty()) {
    failure.receiving_mx = ascii_lower(text_at(detail, "receiving-mx-helo"));
  }
  if (failure.reason.empty()) failure.reason = text_at(detail, "additional-information");
  TRY(failure.sessions, count_at(detail, "failed-session-count"));
  return failure;
}

Result<Ok> read_details(const TlsJson& entry, TlsPolicy& policy) {
  const auto details = entry.find("failure-details");
  // Details are optional (RFC 8460 section 4.4). The summary alone still has the counts.
  if (details == entry.end() || !details->is_array()) return Ok{};
  if (details->size() > kMostTlsDetails) {
    return Error{fmt::format("it has more than {} failure-details", kMostTlsDetails)};
  }
  for (const TlsJson& detail : *details) {
    TRY(TlsFailure failure, read_failure(detail));
    policy.details.push_back(std::move(failure));
  }
  return Ok{};
}

Result<TlsPolicy> read_policy(const TlsJson& entry) {
  if (!entry.is_object()) return Error{"policies: one of them is not an object"};
  const TlsJson& about = object_at(entry, "policy");
  TlsPolicy policy{.type = ascii_lower(text_at(about, "policy-type")),
                   .lines = texts_at(about, "policy-string"),
                   .mx_hosts = texts_at(about, "mx-host")};
  if (policy.type.empty()) policy.type = "unknown";
  const std::string domain = text_at(about, "policy-domain");
  const Result<Name> name = Name::parse(domain);
  // Sums are stored by this domain. A policy without one would belong to nobody, so the report is
  // refused as a whole and not in part.
  if (!name) return Error{fmt::format("policy-domain: \"{:.60}\" is not a domain", domain)};
  policy.domain = name->text();
  const TlsJson& summary = object_at(entry, "summary");
  TRY(policy.successes, count_at(summary, "total-successful-session-count"));
  TRY(policy.failures, count_at(summary, "total-failure-session-count"));
  TRY_OK(read_details(entry, policy));
  return policy;
}

/// Whether all sessions of a report, and all that its details count, are a number that somebody can
/// have: sums over many reports must fit into their numbers.
Result<Ok> check_total(const TlsReport& report) {
  std::int64_t sessions = 0;
  std::int64_t detailed = 0;
  for (const TlsPolicy& policy : report.policies) {
    sessions += policy.successes + policy.failures;
    for (const TlsFailure& one : policy.details) detailed += one.sessions;
    // After each policy, which has too few counts to overflow.
    if (std::max(sessions, detailed) > kMostMessages) {
      return Error{fmt::format("its counts of sessions add up to more than {}", kMostMessages)};
    }
  }
  return Ok{};
}

Result<Ok> read_policies(const TlsJson& root, TlsReport& report) {
  const auto policies = root.find("policies");
  if (policies == root.end() || !policies->is_array() || policies->empty()) {
    return Error{"it has no policies"};
  }
  if (policies->size() > kMostTlsPolicies) {
    return Error{fmt::format("it has more than {} policies", kMostTlsPolicies)};
  }
  for (const TlsJson& entry : *policies) {
    TRY(TlsPolicy policy, read_policy(entry));
    report.policies.push_back(std::move(policy));
  }
  return check_total(report);
}

}  // namespace

Result<TlsReport> read_tls_report(std::string_view json) {
  // RFC 8259 section 8.1 forbids a byte order mark and lets readers ignore it.
  if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
  // What is nested deeper is dropped while it is read, before it needs memory.
  const auto shallow = [](int depth, TlsJson::parse_event_t, TlsJson&) {
    return depth <= kMostDepth;
  };
  // Counted before the parser runs, which needs quadratic time to drop many elements of a list.
  const auto values = std::ranges::count_if(
      json, [](char c) { return c == ',' || c == '[' || c == '{'; });
  if (static_cast<std::size_t>(values) > kMostValues) {
    return Error{fmt::format("it has more than {} values", kMostValues)};
  }
  const TlsJson root = TlsJson::parse(json, shallow, false);
  if (!root.is_object()) return Error{"it is not a JSON object"};
  // Other JSON arrives in the same mailboxes, so the message says what it is not.
  if (!root.contains("policies")) return Error{"it is JSON, but no SMTP TLS report (RFC 8460)"};
  TlsReport report{.org = text_at(root, "organization-name"),
                   .contact = text_at(root, "contact-info"),
                   .id = text_at(root, "report-id")};
  if (report.org.empty() && report.contact.empty()) {
    return Error{"it has neither organization-name nor contact-info"};
  }
  if (report.id.empty()) return Error{"it has no report-id"};
  const TlsJson& range = object_at(root, "date-range");
  TRY(report.begin, within("date-range", moment_at(range, "start-datetime")));
  TRY(report.end, within("date-range", moment_at(range, "end-datetime")));
  if (report.end < report.begin) return Error{"its date-range ends before it begins"};
  TRY_OK(read_policies(root, report));
  return report;
}

/// By content and not by report-id alone: reporters reuse ids. Texts contain no line end, so no two
/// lists of texts give the same octets.
std::string identity_of(const TlsReport& report) {
  Sha256 all;
  const auto add = [&](const std::string& text) { all.add(text + '\n'); };
  const auto add_number = [&](std::int64_t number) { add(std::to_string(number)); };
  for (const std::string& text : {report.org, report.contact, report.id}) add(text);
  add_number(report.begin.time_since_epoch().count());
  add_number(report.end.time_since_epoch().count());
  for (const TlsPolicy& policy : report.policies) {
    for (const std::string& text : {policy.type, policy.domain}) add(text);
    for (const std::int64_t number : {policy.successes, policy.failures}) add_number(number);
    for (const TlsFailure& one : policy.details) {
      for (const std::string& text :
           {one.result_type, one.sending_ip, one.receiving_mx, one.receiving_ip, one.reason}) {
        add(text);
      }
      add_number(one.sessions);
    }
  }
  // 128 bits are enough against chance, and an attacker gains nothing by two of his own reports
  // with one identity.
  return all.finish().substr(0, 16);
}

}  // namespace rampart::reports
