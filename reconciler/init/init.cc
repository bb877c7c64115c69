/// Drafts and plans by turns until the plan is empty.
#include "reconciler/init/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "policies/dkim/selectors.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

// Each round leaves out the parts that would change. Leaving out one part can uncover another (a
// sender becomes terms, terms become a record), at most this often; then the whole domain goes.
constexpr std::size_t kRoundsByPart = 6;

/// A part of the draft that would change a record, and why.
struct Obstacle {
  DraftPlace place;
  std::string why;
};

DraftDomain* domain_at(Draft& draft, const Name& name) {
  const auto found = std::ranges::find(draft.domains, name, &DraftDomain::name);
  return found == draft.domains.end() ? nullptr : &*found;
}

/// The part of a domain's draft that desires a record at `key`.
/// By the name of the record alone, since that is all that a change or a finding contains.
DraftPlace place_of(const DraftDomain& domain, const RecordKey& key) {
  const auto at = [&](DraftPart part, std::string word = "") {
    return DraftPlace{domain.name, part, std::move(word)};
  };
  if (domain.parked) return at(DraftPart::Parked);
  if (!key.name.is_within(domain.name)) return at(DraftPart::Dmarc);
  const std::string prefix = key.name.relative_to(domain.name);
  if (prefix == "@") return at(key.type == RecordType::TXT ? DraftPart::Spf : DraftPart::Whole);
  if (prefix == "_dmarc" || prefix.ends_with("._report._dmarc")) return at(DraftPart::Dmarc);
  if (prefix == "_mta-sts") return at(DraftPart::MtaSts);
  if (prefix == "_smtp._tls") return at(DraftPart::TlsRpt);
  if (prefix.ends_with("._bimi")) return at(DraftPart::Bimi);
  const auto infix = prefix.find("._domainkey");
  if (infix == prefix.npos) return at(DraftPart::Whole);
  const std::string selector = prefix.substr(0, infix);
  const auto named = std::ranges::find(domain.selectors, selector, &DraftSelector::selector);
  if (named != domain.selectors.end()) return at(DraftPart::Selector, selector);
  for (const DraftSender& sender : domain.senders) {
    const auto asks = std::ranges::find(sender.cnames, selector, &DraftSelector::selector);
    if (asks != sender.cnames.end()) return at(DraftPart::Sender, sender.id);
  }
  return at(DraftPart::Spf);
}

/// In the order of DraftPart; the key of a sender or selector follows.
constexpr std::array kPartWords = {"The domain",  "`parked: true`", "SPF",
                                   "The sender ", "The selector ",  "DMARC",
                                   "MTA-STS",     "TLS-RPT",        "BIMI"};

std::string what_of(const DraftPlace& place) {
  const bool keyed = place.part == DraftPart::Sender || place.part == DraftPart::Selector;
  return kPartWords.at(static_cast<std::size_t>(place.part)) + (keyed ? place.key : "");
}

// Long keys are cut: a comment of three lines is read, one of ten is not.
std::string shown(const std::optional<ParsedTypedSet>& set) {
  if (!set) return "nothing";
  std::string text;
  for (const std::string& value : set->set.values) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ",
                        value.size() > 120 ? value.substr(0, 120) + "..." : value);
  }
  return text;
}

/// The part that a planned change comes from: init must not change anything.
/// The comment names the record that would change, so that a reader can decide whether to want that
/// change.
Obstacle obstacle_of(const DraftDomain& domain, const Change& change) {
  const DraftPlace place = place_of(domain, {change.name(), change.type()});
  const bool foreign = !change.name().is_within(domain.name);
  if (place.part == DraftPart::Parked) {
    return {place,
            fmt::format("It looks parked; `parked: true` would also write {} {} as {}.",
                        change.name().text(), to_text(change.type()), shown(change.set.after))};
  }
  if (foreign) {
    return {place,
            fmt::format("DMARC is left unmanaged: {}, which would authorize its reports to go "
                        "there, does not exist; managing DMARC would create it.",
                        change.name().text())};
  }
  return {place, fmt::format("{} is left unmanaged: managing it would write {} for {}.",
                             what_of(place), shown(change.set.after), shown(change.set.before))};
}

