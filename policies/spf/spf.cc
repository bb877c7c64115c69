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
  for (const SpfOrigin& origin : wanted.origins) senders.push_back(shown_origin(origin.sender));
  sort_unique(senders);
  if (senders.empty()) return "because no sender that needs SPF is declared";
  return fmt::format("because its terms come from {}", fmt::join(senders, ", "));
}

void report_multiple(const Domain& domain, const ZoneSpf& live, PolicyResult& policy_result) {
  policy_result.findings.push_back(finding_of(
      domain, Severity::Warning, "spf-multiple",
      fmt::format("{} publishes {} SPF records at provider {}, so every check ends in permerror",
                  domain.name.text(), live.count, live.zone->provider),
      "this plan replaces them with one"));
}

/// A finding about spf.lock that refreshing the file resolves.
Finding lock_finding(const Domain& domain, CodeName code, std::string message) {
  return marked(
      finding_of(domain, Severity::Warning, code, std::move(message),
                 fmt::format("run `rampart spf flatten {} --write` with two resolvers that agree "
                             "(--resolver A --resolver B) and review what it adds",
                             domain.name.text())),
      domain.spf->mark);
}

/// Terms that spf.lock lacks. What decides for each message never gets in, so that the advice to
/// refresh the file would come back in every run.
void report_unlocked(const Domain& domain, const FlatSpf& flat, const Answers& answers,
                     PolicyResult& policy_result) {
  std::vector<std::string> lacking;
  std::vector<std::string> open;
  for (const std::string& term : flat.unlocked) {
    const auto alone = spf::parse_terms(term);
    const bool decides =
        alone && !spf::admitted_by(domain.name, alone.value(), answers).open.empty();
    (decides ? open : lacking).push_back(term);
  }
  if (!open.empty()) {
    policy_result.findings.push_back(
        marked(finding_of(domain, Severity::Info, "spf-lock-missing",
                          fmt::format("{} cannot be flattened: it decides for each message",
                                      fmt::join(open, ", ")),
                          "nothing to do; it stays in the record and costs its lookups"),
               domain.spf->mark));
  }
  if (lacking.empty()) return;
  policy_result.findings.push_back(
      lock_finding(domain, "spf-lock-missing",
                   fmt::format("spf.lock does not contain {}, which is therefore not flattened",
                               fmt::join(lacking, ", "))));
}

/// Reports the addresses that a vendor added since spf.lock was written: its mail from there does
/// not pass.
void report_behind(const Domain& domain, const FlatSpf& flat, const SpfLock& lock,
                   const Answers& answers, PolicyResult& policy_result) {
  for (const std::string& term : flat.flattened) {
    const auto alone = spf::parse_terms(term);
    const auto now = spf::admitted_by(domain.name, alone.value(), answers);
    const spf::IpSet locked = set_of(lock.terms.at(term).networks);
    const auto missing = now.pass.without(locked).networks();
    if (!now.complete || missing.empty()) continue;
    // The advice to refresh the lock would be wrong here: `authority-wide` reports it.
    if (is_much_wider(now.pass, locked)) continue;
    policy_result.findings.push_back(lock_finding(
        domain, "spf-lock-behind",
        fmt::format("`{}` admits {} that spf.lock lacks, such as {}", term,
                    counted(missing.size(), "network"), spf::to_text(missing.front()))));
  }
}

// Without the lock the record would be written unflattened, and could exceed the limit of lookups.
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

/// Octets of the other TXT values at the domain's own name. They are in the same answer as our
/// record, so that they take room from it.
std::size_t foreign_octets(const Domain& domain, const LiveZone& zone) {
  std::size_t octets = 0;
  const LiveSet live = zone.at(spf_key(domain));
  for (const ParsedValue& value : live.set.values) {
    if (value.kind() != RecordKind::Spf) octets += value.text().size();
  }
  return octets;
}

