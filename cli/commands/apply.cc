/// `rampart apply`: recompute from provider truth, limit to the reviewed plan, ask, write, verify.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/context/evidence.h"
#include "cli/views/json_documents.h"
#include "reconciler/documents/plan_file.h"

namespace rampart {
namespace {

/// What this run works with, gathered before anything is written.
struct Job {
  Config config;
  ObserveOptions options;
  Providers providers = {};
  Plan plan = {};                    ///< As recomputed, limited by the reviewed plan.
  std::vector<Change> already = {};  ///< Of the reviewed plan, standing already.
};

Result<Plan> reviewed_plan(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text) return text.error();
  Result<Plan> plan = plan_from_json(*text);
  return plan ? plan : within(path, plan.error());
}

Result<Ok> compute(const Context& context, Job& job) {
  World world = observe(job.config, job.providers, job.options);
  Result<std::optional<Evidence>> evidence = evidence_for(context, job.config);
  if (evidence) {
    world.evidence = std::move(evidence).value();
  } else {
    // The way back must stand open whatever has become of the reports.
    progress(context, "warning: " + sentence(evidence.error()) +
                          "; without evidence nothing is done that reports must prove");
  }
  fetch_policies(job.config, policy_fetch(context), world);
  job.plan = plan_for(context, job.config, world);
  const std::optional<std::string> path = context.arguments.one("plan.json");
  if (!path) return Ok{};
  const Result<Plan> reviewed = reviewed_plan(*path);
  if (!reviewed) return reviewed.error();
  Limited limited = limit_to(job.plan, *reviewed, world, context.arguments.has("strict"));
  job.plan = std::move(limited.plan);
  job.already = std::move(limited.already_live);
  return Ok{};
}

/// Whether to write: a reviewed plan and --auto-approve have said so already; else a person must.
Result<bool> approved(const Context& context, const Plan& plan) {
  if (context.arguments.has("auto-approve") || context.arguments.has("plan.json")) return true;
  if (!context.process.answers_prompt) {
    return Error{"nobody is here to approve: name a reviewed plan file, or give --auto-approve"};
  }
  context.process.err << plan_text(plan, context.colour) << "\nWrite these changes? [y/N] "
                      << std::flush;
  std::string answer;
  std::getline(context.process.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// The differences at keys that this run wrote; what was withheld is expected to differ.
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

/// Asks every server until all of them show what was written, or until `patience` is over.
std::vector<DomainVerification> await_visible(const Context& context, const Job& job,
                                              const std::vector<WriteOutcome>& outcomes,
                                              std::chrono::seconds patience) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + patience;
  std::chrono::milliseconds pause{500};
  std::vector<DomainVerification> waiting = differing(job, outcomes);
  while (!waiting.empty() && Clock::now() + pause < deadline) {
    progress(context,
             fmt::format("{} domain(s) not visible everywhere yet; asking again", waiting.size()));
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{10'000});
    waiting = differing(job, outcomes);
  }
  return waiting;
}

/// Precedence 1, 4, 3, 5, 0: the worst thing that happened names the code.
ExitCode exit_code(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                   const std::vector<DomainVerification>& waiting) {
  const auto any = [&](WriteState state) {
    return std::ranges::find(outcomes, state, &WriteOutcome::state) != outcomes.end();
  };
  if (any(WriteState::Unconfirmed)) return ExitCode::Partly;
  if (any(WriteState::Failed)) {
    return any(WriteState::Written) ? ExitCode::Partly : ExitCode::Error;
  }
  const bool faulty = std::ranges::any_of(
      plan.findings, [](const Finding& one) { return one.severity == Severity::Error; });
  if (faulty || !plan.withheld.empty() || any(WriteState::Withheld)) return ExitCode::Withheld;
  return waiting.empty() ? ExitCode::Ok : ExitCode::NotVisible;
}

/// "30s" and "5m" beside the YAML's own durations.
std::optional<std::chrono::seconds> parse_patience(const std::string& text) {
  const bool seconds = text.ends_with('s');
  const bool minutes = text.ends_with('m');
  const std::string digits = text.substr(0, text.size() - 1);
  const bool decimal = !digits.empty() && digits.size() <= 6 &&
                       std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if ((seconds || minutes) && decimal) {
    return std::chrono::seconds(std::stol(digits) * (minutes ? 60 : 1));
  }
  const std::optional<Duration> duration = parse_duration(text);
  if (!duration) return std::nullopt;
  return add(Time{}, *duration) - Time{};
}

void show(const Context& context, const Job& job, const std::vector<WriteOutcome>& outcomes,
          const std::vector<DomainVerification>& waiting) {
  if (context.json()) {
    context.process.out << apply_json(job.plan, outcomes, waiting);
    return;
  }
  context.process.out << kept_back_text(job.plan, context.colour)
                      << outcome_text(outcomes, context.colour);
  if (!waiting.empty()) context.process.out << '\n' << verify_text(waiting, context.colour);
}

ExitCode write_and_verify(const Context& context, Job& job, std::chrono::seconds patience) {
  const auto say = [&](const std::string& line) { progress(context, line); };
  const std::vector<WriteOutcome> outcomes =
      account_for({job.plan, job.already}, write_plan(job.plan, job.providers, say));
  const auto waiting = await_visible(context, job, outcomes, patience);
  show(context, job, outcomes, waiting);
  return exit_code(job.plan, outcomes, waiting);
}

}  // namespace

ExitCode run_apply(Context& context) {
  const auto patience = parse_patience(context.arguments.one("verify-timeout").value_or("5m"));
  if (!patience) return fail(context, "usage", {"--verify-timeout takes 30s, 5m or 1h"});
  std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  Result<ObserveOptions> options = observe_options(context, *config, LiveFrom::Provider);
  if (!options) return fail(context, "usage", options.error());
  Job job{.config = *std::move(config), .options = std::move(options).value()};
  job.providers =
      make_providers(job.config, context.process.environment, context.now, traffic_log(context));
  if (const Result<Ok> computed = compute(context, job); !computed) {
    return fail(context, "plan-file", computed.error());
  }
  if (!job.plan.changes.empty()) {
    const Result<bool> yes = approved(context, job.plan);
    if (!yes) return fail(context, "not-approved", yes.error());
    if (!*yes) return fail(context, "not-approved", {"not approved: nothing was written"});
  }
  return write_and_verify(context, job, *patience);
}

}  // namespace rampart
