/// Whether a report's sender is who he says he is.
#include "reports/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

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

/// Empty where the text is no host name of two labels or more.
std::string org_of(const std::string& domain) {
  const bool host = std::ranges::all_of(
      domain, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; });
  if (!host) return {};
  const Result<Name> name = Name::parse(domain);
  if (!name || name->labels().size() < 2) return {};
  return dmarc::org_domain_psl(*name).text();
}

/// A signature counts that covers all of the body (RFC 6376 section 8.2), by a key that is not on
/// trial (RFC 6376 section 3.6.1).
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

Judgement evaluate(const CarryingMail* carrier, const Header& header, const Answers& answers,
                   Time now) {
  Judgement judgement;
  judgement.reporter = claimed_domain(header);
  const auto asserted = [&](std::string why) {
    judgement.reason = std::move(why);
    return judgement;
  };
  if (carrier == nullptr) return asserted("no mail carried it");
  const Result<Name> author = mail::author_domain(carrier->head);
  if (!author) return asserted(author.error().what);
  const std::string org = dmarc::org_domain_psl(*author).text();
  const dkim::Verdict verdict = carrier->verifier.evaluate(answers, now.time_since_epoch().count());
  judgement.unknown = verdict.unknown;
  const bool passed =
      std::ranges::any_of(verdict.signatures, [&](const auto& one) { return counts(one, org); });
  if (!passed) return asserted(fmt::format("its mail has no valid signature of {}", org));
  // A name without a dot ("Yahoo") names no domain that could be another's.
  const bool names_domain = !org_of(judgement.reporter).empty();
  if (names_domain && judgement.reporter != org) {
    return asserted(
        fmt::format("{} signed its mail, and it claims to be {}'s", org, judgement.reporter));
  }
  judgement.trust = Trust::Verified;
  judgement.reporter = org;
  return judgement;
}

}  // namespace rampart::reports