void add(std::vector<Obstacle>& obstacles, Obstacle one) {
  const auto again = [&](const Obstacle& other) { return other.place == one.place; };
  if (std::ranges::none_of(obstacles, again)) obstacles.push_back(std::move(one));
}

/// Why a plan is not empty: its changes, withheld changes, errors and holds.
/// Holds count as well: a domain whose enforcement waits for keys would be changed once they are
/// live.
std::vector<Obstacle> obstacles_in(const Plan& plan, Draft& draft) {
  std::vector<Obstacle> obstacles;
  const auto look_at = [&](const Change& change) {
    const DraftDomain* domain = domain_at(draft, change.domain);
    if (domain != nullptr) add(obstacles, obstacle_of(*domain, change));
  };
  for (const Finding& one : plan.findings) {
    if (one.severity != Severity::Error || !one.domain) continue;
    const DraftDomain* domain = domain_at(draft, *one.domain);
    if (domain == nullptr || domain->discovery) continue;
    std::vector<DraftPlace> places;
    if (one.withholds.empty() || one.code == "unobservable") {
      places.push_back({domain->name, DraftPart::Whole, ""});
    } else if (one.code == "occluded") {
      // One DNAME hides many records; each other error concerns one part.
      for (const RecordKey& key : one.withholds) places.push_back(place_of(*domain, key));
    } else {
      places.push_back(place_of(*domain, one.withholds.front()));
    }
    for (const DraftPlace& place : places) {
      add(obstacles,
          {place, fmt::format("{} is left unmanaged: {}.", what_of(place), one.message)});
    }
  }
  std::ranges::for_each(plan.changes, look_at);
  for (const Withheld& one : plan.withheld) look_at(one.change);
  for (const Hold& one : plan.holds) {
    const DraftDomain* domain = domain_at(draft, one.domain);
    if (domain == nullptr || domain->discovery || one.code != "keys-first") continue;
    add(obstacles, {{one.domain, DraftPart::Dmarc, ""}, "DMARC is left unmanaged: " + one.reason});
  }
  return obstacles;
}

/// What the YAML's reader refuses, found by the line of each error.
/// A line without a part is not init's to leave out: the draft itself is wrong then, which is a
/// bug.
Result<std::vector<Obstacle>> obstacles_in(const std::vector<ConfigError>& errors,
                                           const std::vector<DraftLine>& lines) {
  std::vector<Obstacle> obstacles;
  for (const ConfigError& error : errors) {
    const auto index = static_cast<std::size_t>(std::max(error.line, 1)) - 1;
    if (index >= lines.size() || lines[index].places.empty()) {
      return Error{error.message, fmt::format("the draft, line {}", error.line)};
    }
    for (const DraftPlace& place : lines[index].places) {
      add(obstacles,
          {place, fmt::format("{} is left unmanaged: {}.", what_of(place), error.message)});
    }
  }
  return obstacles;
}

// After kRoundsByPart rounds whole domains are left out, so that the rounds end.
// Several obstacles may concern one domain in one round; leaving it out twice would omit it from
// the file.
void leave_out_all(const std::vector<Obstacle>& obstacles, std::size_t round, Draft& draft) {
  std::set<Name> whole;  // A domain left out twice is omitted, so once per round is the limit.
  for (const Obstacle& one : obstacles) {
    DraftDomain* domain = domain_at(draft, one.place.domain);
    if (domain == nullptr) continue;
    DraftPlace place = one.place;
    if (round >= kRoundsByPart) place = {domain->name, DraftPart::Whole, ""};
    if (place.part == DraftPart::Whole && !whole.insert(domain->name).second) {
      domain->notes.push_back(one.why);
    } else {
      leave_out(*domain, place, one.why);
    }
  }
}

/// Adds the warnings of the final plan as comments, except for what could not be resolved just now.
/// What could not be resolved at this moment would be a lasting comment about a passing failure.
void note_warnings(const Plan& plan, Draft& draft) {
  for (const Finding& one : plan.findings) {
    const bool lasting =
        one.severity == Severity::Warning && one.domain && !one.code.ends_with("-unresolved");
    DraftDomain* domain = lasting ? domain_at(draft, *one.domain) : nullptr;
    if (domain == nullptr || domain->discovery) continue;
    domain->notes.push_back(fmt::format("{}: {}.", one.code, one.message));
  }
}

