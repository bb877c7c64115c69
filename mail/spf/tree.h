/// The addresses that a record's whole tree passes.
#pragma once

#include "mail/spf/ip_set.h"

namespace rampart::spf {

struct CompiledRecord;
class RecordCache;

/// The addresses that a record passes, as far as they are known without a message.
struct Admitted {
  IpSet pass;
  std::vector<std::string> open;  ///< Terms that depend on the message, "exists:%{i}...", sorted.
  bool complete = true;           ///< No answer was missing or bad, no term was open.
  /// Those of `open` that can end a check in pass: for whom is the decision of a name server at the
  /// time of the check, or of the client's own reverse zone (`ptr`).
  std::vector<std::string> open_pass = {};
};

/// The addresses that `record` at `domain` passes.
Admitted admitted_by(const Name& domain, const Record& record, const Answers& answers);

/// The same of a published record, over a cache that many share. The record must be Ready.
Admitted admitted_by(const CompiledRecord& compiled, RecordCache& cache);

/// The addresses of one a or mx term; questions without an answer are appended to `unknown`.
IpSet addresses_of(const Directive& directive, const Name& domain, const Answers& answers,
                   std::vector<Question>& unknown);

}  // namespace rampart::spf
