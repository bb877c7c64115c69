/// Forward-confirmed host names of addresses, kept in the store between runs.
#include <algorithm>

#include "mail/spf/message.h"
#include "reports/analysis/sources.h"

namespace rampart::reports {
namespace {

/// How long a looked-up host name is used before it is looked up again.
constexpr std::chrono::days kHostAge{14};

/// PTR, then the addresses of each name, then those behind a CNAME.
constexpr int kReverseLookupRounds = 3;

/// Whether the PTR lookup got any response. Failed lookups are not kept, so the next run repeats
/// them.
bool was_answered(const spf::Ip& ip, const Answers& answers) {
  const Answer* answer = find_answer(answers, spf::reverse_name(ip), RecordType::PTR);
  return answer != nullptr && answer->status != AnswerStatus::Failed;
}

Answers look_up(const std::vector<spf::Ip>& missing, const Resolve& resolve) {
  Answers answers;
  for (int round = 0; round < kReverseLookupRounds; ++round) {
    std::set<Question> unknown;
    for (const spf::Ip& ip : missing) {
      std::vector<Question> asked;
      (void)spf::validated_names(ip, answers, asked);
      unknown.insert(asked.begin(), asked.end());
    }
    if (unknown.empty()) break;
    resolve(answers, std::vector<Question>(unknown.begin(), unknown.end()));
  }
  return answers;
}

/// Of several confirmed names the first by order, so that a source keeps its name between runs.
std::string first_name(const spf::Ip& ip, const Answers& answers) {
  std::vector<Question> unknown;
  std::vector<Name> names = spf::validated_names(ip, answers, unknown).names;
  if (names.empty() || !unknown.empty()) return {};
  std::ranges::sort(names);
  return names.front().text();
}

}  // namespace

std::map<spf::Ip, std::string> find_hosts(const std::set<spf::Ip>& addresses, Store& store,
                                          const NamingContext& context) {
  std::map<spf::Ip, std::string> hosts;
  std::vector<spf::Ip> missing;
  for (const spf::Ip& ip : addresses) {
    const Result<std::optional<std::string>> known = store.host(ip, context.now - kHostAge);
    if (!known || !*known) {
      missing.push_back(ip);
    } else if (!(*known)->empty()) {
      hosts.emplace(ip, **known);
    }
  }
  if (missing.empty() || !context.resolve) return hosts;
  const Answers answers = look_up(missing, context.resolve);
  // If the store cannot be written now, the only cost is another lookup in the next run.
  const bool writing = store.begin().ok();
  for (const spf::Ip& ip : missing) {
    if (!was_answered(ip, answers)) continue;
    const std::string host = first_name(ip, answers);
    if (!host.empty()) hosts.emplace(ip, host);
    if (writing) (void)store.remember_host(ip, host, context.now);
  }
  if (writing && !store.commit()) store.rollback();
  return hosts;
}

}  // namespace rampart::reports
