/// Flattening: terms that cost lookups replaced by the networks they admit, as `spf.lock` knows
/// them. Pure and stable: a changed address moves nothing else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dns/name.h"
#include "mail/spf/spf.h"
#include "policies/model/policy.h"
#include "policies/spf/lock.h"

namespace rampart {

/// What flattening starts from.
struct FlattenInput {
  Name domain;
  spf::Record record;
  SpfLock lock;
  Flatten mode = Flatten::Always;
  std::size_t foreign_octets = 0;         ///< Other TXT at the domain's own name.
  std::map<std::string, int> costs = {};  ///< Of terms, as the DNS shows them now.
  /// The fragments that the live record includes: number -> its terms ("ip4:192.0.2.0/24").
  std::map<int, std::vector<std::string>> published = {};
};

/// The outcome.
struct FlatSpf {
  spf::Record record;                    ///< For the domain's own name.
  std::map<int, spf::Record> fragments;  ///< For `_spf<number>.<domain>`.
  std::vector<std::string> flattened;    ///< Terms replaced.
  std::vector<std::string> unlocked;     ///< Terms that spf.lock does not know.
  int lookups = 0;                       ///< Of the outcome, by the lock's costs.
};

/// The name of a fragment: "_spf1.example.com".
Name fragment_name(const Name& domain, int number);

/// The number of a fragment's name; 0 where it is none of `domain`'s.
int fragment_number(const Name& domain, const Name& name);

/// Terms of `record` that flattening may replace: include, a and mx with a passing qualifier and a
/// fixed domain.
std::vector<std::string> flattenable_terms(const spf::Record& record);

/// `always` replaces every such term that the lock knows; `auto` only where the record would cost
/// more than ten lookups, those that save most first, until it costs at most seven. The networks
/// are in the record itself where they fit, else in fragments of at most 450 octets each.
FlatSpf flatten(const FlattenInput& input);

}  // namespace rampart
