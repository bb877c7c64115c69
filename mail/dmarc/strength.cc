// Comparing DMARC records: by meaning, and by what receivers of each generation do to failing
// mail.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/sorting.h"
#include "base/text.h"
#include "mail/dmarc/dmarc.h"
#include "mail/dmarc/treatment.h"

namespace rampart::dmarc {
namespace {

// Defaults filled in and order removed, so that == compares meanings.
Record meaning(const Record& record) {
  Record plain = record;
  plain.p = record.p.value_or(Policy::None);
  plain.sp = record.sp.value_or(*plain.p);
  // np falls back to sp and only then to p (RFC 9989 section 4.7).
  plain.np = record.np.value_or(*plain.sp);
  plain.adkim = record.adkim.value_or(Alignment::Relaxed);
  plain.aspf = record.aspf.value_or(Alignment::Relaxed);
  plain.testing = record.testing.value_or(false);
  plain.pct = record.pct.value_or(100);
  plain.fo = fmt::format("{}", fmt::join(sorted(split(record.fo ? *record.fo : "0", ':')), ":"));
  plain.rua = sorted(record.rua);
  plain.ruf = sorted(record.ruf);
  plain.psd = record.psd.value_or('u');
  std::ranges::sort(plain.unknown, {}, &Tag::name);
  return plain;
}

// The percentage of failing mail that gets at least quarantine, and that gets reject.
struct Share {
  int quarantined = 0;
  int rejected = 0;
};

// The shares at every kind of receiver, for the domain, its sub-domains and its non-existent
// sub-domains. Two records are compared position by position: one milder treatment anywhere
// loosens.
std::vector<Share> shares_of(const Record& record) {
  std::vector<Share> shares;
  for (const Receiver receiver : kReceivers) {
    for (const Audience audience : {Audience::Itself, Audience::SubDomains, Audience::Missing}) {
      const Policy policy = policy_for(record, audience, receiver);
      const Treatment applied = treatment(policy, record, receiver);
      shares.push_back({applied.quarantined + applied.rejected, applied.rejected});
    }
  }
  return shares;
}

bool any_milder(const std::vector<Share>& before, const std::vector<Share>& after) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i].quarantined < before[i].quarantined) return true;
    if (after[i].rejected < before[i].rejected) return true;
  }
  return false;
}

// Alignment modes matter only where failing mail is treated at all.
bool enforces(const Record& record) {
  return std::ranges::any_of(shares_of(record),
                             [](const Share& share) { return share.quarantined > 0; });
}

// Whether one of the two alignment modes changes from strict to relaxed.
bool relaxes_alignment(const Record& before, const Record& after) {
  const Record from = meaning(before);
  const Record to = meaning(after);
  return (from.adkim == Alignment::Strict && to.adkim == Alignment::Relaxed) ||
         (from.aspf == Alignment::Strict && to.aspf == Alignment::Relaxed);
}

}  // namespace

bool same_meaning(const Record& a, const Record& b) { return meaning(a) == meaning(b); }

Strength strength_of(const Record& record) {
  return {.policy = static_cast<int>(record.p.value_or(Policy::None)),
          .pct = record.pct.value_or(100),
          .testing = record.testing.value_or(false)};
}

bool loosens(const Record& before, const Record& after) {
  if (any_milder(shares_of(before), shares_of(after))) return true;
  return enforces(before) && relaxes_alignment(before, after);
}

bool tightens(const Record& before, const Record& after) {
  if (any_milder(shares_of(after), shares_of(before))) return true;
  return enforces(after) && relaxes_alignment(after, before);
}

}  // namespace rampart::dmarc
