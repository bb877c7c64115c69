/// Makes a plan in passes. kPasses lists them, and gives the reason for their order.
#include "reconciler/plan/make_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/sha256.h"
#include "policies/dkim/dkim.h"
#include "policies/dmarc/dmarc.h"
#include "policies/dmarc/impact.h"
#include "policies/dmarc/np_proposal.h"
#include "policies/dmarc/receiver_impact.h"
#include "policies/guardrails/guardrails.h"
#include "policies/model/codes.h"
#include "policies/model/lookup.h"
#include "policies/records/live_faults.h"
#include "policies/records/parked.h"
#include "policies/records/transport.h"
#include "policies/spf/spf.h"
#include "reconciler/plan/authority.h"
#include "reconciler/plan/diff.h"
#include "reconciler/plan/holds.h"
#include "reconciler/plan/live_faults.h"
#include "reconciler/plan/stray_records.h"
#include "reconciler/plan/zone_notices.h"

namespace rampart {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  std::ranges::move(from, std::back_inserter(to));
}

// The order of plan.json; types are sorted by their names.
auto order_of(const Change& change) {
  return std::tuple(change.zone.text(), change.name().text(), to_text(change.type()),
                    change.provider);
}

// A zone that could not be read is reported once, not once per record.
void report_unread_zone(const Domain& domain, std::span<const DesiredRecord> desired_records,
                        const LiveZone& zone, Plan& plan) {
  const std::string hint = zone.from_provider
                               ? "correct what the message names, and plan again"
                               : "check the name servers, or plan with --live provider";
  // A zone that no answer names yet is described by its domain.
  const std::string which = zone.from_provider ? fmt::format("zone {}", zone.apex.text())
                                               : fmt::format("the zone of {}", domain.name.text());
  Finding finding = finding_of(
      domain, Severity::Error, "unobservable",
      fmt::format("{} at provider {} could not be read: {}", which, zone.provider, zone.error),
      hint + fmt::format("; until then {} is not changed", domain.name.text()));
  for (const DesiredRecord& desired : desired_records) finding.withholds.push_back(desired.key);
  std::ranges::sort(finding.withholds);  // The order of the YAML must not show in a plan.
  plan.findings.push_back(std::move(finding));
}

// Compares one domain's desired records with every zone that holds them: two where two providers
// serve the name.
void diff_desired(const Domain& domain, std::span<const DesiredRecord> desired_records,
                  const World& world, Plan& plan) {
  using InZone = std::pair<const LiveZone*, std::vector<DesiredRecord>>;
  std::vector<InZone> by_zone;  // In the order of the desired records.
  for (const DesiredRecord& desired : desired_records) {
    for (const LiveZone* zone : world.zones_for(domain, desired.key.name)) {
      auto row = std::ranges::find(by_zone, zone, &InZone::first);
      if (row == by_zone.end()) row = by_zone.emplace(row, zone, std::vector<DesiredRecord>());
      row->second.push_back(desired);
    }
  }
  for (const auto& [zone, in_zone] : by_zone) {
    if (!zone->error.empty()) {
      report_unread_zone(domain, in_zone, *zone, plan);
      continue;
    }
    DiffResult result = diff(domain, in_zone, *zone, world);
    add_changes(std::move(result.changes), domain, plan);
    append(plan.holds, std::move(result.holds));
    append(plan.findings, std::move(result.findings));
  }
}

// The policies of a domain without a zone are not evaluated, since every record would repeat the
// same finding.
void plan_domain(const Domain& domain, const World& world, Plan& plan) {
  plan.domains.push_back(domain.name);
  if (const ZoneMissing* missing = find_value(world.zone_missing, domain.name)) {
    plan.findings.push_back(
        finding_of(domain, Severity::Error, "zone-missing",
                   fmt::format("no zone was found for {}: {}", domain.name.text(), missing->why),
                   missing->advice.empty() ? "create the zone at its provider, correct "
                                             "`provider:`, or set `phase: discovery`"
                                           : missing->advice));
    return;
  }
  PolicyResult policy_result = evaluate_policies(domain, world);
  append(plan.holds, std::move(policy_result.holds));
  append(plan.findings, std::move(policy_result.findings));
  diff_desired(domain, policy_result.desired_records, world, plan);
}

