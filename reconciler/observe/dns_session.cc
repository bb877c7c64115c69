#include "reconciler/observe/dns_session.h"

#include <fmt/format.h>

#include <set>

#include "mail/dmarc/org_domain.h"

namespace rampart {
namespace {

// The top level of the name that an answer says does not exist, where the public suffix list has
// it; nullopt for any other answer, and for names of a private network or of examples. Reverse
// names are left out: resolvers answer for many of them on their own (RFC 6303).
std::optional<Name> denied_top(const Question& question, const Answer& answer) {
  if (answer.status != AnswerStatus::NxDomain) return std::nullopt;
  const Name& end = answer.cnames.empty() ? question.name : answer.cnames.back();
  if (end.is_root() || end.labels().back() == "arpa") return std::nullopt;
  const auto top = Name::parse(std::string(end.labels().back()));
  if (!top || !dmarc::is_listed_suffix(*top)) return std::nullopt;
  return *top;
}

}  // namespace

// In a network without the public DNS some resolvers answer every public name with NXDOMAIN. Taken
// as it is, that would make each vendor's name a mistake, and each domain one to register. Such a
// resolver denies the top level, too, which certainly exists.
void DnsSession::resolve_into(Answers& table, std::span<const Question> questions) {
  ask_into(table, questions, resolvers, limits, history);
  std::set<Question> probes;
  for (const Question& question : questions) {
    const auto top = denied_top(question, table.at(question));
    if (top) probes.insert({*top, RecordType::NS});
  }
  if (probes.empty()) return;
  ask_into(top_levels, std::vector<Question>(probes.begin(), probes.end()), resolvers, limits,
           history);
  for (const Question& question : questions) {
    Answer& answer = table.at(question);
    const auto top = denied_top(question, answer);
    if (!top || top_levels.at({*top, RecordType::NS}).status != AnswerStatus::NxDomain) continue;
    answer = Answer{.status = AnswerStatus::Failed,
                    .detail = fmt::format("the resolver knows no public names: it says that {} "
                                          "does not exist",
                                          top->text())};
  }
}

}  // namespace rampart
