#include "dns/answers.h"

#include "dns/known.h"

namespace rampart {

const Answer* find_answer(const Answers& answers, const Name& name, RecordType type) {
  const auto found = answers.find(Question{name, type});
  return found == answers.end() ? nullptr : &found->second;
}

const Answer* find_or_note(const Answers& answers, const Question& question,
                           std::vector<Question>& unknown) {
  const Answer* answer = find_answer(answers, question.name, question.type);
  // Duplicates are left in: callers sort the list once, at the end of a round.
  if (answer == nullptr) unknown.push_back(question);
  return answer;
}

const std::vector<std::string>& Answer::values_or_none() const {
  static const std::vector<std::string> kNone;
  // A producer may have left values beside another status.
  return status == AnswerStatus::Data ? values.list_ : kNone;
}

bool is_void(const Answer& answer) {
  return answer.status == AnswerStatus::NoData || answer.status == AnswerStatus::NxDomain;
}

std::string to_text(const Unanswered& one) {
  const std::string question =
      one.question.name.text() + " " + to_text(one.question.type) + " got no answer";
  return one.detail.empty() ? question : question + " (" + one.detail + ")";
}

}  // namespace rampart