// The waiver of the finding's domain that applies now, or null. The loader refuses codes that are
// not waivable; they are checked again, since waivers disable guardrails.
const Waiver* waiver_for(const Finding& finding, const Config& config, Time now) {
  if (!finding.domain) return nullptr;
  const Domain* domain = find_value(config.domains, *finding.domain);
  const Code* code = find_code(finding.code);
  if (domain == nullptr || code == nullptr || !code->waivable) return nullptr;
  const Date today = utc_day(now);
  const auto& waivers = domain->waivers;
  const auto found = std::ranges::find_if(waivers, [&](const Waiver& waiver) {
    return waiver.code == finding.code && today <= waiver.until;
  });
  return found == waivers.end() ? nullptr : &*found;
}

// A waived error stays visible as a warning, and withholds nothing.
void apply_waivers(const Config& config, const World&, Plan& plan) {
  for (Finding& finding : plan.findings) {
    if (finding.severity != Severity::Error) continue;
    const Waiver* waiver = waiver_for(finding, config, plan.made_at);
    if (waiver == nullptr) continue;
    finding.severity = Severity::Warning;
    finding.message +=
        fmt::format("; waived until {} ({})", to_text(waiver->until), waiver->reason);
    finding.withholds.clear();
  }
}

// An expired waiver is reported even if its finding is gone, so that it is removed from the YAML.
void report_expired_waivers(const Config& config, const World&, Plan& plan) {
  const Date today = utc_day(plan.made_at);
  for (const auto& [name, domain] : config.domains) {
    for (const Waiver& waiver : domain.waivers) {
      if (today <= waiver.until) continue;
      plan.findings.push_back(marked(finding_of(domain, Severity::Warning, "waiver-expired",
                                                fmt::format("the waiver of {} ended on {}",
                                                            waiver.code, to_text(waiver.until)),
                                                "remove it, or renew it with a reason"),
                                     waiver.mark));
    }
  }
}

using ErrorsByDomain = std::map<Name, std::vector<const Finding*>>;

// Grouped once, so that each change is compared with the errors of its own domain alone.
ErrorsByDomain errors_by_domain(const Plan& plan) {
  ErrorsByDomain errors;
  for (const Finding& finding : plan.findings) {
    if (finding.severity == Severity::Error && finding.domain) {
      errors[*finding.domain].push_back(&finding);
    }
  }
  return errors;
}

// The codes of the errors that withhold this change. Some errors withhold the whole domain, for
// instance a name that cannot be observed. No error withholds a change that loosens enforcement,
// since a rollback must always be possible.
std::vector<std::string> codes_against(const Change& change, const ErrorsByDomain& errors) {
  const auto* of_domain = find_value(errors, change.domain);
  if (of_domain == nullptr || change.stage == Stage::Relax) return {};
  std::set<std::string> codes;
  for (const Finding* finding : *of_domain) {
    const bool here = contains(finding->withholds, RecordKey{change.name(), change.type()});
    const Code* code = find_code(finding->code);
    if (here || (code != nullptr && code->withholds_domain)) codes.insert(finding->code);
  }
  return {codes.begin(), codes.end()};
}

// Withheld changes stay in the plan with their codes: a reviewer sees what a fix would release.
void withhold_blocked(const Config&, const World&, Plan& plan) {
  const ErrorsByDomain errors = errors_by_domain(plan);
  const auto withheld = std::ranges::stable_partition(
      plan.changes, [&](const Change& change) { return codes_against(change, errors).empty(); });
  for (const Change& change : withheld) {
    plan.withheld.push_back({change, codes_against(change, errors)});
  }
  plan.changes.erase(withheld.begin(), withheld.end());
}

