/// Impact in a sentence.
#include <fmt/format.h>

#include <algorithm>

#include "policies/dmarc/impact.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

std::string hits(std::int64_t quarantined, std::int64_t rejected) {
  if (rejected == 0) return fmt::format("{} would be quarantined", grouped(quarantined));
  if (quarantined == 0) return fmt::format("{} would be rejected", grouped(rejected));
  return fmt::format("{} would be quarantined and {} rejected", grouped(quarantined),
                     grouped(rejected));
}

std::int64_t hits_of(const SourceImpact& source) { return source.quarantined + source.rejected; }

// "3 unknown sources": those that any receiver may hit, since shares are rounded.
std::string unknown_sources(const Impact& impact) {
  const auto count = std::ranges::count_if(impact.by_source, [](const SourceImpact& one) {
    return !one.declared && (one.worst_case > 0 || hits_of(one) > 0);
  });
  return fmt::format("{} unknown source{}", count, count == 1 ? "" : "s");
}

std::string declared_senders(const Impact& impact, std::int64_t declared) {
  std::string text = fmt::format("{} from declared senders", grouped(declared));
  std::string names;
  for (const SourceImpact& one : impact.by_source) {
    if (!one.declared || hits_of(one) == 0) continue;
    names += fmt::format("{}{} {}", names.empty() ? "" : ", ", one.source, grouped(hits_of(one)));
  }
  return names.empty() ? text : fmt::format("{} ({})", text, names);
}

}  // namespace

std::string sentence(const Impact& impact) {
  std::string text = fmt::format("{} messages: {} pass before and after", grouped(impact.messages),
                                 grouped(impact.pass_after));
  if (impact.pass_after < impact.pass_before) {
    text += fmt::format(", {} pass no longer", grouped(impact.pass_before - impact.pass_after));
  }
  const std::int64_t all = impact.quarantined + impact.rejected;
  if (all == 0) return text + "; none would be quarantined or rejected";
  text += "; " + hits(impact.quarantined, impact.rejected);
  std::int64_t declared = 0;
  for (const SourceImpact& one : impact.by_source) declared += one.declared ? hits_of(one) : 0;
  const std::int64_t unknown = all - declared;
  if (unknown == all) {
    text += ", all from " + unknown_sources(impact);
  } else if (unknown > 0) {
    text += fmt::format(", {} of them from {}", grouped(unknown), unknown_sources(impact));
  }
  return text + "; " + declared_senders(impact, declared);
}

}  // namespace rampart
