/// Any octets as an SMTP TLS report: what is accepted is within its limits, and can be summed up.
#include <cstdint>
#include <cstdlib>

#include "reports/parse/parse_values.h"
#include "reports/tls/tls_summary.h"

namespace {

using namespace rampart::reports;

constexpr std::size_t kMostText = 1000;

/// Control characters would reach terminals and logs.
void check_text(const std::string& text) {
  if (text.size() > kMostText) std::abort();
  for (const unsigned char c : text) {
    if (c < ' ' || c == 0x7F) std::abort();
  }
}

void check_count(std::int64_t count) {
  if (count < 0 || count > kMostMessages) std::abort();
}

void check(const TlsPolicy& policy) {
  if (policy.type.empty() || policy.domain.empty()) std::abort();
  if (policy.details.size() > kMostTlsDetails) std::abort();
  check_text(policy.type);
  for (const auto* texts : {&policy.lines, &policy.mx_hosts}) {
    for (const std::string& one : *texts) check_text(one);
  }
  check_count(policy.successes);
  check_count(policy.failures);
  for (const TlsFailure& one : policy.details) {
    if (one.result_type.empty()) std::abort();
    for (const auto* text :
         {&one.result_type, &one.sending_ip, &one.receiving_mx, &one.receiving_ip, &one.reason}) {
      check_text(*text);
    }
    check_count(one.sessions);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const Result<TlsReport> report = read_tls_report({reinterpret_cast<const char*>(data), size});
  if (!report) {
    if (report.error().what.empty()) std::abort();
    return 0;
  }
  if (report->id.empty() || (report->org.empty() && report->contact.empty())) std::abort();
  if (report->end < report->begin) std::abort();
  if (report->policies.empty() || report->policies.size() > kMostTlsPolicies) std::abort();
  for (const std::string* text : {&report->org, &report->contact, &report->id}) check_text(*text);
  if (identity_of(*report).size() != 16) std::abort();
  TlsSummer summer(report->policies.front().domain);
  std::int64_t details = 0;
  for (const TlsPolicy& policy : report->policies) {
    check(policy);
    for (const TlsFailure& one : policy.details) details += one.sessions;
    summer.add(
        {std::chrono::floor<std::chrono::days>(report->begin), 1, report->org, true, policy});
  }
  for (const TlsProblem& one : summer.finish().problems) {
    if (one.action.empty() || one.sending_ips.size() > kMostTlsExamples) std::abort();
    details -= one.sessions;
  }
  if (details != 0) std::abort();
  return 0;
}
