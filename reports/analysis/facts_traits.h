/// What a record's facts alone show about who sent the mail.
#pragma once

#include <string>
#include <vector>

#include "reports/analysis/sender_index.h"
#include "reports/store/facts.h"

namespace rampart::reports {

/// What facts show, whatever the address.
struct FactsTraits {
  bool dkim_aligned = false;
  bool spf_aligned = false;
  /// Declared senders that one of the aligned passing selectors belongs to, in the YAML's order.
  std::vector<const Sender*> signers;
  const Sender* signed_as = nullptr;  ///< The service whose own d= passed, or null.
  const Sender* envelope = nullptr;   ///< The service whose domain is in MAIL FROM, or null.
  bool envelope_passed = false;       ///< SPF passed for that domain.
  bool ours = false;  ///< MAIL FROM or a d= is in the domain's organization, whatever the result.
  bool excused = false;                ///< An override names forwarding as the reason.
  bool selectors_stated = false;       ///< Some result of DKIM has a selector.
  std::vector<std::string> selectors;  ///< Of aligned passing signatures; sorted.
  PassedDomains passed;                ///< As passed_domains() returns it.

  bool passes() const { return dkim_aligned || spf_aligned; }
};

/// The traits of some facts under a policy domain; `domains` keeps what it looks up.
FactsTraits traits_of(const Facts& facts, const Name& domain, const SenderIndex& senders,
                      const DeclaredSenders& declared, OrgDomains& domains);

}  // namespace rampart::reports
