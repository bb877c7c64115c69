/// DNS answers as a table, which pure code reads instead of resolving.
#pragma once

#include <chrono>
#include <compare>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dns/record.h"

namespace rampart {

/// A question is an RRset's key.
using Question = RecordKey;

/// The kind of an answer.
enum class AnswerStatus {
  Data,      ///< NOERROR with records of the type in question (after following CNAMEs).
  NoData,    ///< NOERROR without them.
  NxDomain,  ///< The name (at the end of a CNAME chain) does not exist.
  Failed,    ///< SERVFAIL, REFUSED, lame, malformed or no answer at all; `detail` has the reason.
};

/// The values of an answer: as in RecordSet, in the order received, duplicates kept. Nothing reads
/// them directly: an unanswered question has no values, which is not the same as no record.
/// Answer::match() makes each use say what it does where the answer is unknown.
class AnswerValues {
 public:
  AnswerValues() = default;
  AnswerValues(std::initializer_list<std::string> list) : list_(list) {}
  AnswerValues(std::vector<std::string> list) : list_(std::move(list)) {}

  bool operator==(const AnswerValues&) const = default;

 private:
  friend struct Answer;
  std::vector<std::string> list_;
};

/// The answer to one question.
struct Answer {
  AnswerStatus status = AnswerStatus::Failed;
  AnswerValues values;          ///< Read by match().
  std::chrono::seconds ttl{0};  ///< The smallest along the chain; the negative TTL when none.
  std::vector<Name> cnames;     ///< The CNAME targets followed, in order.
  std::string detail;           ///< For Failed: "127.0.0.1:53: SERVFAIL", for a person.

  /// What `data` makes of the values, `none` of NoData and NxDomain, `unknown` of the detail of a
  /// question without an answer; the three return one type.
  template <class OnData, class OnNone, class OnUnknown>
  auto match(OnData&& data, OnNone&& none, OnUnknown&& unknown) const {
    if (status == AnswerStatus::Data) return data(values.list_);
    if (status == AnswerStatus::Failed) return unknown(detail);
    return none();
  }

  /// The values, none where there are none or where the answer is unknown. For uses that have dealt
  /// with an unknown answer before, or to which it is the same as none: a comment says why.
  const std::vector<std::string>& values_or_none() const;

  bool operator==(const Answer&) const = default;
};

/// All answers of one run; each question is sent once. Ordered, so that iteration is repeatable.
using Answers = std::map<Question, Answer>;

/// The answer to (name, type), or null where the table has none yet.
const Answer* find_answer(const Answers& answers, const Name& name, RecordType type);

/// The answer to `question`; where the table has none yet, null, and the question is appended to
/// `unknown`.
const Answer* find_or_note(const Answers& answers, const Question& question,
                           std::vector<Question>& unknown);

/// Whether the name exists without records of that type or not at all: a void lookup
/// (RFC 7208 section 4.6.4).
bool is_void(const Answer& answer);

}  // namespace rampart
