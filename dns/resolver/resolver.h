/// Many DNS questions in flight at once: one epoll loop, UDP first, TCP on truncation.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answers.h"

namespace rampart {

/// A name server's address.
struct Server {
  std::string ip;  ///< IPv4 or IPv6 text, without brackets.
  std::uint16_t port = 53;

  bool operator==(const Server&) const = default;
  auto operator<=>(const Server&) const = default;
};

/// "127.0.0.1:5353" or "[2001:db8::1]:53".
std::string to_text(const Server& server);

/// Reads IP, IP:PORT or [IP6]:PORT.
Result<Server> parse_server(std::string_view text);

/// The servers of a resolv.conf text; loopback where it names none (resolv.conf(5)).
std::vector<Server> parse_resolv_conf(std::string_view text);

/// One question for one set of servers.
struct Query {
  Question question;
  std::vector<Server> servers;    ///< Tried in order: the next after a timeout or a failure.
  bool recursion_desired = true;  ///< Off for queries to authoritative servers.
};

/// Limits on time and load.
struct ResolverLimits {
  int in_flight = 1000;                          ///< Questions in flight at once.
  int tries = 4;                                 ///< A question's datagrams, over all servers.
  std::chrono::milliseconds first_timeout{400};  ///< Before a server's round trip is known.
  std::chrono::milliseconds least_timeout{150};  ///< The adaptive retry timer's floor.
  std::chrono::milliseconds most_timeout{2000};  ///< Its ceiling.
  std::chrono::milliseconds deadline{20000};     ///< For one question, tries included.
  int per_second = 2000;                         ///< Questions a second to one server not on
                                                 ///< loopback; 0 for no cap.
};

/// Facts about one server.
struct ServerRecord {
  bool answered = false;  ///< It answered at least once, if only with an error.
  bool dead = false;      ///< It never answered, over several timeouts.
  bool refuses_edns = false;
  std::chrono::microseconds smoothed{0};   ///< Its round trip (RFC 6298 section 2); 0 if unknown.
  std::chrono::microseconds variation{0};  ///< The variation of `smoothed`.

  bool operator==(const ServerRecord&) const = default;
};

/// What one run knows about servers: passed to each `ask`, so that a dead server delays one batch
/// and not every batch.
using ServerHistory = std::map<Server, ServerRecord>;

/// Resolves everything concurrently and returns the answers in the order of `queries`.
/// Never hangs: each answer is there by its deadline, Failed where no server answered, with a
/// detail that names the server and the reason (timeout, refused, SERVFAIL, lame, malformed).
/// A dead server gets fewer queries, so that a total DNS outage costs seconds for thousands of
/// questions. CNAMEs are reported as the server gave them. With recursion off, an answer without
/// the AA bit is "lame" and counts as a failure.
std::vector<Answer> ask(std::span<const Query> queries, const ResolverLimits& limits,
                        ServerHistory& history);
std::vector<Answer> ask(std::span<const Query> queries, const ResolverLimits& limits);

/// As `ask`, for a table: each question once, through recursive `resolvers`. A chain of CNAMEs that
/// a server leaves incomplete is followed to its end.
void ask_into(Answers& answers, std::span<const Question> questions,
              std::span<const Server> resolvers, const ResolverLimits& limits,
              ServerHistory& history);
void ask_into(Answers& answers, std::span<const Question> questions,
              std::span<const Server> resolvers, const ResolverLimits& limits);

}  // namespace rampart
