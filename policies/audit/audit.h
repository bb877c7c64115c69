/// Auditing any domain without knowing what is intended: the facts that its live records give, the
/// findings about them, a score whose every point is explained, and profiles of published rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/dkim/key.h"
#include "mail/dmarc/org_domain.h"
#include "mail/spf/check_host.h"
#include "mail/spf/compiled.h"
#include "mail/transport/policy.h"
#include "mail/transport/tlsa.h"
#include "mail/transport/transport.h"
#include "policies/audit/mail_facts.h"
#include "policies/dkim/selectors.h"
#include "policies/model/policy.h"
#include "policies/rules/names.h"
#include "policies/rules/spf_width.h"

namespace rampart::audit {

/// Why a selector is queried, the surest reason first.
enum class Source { Declared, Reported, Sender, Guessed };
/// "declared", "reported", "sender", "guessed".
std::string_view to_text(Source source);

/// A selector to query.
struct SelectorQuery {
  std::string selector;
  Source source = Source::Guessed;

  bool operator==(const SelectorQuery&) const = default;
};

/// Adds `query` to `queries`, sorted by selector, each once with its surest source.
void add_query(std::vector<SelectorQuery>& queries, SelectorQuery query);

/// Whether DNSSEC and TLSA records are read too, which costs further questions.
enum class ReadDnssec { No, Yes };

/// A domain to audit.
struct Subject {
  Name domain;
  ReadDnssec dnssec = ReadDnssec::No;
  std::vector<SelectorQuery> selectors;  ///< As `add_query` keeps them.
  Mark mark{};                           ///< Where the YAML names it.
};

/// The outcome of reading a record.
enum class State {
  Unknown,  ///< Some of its questions are unanswered.
  None,     ///< Certain: there is none.
  Several,  ///< Receivers use none of them.
  Invalid,  ///< `problem` says why.
  Valid,
  Unobservable,  ///< DNS failed; `problem` says how.
};
/// "unknown", "none", "several", "invalid", "valid", "unobservable".
std::string_view to_text(State state);

/// A record as it was read.
struct Reading {
  State state = State::Unknown;
  std::string text;     ///< As published; empty for None, Several and Unobservable.
  std::string problem;  ///< For Invalid and Unobservable: the predicate of a sentence.
};

/// A domain's SPF record and its tree.
struct SpfFacts : Reading {
  spf::Record record;
  spf::Tree tree;
  std::optional<spf::Qualifier> ending;  ///< Of the `all` that decides, redirects followed.
  rules::SpfReach reach;                 ///< Who passes, through all that it includes.
  spf::IpSet own;                        ///< What its own ip4, ip6, a and mx terms pass.
  rules::NameFaults names;               ///< Of the names that it refers to.
  bool passes_nobody = false;            ///< No term can pass anyone.
  std::size_t octets = 0;                ///< The owner name and all its TXT.
  std::vector<std::string> needless;     ///< Terms of services whose mail never aligns by SPF.
  std::vector<std::string> senders;      ///< Ids of the senders that it names.
  std::string near_miss;                 ///< A value at the domain that is nearly SPF,
  std::string slip;                      ///< and why it is none.
};

/// What one selector holds.
enum class KeyState {
  Absent,
  Key,
  Revoked,   ///< `p=` is empty.
  Several,   ///< More than one key record.
  Invalid,   ///< A record that verifiers cannot use.
  Dangling,  ///< A CNAME to a name that does not exist.
  Unset,     ///< A CNAME to a name without a key.
  Unobservable,
};
/// "absent", "key", "revoked", "several", ..., as the enumerators are called.
std::string_view to_text(KeyState state);

/// One selector that was queried.
struct KeyFacts {
  SelectorQuery query;
  Name name;
  KeyState state = KeyState::Absent;
  std::string text;                ///< As published.
  std::string problem;             ///< For Invalid and Unobservable.
  dkim::KeyShape shape;            ///< For Key.
  bool testing = false;            ///< `t=y`
  std::vector<Name> cnames;        ///< The chain of CNAME targets.
  std::vector<std::string> slips;  ///< Where the record breaks the grammar, and is accepted.
  std::size_t others = 0;          ///< TXT values beside the key that are none.
  std::optional<rules::NameReading> target = std::nullopt;  ///< For Dangling: its end.
};

/// A domain's selectors.
struct DkimFacts {
  State state = State::Unknown;  ///< Unknown, or Valid once every query is answered.
  std::vector<KeyFacts> keys;    ///< Those that hold something, are declared or are reported.
  std::size_t queried = 0;       ///< How many selectors were queried.
  std::size_t unanswered = 0;    ///< How many of them got no answer: each may hold a key.
  bool guessed = false;          ///< Some of them are guesses.
  std::string wildcard;          ///< A key record that is returned for any selector.
};

/// A report address: whether its host has agreed to receive reports (RFC 9990 section 4), and
/// whether it receives mail at all.
struct ReportAddress {
  enum class Consent { Own, Granted, Refused, Unknown };
  std::string uri;
  Name host;
  Consent consent = Consent::Own;
  std::optional<rules::NameReading> mail = std::nullopt;  ///< Of `host`, once it was read.

