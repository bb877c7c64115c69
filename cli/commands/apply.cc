/// `rampart apply`: recompute from what the providers hold, limit to the reviewed plan, ask, write,
/// verify.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "base/counted.h"
#include "base/text.h"
#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/context/evidence.h"
#include "cli/context/interrupt.h"
#include "cli/views/json_documents.h"
#include "cli/views/wait_notice.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

/// The input of this run, gathered before anything is written.
struct Job {
  Config config;
  ObserveOptions options;
  Providers providers = {};
  Plan plan = {};                    ///< As recomputed, limited by the reviewed plan.
  std::vector<Change> already = {};  ///< Changes of the reviewed plan that are live already.
};

Result<Plan> reviewed_plan(const std::string& path) {
  TRY(const std::string text, read_file(path));
  return within(path, plan_from_json(text));
}

bool only_loosens(const std::vector<Change>& changes) {
  return std::ranges::all_of(changes, [](const Change& one) { return one.stage == Stage::Relax; });
}

/// Whether reports can let a change come due: the removal of a key that nothing signs with any
/// more.
bool has_retiring_keys(const Config& config) {
  return std::ranges::any_of(config.domains, [](const auto& row) {
    const Domain& domain = row.second;
    const std::vector<SenderUse>& senders = domain.senders.value_or(std::vector<SenderUse>());
    return !domain.rotations.empty() || std::ranges::any_of(senders, [](const SenderUse& use) {
      return use.retired.has_value();
    });
  });
}

void add_evidence(const Context& context, const Config& config, World& world) {
  Result<std::optional<Evidence>> evidence = evidence_for(context, config);
  if (evidence) {
    world.evidence = std::move(evidence).value();
    return;
  }
  // A warning and no failure: what needs no evidence, such as a new sender, is still written.
  progress(context, "warning: " + sentence(evidence.error()) +
                        "; changes that need evidence from reports are held");
}

/// Plans from the YAML and the providers. What only loosens, such as a rollback, reads no evidence:
/// a store that is large, locked or damaged must not delay it.
Plan plan_of(const Context& context, const Job& job, const std::optional<Plan>& reviewed,
             World& world) {
  if (reviewed && !reviewed->changes.empty() && only_loosens(reviewed->changes)) {
    return plan_for(context, job.config, world);
  }
  if (!reviewed && !has_retiring_keys(job.config)) {
    Plan plan = plan_for(context, job.config, world);
    if (plan.withheld.empty() && only_loosens(plan.changes)) return plan;
  }
  add_evidence(context, job.config, world);
  return plan_for(context, job.config, world);
}

/// Whether the reviewed plan concerns the domain: a change of it, or in its zone, or an error that
/// keeps a change back and decides the exit code.
bool concerns(const Plan& reviewed, const Name& domain) {
  const auto changed = [&](const Change& change) {
    return change.domain == domain || domain.is_within(change.zone);
  };
  return std::ranges::any_of(reviewed.changes, changed) ||
         std::ranges::any_of(reviewed.withheld,
                             [&](const Withheld& one) { return changed(one.change); }) ||
         std::ranges::any_of(reviewed.findings, [&](const Finding& one) {
           return one.severity == Severity::Error && one.domain == domain;
         });
}

/// Leaves out the domains that the reviewed plan does not concern: nothing of them may be written,
/// so that their zones need not be read. A YAML that has changed since the review may have changes
/// anywhere, which are read in order to be reported as not reviewed.
bool narrow_to(Config& config, const Plan& reviewed) {
  if (reviewed.config_digest != config_digest(config)) return false;
  return std::erase_if(config.domains,
                       [&](const auto& row) { return !concerns(reviewed, row.first); }) > 0;
}

World observed(const Context& context, const Job& job) {
  World world = observe(job.config, job.providers, job.options);
  world.normalize = context.arguments.has("normalize");
  fetch_policies(job.config, policy_fetch(context), world);
  return world;
}

bool is_read(const World& world, const Name& zone, const std::string& provider) {
  return std::ranges::any_of(world.zones, [&](const LiveZone& live) {
    return live.apex == zone && live.provider == provider;
  });
}

