/// Any octets as a failure report: what is accepted names a domain, and names no person unless the
/// caller wants it. The header of the mail that failed follows the first NUL.
#include <cstdint>
#include <cstdlib>

#include "dns/name.h"
#include "reports/failures/failure_summary.h"

namespace {

using namespace rampart::reports;

bool is_redacted(const std::string& address) {
  return address.empty() ||
         (address.starts_with("redacted@") && address.find('@') == address.rfind('@'));
}

/// A word or a domain: neither can contain an address, nor what a terminal acts on.
void check_word(const std::string& text) {
  for (const unsigned char c : text) {
    if (c <= ' ' || c >= 0x7F || c == '@') std::abort();
  }
}

void check(const FailureReport& report) {
  if (!rampart::Name::parse(report.domain)) std::abort();
  for (const auto* text :
       {&report.domain, &report.auth_failure, &report.delivery_result, &report.alignment,
        &report.dkim_domain, &report.dkim_selector, &report.reporting_mta}) {
    check_word(*text);
  }
  if (report.incidents < 1 || report.incidents > 1'000'000) std::abort();
  if (report.identity.size() != 16) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  (void)parse_mail_date(octets);
  const std::size_t end = octets.find('\0');
  const std::string_view fields = octets.substr(0, end);
  const std::string_view original = end == octets.npos ? "" : octets.substr(end + 1);
  const auto report = read_failure_report(fields, original, AddressPrivacy::Redacted);
  const auto kept = read_failure_report(fields, original, AddressPrivacy::Kept);
  if (report.ok() != kept.ok()) std::abort();
  if (!report) return 0;
  check(*report);
  check(*kept);
  for (const std::string* one : {&report->from, &report->mail_from, &report->rcpt_to}) {
    if (!is_redacted(*one)) std::abort();
  }
  if (report->identity != kept->identity || report->domain != kept->domain) std::abort();
  FailureSummer summer(report->domain);
  summer.add({Date(), "reporter.example", true, *report});
  const FailureSummary sums = summer.finish();
  if (sums.incidents != report->incidents || sums.sources.size() != 1) std::abort();
  return 0;
}
