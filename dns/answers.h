/// DNS answers as a table, which pure code reads instead of resolving.
#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <string>
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

/// The answer to one question.
struct Answer {
  AnswerStatus status = AnswerStatus::Failed;
  std::vector<std::string> values;  ///< As in RecordSet, in the order received, duplicates kept.
  std::chrono::seconds ttl{0};      ///< The smallest along the chain; the negative TTL when none.
  std::vector<Name> cnames;         ///< The CNAME targets followed, in order.
  std::string detail;               ///< For Failed: "127.0.0.1:53: SERVFAIL", for a person.

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
