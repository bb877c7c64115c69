/// SPF against the live DNS: asks in batches, evaluates purely, until nothing new is asked.
#pragma once

#include <string>
#include <vector>

#include "dns/resolver/resolver.h"
#include "mail/spf/check_host.h"

namespace rampart {

/// Who is asked, and what was learnt so far; each question is asked once.
struct ResolverSession {
  std::vector<Server> resolvers;
  ResolverLimits limits;
  Answers answers;
  ServerHistory history;

  /// Asks those that have no answer yet, all at once.
  void ask(const std::vector<Question>& questions);
};

/// check_host() with its questions asked.
spf::Verdict check_live(const spf::Client& client, ResolverSession& lookups);

/// A domain's published record and its whole tree.
struct PublishedSpf {
  std::string text;     ///< The record as published; empty where there is none.
  std::string problem;  ///< Not empty: why there is no usable record.
  std::optional<spf::Record> record;
};
PublishedSpf published_spf(const Name& domain, ResolverSession& lookups);

/// The record's tree with its questions asked.
spf::Tree tree_live(const Name& domain, const spf::Record& record, ResolverSession& lookups);

}  // namespace rampart