/// The desired record, flattened where the YAML requests it. By the first zone, because the size of
/// other TXT values limits ours and two providers of one name must publish the same record. Its
/// live fragments are passed on, because a new packing tries to leave them as they are.
FlatSpf flat_record(const Domain& domain, const spf::Record& record, const spf::Tree& tree,
                    const std::vector<ZoneSpf>& published, const SpfLock* lock) {
  FlattenInput input{.domain = domain.name, .record = record, .lock = {}};
  input.mode = domain.spf ? domain.spf->flatten : Flatten::Never;
  for (const spf::TreeNode& child : tree.root.children) input.costs[child.term] = child.lookups;
  if (lock != nullptr) input.lock = *lock;
  if (!published.empty()) {
    input.foreign_octets = foreign_octets(domain, *published.front().zone);
    input.published = published.front().included;
  }
  return flatten(input);
}

/// The stage of the record: the earliest that any zone needs, so that no zone lacks a sender that
/// another one has. But where it includes new fragments, it comes after those are published.
Stage record_stage(const Name& domain, const FlatSpf& flat, const SpfView& after,
                   const std::vector<ZoneSpf>& published) {
  std::optional<Stage> stage;
  bool names_new = false;
  for (const ZoneSpf& live : published) {
    if (live.view.record && spf::same_meaning(*live.view.record, flat.record)) continue;
    const Stage here = spf_stage(domain, live.view, after);
    stage = std::min(stage.value_or(here), here);
    names_new = names_new || std::ranges::any_of(flat.fragments, [&](const auto& fragment) {
                  return !live.included.contains(fragment.first);
                });
  }
  const Stage earliest = stage.value_or(Stage::Authorize);
  return names_new ? std::max(earliest, Stage::Authorize) : earliest;
}

/// The fragments as the values that are to be published.
std::map<int, ParsedValue> printed(const std::map<int, spf::Record>& fragments) {
  std::map<int, ParsedValue> values;
  for (const auto& [number, record] : fragments) {
    values.emplace(number, ParsedValue(RecordKind::Spf, spf::print(record)));
  }
  return values;
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

// The trees come before the fragments: what they include must stay.
PolicyResult spf_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  if (domain.leaves_spf()) {
    policy_result = unmanaged_spf(domain, world);
    report_near_spf(domain, world, policy_result);
    return policy_result;
  }
  if (!manages_spf(domain)) {
    report_near_spf(domain, world, policy_result);
    return policy_result;
  }
  DesiredSpf wanted = desired_spf(domain, world.now);
  policy_result.findings = std::move(wanted.findings);
  std::vector<Question>& unknown = policy_result.unknown;
  const spf::Tree tree = ask_tree(domain.name, spf_view(domain.name, wanted.record, world.answers),
                                  world.answers, unknown);
  std::vector<ZoneSpf> published;
  for (const LiveZone* zone : world.zones_for(domain, domain.name)) {
    published.push_back(zone_spf(domain, *zone, world.answers));
  }
  const SpfLock* lock = find_value(world.spf_locks, domain.name);
  const FlatSpf flat = flat_record(domain, wanted.record, tree, published, lock);
  if (domain.spf && domain.spf->flatten != Flatten::Never) {
    report_bad_lock(domain, world, policy_result);
    report_unlocked(domain, flat, world.answers, policy_result);
  }
  const SpfView after = spf_view(domain.name, flat.record, world.answers,
                                 local_txt(domain.name, printed(flat.fragments)));
  std::vector<spf::Tree> trees{ask_tree(domain.name, after, world.answers, unknown)};
  for (const ZoneSpf& live : published) {
    if (live.count > 1) report_multiple(domain, live, policy_result);
    trees.push_back(ask_tree(domain.name, live.view, world.answers, unknown));
  }
  if (lock != nullptr) {
    report_behind(domain, flat, *lock, world.answers, policy_result);
    desire_fragments(domain, published, flat, trees, policy_result);
  }
  DesiredRecord desired = publication(
      spf_key(domain), ParsedValue(RecordKind::Spf, spf::print(flat.record)), reason_for(wanted));
  desired.ttl = spf_ttl(domain);
  desired.stage = record_stage(domain.name, flat, after, published);
  report_near_spf(domain, world, policy_result);
  policy_result.desired_records.push_back(std::move(desired));
  return policy_result;
}

}  // namespace rampart
