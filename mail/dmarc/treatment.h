/// What receivers of each kind do to mail that fails DMARC.
#pragma once

#include <array>

#include "mail/dmarc/dmarc.h"

namespace rampart::dmarc {

/// What a receiver makes of the two tags that slow enforcement down.
enum class Receiver {
  HonoursPct,      ///< RFC 7489: samples by pct, knows no t.
  HonoursTesting,  ///< RFC 9989: knows no pct, takes t=y as one level lower.
  HonoursNeither,  ///< Applies p as it stands.
};

inline constexpr std::array kReceivers = {Receiver::HonoursPct, Receiver::HonoursTesting,
                                          Receiver::HonoursNeither};

/// The percentage of failing messages that are quarantined and that are rejected; what is left is
/// filtered as any other mail.
struct Treatment {
  int quarantined = 0;
  int rejected = 0;

  bool operator==(const Treatment&) const = default;
};

/// What `receiver` does to mail that fails where `policy` (one of the record's p, sp and np)
/// applies.
Treatment treatment(Policy policy, const Record& record, Receiver receiver);

/// Which names a policy tag speaks of.
enum class Audience {
  Itself,      ///< The domain: p.
  SubDomains,  ///< Sub-domains that exist: sp, else p.
  Missing,     ///< Sub-domains that do not exist: np, else sp, else p.
};

/// The policy of `record` for `audience` as `receiver` reads it; RFC 7489 section 6.3 has no np.
Policy policy_for(const Record& record, Audience audience, Receiver receiver);

}  // namespace rampart::dmarc
