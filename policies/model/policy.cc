/// The small operations of the model: words of enumerators, live lookups, findings and results.
#include "policies/model/policy.h"

#include <iterator>

#include "policies/model/lookup.h"

namespace rampart {
namespace {

// In the order of their enumerators. The words are part of the YAML and of plan.json.
constexpr std::array<std::string_view, 6> kPhases = {"discovery", "spf",        "dkim",
                                                     "monitor",   "quarantine", "reject"};
constexpr std::array<std::string_view, 5> kStages = {"relax", "publish", "authorize", "enforce",
                                                     "retire"};
constexpr std::array<std::string_view, 3> kSeverities = {"error", "warning", "info"};

}  // namespace

std::string_view to_text(Phase phase) { return word_of(kPhases, phase); }

std::optional<Phase> parse_phase(std::string_view text) {
  const auto found = std::ranges::find(kPhases, text);
  if (found == kPhases.end()) return std::nullopt;
  return static_cast<Phase>(found - kPhases.begin());
}

// A hundred percent is the normal case and is not written.
std::string to_text(RampPosition position) {
  std::string text(to_text(position.phase));
  if (position.pct != 100) text += " at " + std::to_string(position.pct) + "%";
  return text;
}

std::string_view to_text(Stage stage) { return word_of(kStages, stage); }

std::string_view to_text(Severity severity) { return word_of(kSeverities, severity); }

// An incomplete listing proves nothing about names that were not queried.
LiveSet LiveZone::at(const RecordKey& key) const {
  if (!error.empty()) return {LiveState::Unobservable, {}, error};
  if (const LiveSet* live = find_value(sets, key)) return *live;
  if (complete) return {};
  return {LiveState::Unobservable, {}, "it was not queried"};
}

// A name within the domain uses the domain's own providers only. A name elsewhere, such as a report
// authorization at another domain, uses any zone that was read. The walk goes from the name towards
// the root, so that the first zone found at each provider has the longest apex.
std::vector<const LiveZone*> World::zones_for(const Domain& domain, const Name& name) const {
  const bool own = name.is_within(domain.name);
  const auto may_use = [&](const std::string& provider) {
    return !own || contains(domain.providers, provider);
  };
  std::map<std::string, const LiveZone*> longest;  // By provider.
  for (Name at = name; !at.is_root(); at = at.parent()) {
    for (const LiveZone& zone : std::ranges::equal_range(zones, at, {}, &LiveZone::apex)) {
      if (may_use(zone.provider)) longest.emplace(zone.provider, &zone);
    }
  }
  std::vector<const LiveZone*> found;
  for (const auto& [provider, zone] : longest) found.push_back(zone);
  return found;
}

// Marked at the domain, the closest place that always exists; callers narrow it with `marked`.
Finding finding_of(const Domain& domain, Severity severity, CodeName code, std::string message,
                   std::string hint) {
  return {.severity = severity,
          .code = code,
          .domain = domain.name,
          .message = std::move(message),
          .hint = std::move(hint),
          .mark = domain.mark};
}

Finding marked(Finding finding, const Mark& mark) {
  finding.mark = mark;
  return finding;
}

Finding withholding(Finding finding, std::vector<RecordKey> keys) {
  finding.withholds = std::move(keys);
  return finding;
}

// The kind is read from the value, so that a caller cannot name another one.
DesiredRecord publication(const RecordKey& key, ParsedValue value, std::string reason) {
  const RecordKind kind = value.kind();
  return {.key = key, .kind = kind, .value = std::move(value), .reason = std::move(reason)};
}

// Retire is the last stage: nothing is removed before its replacement is written.
DesiredRecord removal(const RecordKey& key, RecordKind kind, std::string reason) {
  return {.key = key, .kind = kind, .stage = Stage::Retire, .reason = std::move(reason)};
}

void PolicyResult::append(PolicyResult other) {
  std::ranges::move(other.desired_records, std::back_inserter(desired_records));
  std::ranges::move(other.holds, std::back_inserter(holds));
  std::ranges::move(other.findings, std::back_inserter(findings));
  std::ranges::move(other.unknown, std::back_inserter(unknown));
}

}  // namespace rampart
