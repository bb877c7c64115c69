/// `rampart advance` and `rampart rollback`: steps by evidence, and back by a person's decision.

#include <fmt/format.h>

#include <charconv>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/views/advance.h"
#include "reconciler/edit/ramp_edits.h"

namespace rampart {
namespace {

/// The body of a pull request on GitHub must be shorter than this.
constexpr std::size_t kLongestBody = 65'536;

// Without zones: steps depend on reports and dates, and a cron job must not need credentials for
// them.
Result<World> world_of(const Context& context, const Config& config) {
  World world;
  world.now = context.now;
  TRY(world.evidence, evidence_for(context, config));
  TRY(const ObserveOptions options, observe_options(context, config, LiveFrom::Dns));
  world.frozen = options.frozen;
  return world;
}

/// The decisions for the domains that --domain selects; only these count against the limit of
/// domains per run.
/// The ramp's limit of domains per run is shared by those that were selected; the others are
/// neither moved nor counted.
Result<std::vector<StepDecision>> decide(const Context& context, const Config& config,
                                         const World& world) {
  std::vector<Name> asked;
  Config narrowed = config;
  TRY_OK(narrow(narrowed, context.domain_globs));
  for (const auto& [name, domain] : narrowed.domains) asked.push_back(name);
  return steps_of(config, world, asked);
}

/// Writes the moves, then loads the YAML again and checks each domain's position: an edit that an
/// alias or `defaults:` overrides must not pass as done.
Result<Ok> write(const Context& context, const Config& config, const std::vector<RampMove>& moves) {
  if (moves.empty()) return Ok{};
  TRY(const auto edits, ramp_edits(config, moves));
  TRY(const auto texts, edit_domains(config, edits));
  TRY_OK(write_domains(config, texts));
  const std::optional<Config> again = load_whole(context);
  if (!again) return Error{"the edited file does not load", config.file};
  for (const RampMove& move : moves) {
    const DmarcSpec& spec = again->domains.at(move.domain).dmarc;
    if (spec.position == move.to && spec.since == move.since) continue;
    return Error{
        fmt::format("{} is not at {} in the edited file", move.domain.text(), to_text(move.to)),
        config.file};
  }
  return Ok{};
}

// Steps back are moves like those up; both restart the hold of the new step.
std::vector<RampMove> moves_of(const std::vector<StepDecision>& decisions, Date today) {
  std::vector<RampMove> moves;
  for (const StepDecision& decision : decisions) {
    if (decision.to) moves.push_back({decision.domain, *decision.to, today});
  }
  return moves;
}

/// "monitor", "quarantine:10".
Result<RampPosition> parse_position(const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto phase = parse_phase(text.substr(0, colon));
  const Error wrong{fmt::format(
      "--to takes PHASE or PHASE:PCT, such as monitor or quarantine:10, not `{}`", text)};
  if (!phase) return wrong;
  if (*phase < Phase::Monitor) {
    return Error{
        fmt::format("--to {} would leave the published record as it is, since phases below monitor "
                    "do not manage DMARC: use monitor, which publishes p=none",
                    to_text(*phase))};
  }
  if (colon == std::string::npos) return RampPosition{*phase, 100};
  const std::string digits = text.substr(colon + 1);
  int pct = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), pct);
  const bool whole = problem == std::errc() && end == digits.data() + digits.size();
  const bool shares = *phase > Phase::Monitor || pct == 100;
  if (!whole || digits.front() == '0' || pct < 1 || pct > 100 || !shares) return wrong;
  return RampPosition{*phase, pct};
}

// Going up is refused here, even with --to: only evidence moves a domain to a stricter step.
Result<RampPosition> position_asked(const Context& context, const Domain& domain) {
  const auto to = context.arguments.one("to");
  const Result<RampPosition> position =
      to ? parse_position(*to) : Result<RampPosition>(RampPosition{Phase::Monitor, 100});
  if (!position) return position;
  const RampPosition from = domain.dmarc.position;
  if (domain.state != DomainState::Managed) {
    return Error{fmt::format("{} is {}, so it is on no ramp", domain.name.text(),
                             domain.state == DomainState::Parked ? "parked" : "absent")};
  }
  if (*position <= from) return position;
  return Error{
      fmt::format("{} is at {}, and {} is stricter: rollback only lowers a policy, and `rampart "
                  "advance` raises it",
                  domain.name.text(), to_text(from), to_text(*position))};
}

// Shown because a rollback takes effect at a receiver only when its cached record expires.
std::string lifetime_of(const Domain& domain) {
  const auto ttl = domain.dmarc.ttl ? domain.dmarc.ttl : domain.ttl;
  return ttl ? fmt::format("{} s", ttl->count()) : "300 s if Rampart set it, else as in the zone";
}

}  // namespace

// Both commands load the whole YAML, whatever --domain selects: which mail is a domain's own
// depends on every domain in it.
ExitCode run_advance(Context& context) {
  VALUE_OR_EXIT(const Config config, load_whole(context));
  TRY_OR_FAIL("evidence", const World world, world_of(context, config));
  TRY_OR_FAIL("usage", const auto decisions, decide(context, config, world));
  const std::vector<RampMove> moves = moves_of(decisions, context.today());
  // The body first: if it cannot be written, the YAML stays unchanged too.
  if (const auto body = context.arguments.one("pr-body")) {
    OK_OR_FAIL("advance", write_file(*body, advance_markdown(decisions, config, kLongestBody)));
  }
  const bool writes = context.arguments.has("write");
  if (writes) {
    OK_OR_FAIL("advance", write(context, config, moves));
  }
  const Written written = writes ? Written::Yes : Written::No;
  return print(context,
               context.json() ? advance_json(decisions, config) : advance_text(decisions, written),
               moves.empty() ? ExitCode::Ok : ExitCode::Different);
}

// Nothing is published here: the edit is reviewed and applied as any other, which is what keeps
// YAML and DNS equal.
ExitCode run_rollback(Context& context) {
  VALUE_OR_EXIT(const Config config, load_whole(context));
  const std::string word = context.arguments.one("DOMAIN").value_or("");
  TRY_OR_FAIL("usage", const Name name, within(word, Name::parse(word)));
  const auto found = config.domains.find(name);
  if (found == config.domains.end()) {
    return fail(context, "usage", Error{fmt::format("{} is not in {}", word, config.file)});
  }
  const Domain& domain = found->second;
  TRY_OR_FAIL("rollback", const RampPosition to, position_asked(context, domain));
  // A second call changes nothing: `since` keeps the day of the first one.
  const bool already = to == domain.dmarc.position;
  const Date today = context.today();
  const Date since = already ? domain.dmarc.since.value_or(today) : today;
  std::vector<RampMove> moves;
  if (!already) moves.push_back({name, to, today});
  OK_OR_FAIL("rollback", write(context, config, moves));
  const Rollback taken{name,
                       domain.dmarc.position,
                       to,
                       since,
                       domain.mark.file,
                       lifetime_of(domain),
                       hold_at(*domain.dmarc.ramp, to)};
  return print(context, context.json() ? rollback_json(taken) : rollback_text(taken));
}

}  // namespace rampart
