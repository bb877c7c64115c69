/// `rampart spf flatten`: the flattened record of a domain, and spf.lock brought up to date.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/spf.h"
#include "policies/spf/flatten.h"
#include "policies/spf/record.h"
#include "reconciler/documents/spf_lock_file.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {
namespace {

/// What is flattened: the record that the YAML asks for, or the published one.
struct Subject {
  Name domain;
  spf::Record record;
};

Result<Subject> subject_of(const Name& domain, const Config& config, Time now,
                           ResolverSession& lookups) {
  const auto declared = config.domains.find(domain);
  if (declared != config.domains.end() && manages_spf(declared->second)) {
    return Subject{domain, desired_spf(declared->second, now).record};
  }
  PublishedSpf published = published_spf(domain, lookups);
  if (!published.record) return Error{published.problem};
  return Subject{domain, std::move(*published.record)};
}

/// What one resolver says of each term that can be flattened.
std::map<std::string, ResolvedTerm> resolve_terms(const Subject& subject, ResolverSession lookups) {
  std::map<std::string, ResolvedTerm> views;
  for (const std::string& term : flattenable_terms(subject.record)) {
    const auto alone = spf::parse_terms(term);
    const spf::Tree tree = tree_live(subject.domain, alone.value(), lookups);
    views[term] = {spf::admitted_by(subject.domain, alone.value(), lookups.answers), tree.lookups};
  }
  return views;
}

/// Every resolver is asked for itself, so that they can be held against each other.
std::map<std::string, std::vector<ResolvedTerm>> all_views(const Subject& subject,
                                                           const ResolverSession& lookups) {
  std::map<std::string, std::vector<ResolvedTerm>> views;
  for (const std::string& term : flattenable_terms(subject.record)) views[term] = {};
  for (const Server& resolver : lookups.resolvers) {
    const ResolverSession alone{{resolver}, lookups.limits, {}};
    for (auto& [term, view] : resolve_terms(subject, alone)) views[term].push_back(std::move(view));
  }
  return views;
}

/// A lock of this moment, for showing the outcome alone; nothing of it is kept.
SpfLock lock_of_now(const Subject& subject, const ResolverSession& lookups, Date today) {
  SpfLock lock;
  for (const auto& [term, view] : resolve_terms(subject, lookups)) {
    if (!view.admitted.complete || view.admitted.pass.empty()) continue;
    lock.terms[term] = {today, view.lookups, texts_of(view.admitted.pass), {}};
  }
  return lock;
}

ExitCode show(const Context& context, const Subject& subject, const SpfLock& lock, int before) {
  FlattenReport report{subject.domain, subject.record, before, {}};
  report.flat = flatten({.domain = subject.domain, .record = subject.record, .lock = lock});
  context.process.out << (context.json() ? flatten_json(report) : flatten_text(report));
  return ExitCode::Ok;
}

ExitCode write_lock(const Context& context, const Config& config, const Subject& subject,
                    const ResolverSession& lookups, SpfLock& lock) {
  Result<SpfLocks> locks = read_spf_locks(config.folder);
  if (!locks) return fail(context, "spf-lock-invalid", locks.error());
  const Date today = std::chrono::floor<std::chrono::days>(context.now);
  Refresh refresh = refresh_lock(locks.value()[subject.domain], all_views(subject, lookups), today);
  for (const std::string& refused : refresh.refused) {
    context.process.err << "not taken over: " << refused << '\n';
  }
  lock = refresh.lock;
  locks.value()[subject.domain] = std::move(refresh.lock);
  if (lock.terms.empty()) locks.value().erase(subject.domain);
  const auto written = write_file(spf_lock_path(config.folder), print_spf_locks(*locks));
  if (!written) return fail(context, "spf-lock-invalid", written.error());
  progress(context, fmt::format("wrote {}", spf_lock_path(config.folder)));
  return ExitCode::Ok;
}

}  // namespace

ExitCode run_spf_flatten(Context& context) {
  const auto domain = Name::parse(context.arguments.one("DOMAIN").value_or(""));
  if (!domain) return fail(context, "usage", domain.error());
  const bool writes = context.arguments.has("write");
  const bool configured = writes || context.arguments.has("config");
  const auto config = configured ? load(context) : builtin_config();
  if (!config) return ExitCode::Error;
  auto lookups = resolver_session(context, *config);
  if (!lookups) return fail(context, "resolver", lookups.error());
  auto subject = subject_of(*domain, *config, context.now, lookups.value());
  if (!subject) return fail(context, "spf-missing", subject.error());
  const int before = tree_live(*domain, subject->record, lookups.value()).lookups;
  SpfLock lock;
  if (writes) {
    const ExitCode done = write_lock(context, *config, *subject, *lookups, lock);
    if (done != ExitCode::Ok) return done;
  } else {
    lock = lock_of_now(*subject, *lookups, std::chrono::floor<std::chrono::days>(context.now));
  }
  return show(context, *subject, lock, before);
}

}  // namespace rampart
