/// Flattening: terms that cost lookups are replaced by the networks that they admit, as `spf.lock`
/// has them. A changed address moves no other one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dns/name.h"
#include "mail/spf/ip_set.h"
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
  std::size_t foreign_octets = 0;  ///< Of other TXT values at the domain's own name.
  /// The lookups of terms and of "redirect=...", as DNS shows them now.
  std::map<std::string, int> costs = {};
  /// The fragments that the live record includes: number -> its terms ("ip4:192.0.2.0/24").
  std::map<int, std::vector<std::string>> published = {};
};

/// The flattened record, and the fragments that it includes.
struct FlatSpf {
  spf::Record record;                    ///< For the domain's own name.
  std::map<int, spf::Record> fragments;  ///< For `_spf<number>.<domain>`.
  std::vector<std::string> flattened;    ///< The terms that were replaced.
  std::vector<std::string> unlocked;  ///< Terms that spf.lock lacks, where flattening them helps.
  std::string redirect;               ///< The redirect that stays, or empty: none is flattened.
  int lookups = 0;  ///< What `record` costs: by DNS, else by the lock, else one lookup a term.
};

/// The name of a fragment: "_spf1.example.com". The domain itself where that would be longer than a
/// name may be; flatten() makes no fragment then.
Name fragment_name(const Name& domain, int number);

/// The number of a fragment's name; 0 where it is none of `domain`'s.
int fragment_number(const Name& domain, const Name& name);

/// The number of the fragment that a term includes; 0 where it includes none of `domain`'s.
int included_fragment(const Name& domain, const spf::Directive& directive);

/// The term that admits just this network: "ip4:192.0.2.0/24"; a single address has no length.
spf::Directive network_term(const spf::Network& network);

/// Terms of `record` that flattening may replace: include, a and mx with a passing qualifier and a
/// fixed domain.
std::vector<std::string> flattenable_terms(const spf::Record& record);

/// `always` replaces every such term that the lock has. `auto` does so only where the record would
/// cost more than ten lookups: those that save most first, until it costs at most seven. The
/// networks are in the record itself where they fit, else in fragments of at most 450 octets each.
FlatSpf flatten(const FlattenInput& input);

}  // namespace rampart
