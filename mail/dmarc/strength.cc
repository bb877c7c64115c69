/// Comparing DMARC records: by meaning, and by what receivers of each generation do to failing
/// mail.
#include <algorithm>
#include <array>

#include "mail/dmarc/dmarc.h"
#include "mail/dmarc/treatment.h"

namespace rampart::dmarc {
namespace {

std::vector<std::string> sorted(std::vector<std::string> items) {
  std::ranges::sort(items);
  return items;
}

std::string sorted_options(std::string text) {
  auto options = split(text, ':');
  std::ranges::sort(options);
  std::string joined;
  for (const auto option : options) joined += (joined.empty() ? "" : ":") + std::string(option);
  return joined;
}

// Defaults filled in and order removed, so that == compares meanings.
Record meaning(const Record& record) {
  Record plain = record;
  plain.p = record.p.value_or(Policy::None);
  plain.sp = record.sp.value_or(*plain.p);
  plain.np = record.np.value_or(*plain.sp);
  plain.adkim = record.adkim.value_or(Alignment::Relaxed);
  plain.aspf = record.aspf.value_or(Alignment::Relaxed);
  plain.testing = record.testing.value_or(false);
  plain.pct = record.pct.value_or(100);
  plain.fo = sorted_options(record.fo.value_or("0"));
  plain.rua = sorted(record.rua);
  plain.ruf = sorted(record.ruf);
  plain.psd = record.psd.value_or('u');
  std::ranges::sort(plain.unknown, {}, &Tag::name);
  return plain;
}

// The percentage of failing mail that gets at least quarantine, and that gets reject.
struct Bite {
  int quarantined = 0;
  int rejected = 0;
};

// Every receiver's bite at the domain, its sub-domains and its non-existent sub-domains.
std::vector<Bite> bites_of(const Record& record) {
  std::vector<Bite> bites;
  for (const Receiver receiver : kReceivers) {
    for (const Audience audience : {Audience::Itself, Audience::SubDomains, Audience::Missing}) {
      const Policy policy = policy_for(record, audience, receiver);
      const Treatment given = treatment(policy, record, receiver);
      bites.push_back({given.quarantined + given.rejected, given.rejected});
    }
  }
  return bites;
}

bool any_milder(const std::vector<Bite>& before, const std::vector<Bite>& after) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i].quarantined < before[i].quarantined) return true;
    if (after[i].rejected < before[i].rejected) return true;
  }
  return false;
}

bool bites(const Record& record) {
  return std::ranges::any_of(bites_of(record),
                             [](const Bite& bite) { return bite.quarantined > 0; });
}

// Whether one of the two alignment modes goes from strict to relaxed.
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
  if (any_milder(bites_of(before), bites_of(after))) return true;
  return bites(before) && relaxes_alignment(before, after);
}

bool tightens(const Record& before, const Record& after) {
  if (any_milder(bites_of(after), bites_of(before))) return true;
  return bites(after) && relaxes_alignment(after, before);
}

}  // namespace rampart::dmarc
