/// Effective policies before and after a change of DMARC, and a line for each kind of receiver.
#include "policies/dmarc/receiver_impact.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "mail/dmarc/org_domain.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"

namespace rampart {
namespace {

using dmarc::Audience;
using dmarc::Receiver;

// The treatment of one audience's failing mail before and after. Pairs are compared, so that an
// audience has a clause of its own only where its pair differs.
struct TreatmentChange {
  Known<dmarc::Treatment> before;
  Known<dmarc::Treatment> after;

  bool operator==(const TreatmentChange&) const = default;
};

// A treatment that is unknown is shown as "unknown", never as "none".
std::string shown(const Known<dmarc::Treatment>& treatment) {
  return treatment.match([](const dmarc::Treatment& one) { return to_text(one); },
                         [] { return to_text(dmarc::Treatment()); },
                         [](const Unanswered&) { return std::string("unknown"); });
}

// Why the treatment is not known, before or after the change; null where it is.
const Unanswered* gap_of(const TreatmentChange& change) {
  return change.before.gap() ? change.before.gap() : change.after.gap();
}

// "as before" is stated rather than left out: silence could be taken for not evaluated.
std::string sentence(const TreatmentChange& change) {
  if (const Unanswered* gap = gap_of(change)) {
    return fmt::format("{} (before: {}): {}", shown(change.after), shown(change.before),
                       to_text(*gap));
  }
  if (change.before == change.after) return fmt::format("{}, as before", shown(change.after));
  return fmt::format("{} (before: {})", shown(change.after), shown(change.before));
}

// Sub-domains and missing names are mentioned only where their treatment differs. One line for each
// kind of receiver keeps a plan readable, although up to nine cases are evaluated.
ReceiverLine line_for(Receiver receiver, const EffectivePolicy& before,
                      const EffectivePolicy& after) {
  const auto change_for = [&](Audience audience) {
    return TreatmentChange{treatment_of(before, receiver, audience),
                           treatment_of(after, receiver, audience)};
  };
  const TreatmentChange own = change_for(Audience::Itself);
  const TreatmentChange below = change_for(Audience::SubDomains);
  const TreatmentChange missing = change_for(Audience::Missing);
  ReceiverLine line{receiver, shown(own.before), shown(own.after), sentence(own)};
  if (const Unanswered* gap = gap_of(own)) line.gap = to_text(*gap);
  line.is_new =
      std::ranges::any_of(std::array{own, below, missing}, [](const TreatmentChange& one) {
        return one.before != one.after || one.before.gap() != nullptr;
      });
  if (below != own) line.says += "; sub-domains: " + sentence(below);
  if (missing != below) line.says += "; names that do not exist: " + sentence(missing);
  return line;
}

// RFC 9989 section 4.7: sp and np count at the organizational domain alone. Elsewhere these tags
// are ignored, so keeping them would show a protection that does not exist.
dmarc::Record as_read_at(dmarc::Record record, const Name& at, const Name& org) {
  if (at == org) return record;
  record.sp.reset();
  record.np.reset();
  return record;
}

Known<dmarc::Record> in_force(const Known<dmarc::DiscoveredPolicy>& policy) {
  using InForce = Known<dmarc::Record>;
  return policy.match([](const dmarc::DiscoveredPolicy& one) { return InForce(effective(one)); },
                      [] { return InForce(NoneFound()); },
                      [](const Unanswered& gap) { return InForce(gap); });
}

// A record of its own governs the domain for both generations, but each reads sp and np by its own
// organizational domain. Without one, each generation discovers the record that governs.
EffectivePolicy effective_policy(const Name& domain, const std::optional<ParsedValue>& own,
                                 const Answers& around) {
  const Answers answers = with_record(around, domain, own);
  if (own && own->dmarc()) {
    const dmarc::Record& record = own->dmarc()->lenient.record;
    const bool has_sp_or_np = record.sp || record.np;
    std::vector<Question> unknown;
    const auto by_walk =
        has_sp_or_np ? dmarc::org_domain_walk(domain, answers, unknown)
                           .match(
                               [&](const Name& org) {
                                 return Known<dmarc::Record>(as_read_at(record, domain, org));
                               },
                               [&] { return Known<dmarc::Record>(record); },
                               [](const Unanswered& gap) { return Known<dmarc::Record>(gap); })
                     : Known<dmarc::Record>(record);
    return {as_read_at(record, domain, dmarc::org_domain_psl(domain)), by_walk};
  }
  const PolicyByMethod by_method = policy_by_method(domain, answers);
  return {in_force(by_method.by_psl), in_force(by_method.by_walk)};
}

// An undeclared BIMI record counts as well, since its logo disappears all the same.
bool shows_logo(const Domain& domain, const World& world) {
  if (domain.bimi) return true;
  const auto name = domain.name.child("default._bimi");
  return name && !live_values(domain, world, {*name, RecordType::TXT}, RecordKind::Bimi).empty();
}

// Whether the domain has a logo: its own, or its organizational domain's, which the BIMI draft
// falls back to. Without a logo the sentence about it would be noise in every plan.
bool has_logo(const Name& domain, const Config& config, const World& world) {
  const Name org = dmarc::org_domain_psl(domain);
  return std::ranges::any_of(std::array{domain, org}, [&](const Name& name) {
    const auto found = config.domains.find(name);
    return found != config.domains.end() && shows_logo(found->second, world);
  });
}

std::optional<std::string> obstacle_in(const EffectivePolicy& policy) {
  using Obstacle = std::optional<std::string>;
  return policy.by_walk.match([](const dmarc::Record& record) { return bimi_obstacle(record); },
                              [] { return Obstacle("no DMARC record governs it"); },
                              [](const Unanswered& gap) { return Obstacle(to_text(gap)); });
}

// Only a change is reported: a logo that stays hidden is the audit's business.
std::string bimi_change(const EffectivePolicy& before, const EffectivePolicy& after) {
  const auto was = obstacle_in(before);
  const auto is = obstacle_in(after);
  if (before.by_walk.gap() || after.by_walk.gap()) return "";
  if (was && !is) return "its BIMI logo may be shown from now on";
  if (!was && is) return fmt::format("its BIMI logo is no longer shown: {}", *is);
  return "";
}

// `domain` is the one whose `_dmarc` changes.
ReceiverImpact impact_at(const Change& change, const Config& config, const World& world) {
  const Name domain = change.name().parent();
  const auto [before, after] = effective_policy_change(change, world);
  ReceiverImpact impact{domain, receiver_lines(before, after), ""};
  if (has_logo(domain, config, world)) impact.bimi = bimi_change(before, after);
  return impact;
}

}  // namespace

bool ReceiverImpact::nothing_new() const {
  return std::ranges::none_of(lines, &ReceiverLine::is_new);
}

// In the order of dmarc::Receiver.
std::string_view to_text(Receiver receiver) {
  constexpr std::array<std::string_view, 3> kNames = {"rfc7489", "rfc9989", "neither"};
  return word_of(kNames, receiver);
}

std::string_view describe(Receiver receiver) {
  constexpr std::array<std::string_view, 3> kNames = {"receivers that follow RFC 7489 (pct)",
                                                      "receivers that follow RFC 9989 (t)",
                                                      "receivers that ignore pct and t"};
  return word_of(kNames, receiver);
}

// RFC 7489 receivers find records by the public suffix list, the others by tree walk.
Known<dmarc::Treatment> treatment_of(const EffectivePolicy& policy, Receiver receiver,
                                     Audience audience) {
  using Given = Known<dmarc::Treatment>;
  const auto& force = receiver == Receiver::HonoursPct ? policy.by_psl : policy.by_walk;
  return force.match(
      [&](const dmarc::Record& record) {
        return Given(treatment(policy_for(record, audience, receiver), record, receiver));
      },
      [] { return Given(dmarc::Treatment()); }, [](const Unanswered& gap) { return Given(gap); });
}

std::string to_text(dmarc::Treatment treatment) {
  const int rest = 100 - treatment.quarantined - treatment.rejected;
  if (rest == 100) return "none";
  std::string text;
  const auto add = [&text](int share, std::string_view what) {
    if (share == 0) return;
    text += fmt::format("{}{}% {}", text.empty() ? "" : ", ", share, what);
  };
  add(treatment.rejected, "reject");
  add(treatment.quarantined, "quarantine");
  add(rest, "normal local filtering");
  return text;
}

EffectivePolicyChange effective_policy_change(const Change& change, const World& world) {
  const Name domain = change.name().parent();
  const Answers around = dmarc_lookups_of(domain, world).answers;
  return {effective_policy(domain, record_in(change.set.before), around),
          effective_policy(domain, record_in(change.set.after), around)};
}

std::vector<ReceiverLine> receiver_lines(const EffectivePolicy& before,
                                         const EffectivePolicy& after) {
  std::vector<ReceiverLine> lines;
  for (const Receiver receiver : dmarc::kReceivers) {
    lines.push_back(line_for(receiver, before, after));
  }
  return lines;
}

std::optional<std::string> bimi_obstacle(const dmarc::Record& record) {
  const auto policy = record.p.value_or(dmarc::Policy::None);
  if (policy == dmarc::Policy::None) return "p=none requests no enforcement";
  if (policy == dmarc::Policy::Quarantine && record.pct.value_or(100) < 100) {
    return "p=quarantine needs pct=100";
  }
  if (record.sp == dmarc::Policy::None) return "sp=none exempts sub-domains";
  // The BIMI draft is silent on t.
  if (record.testing.value_or(false)) return "t=y requests less than the policy";
  return std::nullopt;
}

// Two providers of a zone change the same record: the first change covers both.
std::vector<ReceiverImpact> receiver_impact(const Plan& plan, const Config& config,
                                            const World& world) {
  std::map<Name, ReceiverImpact> by_domain;
  const auto look_at = [&](const Change& change) {
    const Name domain = change.name().parent();
    if (name_kind(change.name()) != NameKind::Dmarc || by_domain.contains(domain)) return;
    by_domain.emplace(domain, impact_at(change, config, world));
  };
  for (const Change& change : plan.changes) look_at(change);
  for (const Withheld& withheld : plan.withheld) look_at(withheld.change);
  std::vector<ReceiverImpact> sorted;
  for (auto& [domain, one] : by_domain) sorted.push_back(std::move(one));
  return sorted;
}

}  // namespace rampart
