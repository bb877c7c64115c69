/// The DNS queries of one run: which servers are queried, and what their answers have shown so far.
#pragma once

#include <span>
#include <vector>

#include "dns/resolver/resolver.h"

namespace rampart {

/// One run's DNS client. It keeps every recursive answer, so that no question is sent twice, and
/// what was learned about each server, so that a dead one is waited for once.
struct DnsSession {
  std::vector<Server> resolvers;  ///< Recursive servers.
  ResolverLimits limits = {};
  std::vector<Server> nameservers = {};  ///< `--nameserver`: in place of a zone's own servers.
  Answers answers = {};                  ///< What the resolvers answered.
  Answers top_levels = {};               ///< Whether top levels exist, where one was in doubt.
  ServerHistory history = {};

  /// Resolves those of `questions` that have no answer yet, all at once.
  void resolve(std::span<const Question> questions) { resolve_into(answers, questions); }

  /// As `resolve`, with the answers kept in `table`. NXDOMAIN from a resolver that denies the
  /// public top level as well, `com`, becomes Failed: that resolver does not know public names.
  void resolve_into(Answers& table, std::span<const Question> questions);

  /// Queries authoritative servers, all at once; the answers in the order of `queries`.
  std::vector<Answer> query(std::span<const Query> queries) {
    return ask(queries, limits, history);
  }
};

}  // namespace rampart
