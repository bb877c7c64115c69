/// What a record's whole tree admits, besides its cost: the sets behind check_host.h's answers.
#pragma once

#include "mail/spf/ip_set.h"

namespace rampart::spf {

/// The addresses that a record passes, as far as they are known without a message.
struct Admitted {
  IpSet pass;
  std::vector<std::string> open;  ///< Terms that depend on the message, "exists:%{i}...", sorted.
  bool complete = true;           ///< No answer was missing or bad, no term was open.
};

Admitted admitted_by(const Name& domain, const Record& record, const Answers& answers);

/// The networks of one a or mx term's addresses; missing questions are noted.
IpSet addresses_of(const Directive& directive, const Name& domain, const Answers& answers,
                   std::vector<Question>& unknown);

}  // namespace rampart::spf