/// Plans again from the YAML and the providers. The reviewed plan can only take changes away: an
/// edited plan file can never add a record.
Result<Ok> compute(const Context& context, Job& job) {
  const std::optional<std::string> path = context.arguments.one("plan.json");
  if (!path) {
    World world = observed(context, job);
    job.plan = plan_of(context, job, {}, world);
    return Ok{};
  }
  TRY(Plan reviewed, reviewed_plan(*path));
  const std::size_t all = job.config.domains.size();
  const bool narrowed = narrow_to(job.config, reviewed);
  if (narrowed) {
    progress(context, fmt::format("the plan concerns {} of {}; the others are not read",
                                  job.config.domains.size(), counted(all, "domain")));
  }
  World world = observed(context, job);
  if (narrowed) world.unmanaged_zones.clear();  // Zones of the domains that were left out.
  job.plan = plan_of(context, job, reviewed, world);
  const auto left_out = [&](const Name& domain) {
    return !context.domain_globs.empty() && !job.config.domains.contains(domain);
  };
  std::erase_if(reviewed.changes, [&](const Change& one) {
    return left_out(one.domain) && !is_read(world, one.zone, one.provider);
  });
  Limited limited =
      limit_to(job.plan, reviewed, world,
               context.arguments.has("strict") ? Strictness::AllZones : Strictness::ItsZone);
  // With --domain, the other domains are not planned, which makes no review outdated.
  std::erase_if(limited.plan.findings, [&](const Finding& one) {
    return one.code == "plan-outdated" && one.domain && left_out(*one.domain);
  });
  job.plan = std::move(limited.plan);
  job.already = std::move(limited.already_live);
  return Ok{};
}

