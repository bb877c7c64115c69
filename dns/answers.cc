#include "dns/answers.h"

namespace rampart {

const Answer* find_answer(const Answers& answers, const Name& name, RecordType type) {
  const auto found = answers.find(Question{name, type});
  return found == answers.end() ? nullptr : &found->second;
}

bool is_void(const Answer& answer) {
  return answer.status == AnswerStatus::NoData || answer.status == AnswerStatus::NxDomain;
}

}  // namespace rampart
