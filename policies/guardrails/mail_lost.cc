/// Guardrails on mail that passes today and would not under a changed DMARC record: by strict
/// alignment, by a moved organizational domain, or under sp and np.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/counted.h"
#include "policies/dmarc/replay.h"
#include "policies/guardrails/dmarc.h"
#include "policies/model/sender_use.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

// A plan's change of one managed domain's `_dmarc`, and which tags of the two records differ.
struct PolicyChange {
  const Domain& domain;
  const Change& change;
  bool moves_alignment = false;    // adkim, aspf or psd differ, or the record is new.
  bool moves_names_below = false;  // psd differs: listed sub-domains may leave the organization.
  bool moves_sub_domains = false;  // sp or np differ.
};

// What a message loses shows in the records alone, so that a plain step of a ramp is not replayed.
PolicyChange policy_change(const Domain& domain, const Change& change) {
  const auto before = record_in(change.set.before);
  const auto after = record_in(change.set.after);
  const auto record = [](const std::optional<ParsedValue>& value) {
    return value && value->dmarc() ? value->dmarc()->lenient.record : dmarc::Record();
  };
  const dmarc::Record from = record(before);
  const dmarc::Record to = record(after);
  const bool moves_psd = from.psd.value_or('u') != to.psd.value_or('u');
  return {.domain = domain,
          .change = change,
          .moves_alignment = from.adkim != to.adkim || from.aspf != to.aspf || moves_psd ||
                             before.has_value() != after.has_value(),
          .moves_names_below = moves_psd,
          .moves_sub_domains = from.sp != to.sp || from.np != to.np};
}

// In name order, one for each domain: two providers of a zone write the same record.
std::vector<PolicyChange> policy_changes(const Config& config, const DmarcChanges& changes) {
  std::vector<PolicyChange> found;
  for (const auto& [name, change] : changes) {
    const auto domain = config.domains.find(name);
    if (domain == config.domains.end() || domain->second.state != DomainState::Managed) continue;
    // Loosening is never withheld, and its loss is none: mail that fails meets no harsher policy.
    if (change->stage == Stage::Relax) continue;
    found.push_back(policy_change(domain->second, *change));
  }
  return found;
}

// The rows of the domain's gates, of reporters that count: nobody else's report holds a change.
EvidenceRows rows_in_window(const StepFacts& facts, EvidenceWindow& window) {
  const Gates& gates = facts.domain.dmarc.ramp->gates;
  window = gate_window(facts.world.now, gates.window);
  EvidenceRows rows = rows_within(facts.rows, window);
  if (!rows.empty()) return rows;
  window = gate_window(facts.world.now, gates.low_volume_window);
  return rows_within(facts.rows, window);
}

struct SenderLoss {
  std::int64_t passing = 0;
  std::int64_t lost = 0;
};

// The domain's own mail in the window, by one generation of receivers.
struct OwnMail {
  std::int64_t own = 0;
  std::int64_t lost = 0;     // It passes today and fails under the plan.
  std::int64_t treated = 0;  // Of that, what a receiver would quarantine or reject.
  std::int64_t undetermined = 0;
  std::map<std::string, SenderLoss> sources;
};

bool is_own_mail(const EvidenceRow& row, DmarcVerdict verdict) {
  return verdict == DmarcVerdict::Passes || (row.fails() && row.marked);
}

void add_row(const EvidenceRow& row, dmarc::Receiver receiver, RowReplay& replay, OwnMail& mail) {
  const auto [before, after] = replay.verdicts(row, generation_of(receiver));
  if (!is_own_mail(row, before)) return;
  mail.own += row.messages;
  if (before != DmarcVerdict::Passes) return;
  SenderLoss& source = mail.sources[row.source];
  source.passing += row.messages;
  if (after == DmarcVerdict::Unknown) mail.undetermined += row.messages;
  if (after != DmarcVerdict::Fails) return;
  mail.lost += row.messages;
  source.lost += row.messages;
  if (treatment_on(replay.after(), row, receiver) != dmarc::Treatment()) {
    mail.treated += row.messages;
  }
}

