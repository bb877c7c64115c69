/// The figures of an impact as a sentence.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "policies/dmarc/impact.h"

namespace rampart {
namespace {

// A part of zero is left out, because a reader would look for its meaning.
std::string hits_text(std::int64_t quarantined, std::int64_t rejected) {
  if (rejected == 0) return fmt::format("{} would be quarantined", grouped(quarantined));
  if (quarantined == 0) return fmt::format("{} would be rejected", grouped(rejected));
  return fmt::format("{} would be quarantined and {} rejected", grouped(quarantined),
                     grouped(rejected));
}

std::int64_t hits_of(const SourceImpact& source) { return source.quarantined + source.rejected; }

// "3 undeclared sources": those whose mail some receiver may quarantine or reject. The worst case
// counts too, so that a source whose share was rounded to nothing is not left out.
std::string undeclared_sources(const Impact& impact) {
  const auto count = std::ranges::count_if(impact.by_source, [](const SourceImpact& one) {
    return !one.declared && (one.worst_case > 0 || hits_of(one) > 0);
  });
  return counted(count, "undeclared source");
}

std::string declared_senders(const Impact& impact, std::int64_t declared) {
  if (declared == 0) return "none from declared senders";
  std::string text = fmt::format("{} from declared senders", grouped(declared));
  std::string names;
  for (const SourceImpact& one : impact.by_source) {
    if (!one.declared || hits_of(one) == 0) continue;
    names += fmt::format("{}{}: {}", names.empty() ? "" : ", ", one.source, grouped(hits_of(one)));
  }
  return names.empty() ? text : fmt::format("{} ({})", text, names);
}

}  // namespace

// The declared senders come last and by name, since their loss is the one that calls for action.
std::string sentence(const Impact& impact) {
  std::string text = fmt::format("{} messages: {} pass before and after", grouped(impact.messages),
                                 grouped(impact.pass_after - impact.gained));
  if (impact.lost > 0) text += fmt::format(", {} no longer pass", grouped(impact.lost));
  if (impact.gained > 0) text += fmt::format(", {} pass only after", grouped(impact.gained));
  if (impact.undetermined > 0)
    text += fmt::format(", {} cannot be evaluated", grouped(impact.undetermined));
  const std::int64_t all = impact.quarantined + impact.rejected;
  if (all == 0) return text + "; none would be quarantined or rejected";
  text += "; " + hits_text(impact.quarantined, impact.rejected);
  std::int64_t declared = 0;
  for (const SourceImpact& one : impact.by_source) declared += one.declared ? hits_of(one) : 0;
  const std::int64_t undeclared = all - declared;
  if (undeclared == all) {
    text += ", all from " + undeclared_sources(impact);
  } else if (undeclared > 0) {
    text += fmt::format(", {} of them from {}", grouped(undeclared), undeclared_sources(impact));
  }
  return text + "; " + declared_senders(impact, declared);
}

}  // namespace rampart