// Two domains may desire records at one key (a shared host name): equal changes become one, and
// unequal ones are all withheld, since neither domain has precedence.
void join_shared_keys(const Config& config, const World&, Plan& plan) {
  std::ranges::stable_sort(plan.changes, {}, order_of);
  std::vector<Change> joined;
  for (Change& change : plan.changes) {
    const bool again = !joined.empty() && order_of(joined.back()) == order_of(change);
    if (!again) {
      joined.push_back(std::move(change));
    } else if (joined.back().set == change.set) {
      append(joined.back().reasons, std::move(change.reasons));
    } else {
      for (const Name& domain : {joined.back().domain, change.domain}) {
        plan.findings.push_back(withholding(
            finding_of(
                config.domains.at(domain), Severity::Error, "wanted-twice",
                fmt::format("{} and {} need different records at {}", joined.back().domain.text(),
                            change.domain.text(), change.name().text()),
                "let one of them own the name"),
            {{change.name(), change.type()}}));
      }
      joined.push_back(std::move(change));
    }
  }
  plan.changes = std::move(joined);
}

// Impact counts withheld changes too, since the reviewer of a waiver must know what it would cost.
// Plan::authority lists only what is written, so that authority is computed again here if something
// is withheld.
void estimate_impact(const Config& config, const World& world, Plan& plan) {
  std::vector<Authority> authority = plan.authority;
  if (!plan.withheld.empty()) {
    Plan whole = plan;
    for (const Withheld& withheld : plan.withheld) whole.changes.push_back(withheld.change);
    authority = authority_of(whole, config, world);
  }
  Impacts impacts = impact_of(plan, authority, config, world);
  plan.impact = std::move(impacts.known);
  plan.impact_unknown = std::move(impacts.unknown);
}

// A file that is named almost like a zone: somebody may believe that this zone is managed.
void report_unused(const Config& config, const World& world, Plan& plan) {
  for (const UnusedZoneNote& unused : world.unused_zones) {
    const ProviderSpec* provider = find_value(config.providers, unused.provider);
    plan.findings.push_back({.severity = Severity::Warning,
                             .code = "zone-unused",
                             .message = fmt::format("provider {} does not read {}: {}",
                                                    unused.provider, unused.what, unused.why),
                             .hint = unused.advice,
                             .mark = provider == nullptr ? Mark{} : provider->mark});
  }
}

// Nothing is changed there: Rampart writes only what the YAML names.
void report_unmanaged(const Config&, const World& world, Plan& plan) {
  for (const Name& zone : world.unmanaged_zones) {
    plan.findings.push_back(
        {.severity = Severity::Info,
         .code = "unmanaged",
         .domain = zone,
         .message = fmt::format("no domain in the YAML uses the zone {}, so it is not changed",
                                zone.text())});
  }
}

// Two providers of one zone can cause equal findings and holds: each is listed once.
void sort_all(const Config&, const World&, Plan& plan) {
  std::ranges::stable_sort(plan.changes, {}, order_of);
  std::ranges::stable_sort(plan.withheld, {}, [](const Withheld& w) { return order_of(w.change); });
  const auto sort_unique_by = [](auto& values, auto order) {
    std::ranges::stable_sort(values, {}, order);
    const auto repeated = std::ranges::unique(values);
    values.erase(repeated.begin(), repeated.end());
  };
  sort_unique_by(plan.holds,
                 [](const Hold& hold) { return std::tie(hold.domain, hold.code, hold.reason); });
  sort_unique_by(plan.findings, [](const Finding& finding) {
    return std::tuple(finding.domain ? finding.domain->text() : "", finding.code, finding.mark.file,
                      finding.mark.line, finding.message);
  });
}

void compare_domains(const Config& config, const World& world, Plan& plan) {
  for (const auto& [name, domain] : config.domains) plan_domain(domain, world, plan);
}

