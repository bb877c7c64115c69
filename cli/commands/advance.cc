/// `rampart advance` and `rampart rollback`: up by evidence, and the way back.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/views/advance.h"
#include "reconciler/edit/ramp_edits.h"

namespace rampart {
namespace {

/// GitHub takes fewer characters than this in a pull request's body.
constexpr std::size_t kLongestBody = 65'536;

Date today_of(const Context& context) { return std::chrono::floor<std::chrono::days>(context.now); }

/// The whole YAML: whose mail it is depends on every domain that it names.
std::optional<Config> load_all(const Context& context) {
  Context whole = context;
  whole.domain_globs.clear();
  return load(whole);
}

Result<World> world_of(const Context& context, const Config& config) {
  World world;
  world.now = context.now;
  Result<std::optional<Evidence>> evidence = evidence_for(context, config);
  if (!evidence) return evidence.error();
  world.evidence = std::move(evidence).value();
  const auto options = observe_options(context, config, LiveFrom::Dns);
  if (!options) return options.error();
  world.frozen = options->frozen;
  return world;
}

/// The decisions for the domains that --domain names; the limits of a run are those of its domains.
Result<std::vector<StepDecision>> decide(const Context& context, const Config& config,
                                         const World& world) {
  std::vector<Name> asked;
  Config narrowed = config;
  if (auto done = narrow(narrowed, context.domain_globs); !done) return done.error();
  for (const auto& [name, domain] : narrowed.domains) asked.push_back(name);
  return steps_of(config, world, asked);
}

/// Writes the moves, then reads the YAML again: each domain must stand where it was put.
Result<Ok> write(const Context& context, const Config& config, const std::vector<RampMove>& moves) {
  if (moves.empty()) return Ok{};
  const auto edits = ramp_edits(config, moves);
  if (!edits) return edits.error();
  const auto texts = edit_domains(config, *edits);
  if (!texts) return texts.error();
  if (auto done = write_domains(config, *texts); !done) return done;
  const std::optional<Config> again = load_all(context);
  if (!again) return Error{"the edited file does not load", config.file};
  for (const RampMove& move : moves) {
    const DmarcSpec& spec = again->domains.at(move.domain).dmarc;
    if (spec.position == move.to && spec.since == move.since) continue;
    return Error{fmt::format("{} does not stand at {} in the edited file", move.domain.text(),
                             to_text(move.to)),
                 config.file};
  }
  return Ok{};
}

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
  const Error wrong{
      fmt::format("--to takes a phase, as monitor, or quarantine:10; not `{}`", text)};
  if (!phase) return wrong;
  if (*phase < Phase::Monitor) {
    return Error{
        fmt::format("below monitor the record would be left as it stands: --to {} helps "
                    "nobody; use monitor, which is p=none",
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

Result<RampPosition> position_asked(const Context& context, const Domain& domain) {
  const auto to = context.arguments.one("to");
  const Result<RampPosition> position =
      to ? parse_position(*to) : Result<RampPosition>(RampPosition{Phase::Monitor, 100});
  if (!position) return position;
  const RampPosition from = domain.dmarc.position;
  if (domain.state != DomainState::Managed) {
    return Error{fmt::format("{} is {}: it is on no ramp", domain.name.text(),
                             domain.state == DomainState::Parked ? "parked" : "absent")};
  }
  if (*position <= from) return position;
  return Error{
      fmt::format("{} stands at {}, and {} is no way back from there: `rampart advance` "
                  "goes up",
                  domain.name.text(), to_text(from), to_text(*position))};
}

std::string lifetime_of(const Domain& domain) {
  const auto ttl = domain.dmarc.ttl ? domain.dmarc.ttl : domain.ttl;
  return ttl ? fmt::format("{} s", ttl->count()) : "as the zone has it, 300 s where rampart set it";
}

}  // namespace

ExitCode run_advance(Context& context) {
  const std::optional<Config> config = load_all(context);
  if (!config) return ExitCode::Error;
  const Result<World> world = world_of(context, *config);
  if (!world) return fail(context, "evidence", world.error());
  const auto decisions = decide(context, *config, *world);
  if (!decisions) return fail(context, "usage", decisions.error());
  const std::vector<RampMove> moves = moves_of(*decisions, today_of(context));
  // The body first: where it cannot be written, the YAML has not moved either.
  if (const auto body = context.arguments.one("pr-body")) {
    const auto done = write_file(*body, advance_markdown(*decisions, *config, kLongestBody));
    if (!done) return fail(context, "advance", done.error());
  }
  const bool writes = context.arguments.has("write");
  if (writes) {
    const Result<Ok> done = write(context, *config, moves);
    if (!done) return fail(context, "advance", done.error());
  }
  const Written written = writes ? Written::Yes : Written::No;
  context.process.out << (context.json() ? advance_json(*decisions, *config)
                                         : advance_text(*decisions, written));
  return moves.empty() ? ExitCode::Ok : ExitCode::Different;
}

ExitCode run_rollback(Context& context) {
  const std::optional<Config> config = load_all(context);
  if (!config) return ExitCode::Error;
  const std::string word = context.arguments.one("DOMAIN").value_or("");
  const Result<Name> name = Name::parse(word);
  if (!name) return fail(context, "usage", within(word, name.error()));
  const auto found = config->domains.find(*name);
  if (found == config->domains.end()) {
    return fail(context, "usage", Error{fmt::format("{} is not in {}", word, config->file)});
  }
  const Domain& domain = found->second;
  const Result<RampPosition> to = position_asked(context, domain);
  if (!to) return fail(context, "rollback", to.error());
  // Whoever calls twice in a hurry finds it done, and its day unchanged.
  const bool stands = *to == domain.dmarc.position;
  const Date today = today_of(context);
  const Date since = stands ? domain.dmarc.since.value_or(today) : today;
  std::vector<RampMove> moves;
  if (!stands) moves.push_back({*name, *to, today});
  const Result<Ok> done = write(context, *config, moves);
  if (!done) return fail(context, "rollback", done.error());
  const Rollback taken{*name,
                       domain.dmarc.position,
                       *to,
                       since,
                       domain.mark.file,
                       lifetime_of(domain),
                       hold_at(*domain.dmarc.ramp, *to)};
  context.process.out << (context.json() ? rollback_json(taken) : rollback_text(taken));
  return ExitCode::Ok;
}

}  // namespace rampart
