/// The SPF policy: one record per domain, merged from all of its senders.
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "mail/spf/tree.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/rules/spf.h"
#include "policies/spf/compare.h"
#include "policies/spf/fragments.h"
#include "policies/spf/record.h"
#include "policies/spf/spf.h"
#include "policies/spf/unmanaged.h"

namespace rampart {
namespace {

// Sorted names keep the reason stable when somebody reorders the YAML.
std::string reason_for(const DesiredSpf& wanted) {
  std::vector<std::string> senders;
  for (const SpfOrigin& origin : wanted.origins) senders.push_back(origin.sender);
  sort_unique(senders);
  if (senders.empty()) return "because no sender that needs SPF is declared";
  return fmt::format("because its terms come from {}", fmt::join(senders, ", "));
}

/// What one zone publishes now: nullopt where receivers get no usable record.
struct PublishedSpf {
  std::optional<spf::Record> record;
  std::size_t count = 0;
};

// Several records are no record for receivers (RFC 7208 section 4.5).
PublishedSpf published_at(const LiveZone& zone, const Domain& domain) {
  const auto live = live_spf(zone, domain);
  PublishedSpf published{std::nullopt, live.size()};
  if (live.size() == 1 && live.front().spf()) published.record = *live.front().spf();
  return published;
}

void report_multiple(const Domain& domain, const LiveZone& zone, std::size_t count,
                     PolicyResult& policy_result) {
  policy_result.findings.push_back(finding_of(
      domain, Severity::Warning, "spf-multiple",
      fmt::format("{} publishes {} SPF records at provider {}, so every check ends in permerror",
                  domain.name.text(), count, zone.provider),
      "this plan replaces them with one"));
}

/// Adds the questions that the tree of a record still needs; returns the cost of each term. Costs
/// and open questions come from one walk, which is the expensive part.
std::map<std::string, int> ask_tree(const Name& domain, const SpfView& view,
                                    PolicyResult& policy_result) {
  std::map<std::string, int> costs;
  if (!view.record) return costs;
  const spf::Tree tree = spf::tree_of(domain, *view.record, *view.answers);
  policy_result.unknown.insert(policy_result.unknown.end(), tree.unknown.begin(),
                               tree.unknown.end());
  for (const spf::TreeNode& child : tree.root.children) costs[child.term] = child.lookups;
  return costs;
}

/// A finding about spf.lock that refreshing the file resolves. Both findings have the same remedy,
/// so they share it.
Finding lock_finding(const Domain& domain, CodeName code, std::string message) {
  return marked(
      finding_of(domain, Severity::Warning, code, std::move(message),
                 fmt::format("run `rampart spf flatten {} --write` and review what it adds",
                             domain.name.text())),
      domain.spf->mark);
}

void report_unlocked(const Domain& domain, const FlatSpf& flat, PolicyResult& policy_result) {
  if (flat.unlocked.empty()) return;
  policy_result.findings.push_back(
      lock_finding(domain, "spf-lock-missing",
                   fmt::format("spf.lock does not contain {}, which is therefore not flattened",
                               fmt::join(flat.unlocked, ", "))));
}

/// A vendor's addresses that flattening left behind: its mail from there does not pass.
void report_behind(const Domain& domain, const FlatSpf& flat, const SpfLock& lock,
                   const Answers& answers, PolicyResult& policy_result) {
  for (const std::string& term : flat.flattened) {
    const auto alone = spf::parse_terms(term);
    const auto now = spf::admitted_by(domain.name, alone.value(), answers);
    const auto missing = now.pass.without(set_of(lock.terms.at(term).networks)).networks();
    if (!now.complete || missing.empty()) continue;
    // The advice to refresh the lock would be wrong here: `authority-wide` reports it.
    if (is_much_wider(now.pass, set_of(lock.terms.at(term).networks))) continue;
    policy_result.findings.push_back(lock_finding(
        domain, "spf-lock-behind",
        fmt::format("`{}` admits {} that spf.lock lacks, such as {}", term,
                    counted(missing.size(), "network"), spf::to_text(missing.front()))));
  }
}

// Flattening without the lock would write the unflattened record and exceed the limit, so that it
// is withheld.
void report_bad_lock(const Domain& domain, const World& world, PolicyResult& policy_result) {
  if (world.spf_lock_problem.empty()) return;
  policy_result.findings.push_back(withholding(
      marked(finding_of(domain, Severity::Error, "spf-lock-invalid",
                        fmt::format("flattening needs spf.lock: {}", world.spf_lock_problem),
                        "restore the file from git, or write it with `rampart spf flatten DOMAIN "
                        "--write` and review it"),
             domain.spf->mark),
      {spf_key(domain)}));
}

/// Octets of other TXT values at the domain's own name. They share the answer with our record, so
/// that they take room from it.
std::size_t foreign_octets(const Domain& domain, const LiveZone& zone) {
  std::size_t octets = 0;
  const LiveSet live = zone.at(spf_key(domain));
  for (const ParsedValue& value : live.set.values) {
    if (value.kind() != RecordKind::Spf) octets += value.text().size();
  }
  return octets;
}

/// The desired record, flattened where the YAML requests it. The live fragments are passed on,
/// because a new packing tries to leave them as they are.
FlatSpf flat_record(const Domain& domain, const DesiredSpf& wanted,
                    const std::map<std::string, int>& costs, const LiveZone* zone,
                    const World& world) {
  FlattenInput input{.domain = domain.name, .record = wanted.record, .lock = {}};
  input.mode = domain.spf ? domain.spf->flatten : Flatten::Never;
  input.costs = costs;
  const auto lock = world.spf_locks.find(domain.name);
  if (lock != world.spf_locks.end()) input.lock = lock->second;
  if (zone != nullptr) {
    input.foreign_octets = foreign_octets(domain, *zone);
    input.published = live_fragments(domain, *zone).published;
  }
  return flatten(input);
}

/// The earliest stage that the record needs in any zone. New fragments are published in an earlier
/// stage, so that the record never includes a missing one. The earliest stage of all zones counts,
/// so that no zone lacks a sender that another one has.
Stage stage_for(const Domain& domain, const FlatSpf& flat,
                const std::vector<const LiveZone*>& zones, const World& world,
                PolicyResult& policy_result) {
  std::map<int, ParsedValue> printed;
  for (const auto& [number, record] : flat.fragments) {
    printed.emplace(number, ParsedValue(RecordKind::Spf, spf::print(record)));
  }
  const SpfView after =
      spf_view(domain.name, flat.record, world.answers, local_txt(domain.name, printed));
  ask_tree(domain.name, after, policy_result);
  std::optional<Stage> stage;
  for (const LiveZone* zone : zones) {
    const PublishedSpf published = published_at(*zone, domain);
    if (published.count > 1) report_multiple(domain, *zone, published.count, policy_result);
    const LiveFragments fragments = live_fragments(domain, *zone);
    const SpfView before = spf_view(domain.name, published.record, world.answers,
                                    local_txt(domain.name, fragments.all));
    ask_tree(domain.name, before, policy_result);
    if (published.record && spf::same_meaning(*published.record, flat.record)) continue;
    Stage here = spf_stage(domain.name, before, after);
    const bool names_new = std::ranges::any_of(flat.fragments, [&](const auto& fragment) {
      return !fragments.published.contains(fragment.first);
    });
    if (names_new && here < Stage::Authorize) here = Stage::Authorize;
    stage = std::min(stage.value_or(here), here);
  }
  return stage.value_or(Stage::Authorize);
}

// The value stays: other services publish TXT at this name too, and only a person knows what it was
// meant to be.
void report_near_spf(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const RecordKey key = spf_key(domain);
  for (const ParsedValue& value : live_values(domain, world, key, RecordKind::Foreign)) {
    const auto slip = spf_near_miss(key, value.text());
    if (!slip) continue;
    const Mark& mark = domain.spf ? domain.spf->mark : domain.mark;
    policy_result.findings.push_back(
        to_finding(rules::spf_near_miss(domain.name, value.text(), *slip), domain.name, mark));
  }
}

}  // namespace

// Flattening depends on the zone (other TXT values limit the size), and on the first zone only: two
// providers of one name must publish the same record.
PolicyResult spf_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  if (domain.leaves_spf()) {
    policy_result = unmanaged_spf(domain, world);
    report_near_spf(domain, world, policy_result);
    return policy_result;
  }
  if (!manages_spf(domain)) return policy_result;
  DesiredSpf wanted = desired_spf(domain, world.now);
  policy_result.findings = std::move(wanted.findings);
  const auto costs =
      ask_tree(domain.name, spf_view(domain.name, wanted.record, world.answers), policy_result);
  const auto zones = world.zones_for(domain, domain.name);
  const LiveZone* zone = zones.empty() ? nullptr : zones.front();
  const FlatSpf flat = flat_record(domain, wanted, costs, zone, world);
  if (domain.spf && domain.spf->flatten != Flatten::Never) {
    report_bad_lock(domain, world, policy_result);
    report_unlocked(domain, flat, policy_result);
  }
  const auto lock = world.spf_locks.find(domain.name);
  if (lock != world.spf_locks.end()) {
    report_behind(domain, flat, lock->second, world.answers, policy_result);
    if (zone != nullptr) {
      desire_fragments(domain, live_fragments(domain, *zone), flat, policy_result);
    }
  }
  DesiredRecord desired = publication(
      spf_key(domain), ParsedValue(RecordKind::Spf, spf::print(flat.record)), reason_for(wanted));
  desired.ttl = spf_ttl(domain);
  desired.stage = stage_for(domain, flat, zones, world, policy_result);
  report_near_spf(domain, world, policy_result);
  policy_result.desired_records.push_back(std::move(desired));
  return policy_result;
}

}  // namespace rampart
