/// Rows of evidence evaluated again: records, organizational domains and alignment on both sides.
#include "policies/dmarc/evaluation.h"

#include <algorithm>
#include <vector>

#include "mail/dmarc/org_domain.h"

namespace rampart {
namespace {

using dmarc::Alignment;
using dmarc::DiscoveredPolicy;

// An answer at the name itself shows whether it exists, and that chooses between sp and np.
Answers with_existence(Answers answers, const Name& name, AnswerStatus status) {
  answers[{name, RecordType::TXT}] = {.status = status};
  return answers;
}

bool is_harsher(const Known<DiscoveredPolicy>& a, const Known<DiscoveredPolicy>& b) {
  const auto level = [](const Known<DiscoveredPolicy>& one) {
    return one.match([](const DiscoveredPolicy& found) { return static_cast<int>(found.policy); },
                     [] { return -1; }, [](const Unanswered&) { return -1; });
  };
  return level(a) > level(b);
}

std::optional<Alignment> mode_of(const Known<DiscoveredPolicy>& policy,
                                 std::optional<Alignment> dmarc::Record::*mode) {
  return policy.match(
      [&](const DiscoveredPolicy& found) {
        return std::optional((found.record.*mode).value_or(Alignment::Relaxed));
      },
      [] { return std::optional<Alignment>(); },
      [](const Unanswered&) { return std::optional<Alignment>(); });
}

DmarcVerdict same_organization(const Known<Name>& a, const Known<Name>& b) {
  return a == b ? DmarcVerdict::Passes : DmarcVerdict::Fails;
}

}  // namespace

bool DmarcEvaluation::is_touched(const Name& name) const {
  for (Name at = name; !at.is_root(); at = at.parent()) {
    if (changes_.contains(at)) return true;
  }
  return false;
}

// Authors and signing domains of reports are names that no policy asked about. Below the domain by
// the public suffix list, one without an answer counts as without a record: the same on both sides,
// so that only the plan's own changes make a difference.
Answers DmarcEvaluation::answers_for(const Name& name) const {
  DmarcLookups lookups = dmarc_lookups_of(name, world_);
  const Name org = dmarc::org_domain_psl(name);
  for (const Question& question : lookups.unknown) {
    const bool at_dmarc = name_kind(question.name) == NameKind::Dmarc;
    if (!at_dmarc || question.name.parent() == org) continue;
    lookups.answers[question] = {.status = AnswerStatus::NxDomain};
  }
  Answers answers = std::move(lookups.answers);
  for (Name at = name; !at.is_root(); at = at.parent()) {
    const auto change = changes_.find(at);
    if (change == changes_.end()) continue;
    const auto& set = change->second->set;
    answers = with_record(std::move(answers), at,
                          record_in(side_ == Side::Before ? set.before : set.after));
  }
  return answers;
}

Known<DiscoveredPolicy> DmarcEvaluation::find_policy(const Name& author,
                                                     Generation generation) const {
  const Answers answers = answers_for(author);
  const auto find = [&](const Answers& table) {
    std::vector<Question> unknown;
    return generation == Generation::ByList ? dmarc::discover_by_psl(author, table, unknown)
                                            : dmarc::discover_by_walk(author, table, unknown);
  };
  Known<DiscoveredPolicy> found = find(answers);
  const Unanswered* gap = found.gap();
  const bool existence_alone = gap != nullptr && gap->question.name == author;
  if (!author.is_wildcard() && !existence_alone) return found;
  Known<DiscoveredPolicy> there = find(with_existence(answers, author, AnswerStatus::NoData));
  Known<DiscoveredPolicy> missing = find(with_existence(answers, author, AnswerStatus::NxDomain));
  return is_harsher(missing, there) ? missing : there;
}

const Known<DiscoveredPolicy>& DmarcEvaluation::policy(const Name& author, Generation generation) {
  auto& policies = policies_[static_cast<std::size_t>(generation)];
  const auto known = policies.find(author);
  if (known != policies.end()) return known->second;
  return policies.emplace(author, find_policy(author, generation)).first->second;
}

const Known<Name>& DmarcEvaluation::organization(const Name& name, Generation generation) {
  auto& organizations = organizations_[static_cast<std::size_t>(generation)];
  const auto known = organizations.find(name);
  if (known != organizations.end()) return known->second;
  std::vector<Question> unknown;
  Known<Name> org = generation == Generation::ByList
                        ? Known<Name>(dmarc::org_domain_psl(name))
                        : dmarc::org_domain_walk(name, answers_for(name), unknown);
  return organizations.emplace(name, std::move(org)).first->second;
}

DmarcVerdict DmarcEvaluation::aligned(const Name& author, const Name& passed, Alignment mode,
                                      Generation generation) {
  if (author == passed) return DmarcVerdict::Passes;
  if (mode == Alignment::Strict) return DmarcVerdict::Fails;
  const Known<Name>& own = organization(author, generation);
  const Known<Name>& other = organization(passed, generation);
  if (own.gap() == nullptr && other.gap() == nullptr) return same_organization(own, other);
  // What the plan does not touch is as the reports have it.
  if (is_touched(author) || is_touched(passed)) return DmarcVerdict::Unknown;
  return same_organization(dmarc::org_domain_psl(author), dmarc::org_domain_psl(passed));
}

// One of the two mechanisms of a row, as reported.
struct RowReplay::Mechanism {
  const std::vector<Name>& passed;
  bool reported;  // The report's own verdict.
  std::optional<Alignment> dmarc::Record::*mode;
};

// Whether the plan leaves the rules of alignment for this author domain as they are.
bool RowReplay::aligns_as_before(const Name& author, Generation generation,
                                 std::optional<Alignment> dmarc::Record::*mode) {
  const auto from = mode_of(before_.policy(author, generation), mode).value_or(Alignment::Relaxed);
  const auto to = mode_of(after_.policy(author, generation), mode).value_or(Alignment::Relaxed);
  if (from == Alignment::Relaxed && to == Alignment::Strict) return false;
  return !after_.is_touched(author) ||
         before_.organization(author, generation) == after_.organization(author, generation);
}

// Where no record governs, or none is known, the verdict of the report remains.
DmarcVerdict RowReplay::mechanism(DmarcEvaluation& side, const EvidenceRow& row,
                                  Generation generation, const Mechanism& mechanism) {
  const auto mode = mode_of(side.policy(row.header_from, generation), mechanism.mode);
  const DmarcVerdict reported = mechanism.reported ? DmarcVerdict::Passes : DmarcVerdict::Fails;
  if (!mode) return reported;
  if (mechanism.passed.empty()) {
    const bool as_before =
        &side == &before_ || aligns_as_before(row.header_from, generation, mechanism.mode);
    return as_before || !mechanism.reported ? reported : DmarcVerdict::Unknown;
  }
  DmarcVerdict best = DmarcVerdict::Fails;
  for (const Name& one : mechanism.passed) {
    best = std::max(best, side.aligned(row.header_from, one, *mode, generation));
  }
  return best;
}

RowVerdicts RowReplay::verdicts(const EvidenceRow& row, Generation generation,
                                Remaining remaining) {
  const Mechanism dkim{row.passed->dkim, row.dkim_aligned(), &dmarc::Record::adkim};
  const Mechanism spf{row.passed->spf, row.spf_aligned(), &dmarc::Record::aspf};
  const auto on = [&](DmarcEvaluation& side, const Mechanism& one) {
    return mechanism(side, row, generation, one);
  };
  RowVerdicts verdicts;
  verdicts.before = std::max(on(before_, dkim), on(before_, spf));
  if (remaining.dkim) verdicts.after = on(after_, dkim);
  if (remaining.spf) verdicts.after = std::max(verdicts.after, on(after_, spf));
  return verdicts;
}

}  // namespace rampart