// Findings are added after all guardrails have run, so that their order does not matter.
void run_guardrails(const Config& config, const World& world, Plan& plan) {
  std::vector<Finding> found;
  for (const Guardrail guardrail : guardrails()) append(found, guardrail(plan, config, world));
  append(plan.findings, std::move(found));
}

// Who may send and sign is listed apart from the records, because a reviewer decides about that.
void list_authority(const Config& config, const World& world, Plan& plan) {
  plan.authority = authority_of(plan, config, world);
}

void list_receivers(const Config& config, const World& world, Plan& plan) {
  plan.receivers = receiver_impact(plan, config, world);
}

/// One pass over the plan, which sees the results of the passes before it.
struct Pass {
  std::string_view name;
  void (*run)(const Config& config, const World& world, Plan& plan);
  std::string_view reason;  ///< Why it is at this position.
};

constexpr std::array kPasses = {
    Pass{"compare", compare_domains, "all other passes look at its changes and findings"},
    Pass{"join", join_shared_keys, "guardrails must see one change per key"},
    Pass{"guard", run_guardrails, "guardrails look at all changes, and their errors withhold"},
    Pass{"zone notices", report_zone_notices, "of zones with changes; their errors withhold"},
    Pass{"waive", apply_waivers, "after the last error is found, before any withholds"},
    Pass{"expired waivers", report_expired_waivers,
         "withholds nothing; before findings are sorted"},
    Pass{"unused zones", report_unused, "withholds nothing; before findings are sorted"},
    Pass{"unmanaged zones", report_unmanaged, "withholds nothing; before findings are sorted"},
    Pass{"stray records", report_stray_records, "withholds nothing; before findings are sorted"},
    Pass{"live faults", report_live_faults, "leaves out what all passes before it report"},
    Pass{"proposals", propose_np_reject, "withholds nothing; before findings are sorted"},
    Pass{"withhold", withhold_blocked, "after waiving; the holds below depend on what remains"},
    Pass{"keys first", hold_for_keys, "keys that an error withholds must hold enforcement too"},
    Pass{"order", hold_for_order, "after keys-first, which explains why a domain itself is late"},
    Pass{"freeze", hold_for_freeze, "after the other holds, which explain more than a freeze"},
    Pass{"authority", list_authority, "of exactly the changes that will be written"},
    Pass{"receivers", list_receivers, "of changes that are written or withheld, not of held ones"},
    Pass{"impact", estimate_impact, "needs the authority that the plan gives and takes"},
    Pass{"sort", sort_all, "last: equal plans are equal bytes"},
};

}  // namespace

// A parked or absent domain has no senders, so that one policy covers all its records.
PolicyResult evaluate_policies(const Domain& domain, const World& world) {
  if (domain.state == DomainState::Absent) return absent_policy(domain, world);
  PolicyResult all = dangling_records(domain, world);
  if (domain.state == DomainState::Parked) {
    all.append(parked_policy(domain, world));
    return all;
  }
  all.append(spf_policy(domain, world));
  all.append(dkim_policy(domain, world));
  all.append(dmarc_policy(domain, world));
  all.append(transport_policy(domain, world));
  return all;
}

// By the policies themselves, so that no question is forgotten and none is needless.
std::vector<Question> questions(const Config& config, const World& world) {
  std::set<Question> wanted;
  for (const auto& [name, domain] : config.domains) {
    for (Question& question : evaluate_policies(domain, world).unknown) {
      if (!world.answers.contains(question)) wanted.insert(std::move(question));
    }
  }
  return {wanted.begin(), wanted.end()};
}

std::string config_digest(const Config& config) {
  std::string all;
  for (const auto& [path, digest] : config.files) all += path + "\n" + digest + "\n";
  return "sha256:" + sha256_hex(all);
}

Plan make_plan(const Config& config, const World& world) {
  Plan plan;
  plan.made_at = world.now;
  plan.config_digest = config_digest(config);
  for (const Pass& pass : kPasses) pass.run(config, world, plan);
  return plan;
}

}  // namespace rampart
