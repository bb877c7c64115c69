/// Auditing any domain without knowing what is intended: the facts that its live records give, what
/// is wrong with them, a score whose every point is explained, and the rules of others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/dkim/key.h"
#include "mail/dmarc/org_domain.h"
#include "mail/spf/check_host.h"
#include "mail/spf/compiled.h"
#include "mail/transport/policy.h"
#include "mail/transport/transport.h"
#include "policies/dkim/selectors.h"
#include "policies/model/policy.h"

namespace rampart::audit {

/// Why a selector is asked for, the surest reason first.
enum class Source { Declared, Reported, Sender, Guessed };
std::string_view to_text(Source source);

/// A selector to ask for.
struct Asked {
  std::string selector;
  Source source = Source::Guessed;

  bool operator==(const Asked&) const = default;
};

/// A domain to audit.
struct Subject {
  Name domain;
  std::vector<Asked> selectors;  ///< Sorted by selector, each once.
  Mark mark{};                   ///< Where the YAML names it.
};

/// How reading a record came out.
enum class State {
  Unknown,  ///< Its questions are still open.
  None,     ///< Certain: there is none.
  Several,  ///< Receivers use none of them.
  Invalid,  ///< `problem` says why.
  Valid,
  Unobservable,  ///< DNS failed; `problem` says how.
};
std::string_view to_text(State state);

/// A record as it was read.
struct Reading {
  State state = State::Unknown;
  std::string text;     ///< As published; empty for None, Several and Unobservable.
  std::string problem;  ///< A sentence's end.
};

/// A domain's SPF record and its tree.
struct SpfFacts : Reading {
  spf::Record record;
  spf::Tree tree;
  std::optional<spf::Qualifier> ending;  ///< Of the `all` that ends it, redirects followed.
  bool passes_nobody = false;            ///< No term of it can pass anyone.
  std::size_t octets = 0;                ///< The name and all its TXT.
  std::vector<std::string> senders;      ///< Ids of those that it names.
};

/// What stands at one selector.
enum class KeyState { Absent, Key, Revoked, Several, Invalid, Dangling, Unset, Unobservable };
std::string_view to_text(KeyState state);

/// One selector that was asked for.
struct KeyFacts {
  Asked asked;
  Name name;
  KeyState state = KeyState::Absent;
  std::string text;
  std::string problem;
  dkim::KeyShape shape;      ///< For Key.
  bool testing = false;      ///< `t=y`
  std::vector<Name> cnames;  ///< Where a CNAME led.
};

struct DkimFacts {
  State state = State::Unknown;  ///< Unknown, or Valid once all was asked.
  std::vector<KeyFacts> keys;    ///< What stands, and what was declared or reported and does not.
  std::size_t asked = 0;         ///< How many selectors were asked for.
  bool guessed = false;          ///< Guesses were among them.
  std::string wildcard;          ///< A key record that answers for any selector.
};

/// A report address, and whether its owner has agreed.
struct ReportAddress {
  enum class Consent { Own, Granted, Refused, Unknown };
  std::string uri;
  Name host;
  Consent consent = Consent::Own;
};
std::string_view to_text(ReportAddress::Consent consent);

/// The DMARC record that governs a domain.
struct DmarcFacts : Reading {
  std::optional<dmarc::DiscoveredPolicy> by_walk;  ///< As RFC 9989 finds it.
  std::optional<dmarc::DiscoveredPolicy> by_psl;   ///< As RFC 7489 finds it.
  dmarc::Record record;                            ///< Of `governing()`.
  std::vector<std::string> problems;               ///< What receivers read over.
  std::string slip;  ///< A value here that looks like DMARC and is none.
  bool several_here = false;
  std::vector<ReportAddress> rua;