/// Whether to write: a reviewed plan or --auto-approve is an approval; else a person must confirm.
/// Only `y` and `yes` approve. The plan is printed just before the question, since it was made just
/// now and may differ from an earlier one.
Result<bool> approved(const Context& context, const Plan& plan) {
  if (context.arguments.has("auto-approve") || context.arguments.has("plan.json")) return true;
  if (!context.process.answers_prompt) {
    return Error{
        "apply needs an approval and has no terminal to ask: pass a reviewed plan file, or "
        "--auto-approve"};
  }
  context.process.err << plan_text(plan, context.colour) << "\nWrite these changes? [y/N] "
                      << std::flush;
  std::string answer;
  // An end of input leaves the answer empty, and that is a no.
  std::getline(context.process.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// The differences at names that this run wrote. verify() compares whole domains, but withheld
/// changes are expected to differ.
std::vector<DomainVerification> differing(const Job& job,
                                          const std::vector<WriteOutcome>& outcomes) {
  std::set<Name> written;
  Config narrowed = job.config;
  std::set<Name> domains;
  for (const WriteOutcome& one : outcomes) {
    if (one.state != WriteState::Written) continue;
    written.insert(one.change.name());
    domains.insert(one.change.domain);
  }
  if (written.empty()) return {};
  std::erase_if(narrowed.domains, [&](const auto& row) { return !domains.contains(row.first); });
  std::vector<DomainVerification> found = verify(narrowed, job.providers, job.options);
  for (DomainVerification& one : found) {
    std::erase_if(one.differences,
                  [&](const Difference& it) { return !written.contains(it.key.name); });
  }
  std::erase_if(found, [](const DomainVerification& one) { return one.differences.empty(); });
  return found;
}

/// Queries every server until all return what was written, or `patience` has passed. Secondary
/// servers lag behind: the pause doubles, so that a slow one is not queried needlessly often.
std::vector<DomainVerification> await_visible(const Context& context, const Job& job,
                                              const std::vector<WriteOutcome>& outcomes,
                                              std::chrono::seconds patience) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  std::chrono::milliseconds pause{500};
  WaitNotice notice;
  std::vector<DomainVerification> waiting = differing(job, outcomes);
  while (!waiting.empty() && Clock::now() + pause < begin + patience) {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    if (const auto line = notice.line(waited, waiting)) progress(context, *line);
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{10'000});
    waiting = differing(job, outcomes);
  }
  return waiting;
}

/// Precedence 1, 4, 3, 5, 0: the most serious outcome decides.
ExitCode exit_code(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                   const std::vector<DomainVerification>& waiting) {
  const auto any = [&](WriteState state) {
    return std::ranges::find(outcomes, state, &WriteOutcome::state) != outcomes.end();
  };
  // Unconfirmed first: nobody knows what is live, which is worse than a write that failed.
  if (any(WriteState::Unconfirmed) || any(WriteState::NotBegun)) return ExitCode::Partly;
  if (any(WriteState::Failed)) {
    return any(WriteState::Written) ? ExitCode::Partly : ExitCode::Error;
  }
  const bool faulty = std::ranges::any_of(
      plan.findings, [](const Finding& one) { return one.severity == Severity::Error; });
  if (faulty || !plan.withheld.empty() || any(WriteState::Withheld)) return ExitCode::Withheld;
  return waiting.empty() ? ExitCode::Ok : ExitCode::NotVisible;
}

/// "30s" and "5m", and the YAML's own durations: those know no seconds, and `m` would be months.
std::optional<std::chrono::seconds> parse_patience(const std::string& text) {
  const bool seconds = text.ends_with('s');
  const bool minutes = text.ends_with('m');
  const std::string digits = text.substr(0, text.size() - 1);
  const bool decimal =
      !digits.empty() && digits.size() <= 6 && std::ranges::all_of(digits, is_digit);
  if ((seconds || minutes) && decimal) {
    return std::chrono::seconds(std::stol(digits) * (minutes ? 60 : 1));
  }
  const std::optional<Duration> duration = parse_duration(text);
  if (!duration) return std::nullopt;
  return add(Time{}, *duration) - Time{};
}

/// What was kept back is shown before what was written, as the plan does.
/// As JSON it is one document with everything; as text the problems come last, where the prompt is.
void show(const Context& context, const Job& job, const std::vector<WriteOutcome>& outcomes,
          const std::vector<DomainVerification>& waiting) {
  if (context.json()) {
    context.process.out << apply_json(job.plan, outcomes, waiting);
    return;
  }
  context.process.out << kept_back_text(job.plan, context.colour)
                      << outcome_text(job.plan, outcomes, context.colour);
  if (waiting.empty()) return;
  context.process.out << '\n' << verify_text(waiting, context.colour) << waiting_note(waiting);
}

// The outcome is shown even if nothing was written: it says why.
ExitCode write_and_verify(const Context& context, Job& job, std::chrono::seconds patience) {
  const auto report = [&](const std::string& line) { progress(context, line); };
  Interrupt interrupt;
  bool reported = false;
  const auto stopped = [&] {
    if (!interrupt.requested()) return false;
    if (!reported) report("interrupted: no further write starts; what was written is read back");
    return reported = true;
  };
  const std::vector<WriteOutcome> outcomes =
      account_for({job.plan, job.already}, write_plan(job.plan, job.providers, report, stopped));
  // A person who interrupts does not want to wait for secondary servers.
  const auto waiting =
      await_visible(context, job, outcomes, stopped() ? std::chrono::seconds(0) : patience);
  show(context, job, outcomes, waiting);
  return exit_code(job.plan, outcomes, waiting);
}

}  // namespace

// Checked in the order of cost: options, YAML, providers, and only then anything is written.
ExitCode run_apply(Context& context) {
  const auto patience = parse_patience(context.arguments.one("verify-timeout").value_or("5m"));
  if (!patience)
    return fail(context, "usage", {"--verify-timeout takes a duration, such as 30s, 5m or 1h"});
  VALUE_OR_EXIT(Config config, load(context));
  TRY_OR_FAIL("usage", const auto options, observe_options(context, config, LiveFrom::Provider));
  Job job{.config = std::move(config), .options = options};
  job.providers = providers_for(context, job.config);
  if (const auto errors = unusable_providers(job.config, job.providers); !errors.empty()) {
    return fail(context, errors);
  }
  OK_OR_FAIL("plan-file", compute(context, job));
  if (!job.plan.changes.empty()) {
    TRY_OR_FAIL("not-approved", const bool yes, approved(context, job.plan));
    if (!yes) return fail(context, "not-approved", {"not approved: nothing was written"});
  }
  return write_and_verify(context, job, *patience);
}

}  // namespace rampart
