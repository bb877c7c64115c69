/// The opinions: for each family of records, what should stand for one domain. Pure functions of
/// the domain as declared and the World as observed; reconciler/make_plan.cc calls each in turn.
#pragma once

#include "policies/policy.h"

namespace rampart {

/// The SPF record from the senders, `extra`, `redirect` and `exp` (policies/spf.cc).
Opinion spf_opinion(const Domain& domain, const World& world);

/// Selectors: public keys, TXT, CNAMEs of catalogue senders, rotations (policies/dkim.cc).
Opinion dkim_opinion(const Domain& domain, const World& world);

/// `_dmarc`, and the authorisations of external report destinations (policies/dmarc.cc).
Opinion dmarc_opinion(const Domain& domain, const World& world);

/// `_mta-sts`, `_smtp._tls` and BIMI where declared (policies/transport.cc).
Opinion transport_opinion(const Domain& domain, const World& world);

/// All records of a parked domain (policies/parked.cc); the other opinions say nothing then.
Opinion parked_opinion(const Domain& domain, const World& world);

/// The removal of all that is ours of an absent domain (policies/parked.cc); likewise.
Opinion absent_opinion(const Domain& domain, const World& world);

}  // namespace rampart