// Proposals are comments: a draft plans to no change, and a proposal is a change.
void note_proposals(const Config& config, World world, const Evidence& evidence, Draft& draft) {
  world.evidence = evidence;
  for (const Finding& one : make_plan(config, world).findings) {
    DraftDomain* domain = one.domain ? domain_at(draft, *one.domain) : nullptr;
    if (one.code != "np-reject" || domain == nullptr || domain->discovery) continue;
    domain->suggestions.push_back(fmt::format("{}: {}; {}.", one.code, one.message, one.hint));
  }
}

// Drafted as if everything could be managed; the rounds then take away what would change.
Draft first_draft(const InitRequest& request, const Config& catalogue, const World& world) {
  Draft draft{request.provider, request.provider_note, {}};
  for (const Name& name : domains_within(world, request.names)) {
    draft.domains.push_back(draft_domain(name, request.provider.name, world, catalogue));
  }
  return draft;
}

// Counts by the words of notes, since parts are left out in several places.
InitOutcome outcome_of(const Draft& draft) {
  InitOutcome outcome{text_of(yaml_of(draft)), draft.domains.size(), 0, 0};
  outcome.unread =
      static_cast<std::size_t>(std::ranges::count_if(draft.domains, &DraftDomain::unread));
  outcome.left_out =
      static_cast<std::size_t>(std::ranges::count_if(draft.domains, [](const DraftDomain& domain) {
        return domain.discovery || std::ranges::any_of(domain.notes, [](const std::string& note) {
                 return note.find("left unmanaged") != note.npos;
               });
      }));
  return outcome;
}

}  // namespace

// `*` finds a wildcard below `_domainkey`; p= with an empty key serves as a selector without a
// file.
// A made-up configuration that desires every record, because observing follows from what is
// desired.
Config probe_config(const InitRequest& request, const Config& catalogue) {
  Config config = catalogue;
  config.file = request.file;
  const auto slash = request.file.rfind('/');
  config.folder = slash == request.file.npos ? "." : request.file.substr(0, slash);
  config.providers = {{request.provider.name, request.provider}};
  for (const Name& name : request.names) {
    Domain domain{.name = name, .providers = {request.provider.name}, .dmarc = {}};
    domain.dmarc.position = {Phase::Monitor, 100};
    domain.dmarc.ramp = catalogue.ramps.at("standard");
    domain.bimi = BimiSpec{};
    std::vector<std::string> selectors = guessed_selectors(catalogue.senders, name);
    selectors.insert(selectors.end(), request.selectors.begin(), request.selectors.end());
    selectors.emplace_back("*");
    for (const std::string& selector : selectors) {
      SelectorSpec spec;
      spec.selector = selector;
      spec.txt = "v=DKIM1; p=";
      domain.selectors.push_back(std::move(spec));
    }
    config.domains.emplace(name, std::move(domain));
  }
  return config;
}

// The planner itself decides when the draft is right: init compares nothing itself.
// The number of rounds is bounded, as each takes at least one part away.
Result<InitOutcome> make_init(const InitRequest& request, const Config& catalogue,
                              const Observe& observe) {
  Draft draft = first_draft(request, catalogue, observe(probe_config(request, catalogue)));
  std::optional<World> world;
  const std::size_t rounds = kRoundsByPart + 2 * draft.domains.size() + 1;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::vector<DraftLine> lines = yaml_of(draft);
    auto loaded = load_config_from(request.file, {{request.file, text_of(lines)}});
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
      const auto obstacles = obstacles_in(*errors, lines);
      if (!obstacles) return obstacles.error();
      leave_out_all(*obstacles, round, draft);
      continue;
    }
    const Config& config = std::get<Config>(loaded);
    // Later drafts desire less, so one observation serves them all.
    if (!world) world = observe(config);
    const Plan plan = make_plan(config, *world);
    const auto obstacles = obstacles_in(plan, draft);
    if (obstacles.empty()) {
      note_warnings(plan, draft);
      if (request.evidence) {
        suggest_senders(*request.evidence, catalogue, draft);
        note_proposals(config, *world, *request.evidence, draft);
      }
      return outcome_of(draft);
    }
    leave_out_all(obstacles, round, draft);
  }
  return Error{"no draft with an empty plan was found; this is a bug in rampart"};
}

