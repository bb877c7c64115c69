/// Auditing the live DNS.
#include "reconciler/observe/audit_live.h"

#include <algorithm>

namespace rampart {
namespace {

constexpr int kMaxAuditRounds = 40;  // SPF's limits end every tree well before.

using audit::Facts;

void sort_unique(std::vector<Question>& questions) {
  std::ranges::sort(questions);
  questions.erase(std::ranges::unique(questions).begin(), questions.end());
}

/// One round: every open domain reads what is known by now, and what they lack is asked at once.
/// Returns those that still lack something.
std::vector<Facts*> read_round(const std::vector<Facts*>& open, audit::Table& table,
                               std::vector<Question>& questions) {
  std::vector<Facts*> still;
  for (Facts* facts : open) {
    audit::gather(*facts, table);
    if (facts->unknown.empty()) continue;
    questions.insert(questions.end(), facts->unknown.begin(), facts->unknown.end());
    still.push_back(facts);
  }
  sort_unique(questions);
  return still;
}

void fetch_policies(std::vector<Facts>& all, const FetchLimits& limits) {
  std::vector<Facts*> wanted;
  std::vector<FetchRequest> requests;
  for (Facts& facts : all) {
    if (facts.mta_sts.state != audit::State::Valid) continue;
    if (facts.mta_sts.addresses.empty()) {
      const std::string host = "mta-sts." + facts.subject.domain.text();
      audit::take_policy(facts,
                         {.body = {}, .problem = "cannot be fetched: " + host + " has no address"});
      continue;
    }
    wanted.push_back(&facts);
    requests.push_back({audit::policy_url(facts.subject.domain), facts.mta_sts.addresses});
  }
  std::vector<FetchOutcome> outcomes = fetch_all(requests, limits);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string& problem = outcomes[i].problem;
    audit::take_policy(*wanted[i],
                       {.body = std::move(outcomes[i].body),
                        .problem = problem.empty() ? "" : "cannot be fetched: " + problem});
  }
}

}  // namespace

AuditRun audit_live(std::vector<audit::Subject> subjects,
                    const std::map<std::string, std::shared_ptr<const Sender>>& senders,
                    ResolverSession& lookups, FetchPolicies fetching, const FetchLimits& limits) {
  AuditRun run;
  std::vector<Question> questions;
  run.facts.reserve(subjects.size());
  for (audit::Subject& subject : subjects) {
    std::ranges::copy(audit::first_questions(subject), std::back_inserter(questions));
    run.facts.push_back({.subject = std::move(subject)});
  }
  sort_unique(questions);
  audit::Table table(lookups.answers, senders_by_term(senders));
  std::vector<Facts*> open;
  for (Facts& facts : run.facts) open.push_back(&facts);
  for (int round = 0; round < kMaxAuditRounds && !open.empty(); ++round) {
    lookups.ask(questions);
    questions.clear();
    open = read_round(open, table, questions);
  }
  run.questions = lookups.answers.size();
  run.answered = std::ranges::any_of(
      lookups.answers, [](const auto& row) { return row.second.status != AnswerStatus::Failed; });
  if (fetching == FetchPolicies::Yes) fetch_policies(run.facts, limits);
  return run;
}

}  // namespace rampart
