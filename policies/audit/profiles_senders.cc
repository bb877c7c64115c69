/// Profiles of mail operators and of the standard: bulk-sender, m3aawg, rfc9989.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "policies/audit/parts.h"
#include "policies/audit/profile_rules.h"
#include "policies/rules/dmarc.h"

namespace rampart::audit {
namespace {

using enum Part;
constexpr RequirementLevel kShould = RequirementLevel::Should;

// --- RFC 9989 -----------------------------------------------------------------------------------

/// A check on the governing record; without one the rule is broken.
template <auto kCheck>
Check of_record(const Facts& facts) {
  if (facts.dmarc.state == State::Unobservable) return unknown(describe(facts.dmarc));
  if (facts.dmarc.state != State::Valid) {
    return failed("the DMARC record " + describe(facts.dmarc));
  }
  return kCheck(facts.dmarc);
}

// RFC 9989 section 4.10: with several records receivers stop and apply none.
Check one_record(const Facts& facts) {
  if (facts.dmarc.state == State::Unobservable) return unknown(describe(facts.dmarc));
  const bool several = facts.dmarc.several_here || facts.dmarc.state == State::Several;
  if (several) return failed("several records are published at one name");
  const bool none = facts.dmarc.state == State::None;
  if (none || facts.dmarc.discovered() == nullptr) {
    return none ? failed(describe(facts.dmarc)) : passed(describe(facts.dmarc));
  }
  return passed("at _dmarc." + facts.dmarc.discovered()->at.text());
}

Check has_p(const DmarcFacts& dmarc) {
  // RFC 9989 section 4.10.1: receivers read an absent or invalid p as none where rua= is valid.
  // Such a record governs, but does not follow the grammar.
  const bool good = std::ranges::none_of(dmarc.problems, [](const std::string& problem) {
    return problem.find("p=") != std::string::npos;
  });
  return good && dmarc.record.p ? passed(fmt::format("p={}", dmarc::to_text(*dmarc.record.p)))
                                : failed("p is missing or not a policy");
}

Check clean_tags(const DmarcFacts& dmarc) {
  return dmarc.problems.empty() ? passed("every tag is valid") : failed(dmarc.problems.front());
}

// Any pct counts here, also 100: the rule is about the grammar, not about the effect.
Check no_historic(const DmarcFacts& dmarc) {
  std::vector<std::string> tags = rules::historic_tags(dmarc.record);
  if (dmarc.record.pct) tags.push_back(fmt::format("pct={}", *dmarc.record.pct));
  return tags.empty() ? passed("none of pct, rf and ri")
                      : failed(fmt::format("{}", fmt::join(tags, ", ")));
}

// RFC 9989 removed the size limit that RFC 7489 section 6.2 allowed after an address.
Check no_sizes(const DmarcFacts& dmarc) {
  for (const ReportAddress& one : dmarc.rua) {
    if (one.uri.find('!') != std::string::npos) return failed(one.uri);
  }
  return passed("no address has a size");
}

// The first obstacle is named; the others show once it is gone.
Check all_agree(const DmarcFacts& dmarc) {
  using Consent = ReportAddress::Consent;
  for (const ReportAddress& one : dmarc.rua) {
    if (one.consent == Consent::Unknown) return unknown(one.host.text() + " could not be queried");
    if (one.consent == Consent::Refused) {
      return failed(one.host.text() + " has not agreed");
    }
  }
  return passed(dmarc.rua.empty() ? "no address is named" : "every host has agreed");
}

// The organizational domain is compared too, since alignment depends on it.
Check same_for_both(const DmarcFacts& dmarc) {
  const bool same = rules::same_policy(dmarc.by_walk, dmarc.by_psl) &&
                    dmarc.by_walk->org_domain == dmarc.by_psl->org_domain;
  return same ? passed("both find the same record and organizational domain")
              : failed("tree walk and public suffix list differ");
}

Check own_where_deep(const Facts& facts) {
  const std::size_t labels = facts.subject.domain.labels().size();
  // From the domain itself the tree walk goes straight to its last seven labels, so a record in
  // between is never found.
  if (labels <= 8) return passed(fmt::format("{} labels", labels));
  const dmarc::DiscoveredPolicy* discovered = facts.dmarc.discovered();
  const bool own = discovered != nullptr && discovered->at == facts.subject.domain;
  return own ? passed(fmt::format("{} labels, a record of its own", labels))
             : failed(fmt::format("{} labels, no record of its own", labels));
}

// Forwarding breaks SPF, so mail without DKIM is rejected on its way (RFC 9989 section 7.4).
Check reject_has_dkim(const Facts& facts) {
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  if (enforcement.policy != dmarc::Policy::Reject) return passed("p is not reject");
  if (sends_nothing(facts)) return passed("nothing may send as the domain");
  return dkim_key(facts);
}

// --- The tables ---------------------------------------------------------------------------------

constexpr RuleSource kGoogle{"Google, email sender guidelines (2024)", "2024-02-01"};
constexpr RuleSource kYahoo{"Yahoo, sender best practices (2024)", "2024-02"};
constexpr RuleSource kMicrosoft{"Microsoft, high-volume senders (2025)", "2025-05-05"};
constexpr RuleSource kAll{"Google and Yahoo (2024), Microsoft (2025)", "2025-05-05"};
constexpr RuleSource kRotation{"M3AAWG, DKIM Key Rotation Best Common Practices", "2019-03"};
constexpr RuleSource kParked{"M3AAWG, Protecting Parked Domains Best Common Practices", "2015-12"};

constexpr RuleSource rfc9989(std::string_view section) { return {section, "2026-05"}; }

constexpr std::array kBulk = {
    Rule{"spf", "SPF is published and can be evaluated", kAll, spf_works, Spf},
    Rule{"spf-or-dkim", "every message passes SPF or DKIM", kGoogle, spf_or_dkim, Spf | Dkim},
    Rule{"dkim", "messages are signed: a key of 1024 bits or more is published", kAll, dkim_key,
         Dkim},
    Rule{"dkim-2048", "keys have 2048 bits (recommended)", kGoogle, dkim_strong, Dkim, kShould},
    Rule{"dmarc", "a DMARC record is published, p=none at least", kAll, dmarc_published, Dmarc},
    Rule{"aligned", "From aligns with SPF or DKIM", kAll, mail_aligned, Reports},
    Rule{"both-pass", "SPF and DKIM both pass", kMicrosoft, mail_both_aligned, Reports},
    Rule{"ptr", "sending hosts have forward-confirmed PTR names", kGoogle, needs_hosts},
    Rule{"tls", "messages are sent over TLS", kGoogle, needs_hosts},
    Rule{"one-click", "marketing mail has one-click unsubscription (RFC 8058)", kYahoo, needs_mail},
    Rule{"spam-rate", "fewer than 0.3 % of the messages are reported as spam", kYahoo, needs_mail},
};

constexpr std::array kM3aawg = {
    Rule{"dkim-2048", "every key has 2048 bits or more, or is Ed25519", kRotation, dkim_strong,
         Dkim},
    Rule{"key-age", "no key signs for more than six months", kRotation, dkim_key_age,
         Dkim | Reports},
    Rule{"parked", "a domain without mail says so: v=spf1 -all, p=reject, a null MX", kParked,
         parked_domain, Spf | Dmarc | Mx},
};

constexpr std::array kRfc9989 = {
    Rule{"one-record", "one DMARC record is published at a name", rfc9989("RFC 9989 section 4.10"),
         one_record, Dmarc},
    Rule{"found", "a record governs the domain", rfc9989("RFC 9989 section 4.10.1"),
         dmarc_published, Dmarc},
    Rule{"p", "p is none, quarantine or reject", rfc9989("RFC 9989 section 4.7"), of_record<has_p>,
         Dmarc},
    Rule{"tags", "every tag follows the grammar", rfc9989("RFC 9989 section 4.8"),
         of_record<clean_tags>, Dmarc},
    Rule{"historic", "pct, rf and ri are absent", rfc9989("RFC 9989 section 9.3"),
         of_record<no_historic>, Dmarc, kShould},
    Rule{"sizes", "report addresses have no size", rfc9989("RFC 9989 section 4.7"),
         of_record<no_sizes>, Dmarc, kShould},
    Rule{"consent", "report hosts of other organizations have agreed",
         rfc9989("RFC 9990 section 4"), of_record<all_agree>, Dmarc},
    Rule{"discovery", "tree walk and public suffix list agree", rfc9989("RFC 9989 appendix C"),
         of_record<same_for_both>, Dmarc, kShould},
    Rule{"deep-names", "a domain of more than eight labels has its own record",
         rfc9989("RFC 9989 section 5.1.8"), own_where_deep, Dmarc},
    Rule{"reject-dkim", "p=reject does not rely on SPF alone", rfc9989("RFC 9989 section 7.4"),
         reject_has_dkim, Dkim | Dmarc},
};

}  // namespace

std::span<const Rule> bulk_sender_rules() { return kBulk; }
std::span<const Rule> m3aawg_rules() { return kM3aawg; }
std::span<const Rule> rfc9989_rules() { return kRfc9989; }

}  // namespace rampart::audit
