/// Queries and replies on the wire: built and checked here, records parsed by ldns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dns/answers.h"

namespace rampart {

enum class Recursion { Desired, Off };
enum class Edns { On, Off };

/// The UDP payload that we announce and accept: small enough to avoid IP fragments (DNS flag day
/// 2020).
inline constexpr std::uint16_t kUdpPayload = 1232;

/// The question section for `question`: name, type, class IN (RFC 1035 section 4.1.2).
std::string question_section(const Question& question);

/// A whole query message around a question section; with EDNS an OPT record (RFC 6891) is added.
void append_query(std::string& out, std::string_view section, std::uint16_t id, Recursion recursion,
                  Edns edns);

/// What a reply means for its question.
enum class ReplyKind {
  Answer,     ///< `answer` has data, no data, or no such name.
  Truncated,  ///< Send the query again over TCP.
  NotOurs,    ///< Another id or another question: ignore it.
  NoEdns,     ///< The server rejects EDNS: send the query again without it.
  Failure,    ///< The server cannot answer; `failure` has the reason.
};

/// The meaning of a reply.
struct Reply {
  ReplyKind kind = ReplyKind::NotOurs;
  Answer answer;
  std::string failure;     ///< "SERVFAIL", "refused", "lame (not authoritative)", ...
  bool transient = false;  ///< For Failure: the same server may answer next time.
  /// For Answer: the resolver validated it by DNSSEC, as its AD bit says (RFC 4035 section 3.2.3).
  bool authenticated = false;
};

/// Reads the message `wire` as the reply to the query built from the same section, id and flags.
/// Without recursion an answer must be authoritative.
Reply parse_reply(std::string_view wire, std::string_view section, std::uint16_t id,
                  Recursion recursion, Edns edns);

/// The id in a message's header; 0 where it is too short to have one.
std::uint16_t message_id(std::string_view wire);

}  // namespace rampart