// Above what the ramp allows to fail: the same figure that holds a step holds this change.
bool is_too_much(std::int64_t part, std::int64_t whole, const Domain& domain) {
  const double most = 1 - domain.dmarc.ramp->gates.min_legit_rate;
  return part > 0 && static_cast<double>(part) > most * static_cast<double>(whole) + kRounding;
}

// A small sender may be lost as a whole below that figure. Half of its mail is a loss, as for a
// step back.
bool loses_a_sender(const Domain& domain, const OwnMail& mail) {
  return std::ranges::any_of(mail.sources, [&](const auto& one) {
    return declares(domain, one.first) && 2 * one.second.lost > one.second.passing;
  });
}

// "sendgrid: 500 of 500": the largest losses first.
std::string losers(const OwnMail& mail) {
  constexpr std::size_t kMost = 3;
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [name, one] : mail.sources) {
    if (one.lost > 0) order.emplace_back(-one.lost, name);
  }
  std::ranges::sort(order);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < order.size() && i < kMost; ++i) {
    const SenderLoss& one = mail.sources.at(order[i].second);
    texts.push_back(
        fmt::format("{}: {} of {}", order[i].second, grouped(one.lost), grouped(one.passing)));
  }
  if (order.size() > kMost) {
    texts.push_back(counted(order.size() - kMost, "more source"));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string days_in(EvidenceWindow window) {
  return fmt::format("{} to {}", to_text(window.from),
                     to_text(window.until - std::chrono::days(1)));
}

Finding about_change(const PolicyChange& change, CodeName code, std::string message,
                     std::string hint) {
  return marked(
      finding_of(change.domain, Severity::Warning, code, std::move(message), std::move(hint)),
      change.domain.dmarc.mark);
}

Finding blocking(Finding finding, const PolicyChange& change) {
  finding.severity = Severity::Error;
  finding.withholds = {{change.change.name(), change.change.type()}};
  return finding;
}

// The finding on one domain's mail, which may be a listed domain below the one that changes.
std::optional<Finding> alignment_finding(const PolicyChange& change, const StepFacts& facts,
                                         RowReplay& replay) {
  EvidenceWindow window;
  const EvidenceRows rows = rows_in_window(facts, window);
  std::array<OwnMail, 2> by_generation;
  for (std::size_t i = 0; i < by_generation.size(); ++i) {
    for (const EvidenceRow* row : rows) {
      const bool below = facts.domain.name != change.domain.name;
      if (ignores(facts.domain, row->source)) continue;
      if (below && row->policy_domain != facts.domain.name) continue;
      add_row(*row, dmarc::kReceivers[i], replay, by_generation[i]);
    }
  }
  const OwnMail& mail = std::ranges::max(
      by_generation, {}, [](const OwnMail& one) { return std::tuple(one.lost, one.undetermined); });
  if (is_too_much(mail.lost, mail.own, facts.domain) || loses_a_sender(facts.domain, mail)) {
    Finding finding = about_change(
        change, "alignment-loss",
        fmt::format("with this record {} of the {} messages of {} from {} fail DMARC that pass "
                    "today, because their domains are no longer aligned ({})",
                    grouped(mail.lost), grouped(mail.own), facts.domain.name.text(),
                    days_in(window), losers(mail)),
        "let these sources sign with a d= that stays aligned, or leave adkim, aspf and psd as they "
        "are");
    return mail.treated > 0 ? blocking(std::move(finding), change) : finding;
  }
  if (!is_too_much(mail.undetermined, mail.own, facts.domain)) return std::nullopt;
  return about_change(
      change, "alignment-loss",
      fmt::format(
          "{} of the {} messages of {} from {} cannot be evaluated under this record: reports "
          "do not show for which domain they passed",
          grouped(mail.undetermined), grouped(mail.own), facts.domain.name.text(), days_in(window)),
      "fold the reports again with this version, or wait for reports that state auth_results");
}

// The harsher treatment has more rejected, then more quarantined.
bool treats_harsher(dmarc::Treatment a, dmarc::Treatment b) {
  const auto harshness = [](dmarc::Treatment one) {
    return std::pair(one.rejected, one.rejected + one.quarantined);
  };
  return harshness(a) > harshness(b);
}

// Mail of names below the domain whose policy becomes harsher, by one kind of receiver.
OwnMail mail_below(const PolicyChange& change, const EvidenceRows& rows, dmarc::Receiver receiver,
                   RowReplay& replay) {
  OwnMail mail;
  for (const EvidenceRow* row : rows) {
    if (row->header_from == change.domain.name || ignores(change.domain, row->source)) continue;
    if (!row->header_from.is_within(change.domain.name)) continue;
    const auto after = treatment_on(replay.after(), *row, receiver);
    if (!treats_harsher(after, treatment_on(replay.before(), *row, receiver))) continue;
    const DmarcVerdict verdict = replay.verdicts(*row, generation_of(receiver)).after;
    if (!is_own_mail(*row, verdict)) continue;
    mail.own += row->messages;
    mail.sources[row->source].passing += row->messages;
    if (verdict != DmarcVerdict::Fails) continue;
    mail.lost += row->messages;
    mail.sources[row->source].lost += row->messages;
  }
  return mail;
}

std::optional<Finding> sub_domain_finding(const PolicyChange& change, const StepFacts& facts,
                                          RowReplay& replay) {
  EvidenceWindow window;
  const EvidenceRows rows = rows_in_window(facts, window);
  const OwnMail by_list = mail_below(change, rows, dmarc::Receiver::HonoursPct, replay);
  const OwnMail by_walk = mail_below(change, rows, dmarc::Receiver::HonoursTesting, replay);
  const OwnMail& mail = by_walk.lost > by_list.lost ? by_walk : by_list;
  if (!is_too_much(mail.lost, mail.own, change.domain)) return std::nullopt;
  return blocking(
      about_change(
          change, "sub-domain-loss",
          fmt::format("sp or np would quarantine or reject {} of the {} messages from names below "
                      "{} that reports of {} show and that may be its own ({})",
                      grouped(mail.lost), grouped(mail.own), change.domain.name.text(),
                      days_in(window), losers(mail)),
          "let this mail pass DMARC first, or give the sub-domains that send it records of their "
          "own"),
      change);
}

// By domain whose psd tag changes: the listed domains below it.
std::map<Name, std::vector<const Domain*>> listed_below(const std::vector<PolicyChange>& changes,
                                                        const Config& config) {
  std::map<Name, std::vector<const Domain*>> below;
  for (const PolicyChange& one : changes) {
    if (one.moves_names_below) below[one.domain.name];
  }
  if (below.empty()) return below;
  for (const auto& [name, domain] : config.domains) {
    if (domain.state != DomainState::Managed) continue;
    for (Name above = name.parent(); !above.is_root(); above = above.parent()) {
      const auto found = below.find(above);
      if (found != below.end()) found->second.push_back(&domain);
    }
  }
  return below;
}

}  // namespace

std::vector<Finding> mail_lost(const Plan& plan, const Config& config, const World& world) {
  std::vector<Finding> found;
  const DmarcChanges changes = planned_dmarc_changes(plan);
  if (!world.evidence || changes.empty()) return found;
  const std::vector<PolicyChange> policies = policy_changes(config, changes);
  const auto below = listed_below(policies, config);
  RowReplay replay(changes, world);
  const auto keep = [&](std::optional<Finding> finding) {
    if (finding) found.push_back(std::move(*finding));
  };
  for (const PolicyChange& one : policies) {
    if (!one.moves_alignment && !one.moves_sub_domains) continue;
    const StepFacts facts = facts_of(one.domain, config, world);
    if (one.moves_alignment) keep(alignment_finding(one, facts, replay));
    if (one.moves_sub_domains) keep(sub_domain_finding(one, facts, replay));
    const auto listed = below.find(one.domain.name);
    if (listed == below.end()) continue;
    for (const Domain* domain : listed->second) {
      keep(alignment_finding(one, facts_of(*domain, config, world), replay));
    }
  }
  return found;
}

}  // namespace rampart
