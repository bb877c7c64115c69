/// The trust of a report, by the DKIM signatures of the mail that carried it.
#include "reports/trust.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mail/dmarc/org_domain.h"

namespace rampart::reports {
namespace {

/// The domain of "DMARC <noreply@example.net>" or "noreply@example.net".
std::string address_domain(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == text.npos) return {};
  std::string_view domain = text.substr(at + 1);
  domain = domain.substr(0, domain.find_first_of(" \t\r\n>,;\"'()"));
  return ascii_lower(domain);
}

/// The organizational domain, empty where the text is no host name of two labels or more.
std::string org_of(const std::string& domain) {
  const bool host = std::ranges::all_of(
      domain, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.'; });
  if (!host) return {};
  const Result<Name> name = Name::parse(domain);
  if (!name || name->labels().size() < 2) return {};
  return dmarc::org_domain_psl(*name).text();
}

/// A signature counts if it covers the whole body, because text may be appended to a body that is
/// signed in part (RFC 6376 section 8.2), and if its key is not in testing (section 3.6.1).
bool counts(const dkim::SignatureVerdict& signature, const std::string& author) {
  return signature.outcome == dkim::Outcome::Pass && signature.unsigned_octets == 0 &&
         !signature.testing && org_of(ascii_lower(signature.domain)) == author;
}

}  // namespace

std::string claimed_domain(const Header& header) {
  const std::string by_address = org_of(address_domain(header.email));
  if (!by_address.empty()) return by_address;
  const std::string by_name = org_of(ascii_lower(header.org));
  return by_name.empty() ? ascii_lower(header.org.empty() ? header.email : header.org) : by_name;
}

TrustEvaluation evaluate_trust(const CarryingMail* carrier, const Header& header,
                               const Answers& answers, Time now) {
  TrustEvaluation evaluation;
  evaluation.reporter = claimed_domain(header);
  const auto asserted = [&](std::string why) {
    evaluation.reason = std::move(why);
    return evaluation;
  };
  if (carrier == nullptr) return asserted("no mail carried it");
  const Result<Name> author = mail::author_domain(carrier->head);
  if (!author) return asserted(author.error().what);
  const std::string org = dmarc::org_domain_psl(*author).text();
  const dkim::Verdict verdict = carrier->verifier.evaluate(answers, now.time_since_epoch().count());
  evaluation.unknown = verdict.unknown;
  const bool passed =
      std::ranges::any_of(verdict.signatures, [&](const auto& one) { return counts(one, org); });
  if (!passed) return asserted(fmt::format("its mail has no valid signature of {}", org));
  // An organisation's plain name ("Yahoo") claims no domain, so it cannot claim another's.
  const bool names_domain = !org_of(evaluation.reporter).empty();
  if (names_domain && evaluation.reporter != org) {
    return asserted(
        fmt::format("{} signed its mail, and it claims to be {}'s", org, evaluation.reporter));
  }
  evaluation.trust = Trust::Verified;
  evaluation.reporter = org;
  return evaluation;
}

}  // namespace rampart::reports
