/// Guardrails over DMARC enforcement.
#include "policies/guardrails/dmarc.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "policies/dkim/names.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/ramp/ramp.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// A managed domain's `_dmarc` with the change that the plan makes there, if any.
struct Site {
  const Domain& domain;
  RecordKey key;
  const Change* change;
};

// The managed domains that publish DMARC, in name order.
std::vector<Site> sites_of(const Plan& plan, const Config& config) {
  std::map<Name, const Change*> changes;
  for (const Change& change : plan.changes) changes.emplace(change.name(), &change);
  std::vector<Site> sites;
  for (const auto& [name, domain] : config.domains) {
    const bool publishes = domain.dmarc.position.phase >= Phase::Monitor;
    const auto at = name.child("_dmarc");
    if (domain.state != DomainState::Managed || !publishes || !at) continue;
    const auto change = changes.find(*at);
    sites.push_back(
        {domain, {*at, RecordType::TXT}, change == changes.end() ? nullptr : change->second});
  }
  return sites;
}

bool tightens(const Site& site) { return site.change && site.change->stage == Stage::Enforce; }

// An Error that withholds where the change worsens the fault, a Warning where it stands.
Finding fault(const Site& site, std::string code, std::string message, std::string hint) {
  Finding finding{Severity::Warning,
                  std::move(code),
                  site.domain.name,
                  std::move(message),
                  std::move(hint),
                  site.domain.dmarc.mark,
                  {}};
  if (!tightens(site)) return finding;
  finding.severity = Severity::Error;
  finding.withholds = {site.key};
  return finding;
}

std::vector<std::string> dmarc_values(const std::optional<TypedSet>& set, const Name& name) {
  std::vector<std::string> values;
  if (!set || set->type != RecordType::TXT) return values;
  for (const std::string& value : set->set.values) {
    if (kind_of({name, RecordType::TXT}, value) == RecordKind::Dmarc) values.push_back(value);
  }
  return values;
}

// Where the domain stands today: at its own record, at the one that it inherits, or nowhere.
std::optional<RampPosition> position_before(const Site& site, const World& world) {
  const auto own = dmarc_values(site.change->set.before, site.key.name);
  if (own.size() == 1) {
    const auto read = dmarc::parse_lenient(own.front());
    return read ? std::optional(position_of(read->record)) : std::nullopt;
  }
  if (!own.empty()) return std::nullopt;
  const DmarcLookups around = dmarc_lookups_of(site.domain.name, world);
  if (!around.unknown.empty()) return std::nullopt;
  const PolicyByMethod by_method = policy_by_method(site.domain.name, around.answers);
  if (!by_method.by_walk || !by_method.by_psl) return std::nullopt;
  return std::min(position_of(effective(by_method.by_walk)),
                  position_of(effective(by_method.by_psl)));
}

std::string standing(const std::optional<RampPosition>& position) {
  return position ? to_text(*position) : std::string("no record");
}

bool wants_reject(const Site& site) { return site.domain.dmarc.position.phase == Phase::Reject; }

// Whether DKIM can never align for this sender's mail.
bool aligns_by_spf_alone(const Domain& domain, const Sender& sender) {
  if (sender.dkim_aligns != Aligns::No && sender.dkim_kind != "none") return false;
  const bool rotates = std::ranges::find(domain.rotations, sender.id, &RotationSpec::sender) !=
                       domain.rotations.end();
  const auto declared = declared_selectors(domain);
  const bool has_key = std::ranges::any_of(sender.selectors, [&](const std::string& selector) {
    return std::ranges::find(declared, selector) != declared.end();
  });
  return !rotates && !has_key;
}

// The domains whose enforcement moves in one direction, by ramp.
std::map<std::string, std::vector<Site>> moved(const std::vector<Site>& sites, Stage stage) {
  std::map<std::string, std::vector<Site>> by_ramp;
  for (const Site& site : sites) {
    if (site.change && site.change->stage == stage) {
      by_ramp[site.domain.dmarc.ramp->name].push_back(site);
    }
  }
  return by_ramp;
}

void report_too_many(const std::vector<Site>& sites, Stage stage, Findings& found) {
  for (const auto& [ramp, group] : moved(sites, stage)) {
    const int most = group.front().domain.dmarc.ramp->max_domains_per_run;
    if (static_cast<int>(group.size()) <= most) continue;
    for (const Site& site : group) {
      const std::string_view what = stage == Stage::Enforce ? "tightened" : "loosened";
      found.push_back(
          fault(site, "too-many-domains",
                fmt::format("DMARC is {} in {} domains of ramp {} at once; it allows {}", what,
                            group.size(), ramp, most),
                "apply fewer at a time with --domain, or raise the ramp's "
                "max_domains_per_run"));
    }
  }
}

}  // namespace

Findings ramp_jump(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Site& site : sites_of(plan, config)) {
    if (!tightens(site)) continue;
    const auto before = position_before(site, world);
    const RampPosition after = site.domain.dmarc.position;
    const int steps = steps_between(*site.domain.dmarc.ramp, before, after);
    if (steps <= 1) continue;
    found.push_back(
        fault(site, "ramp-jump",
              fmt::format("{} would go from {} to {}, {} steps of ramp {} at once",
                          site.domain.name.text(), standing(before), to_text(after), steps,
                          site.domain.dmarc.ramp->name),
              "set the phase to the ramp's next step; `rampart advance` does it when it "
              "is due"));
  }
  return found;
}

Findings reject_spf_only(const Plan& plan, const Config& config, const World&) {
  Findings found;
  for (const Site& site : sites_of(plan, config)) {
    if (!wants_reject(site) || !site.domain.senders) continue;
    for (const SenderUse& use : *site.domain.senders) {
      if (!aligns_by_spf_alone(site.domain, *use.sender)) continue;
      found.push_back(fault(
          site, "reject-spf-only",
          fmt::format("{} cannot sign as {}: with p=reject its forwarded mail is lost (RFC 9989 "
                      "section 7.4)",
                      use.sender->name, site.domain.name.text()),
          "let it sign with a key of this domain, move it to a sub-domain, or stay at quarantine"));
    }
  }
  return found;
}

Findings reject_without_rua(const Plan& plan, const Config& config, const World&) {
  Findings found;
  for (const Site& site : sites_of(plan, config)) {
    if (!wants_reject(site) || !site.domain.dmarc.rua.empty()) continue;
    found.push_back(fault(site, "reject-without-rua",
                          fmt::format("{} asks for p=reject and for no reports: nobody would see "
                                      "whose mail is refused",
                                      site.domain.name.text()),
                          "add `rua:` under `dmarc:` or `defaults:`"));
  }
  return found;
}

Findings too_many_domains(const Plan& plan, const Config& config, const World&) {
  Findings found;
  const auto sites = sites_of(plan, config);
  report_too_many(sites, Stage::Enforce, found);
  report_too_many(sites, Stage::Relax, found);
  return found;
}

}  // namespace rampart
