/// How each kind of receiver treats mail that fails DMARC.
#pragma once

#include <array>

#include "mail/dmarc/dmarc.h"

namespace rampart::dmarc {

/// Kinds of receiver by their support for the two tags that soften enforcement.
enum class Receiver {
  HonoursPct,      ///< RFC 7489: samples by pct, ignores t.
  HonoursTesting,  ///< RFC 9989: ignores pct, applies one level less for t=y.
  HonoursNeither,  ///< Applies p as written.
};

inline constexpr std::array kReceivers = {Receiver::HonoursPct, Receiver::HonoursTesting,
                                          Receiver::HonoursNeither};

/// The percentages of failing messages that are quarantined and rejected; the rest is filtered as
/// any other mail.
struct Treatment {
  int quarantined = 0;
  int rejected = 0;

  bool operator==(const Treatment&) const = default;
};

/// How `receiver` treats failing mail where `policy` (one of the record's p, sp and np)
/// applies.
Treatment treatment(Policy policy, const Record& record, Receiver receiver);

/// The names that a policy tag applies to.
enum class Audience {
  Itself,      ///< The domain: p.
  SubDomains,  ///< Sub-domains that exist: sp, else p.
  Missing,     ///< Sub-domains that do not exist: np, else sp, else p.
};

/// The policy of `record` for `audience` as `receiver` reads it; RFC 7489 section 6.3 has no np.
Policy policy_for(const Record& record, Audience audience, Receiver receiver);

}  // namespace rampart::dmarc
