/// `rampart spf flatten`: shows the flattened record of a domain, and refreshes spf.lock.

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"
#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/spf.h"
#include "policies/spf/flatten.h"
#include "policies/spf/record.h"
#include "reconciler/documents/spf_lock_file.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {
namespace {

/// The record to flatten: the one that the YAML declares, or the published one.
struct FlattenSubject {
  Name domain;
  spf::Record record;
};

/// With a YAML its own record is flattened, since that is what `plan` will publish.
Result<FlattenSubject> subject_of(const Name& domain, const Config& config, Time now,
                                  DnsSession& lookups) {
  const auto declared = config.domains.find(domain);
  if (declared != config.domains.end() && manages_spf(declared->second)) {
    return FlattenSubject{domain, desired_spf(declared->second, now).record};
  }
  PublishedSpf published = published_spf(domain, lookups);
  if (!published.record) return Error{published.problem};
  return FlattenSubject{domain, std::move(*published.record)};
}

/// What one resolver returns for each term that can be flattened.
std::map<std::string, ResolvedTerm> resolve_terms(const FlattenSubject& subject,
                                                  DnsSession lookups) {
  std::map<std::string, ResolvedTerm> views;
  for (const std::string& term : flattenable_terms(subject.record)) {
    // Each term alone, because the lock has networks per term: an include that is removed takes
    // only its own with it.
    const auto alone = spf::parse_terms(term);
    const spf::Tree tree = tree_live(subject.domain, alone.value(), lookups);
    views[term] = {spf::admitted_by(subject.domain, alone.value(), lookups.answers), tree.lookups};
  }
  return views;
}

/// Every resolver is queried separately: a term is accepted only if two agree, so that one
/// poisoned or broken cache cannot change who may send.
std::map<std::string, std::vector<ResolvedTerm>> all_views(const FlattenSubject& subject,
                                                           const DnsSession& lookups) {
  std::map<std::string, std::vector<ResolvedTerm>> views;
  for (const std::string& term : flattenable_terms(subject.record)) views[term] = {};
  for (const Server& resolver : lookups.resolvers) {
    // A new session without answers, or the second resolver would return what the first one
    // returned.
    const DnsSession alone{.resolvers = {resolver}, .limits = lookups.limits};
    for (auto& [term, view] : resolve_terms(subject, alone)) views[term].push_back(std::move(view));
  }
  return views;
}

/// A lock of today's answers, used to show the result only; it is not saved.
SpfLock lock_of_now(const FlattenSubject& subject, const DnsSession& lookups, Date today) {
  SpfLock lock;
  for (const auto& [term, view] : resolve_terms(subject, lookups)) {
    // A part of the networks would reject the mail of the others.
    if (!view.admitted.complete || view.admitted.pass.empty()) continue;
    lock.terms[term] = {today, view.lookups, texts_of(view.admitted.pass), {}};
  }
  return lock;
}

using Reasons = std::map<std::string, std::string>;

// The lookups before are shown as well: the saving is the reason for flattening. Terms that stay
// cost what DNS shows, with all that they include.
ExitCode show(const Context& context, const FlattenSubject& subject, const SpfLock& lock,
              const spf::Tree& tree, Reasons reasons) {
  FlattenReport report{subject.domain, subject.record, tree.lookups, {}, std::move(reasons)};
  FlattenInput input{.domain = subject.domain, .record = subject.record, .lock = lock};
  for (const spf::TreeNode& child : tree.root.children) input.costs[child.term] = child.lookups;
  report.flat = flatten(input);
  return print(context, context.json() ? flatten_json(report) : flatten_text(report));
}

/// What was written to the lock, and why terms were not taken into it.
struct LockUpdate {
  SpfLock lock;
  Reasons reasons;
};

Reasons reasons_of(const FlattenSubject& subject, const std::vector<std::string>& refused) {
  Reasons reasons;
  for (const std::string& term : flattenable_terms(subject.record)) {
    const auto why = std::ranges::find_if(
        refused, [&](const std::string& one) { return one.starts_with(term + ": "); });
    if (why != refused.end()) reasons[term] = why->substr(term.size() + 2);
  }
  return reasons;
}

/// Refreshes the lock of one domain and keeps those of others in the file.
ExitCode write_lock(const Context& context, const Config& config, const FlattenSubject& subject,
                    const DnsSession& lookups, LockUpdate& update) {
  // Nothing could be accepted, and the advice to run this command would never end.
  if (lookups.resolvers.size() < 2) {
    return usage_error(context, "--write needs two resolvers that agree, and one is known",
                       "name two of different operators: --resolver A --resolver B");
  }
  TRY_OR_FAIL("spf-lock-invalid", SpfLocks locks, read_spf_locks(config.folder));
  const Date today = context.today();
  Refresh refresh = refresh_lock(locks[subject.domain], all_views(subject, lookups), today);
  for (const std::string& refused : refresh.refused) {
    context.process.err << "not accepted: " << printable(refused) << '\n';
  }
  update = {refresh.lock, reasons_of(subject, refresh.refused)};
  locks[subject.domain] = std::move(refresh.lock);
  if (update.lock.terms.empty()) locks.erase(subject.domain);
  OK_OR_FAIL("spf-lock-invalid", write_file(spf_lock_path(config.folder), print_spf_locks(locks)));
  progress(context, fmt::format("wrote {}", spf_lock_path(config.folder)));
  return ExitCode::Ok;
}

}  // namespace

// With --write the YAML is required, since the lock is beside it; without, any domain can be tried.
ExitCode run_spf_flatten(Context& context) {
  TRY_OR_FAIL("usage", const Name domain,
              Name::parse(context.arguments.one("DOMAIN").value_or("")));
  const bool writes = context.arguments.has("write");
  const bool configured = writes || context.arguments.has("config");
  VALUE_OR_EXIT(const auto config, configured ? load(context) : builtin_config());
  TRY_OR_FAIL("resolver", DnsSession lookups, resolver_session(context, config));
  TRY_OR_FAIL("spf-missing", const FlattenSubject subject,
              subject_of(domain, config, context.now, lookups));
  const spf::Tree tree = tree_live(domain, subject.record, lookups);
  LockUpdate shown;
  if (writes) {
    const ExitCode done = write_lock(context, config, subject, lookups, shown);
    if (done != ExitCode::Ok) return done;
  } else {
    shown.lock = lock_of_now(subject, lookups, context.today());
  }
  return show(context, subject, shown.lock, tree, std::move(shown.reasons));
}

}  // namespace rampart