  /// Whether DNS shows that no mail reaches it.
  bool is_undeliverable() const {
    return mail && mail->state != rules::NameState::Unknown &&
           mail->state != rules::NameState::Usable;
  }
};
/// "own", "granted", "refused", "unknown".
std::string_view to_text(ReportAddress::Consent consent);

/// The DMARC record that governs a domain.
struct DmarcFacts : Reading {
  std::optional<dmarc::DiscoveredPolicy> by_walk;  ///< As RFC 9989 finds it.
  std::optional<dmarc::DiscoveredPolicy> by_psl;   ///< As RFC 7489 finds it.
  dmarc::Record record;                            ///< Of `discovered()`.
  std::vector<std::string> problems;               ///< Tags of it that receivers skip.
  std::optional<Name> near_miss_at;  ///< Of the domain and its organization, which one has a value
  std::string near_miss;             ///< at its `_dmarc` that is nearly DMARC,
  std::string slip;                  ///< and why it is none, or none for some receivers.
  std::optional<dmarc::Policy> org_policy;  ///< The p of the organizational domain's own record.
  bool several_here = false;                ///< More than one record at the domain's own `_dmarc`.
  std::vector<ReportAddress> rua;           ///< Of aggregate reports,
  std::vector<ReportAddress> ruf;           ///< and of single failures.

  /// The tree walk's policy where it finds one, else the list's; null where neither does.
  const dmarc::DiscoveredPolicy* discovered() const {
    return by_walk ? &*by_walk : by_psl ? &*by_psl : nullptr;
  }
};

/// A domain's MX records.
struct MxFacts : Reading {
  bool null = false;               ///< "0 ." alone: receives no mail (RFC 7505).
  bool null_among_others = false;  ///< "0 ." beside other MX.
  std::vector<Name> hosts;         ///< By preference, then name.
  rules::Faults faults;            ///< Of the values and the hosts that they name.
};

/// The response to fetching a policy over HTTPS.
struct Fetched {
  std::string body;
  std::string problem;  ///< Not empty: why there is no policy.

  bool operator==(const Fetched&) const = default;
};

/// A domain's MTA-STS record and the policy that it announces.
struct MtaStsFacts : Reading {
  std::vector<std::string> addresses;                     ///< Of the policy's host.
  std::optional<rules::NameReading> host = std::nullopt;  ///< The policy's host.
  std::optional<Fetched> fetched;                         ///< Empty: not fetched.
  std::optional<MtaStsPolicy> policy;                     ///< Empty: not fetched, or unusable.
};

/// Whether an answer is protected by DNSSEC, as far as the resolver shows it.
enum class Security {
  Unknown,   ///< No answer, or one without AD from a resolver that is not known to validate.
  Secure,    ///< Validated: the AD bit is set.
  Insecure,  ///< Certain: the zone is not signed, or no chain of trust leads to it.
};
/// "unknown", "secure", "insecure".
std::string_view to_text(Security security);

/// The DS records of one name, at or above a domain: with them a signed zone begins there
/// (RFC 4035 section 5.2). None: it is unsigned, or no zone of its own.
struct DelegationFacts : Reading {
  Name name;
  Security security = Security::Unknown;
};

/// The TLSA records of an MX host, at `_25._tcp.` and its name (RFC 7672 section 2.2.3). Valid:
/// senders can use at least one, provided that the answer is Secure. Invalid: there are only
/// others. None: an answer says that there is none.
struct TlsaFacts : Reading {
  Name name;
  std::vector<std::string> records;   ///< As published.
  std::vector<std::string> problems;  ///< Why senders skip some of them.
  Security security = Security::Unknown;
};

/// What protects a domain's names: DNSSEC as a validating resolver shows it, and DANE.
struct DnssecFacts : Reading {
  Security security = Security::Unknown;  ///< Of the domain's own records.
  std::vector<DelegationFacts> chain;     ///< From the top-level domain down to the domain.
  std::vector<TlsaFacts> hosts;           ///< Of every MX host.
};

/// A value that no receiver reads at this name, by rules::stray_record().
struct Stray {
  RecordKey key;
  std::string value;

  bool operator==(const Stray&) const = default;
};

/// A name where a record belongs, as a CNAME to a name that does not exist.
struct Dangling {
  Name name;
  Name target;
  std::optional<rules::NameReading> reading = std::nullopt;  ///< Of the name, once it is known.

