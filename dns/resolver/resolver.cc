#include "dns/resolver/resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "base/sorting.h"
#include "dns/resolver/engine.h"

namespace rampart {
namespace {

// resolv.conf(5): further name servers are ignored.
constexpr std::size_t kMostNameservers = 3;
// Resolvers themselves stop after 8 to 16 aliases; longer chains are loops.
constexpr int kMostChain = 8;

bool is_address(const std::string& ip) {
  std::array<unsigned char, 16> raw;
  return inet_pton(AF_INET, ip.c_str(), raw.data()) == 1 ||
         inet_pton(AF_INET6, ip.c_str(), raw.data()) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_decimal<std::uint16_t>(text);
  return port == 0 ? std::nullopt : port;
}

// The words of a line, without comments.
std::vector<std::string_view> words(std::string_view line) {
  // resolv.conf(5) has both, at the beginning of a line; glibc also accepts them behind an address.
  line = line.substr(0, line.find_first_of("#;"));
  std::vector<std::string_view> found;
  while (true) {
    const std::size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return found;
    line.remove_prefix(start);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    found.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// The questions without an answer, each once, in order.
std::vector<Question> fresh_of(std::span<const Question> questions, const Answers& answers) {
  std::vector<Question> fresh(questions.begin(), questions.end());
  sort_unique(fresh);
  std::erase_if(fresh, [&](const Question& question) { return answers.contains(question); });
  return fresh;
}

// Resolves one round; returns the questions whose answers end in a CNAME without data.
std::vector<Question> ask_round(Answers& answers, std::vector<Question> questions,
                                std::span<const Server> resolvers, const ResolverLimits& limits,
                                ServerHistory& history) {
  std::vector<Query> queries;
  queries.reserve(questions.size());
  for (Question& question : questions) {
    queries.push_back({std::move(question), {resolvers.begin(), resolvers.end()}, true});
  }
  std::vector<Answer> asked = ask(queries, limits, history);
  std::vector<Question> open;
  for (std::size_t index = 0; index < queries.size(); ++index) {
    const Answer& answer = asked[index];
    // An alias without data at its end: the server did not follow it to the other zone.
    if (answer.status == AnswerStatus::NoData && !answer.cnames.empty()) {
      open.push_back(queries[index].question);
    }
    answers.insert_or_assign(std::move(queries[index].question), std::move(asked[index]));
  }
  return open;
}

// The next questions: the last targets of incomplete chains.
std::vector<Question> ends_of(const std::vector<Question>& open, const Answers& answers) {
  std::vector<Question> ends;
  for (const Question& question : open) {
    ends.push_back({answers.at(question).cnames.back(), question.type});
  }
  return ends;
}

// Completes an answer with that of its chain's end; false where there is nothing to add.
bool continue_chain(Answer& answer, const Answer& end) {
  // The chain's end really has no data, which is what the answer says already.
  if (end.status == AnswerStatus::NoData && end.cnames.empty()) return false;
  answer.status = end.status;
  answer.values = end.values;
  answer.ttl = std::min(answer.ttl, end.ttl);
  answer.cnames.insert(answer.cnames.end(), end.cnames.begin(), end.cnames.end());
  answer.detail = end.detail;
  return true;
}

}  // namespace

std::string to_text(const Server& server) {
  // RFC 3986 section 3.2.2: brackets keep the address apart from the port.
  const bool v6 = server.ip.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", server.ip, server.port)
            : fmt::format("{}:{}", server.ip, server.port);
}

Result<Server> parse_server(std::string_view text) {
  const Error error{fmt::format("\"{}\" is not IP, IP:PORT or [IP6]:PORT", text), ""};
  Server server;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return error;
    server.ip = text.substr(1, end - 1);
    port = text.substr(end + 1);
    // `[192.0.2.1]` is a literal of mail addresses and not of servers.
    if (server.ip.find(':') == std::string::npos) return error;
  } else {
    const std::size_t colon = text.find(':');
    // More than one colon without brackets is an IPv6 address alone.
    const bool v6 = colon != std::string_view::npos && text.find(':', colon + 1) != text.npos;
    server.ip = v6 ? text : text.substr(0, colon);
    if (!v6 && colon != std::string_view::npos) port = text.substr(colon);
  }
  if (!is_address(server.ip)) return error;
  if (port.empty()) return server;
  const auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
  if (!number) return error;
  server.port = *number;
  return server;
}

std::vector<Server> parse_resolv_conf(std::string_view text) {
  std::vector<Server> servers;
  while (!text.empty() && servers.size() < kMostNameservers) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto line = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() < 2 || line[0] != "nameserver") continue;
    // Addresses with a zone index (`fe80::1%eth0`) are skipped: sockets here have no interface.
    if (const std::string ip(line[1]); is_address(ip)) servers.push_back({ip, 53});
  }
  // resolv.conf(5): without a name server the local one is used.
  if (servers.empty()) servers.push_back({"127.0.0.1", 53});
  return servers;
}

std::vector<Answer> ask(std::span<const Query> queries, const ResolverLimits& limits,
                        ServerHistory& history) {
  return ResolverEngine(queries, limits, history).run();
}

// For a single batch: what it learns about the servers is dropped with it.
std::vector<Answer> ask(std::span<const Query> queries, const ResolverLimits& limits) {
  ServerHistory history;
  return ask(queries, limits, history);
}

// Recursive servers usually return a whole chain. Some return only the part that they are
// authoritative for; the ends of such chains are resolved in further rounds, in a table of their
// own, so that `answers` gets exactly the questions that were passed in.
void ask_into(Answers& answers, std::span<const Question> questions,
              std::span<const Server> resolvers, const ResolverLimits& limits,
              ServerHistory& history) {
  auto fresh = fresh_of(questions, answers);
  const auto incomplete = ask_round(answers, std::move(fresh), resolvers, limits, history);
  Answers ends;
  fresh = fresh_of(ends_of(incomplete, answers), ends);
  for (int round = 1; round < kMostChain && !fresh.empty(); ++round) {
    const auto open = ask_round(ends, std::move(fresh), resolvers, limits, history);
    fresh = fresh_of(ends_of(open, ends), ends);
  }
  for (const Question& question : incomplete) {
    Answer& answer = answers.at(question);
    for (int step = 0; step < kMostChain; ++step) {
      if (answer.status != AnswerStatus::NoData || answer.cnames.empty()) break;
      const auto end = ends.find({answer.cnames.back(), question.type});
      if (end == ends.end() || !continue_chain(answer, end->second)) break;
    }
  }
}

void ask_into(Answers& answers, std::span<const Question> questions,
              std::span<const Server> resolvers, const ResolverLimits& limits) {
  ServerHistory history;
  ask_into(answers, questions, resolvers, limits, history);
}

}  // namespace rampart
