/// SPF against the live DNS.
#include "reconciler/observe/spf_live.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rampart {
namespace {

constexpr int kMaxSpfRounds = 40;  // RFC 7208's limits end every evaluation well before.

/// Evaluates, resolves what was unknown, and evaluates again until nothing is. `evaluate` is pure,
/// so that repeating it is free of side effects and each round is one concurrent batch.
template <class Evaluate>
auto until_known(DnsSession& session, Evaluate evaluate) {
  auto result = evaluate();
  for (int round = 1; round < kMaxSpfRounds && !result.unknown.empty(); ++round) {
    session.resolve(result.unknown);
    result = evaluate();
  }
  return result;
}

}  // namespace

spf::Verdict check_live(const spf::Client& client, DnsSession& session) {
  return until_known(session, [&] { return spf::check_host(client, session.answers); });
}

// RFC 7208 section 4.5: none and several are different results, and both differ from a failed
// query.
PublishedSpf published_spf(const Name& domain, DnsSession& session) {
  session.resolve(std::array{Question{domain, RecordType::TXT}});
  const Answer* answer = find_answer(session.answers, domain, RecordType::TXT);
  PublishedSpf published;
  if (answer == nullptr || answer->status == AnswerStatus::Failed) {
    published.problem = fmt::format("{} could not be resolved ({})", domain.text(),
                                    answer ? answer->detail : "no resolver was queried");
    return published;
  }
  const std::vector<std::string>& values = answer->values_or_none();
  const auto count = std::ranges::count_if(values, spf::is_spf);
  if (count != 1) {
    published.problem = count == 0
                            ? domain.text() + " publishes no SPF record"
                            : fmt::format("{} publishes {} SPF records (RFC 7208 section 4.5)",
                                          domain.text(), count);
    return published;
  }
  published.text = *std::ranges::find_if(values, spf::is_spf);
  auto record = spf::parse(published.text);
  if (record) {
    published.record = std::move(record).value();
  } else {
    published.problem = sentence(record.error());
  }
  return published;
}

spf::Tree tree_live(const Name& domain, const spf::Record& record, DnsSession& session) {
  return until_known(session, [&] { return spf::tree_of(domain, record, session.answers); });
}

}  // namespace rampart