  const dmarc::DiscoveredPolicy* discovered() const {
    return by_walk ? &*by_walk : by_psl ? &*by_psl : nullptr;
  }
};

struct MxFacts : Reading {
  bool null = false;  ///< "0 ." alone: receives no mail (RFC 7505).
  bool null_among_others = false;
  std::vector<Name> hosts;  ///< By preference, then name.
};

/// What came of fetching a policy over HTTPS.
struct Fetched {
  std::string body;
  std::string problem;  ///< Not empty: why there is no policy.

  bool operator==(const Fetched&) const = default;
};

struct MtaStsFacts : Reading {
  std::vector<std::string> addresses;  ///< Of the policy's host.
  std::optional<Fetched> fetched;      ///< Empty: not fetched.
  std::optional<MtaStsPolicy> policy;
};

struct Facts {
  Subject subject;
  bool exists = true;  ///< Not NXDOMAIN.
  bool is_org = true;  ///< It is its own organizational domain by the public suffix list.
  SpfFacts spf;
  DkimFacts dkim;
  DmarcFacts dmarc;
  MxFacts mx;
  MtaStsFacts mta_sts;
  Reading tls_rpt;
  Reading bimi;
  std::vector<Question> unknown;      ///< Ask these and gather again.
  std::vector<std::string> failures;  ///< What DNS did not answer, "NAME TYPE: why".

  bool receives() const { return !mx.null; }
};

/// What all domains of one run share. The table may grow between calls; it must outlive this.
class Table {
 public:
  Table(const Answers& known, SendersByTerm by_term)
      : answers(known), cache(known), senders(std::move(by_term)) {}

  const Answers& answers;
  spf::RecordCache cache;
  SendersByTerm senders;
};

/// The questions that every domain begins with.
std::vector<Question> first_questions(const Subject& subject);

/// Reads what the table knows by now; `facts.unknown` lists what it lacks. Parts that are settled
/// are not read again.
void gather(Facts& facts, Table& table);

/// The URL of a domain's MTA-STS policy (RFC 8461 section 3.3).
std::string policy_url(const Name& domain);

/// Takes what came of fetching the policy.
void take_policy(Facts& facts, Fetched fetched);

/// What is wrong, sorted by code; an Error is what does not work as published.
std::vector<Finding> evaluate(const Facts& facts);

/// Points given out of those that could be had, and why.
struct ScorePart {
  std::string what;
  int points = 0;
  int of = 0;
  std::string reason;

  bool operator==(const ScorePart&) const = default;
};

/// The parts of the score; those that can be had sum up to 100.
std::vector<ScorePart> score_parts(const Facts& facts);

/// The sum of the points given.
int score_of(const std::vector<ScorePart>& parts);

enum class Verdict { Pass, Fail, Unknown };
std::string_view to_text(Verdict verdict);

/// Whether a rule is asked for, or only recommended.
enum class RequirementLevel { Must, Should };

/// A rule of a profile, and whether the domain keeps it.
struct RuleResult {
  std::string_view id;
  std::string_view rule;
  std::string_view source;
  RequirementLevel force = RequirementLevel::Must;
  Verdict verdict = Verdict::Unknown;
  std::string reason;
};

/// A named set of rules.
struct Profile {
  std::string_view name;
  std::string_view title;
  std::vector<RuleResult> (*rule_results)(const Facts&) = nullptr;
};

/// Every profile, sorted by name.
const std::vector<Profile>& profiles();
const Profile* find_profile(std::string_view name);

/// What a profile's broken rules come to: an Error where the rule is a must, else a Warning.
std::vector<Finding> profile_findings(const Facts& facts, const Profile& profile,
                                      const std::vector<RuleResult>& rule_results);

/// Whether no rule that is a must is broken.
bool keeps_all(const std::vector<RuleResult>& rule_results);

/// Everything about one domain.
struct Report {
  Facts facts;
  std::vector<Finding> findings;
  std::vector<ScorePart> parts;
  std::vector<RuleResult> rule_results;  ///< Of the profile asked for.
};
Report report_on(Facts facts, const Profile* profile);

}  // namespace rampart::audit
