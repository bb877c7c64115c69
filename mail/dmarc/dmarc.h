/// The DMARC record (RFC 7489 section 6.3, RFC 9989 section 4.7), for both generations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/syntax/tags.h"

namespace rampart::dmarc {

enum class Policy { None, Quarantine, Reject };
enum class Alignment { Relaxed, Strict };

/// "none", "quarantine", "reject"; read in any case.
std::string_view to_text(Policy policy);
std::optional<Policy> parse_policy(std::string_view text);

/// A record's tags; an absent tag stays absent (an absent sp does not mean `none`, it means p).
struct Record {
  std::optional<Policy> p;
  std::optional<Policy> sp;
  std::optional<Policy> np;
  std::optional<Alignment> adkim;
  std::optional<Alignment> aspf;
  std::optional<bool> testing;  ///< `t=y|n`
  std::optional<int> pct;       ///< 0..100
  std::optional<std::string> fo;
  std::vector<std::string> rua;  ///< URIs as written.
  std::vector<std::string> ruf;
  std::optional<char> psd;   ///< y, n or u.
  std::vector<Tag> unknown;  ///< rf, ri and all other tags, in order.

  bool operator==(const Record&) const = default;
};

/// Whether `text` begins with the version tag: its first octet is `v`, or `V` by the grammar of
/// RFC 9989 section 4.8, which also allows blanks around `=`; the value is exactly `DMARC1`.
/// Receivers discard everything else (RFC 9989 section 4.10, RFC 7489 section 6.6.3).
bool is_dmarc(std::string_view text);

/// Reads strictly, as a record should be published: with p=, tag names in lower case, values by the
/// grammar of RFC 9989 section 4.8. An Error names the tag.
Result<Record> parse(std::string_view text);

/// A record as receivers read it, with a sentence for each value that fell back to its default.
struct Lenient {
  Record record;
  std::vector<std::string> problems;
};

/// Reads as RFC 9989 section 4.8 requires of receivers. An Error only where receivers ignore the
/// record altogether.
Result<Lenient> parse_lenient(std::string_view text);

/// Order v,p,sp,np,adkim,aspf,t,pct,fo,rua,ruf,psd, then unknown tags; "; " between, none at the
/// end.
std::string print(const Record& record);

/// The domain of a report address ("mailto:a@example.net!10m", "https://host/path"), or nullopt
/// where no receiver could use the URI.
std::optional<std::string> uri_host(std::string_view uri);

/// The same policy, addresses and modes, defaults filled in, order of URIs aside.
bool same_meaning(const Record& a, const Record& b);

/// How strongly a record enforces: the policy's level (0 none, 1 quarantine, 2 reject), and the
/// share of failing mail to which receivers of either generation apply it.
struct Strength {
  int policy = 0;
  int pct = 100;  ///< What a receiver that honours pct enforces; 100 where absent.
  bool testing = false;

  bool operator==(const Strength&) const = default;
};

/// The strength of a record; absent tags have their defaults.
Strength strength_of(const Record& record);

/// Whether a receiver of any generation could treat some failing mail more mildly (more harshly)
/// under `after` than under `before`, for the domain itself or its sub-domains.
bool loosens(const Record& before, const Record& after);
bool tightens(const Record& before, const Record& after);

}  // namespace rampart::dmarc
