/// What one message lends to macros (RFC 7208 section 7.2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/answers.h"
#include "mail/spf/check_host.h"

namespace rampart::spf {

/// A client's identity, cut into the pieces that macros name.
struct Message {
  explicit Message(const Client& from);

  const Client& client;
  std::string sender;  ///< Never empty: "postmaster@<helo>" stands in (section 2.4).
  std::string local;   ///< "postmaster" where none is written (section 4.3).
  std::string domain;  ///< The sender's domain, or the HELO name.
};

/// The value of every macro letter but `d` and `p`, before transformers.
std::string macro_value(const Message& message, char letter);

/// The name under in-addr.arpa or ip6.arpa.
Name reverse_name(const Ip& ip);

/// The client's host names that lead back to it (section 5.5): the first ten PTR names count, one
/// whose address cannot be had is skipped.
struct ValidatedNames {
  std::vector<Name> names;
  bool is_void = false;  ///< There is no PTR record at all.
};

/// Missing answers are appended to `unknown`; the outcome is incomplete then.
ValidatedNames validated_names(const Ip& ip, const Answers& answers,
                               std::vector<Question>& unknown);

/// The one that `%{p}` takes: the domain itself, else one below it, else any; else "unknown".
std::string name_for_p(const std::vector<Name>& names, const Name& domain);

}  // namespace rampart::spf