  bool operator==(const Dangling&) const = default;
};

/// Everything that is known about one domain.
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
  DnssecFacts dnssec;  ///< Unknown where the subject does not ask for it.
  MailFacts mail;      ///< What reports say, where they are read.
  std::vector<Stray> strays;
  std::vector<Dangling> dangling;
  std::vector<Question> unknown;      ///< Resolve these and gather again.
  std::vector<std::string> failures;  ///< Names that DNS did not answer for, "NAME: why".

  /// Whether the domain may receive mail.
  bool receives() const { return !mx.null; }
};

/// What all domains of one run share. `known` may grow between calls; it must outlive this.
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

/// Reads what the table knows so far; `facts.unknown` lists what it lacks. Parts that are complete
/// are not read again.
void gather(Facts& facts, Table& table);

/// Answers with what DNSSEC says of them, by question.
struct DnssecAnswer {
  Answer answer;
  bool authenticated = false;  ///< The AD bit.
};

/// All of them, and what is known of the resolvers.
struct DnssecAnswers {
  std::map<Question, DnssecAnswer> answers;
  /// Every resolver that answers validates, so that an answer without AD is insecure.
  bool validating = false;
};

/// The questions about DNSSEC and TLSA of a domain whose other facts are gathered.
std::vector<Question> dnssec_questions(const Facts& facts);

/// Stores what their answers show; a question that is missing in `answers` got none.
void set_dnssec(Facts& facts, const DnssecAnswers& answers);

/// The URL of a domain's MTA-STS policy (RFC 8461 section 3.3).
std::string policy_url(const Name& domain);

/// Stores the response to fetching the policy, parsed.
void set_policy(Facts& facts, Fetched fetched);

/// The findings, sorted by code. An Error is a fault that keeps the record from working.
std::vector<Finding> evaluate(const Facts& facts);

/// One part of the score: points given out of those possible, and why.
struct ScorePart {
  std::string what;
  int points = 0;
  int of = 0;
  std::string reason;

  bool operator==(const ScorePart&) const = default;
};

/// The parts of the score; `of` sums up to 100.
std::vector<ScorePart> score_parts(const Facts& facts);

/// The sum of the points given.
int score_of(const std::vector<ScorePart>& parts);

/// Whether a domain follows a rule. Unknown: neither DNS nor reports show it.
enum class Verdict { Pass, Fail, Unknown };
/// "pass", "fail", "unknown".
std::string_view to_text(Verdict verdict);

/// Whether a rule is required or recommended (RFC 2119).
enum class RequirementLevel { Must, Should };

/// One thing that a verdict rests on: a record as it was seen, or a figure of the reports.
struct EvidenceItem {
  std::string what;  ///< "_dmarc.example.com TXT".
  std::string seen;  ///< The record, or why there is none.

  bool operator==(const EvidenceItem&) const = default;
};

/// A rule of a profile, and whether the domain follows it.
struct RuleResult {
  std::string_view id;      ///< Unique in its profile.
  std::string_view rule;    ///< The rule in one sentence.
  std::string_view source;  ///< Who publishes it, and where in the document.
  std::string_view date;    ///< The day, month or year of that version: "2024-01-24".
  RequirementLevel level = RequirementLevel::Must;
  Verdict verdict = Verdict::Unknown;
  std::string reason;
  std::vector<EvidenceItem> evidence;
};

/// A named set of rules.
struct Profile {
  std::string_view name;
  std::string_view title;
  bool dnssec = false;   ///< Some rule needs DNSSEC or TLSA.
  bool reports = false;  ///< Some rule is answered from reports.
  std::vector<RuleResult> (*rule_results)(const Facts&) = nullptr;
};

/// Every profile, sorted by name, and the one of a name; null where there is none.
const std::vector<Profile>& profiles();
const Profile* find_profile(std::string_view name);

/// A finding for each rule that the domain breaks: an Error for a Must, else a Warning.
std::vector<Finding> profile_findings(const Facts& facts, const Profile& profile,
                                      const std::vector<RuleResult>& rule_results);

/// Whether no Must is broken.
bool conforms(const std::vector<RuleResult>& rule_results);

/// The names as texts.
std::vector<std::string> texts_of(const std::vector<Name>& names);

/// Everything that an audit reports about one domain.
struct Report {
  Facts facts;
  std::vector<Finding> findings;
  std::vector<ScorePart> parts;
  std::vector<RuleResult> rule_results;  ///< Of the requested profile, if any.
};
/// Evaluates the facts; `profile` is null where none was requested.
Report report_on(Facts facts, const Profile* profile);

}  // namespace rampart::audit
