#include "reconciler/observe/spf_live.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart {
namespace {

constexpr int kMaxSpfRounds = 40;  // The processing limits end every evaluation well before.

}  // namespace

void ResolverSession::ask(const std::vector<Question>& questions) {
  std::vector<Question> fresh;
  std::ranges::copy_if(questions, std::back_inserter(fresh),
                       [&](const Question& question) { return !answers.contains(question); });
  ask_into(answers, fresh, resolvers, limits, history);
}

spf::Verdict check_live(const spf::Client& client, ResolverSession& lookups) {
  spf::Verdict verdict;
  for (int round = 0; round < kMaxSpfRounds; ++round) {
    verdict = spf::check_host(client, lookups.answers);
    if (verdict.unknown.empty()) return verdict;
    lookups.ask(verdict.unknown);
  }
  return verdict;
}

PublishedSpf published_spf(const Name& domain, ResolverSession& lookups) {
  lookups.ask({{domain, RecordType::TXT}});
  const Answer* answer = find_answer(lookups.answers, domain, RecordType::TXT);
  PublishedSpf published;
  if (answer == nullptr || answer->status == AnswerStatus::Failed) {
    published.problem = fmt::format("{} could not be resolved ({})", domain.text(),
                                    answer ? answer->detail : "nobody was asked");
    return published;
  }
  const auto count = std::ranges::count_if(answer->values, spf::is_spf);
  if (count != 1) {
    published.problem = count == 0
                            ? domain.text() + " publishes no SPF record"
                            : fmt::format("{} publishes {} SPF records (RFC 7208 section 4.5)",
                                          domain.text(), count);
    return published;
  }
  published.text = *std::ranges::find_if(answer->values, spf::is_spf);
  auto record = spf::parse(published.text);
  if (record) {
    published.record = std::move(record).value();
  } else {
    published.problem = sentence(record.error());
  }
  return published;
}

spf::Tree tree_live(const Name& domain, const spf::Record& record, ResolverSession& lookups) {
  spf::Tree tree;
  for (int round = 0; round < kMaxSpfRounds; ++round) {
    tree = spf::tree_of(domain, record, lookups.answers);
    if (tree.unknown.empty()) return tree;
    lookups.ask(tree.unknown);
  }
  return tree;
}

}  // namespace rampart
