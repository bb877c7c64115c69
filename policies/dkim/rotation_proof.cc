/// The proof that nothing signs with an earlier key any more.
#include "policies/dkim/rotation_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policies/model/lookup.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

// Reports list several selectors for one row where a message carried several signatures.
bool names_any(const EvidenceRow& row, std::span<const std::string> selectors) {
  return std::ranges::any_of(
      selectors, [&](const std::string& selector) { return contains(row.selectors, selector); });
}

// A signature of the domain may align for a name above or below it (RFC 7489 section 3.1.1).
bool may_concern(const EvidenceRow& row, const Name& domain) {
  return row.header_from.is_within(domain) || domain.is_within(row.header_from);
}

// The keys that came after `past`: those of `current`, and what follows it in the list. A report
// that shows a newer key proves that the signer has moved on; one that shows an older key proves
// nothing.
std::vector<std::string> newer_than(const RotationFacts& facts, const std::string& past) {
  std::vector<std::string> newer = selectors_of(*facts.spec.current);
  const auto& list = facts.spec.past;
  const std::string day = past.substr(0, past.find_last_not_of("re") + 1);
  auto at = std::ranges::find(list, past);
  for (; at != list.end(); ++at) {
    const bool twin = at->substr(0, at->find_last_not_of("re") + 1) == day;
    if (!twin) newer.push_back(*at);
  }
  return newer;
}

// Only mail of the domain itself counts, since a sub-domain may sign with another key of the same
// name.
std::optional<Date> first_seen(const RotationFacts& facts, std::span<const std::string> selectors) {
  std::optional<Date> first;
  for (const EvidenceRow& row : facts.evidence->rows) {
    // An outsider's report must not prove that a new key is in use.
    if (!facts.evidence->is_known(row)) continue;
    if (!row.header_from.is_within(facts.domain) || !names_any(row, selectors)) continue;
    if (!first || row.day < *first) first = row.day;
  }
  return first;
}

SwitchProof waiting(Time until, std::string why) {
  return {until, "selector-unproven", std::move(why)};
}

// The signer's own word needs no reports, but a report that still shows the old key outweighs it.
SwitchProof by_acknowledgement(const RotationFacts& facts, const std::string& past) {
  Date since = *facts.spec.signing_since;
  const std::string one[] = {past};
  const auto silent =
      facts.evidence ? silent_since(*facts.evidence, facts.domain, one) : std::optional<Date>();
  if (silent) since = std::max(since, *silent);
  const Time at = add(since, facts.spec.keep);
  const std::string why =
      fmt::format("the signer has used {} since {}", *facts.spec.signing, to_text(since));
  if (facts.now < at) return waiting(at, why);
  return {at, "", why};
}

// Two facts must be known: the new key is in use, and the old one has not been seen since.
SwitchProof by_reports(const RotationFacts& facts, const std::string& past) {
  const std::string one[] = {past};
  const Evidence& evidence = *facts.evidence;
  const auto newer = newer_than(facts, past);
  const auto seen = first_seen(facts, newer);
  if (!seen) return {{}, "selector-unproven", "no report shows that a newer key passes"};
  const Date since = std::max(silent_since(evidence, facts.domain, one).value_or(*seen), *seen);
  const Time kept = add(since, facts.spec.keep);
  const Time at = kept + kReportDelay;
  const std::string why =
      fmt::format("reports show newer keys, and have not shown {} since {}", past, to_text(since));
  if (facts.now < at) return waiting(at, why);
  // Who stopped reporting is silent about everything.
  if (still_reported(evidence, facts.domain, one, floor<days>(kept) - days{1})) {
    return {at, "", why};
  }
  return {{},
          "selector-unproven",
          "the reporters that saw it no longer name selectors in their reports, which proves "
          "nothing: name the selector that the signer uses in `signing:`"};
}

}  // namespace

// The day after the last sighting is the first silent one; a report covers whole days.
std::optional<Date> silent_since(const Evidence& evidence, const Name& domain,
                                 std::span<const std::string> selectors) {
  std::optional<Date> silent;
  for (const EvidenceRow& row : evidence.rows) {
    if (!may_concern(row, domain) || !names_any(row, selectors)) continue;
    silent = std::max(silent.value_or(Date{}), row.day + days{1});
  }
  return silent;
}

// A reporter that stopped sending reports is silent about everything, which proves nothing.
bool still_reported(const Evidence& evidence, const Name& domain,
                    std::span<const std::string> selectors, Date day) {
  std::set<std::string> saw;
  for (const EvidenceRow& row : evidence.rows) {
    if (may_concern(row, domain) && names_any(row, selectors)) saw.insert(row.reporter);
  }
  return std::ranges::any_of(evidence.rows, [&](const EvidenceRow& row) {
    return evidence.is_known(row) && row.selectors_reported && row.day >= day &&
           may_concern(row, domain) && (saw.empty() || saw.contains(row.reporter));
  });
}

bool signs_with_current(const RotationFacts& facts) {
  if (!facts.spec.signing || !facts.spec.current) return false;
  return contains(selectors_of(*facts.spec.current), *facts.spec.signing);
}

SwitchProof proof_that_unused(const RotationFacts& facts, const std::string& past) {
  if (signs_with_current(facts) && facts.spec.signing_since) return by_acknowledgement(facts, past);
  const bool fresh = facts.evidence && is_fresh(*facts.evidence, facts.now);
  if (fresh) return by_reports(facts, past);
  return {{},
          "no-evidence",
          "no recent reports can prove that nothing signs with it: ingest some with `rampart "
          "reports ingest`, or name the selector that the signer uses in `signing:`"};
}

}  // namespace rampart
