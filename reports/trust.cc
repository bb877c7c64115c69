/// The trust of a report, by the DKIM signatures of the mail that carried it.
#include "reports/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "mail/dmarc/org_domain.h"
#include "policies/model/reporters.h"

namespace rampart::reports {
namespace {

/// The domain of "DMARC <noreply@example.net>" or "noreply@example.net".
std::string address_domain(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == text.npos) return {};
  std::string_view domain = text.substr(at + 1);
  // Reporters write anything around the address, such as names, comments and second addresses.
  domain = domain.substr(0, domain.find_first_of(" \t\r\n>,;\"'()"));
  return ascii_lower(domain);
}

/// Whether the text is a host name of two labels or more.
std::optional<Name> host_of(const std::string& domain) {
  const bool host = std::ranges::all_of(
      domain, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.'; });
  if (!host) return std::nullopt;
  const Result<Name> name = Name::parse(domain);
  // A single label is a plain word such as "Yahoo", which is a valid name in DNS.
  if (!name || name->labels().size() < 2) return std::nullopt;
  return *name;
}

/// The organizational domain, empty where the text is no host name.
std::string org_of(const std::string& domain) {
  const auto host = host_of(domain);
  return host ? dmarc::org_domain_psl(*host).text() : std::string();
}

/// A signature counts if it covers the whole body, because text may be appended to a body that is
/// signed in part (RFC 6376 section 8.2), and if its key is not in testing (section 3.6.1).
bool counts(const dkim::SignatureVerdict& signature, const std::string& author) {
  return signature.outcome == dkim::Outcome::Pass && signature.unsigned_octets == 0 &&
         !signature.testing && org_of(ascii_lower(signature.domain)) == author;
}

}  // namespace

std::string claimed_domain(const Header& header) {
  const std::string by_address = address_domain(header.email);
  if (host_of(by_address)) return by_address;
  const std::string by_name = ascii_lower(header.org);
  if (host_of(by_name)) return by_name;
  return ascii_lower(header.org.empty() ? header.email : header.org);
}

TrustEvaluation evaluate_trust(const CarryingMail* carrier, const Header& header,
                               const TrustContext& context) {
  TrustEvaluation evaluation;
  evaluation.reporter = claimed_domain(header);
  const auto asserted = [&](std::string why) {
    evaluation.reason = std::move(why);
    return evaluation;
  };
  if (carrier == nullptr) return asserted("it was not ingested from a mail");
  const Result<Name> author = mail::author_domain(carrier->head);
  // A mail with no or two From fields has no author that a signature could prove.
  if (!author) return asserted(author.error().what);
  const std::string org = dmarc::org_domain_psl(*author).text();
  const dkim::Verdict verdict =
      carrier->verifier.evaluate(context.answers, context.now.time_since_epoch().count());
  evaluation.unknown = verdict.unknown;
  // The author's own domain first: of several signatures it says best who wrote the report.
  std::string signer;
  for (const auto& one : verdict.signatures) {
    if (!counts(one, org)) continue;
    const std::string domain = ascii_lower(one.domain);
    if (signer.empty() || domain == author->text()) signer = domain;
  }
  if (signer.empty())
    return asserted(fmt::format("its mail has no valid DKIM signature of {}", org));
  // An organisation's plain name ("Yahoo") claims no domain, so it cannot claim another's.
  const std::string claimed = org_of(evaluation.reporter);
  const auto one_organization = [&] {
    if (context.known == nullptr) return false;
    const std::string id = organization_id(*context.known, signer);
    return !id.empty() && id == organization_id(*context.known, evaluation.reporter);
  };
  const bool same = claimed.empty() || claimed == org || one_organization();
  if (!same) {
    return asserted(fmt::format("its mail is signed by {}, but it claims to be from {}", org,
                                evaluation.reporter));
  }
  evaluation.trust = Trust::Verified;
  evaluation.reporter = signer;
  return evaluation;
}

}  // namespace rampart::reports
