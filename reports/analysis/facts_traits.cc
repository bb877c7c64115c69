/// Reads traits out of results.
#include "reports/analysis/facts_traits.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace rampart::reports {
namespace {

/// Whether a reporter excuses a failure as forwarding: RFC 7489 appendix C, PolicyOverrideType. ARC
/// is visible in a comment only (RFC 8617 section 7.2.2).
bool excuses(const Override& one) {
  if (one.type == "forwarded" || one.type == "trusted_forwarder" || one.type == "mailing_list") {
    return true;
  }
  return one.type == "local_policy" &&
         ascii_lower(one.comment).find("arc=pass") != std::string::npos;
}

/// The domains of MAIL FROM. HELO counts only where there is no MAIL FROM result, as in SPF itself
/// (RFC 7208 section 2.4).
std::vector<std::pair<std::string, AuthResult>> envelopes_of(const RecordResults& results) {
  const bool mail_from =
      std::ranges::any_of(results.spf, [](const SpfAuth& one) { return !one.helo; });
  std::vector<std::pair<std::string, AuthResult>> envelopes;
  for (const SpfAuth& one : results.spf) {
    if (one.helo != mail_from) envelopes.emplace_back(ascii_lower(one.domain), one.result);
  }
  // envelope_from has no result of its own, so it never proves a service: it only makes one likely.
  if (!results.envelope_from.empty()) {
    envelopes.emplace_back(ascii_lower(results.envelope_from), AuthResult::None);
  }
  return envelopes;
}

void add_dkim(const RecordResults& results, const SenderIndex& senders,
              const DeclaredSenders& declared, FactsTraits& traits) {
  SenderIndex::Senders signed_as;
  for (const DkimAuth& one : results.dkim) {
    // Noted for failing signatures as well: what matters is whether this reporter states selectors
    // at all.
    if (!one.selector.empty()) traits.selectors_stated = true;
    if (one.result != AuthResult::Pass) continue;
    const auto& found = senders.by_signing_domain(ascii_lower(one.domain));
    signed_as.insert(signed_as.end(), found.begin(), found.end());
  }
  traits.signed_as = declared.preferred(signed_as);
}

void add_envelope(const RecordResults& results, const SenderIndex& senders,
                  const DeclaredSenders& declared, FactsTraits& traits) {
  for (const auto& [domain, result] : envelopes_of(results)) {
    const Sender* sender = declared.preferred(senders.by_envelope(domain));
    // A domain with an SPF pass wins over one without, whatever their order in the record.
    if (sender == nullptr || traits.envelope_passed) continue;
    const bool passed = result == AuthResult::Pass;
    if (passed || traits.envelope == nullptr) traits.envelope = sender;
    traits.envelope_passed = passed;
  }
}

}  // namespace

FactsTraits traits_of(const Facts& facts, const Name& domain, const SenderIndex& senders,
                      const DeclaredSenders& declared, OrgDomains& domains) {
  FactsTraits traits{.dkim_aligned = facts.dkim_aligned, .spf_aligned = facts.spf_aligned};
  const RecordResults& results = facts.results;
  std::set<std::string> selectors;
  for (const DkimAuth* one : aligned_signatures(facts, domains)) {
    if (one->selector.empty()) continue;
    selectors.insert(one->selector);
    for (const Sender* sender : declared.of_selector(one->selector)) {
      if (std::ranges::find(traits.signers, sender) == traits.signers.end()) {
        traits.signers.push_back(sender);
      }
    }
  }
  traits.selectors.assign(selectors.begin(), selectors.end());
  traits.passed = passed_domains(facts, domains);
  add_dkim(results, senders, declared, traits);
  add_envelope(results, senders, declared, traits);
  const auto ours = [&](const std::string& text) {
    return domains.aligned(ascii_lower(text), domain.text(), dmarc::Alignment::Relaxed);
  };
  // Whatever the results are: a broken signature of the domain still claims the domain.
  traits.ours =
      std::ranges::any_of(results.dkim, [&](const DkimAuth& one) { return ours(one.domain); }) ||
      std::ranges::any_of(envelopes_of(results), [&](const auto& one) { return ours(one.first); });
  traits.excused = std::ranges::any_of(results.overrides, excuses);
  return traits;
}

}  // namespace rampart::reports
