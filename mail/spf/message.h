/// The values of one message for macros (RFC 7208 section 7.2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/answers.h"
#include "mail/spf/check_host.h"

namespace rampart::spf {

/// A client's identity, split into the parts that macros name.
struct Message {
  explicit Message(const Client& from);

  const Client& client;
  std::string sender;  ///< "postmaster@<helo>" where MAIL FROM is empty (section 2.4).
  std::string local;   ///< "postmaster" where there is none (section 4.3).
  std::string domain;  ///< The sender's domain, or the HELO name.
};

/// The value of every macro letter but `d` and `p`, before transformers.
std::string macro_value(const Message& message, char letter);

/// The name under in-addr.arpa or ip6.arpa.
Name reverse_name(const Ip& ip);

/// The client's host names that resolve back to it (section 5.5): of the first ten PTR names, those
/// whose address lookup succeeds.
struct ValidatedNames {
  std::vector<Name> names;
  bool is_void = false;  ///< There is no PTR record at all.
};

/// Missing answers are appended to `unknown`; the result is incomplete then.
ValidatedNames validated_names(const Ip& ip, const Answers& answers,
                               std::vector<Question>& unknown);

/// The value of `%{p}`: the domain itself, otherwise one below it, otherwise any; "unknown" where
/// there are none.
std::string name_for_p(const std::vector<Name>& names, const Name& domain);

}  // namespace rampart::spf
