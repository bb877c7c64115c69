/// Auditing the live DNS.
#include "reconciler/observe/audit_live.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/sorting.h"
#include "dns/resolver/validated.h"

namespace rampart {
namespace {

constexpr int kMaxAuditRounds = 40;  // SPF's limits end every tree well before.

using audit::Facts;

/// One round: every open domain reads the answers known by now and adds what it lacks to
/// `questions`. Returns the domains that still lack something.
/// All domains advance together, so that each round is one batch of queries: a thousand domains
/// take as many rounds as the slowest of them.
std::vector<Facts*> read_round(const std::vector<Facts*>& open, audit::Table& table,
                               std::vector<Question>& questions) {
  std::vector<Facts*> still_open;
  for (Facts* facts : open) {
    audit::gather(*facts, table);
    if (facts->unknown.empty()) continue;
    questions.insert(questions.end(), facts->unknown.begin(), facts->unknown.end());
    still_open.push_back(facts);
  }
  return still_open;
}

/// The answers with their AD bits, and whether the resolvers validate. Each resolver is queried
/// about the root by itself, which is signed: with several, any of them may give the other answers.
audit::DnssecAnswers validated_answers(const std::vector<Question>& questions,
                                       DnsSession& session) {
  std::vector<Query> queries;
  for (const Question& one : questions) queries.push_back({one, session.resolvers, true});
  for (const Server& one : session.resolvers) {
    queries.push_back({{Name::root(), RecordType::SOA}, {one}, true});
  }
  const std::vector<ValidatedAnswer> asked =
      ask_validated(queries, session.limits, session.history);
  audit::DnssecAnswers known;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    known.answers[questions[i]] = {asked[i].answer, asked[i].authenticated};
  }
  const auto roots = std::span(asked).subspan(questions.size());
  const auto silent = [](const ValidatedAnswer& one) {
    return one.answer.status == AnswerStatus::Failed;
  };
  known.validating = !std::ranges::all_of(roots, silent) &&
                     std::ranges::all_of(roots, [&](const ValidatedAnswer& one) {
                       return silent(one) || one.authenticated;
                     });
  return known;
}

// DNSSEC and TLSA of all domains that ask for them, in one batch; returns how many questions.
std::size_t read_dnssec(std::vector<Facts>& all, DnsSession& session) {
  std::vector<Question> questions;
  for (const Facts& facts : all) {
    if (facts.subject.dnssec == audit::ReadDnssec::No) continue;
    std::ranges::copy(audit::dnssec_questions(facts), std::back_inserter(questions));
  }
  if (questions.empty()) return 0;
  sort_unique(questions);
  const audit::DnssecAnswers answers = validated_answers(questions, session);
  for (Facts& facts : all) {
    if (facts.subject.dnssec == audit::ReadDnssec::Yes) audit::set_dnssec(facts, answers);
  }
  return questions.size();
}

// All hosts at once, since most of the time is spent waiting; one without an address is reported
// and not fetched.
void fetch_policies(std::vector<Facts>& all, const FetchLimits& limits) {
  std::vector<Facts*> fetched;
  std::vector<FetchRequest> requests;
  for (Facts& facts : all) {
    if (facts.mta_sts.state != audit::State::Valid) continue;
    if (facts.mta_sts.addresses.empty()) {
      const std::string host = "mta-sts." + facts.subject.domain.text();
      audit::set_policy(facts,
                        {.body = {}, .problem = "cannot be fetched: " + host + " has no address"});
      continue;
    }
    fetched.push_back(&facts);
    requests.push_back({audit::policy_url(facts.subject.domain), facts.mta_sts.addresses});
  }
  std::vector<FetchOutcome> outcomes = fetch_all(requests, limits);
  for (std::size_t i = 0; i < fetched.size(); ++i) {
    const std::string& problem = outcomes[i].problem;
    audit::set_policy(*fetched[i],
                      {.body = std::move(outcomes[i].body),
                       .problem = problem.empty() ? "" : "cannot be fetched: " + problem});
  }
}

}  // namespace

// The facts are reserved before their addresses are taken, and never move afterwards.
AuditRun audit_live(std::vector<audit::Subject> subjects,
                    const std::map<std::string, std::shared_ptr<const Sender>>& senders,
                    DnsSession& session, FetchPolicies fetching, const FetchLimits& limits) {
  AuditRun run;
  std::vector<Question> questions;
  run.facts.reserve(subjects.size());
  for (audit::Subject& subject : subjects) {
    std::ranges::copy(audit::first_questions(subject), std::back_inserter(questions));
    run.facts.push_back({.subject = std::move(subject)});
  }
  audit::Table table(session.answers, senders_by_term(senders));
  std::vector<Facts*> open;
  for (Facts& facts : run.facts) open.push_back(&facts);
  for (int round = 0; round < kMaxAuditRounds && !open.empty(); ++round) {
    session.resolve(questions);
    questions.clear();
    open = read_round(open, table, questions);
  }
  run.questions = session.answers.size() + read_dnssec(run.facts, session);
  run.answered = std::ranges::any_of(
      session.answers, [](const auto& row) { return row.second.status != AnswerStatus::Failed; });
  if (fetching == FetchPolicies::Yes) fetch_policies(run.facts, limits);
  return run;
}

}  // namespace rampart