namespace {

/// How many sources without a service's name a draft mentions; the rest is one comment.
constexpr std::size_t kMentioned = 10;

/// What reports show of one source.
struct Seen {
  std::int64_t messages = 0;
  std::int64_t passing = 0;
  /// Aligned by SPF, or signed with a selector of the service: a service that forwards mail passes
  /// on other senders' signatures.
  std::int64_t own = 0;
  std::int64_t marked = 0;  ///< Failed, but may be the domain's own.
};

using SeenSources = std::map<std::string, Seen>;

void add(const EvidenceRow& row, const Config& catalogue, SeenSources& sources) {
  Seen& seen = sources[row.source];
  seen.messages += row.messages;
  const bool by_spf = row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::SpfOnly;
  if (by_spf || row.outcome == DmarcOutcome::DkimOnly) seen.passing += row.messages;
  const auto sender = catalogue.senders.find(row.source);
  const bool by_key =
      sender != catalogue.senders.end() &&
      std::ranges::any_of(row.selectors, [&](const std::string& one) {
        return std::ranges::find(sender->second->selectors, one) != sender->second->selectors.end();
      });
  if (by_spf || by_key) seen.own += row.messages;
  if (row.marked) seen.marked += row.messages;
}

std::string counts_text(const Seen& seen) {
  return fmt::format("{} messages, {} of them passed DMARC", seen.messages, seen.passing);
}

/// The comments for one domain, services first, most messages first. An outsider decides how many
/// addresses send as a domain, so they are not listed one by one.
std::vector<std::string> comments_on(const SeenSources& sources, const DraftDomain& domain,
                                     const Config& catalogue) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [source, seen] : sources) order.emplace_back(-seen.messages, source);
  std::ranges::sort(order);
  std::vector<std::string> services;
  std::vector<std::string> others;
  Seen rest;
  for (const auto& [negative, source] : order) {
    const Seen& seen = sources.at(source);
    const auto declared = std::ranges::find(domain.senders, source, &DraftSender::id);
    if (seen.messages == 0 || declared != domain.senders.end()) continue;
    const auto sender = catalogue.senders.find(source);
    if (sender != catalogue.senders.end()) {
      if (sender->second->category == "forwarding") continue;
      services.push_back(
          seen.own > 0
              ? fmt::format("Seen in reports; if it is yours, add `- {}` to `senders:`: {}.",
                            source, counts_text(seen))
              : fmt::format(
                    "Seen in reports, but nothing ties its mail to this domain; it may be a "
                    "forwarder or another customer of the service: {}: {}.",
                    source, counts_text(seen)));
    } else if (seen.passing + seen.marked > 0 && others.size() < kMentioned &&
               source != kOtherSources) {
      others.push_back(fmt::format("Seen in reports: {}: {}.", source, counts_text(seen)));
    } else {
      rest.messages += seen.messages;
      rest.passing += seen.passing;
    }
  }
  std::ranges::move(others, std::back_inserter(services));
  if (rest.messages > 0) {
    services.push_back(
        fmt::format("Seen in reports from unknown hosts: {}; see `rampart reports sources`.",
                    counts_text(rest)));
  }
  return services;
}

}  // namespace

// Suggestions are comments, not declarations: a source in reports may be a forwarder or a spammer,
// and declaring it would authorize it to send.
void suggest_senders(const Evidence& evidence, const Config& catalogue, Draft& draft) {
  std::map<Name, SeenSources> seen;
  for (const EvidenceRow& row : evidence.rows) {
    // Names that nobody lists are shown with the domain above them.
    const bool listed = !row.header_from.is_wildcard();
    add(row, catalogue, seen[listed ? row.header_from : row.policy_domain]);
  }
  for (const auto& [name, sources] : seen) {
    DraftDomain* domain = domain_at(draft, name);
    if (domain == nullptr) continue;
    std::ranges::move(comments_on(sources, *domain, catalogue),
                      std::back_inserter(domain->suggestions));
  }
}

}  // namespace rampart
