/// The parts of an audit, one function each; audit.h is what others use.
#pragma once

#include "policies/audit/audit.h"

namespace rampart::audit {

/// The answer, or null: then the question is among `facts.unknown`.
const Answer* answer_for(Facts& facts, const Table& table, const Name& name, RecordType type);

/// Remembers that DNS did not answer.
void note_failure(Facts& facts, const Name& name, const Answer& answer);

void gather_dkim(Facts& facts, Table& table);
void gather_dmarc(Facts& facts, Table& table);
void gather_mx(Facts& facts, Table& table);
void gather_mta_sts(Facts& facts, Table& table);
void gather_tls_rpt(Facts& facts, Table& table);
void gather_bimi(Facts& facts, Table& table);

using Findings = std::vector<Finding>;

/// A finding about the audited domain.
Finding finding_of(const Facts& facts, Severity severity, std::string code, std::string message,
                   std::string hint);

void check_spf(const Facts& facts, Findings& found);
void check_dkim(const Facts& facts, Findings& found);
void check_dmarc(const Facts& facts, Findings& found);
void check_transport(const Facts& facts, Findings& found);

/// How far DMARC protects, as the score, findings and profiles see it.
struct Enforcement {
  dmarc::Policy policy = dmarc::Policy::None;  ///< For the domain itself, the milder generation's.
  bool governed = false;
  bool whole = true;        ///< No pct below 100 and no t=y.
  bool sub_domains = true;  ///< sp and np are no milder than p.
  bool reports = false;     ///< A report address that reporters may use.
  bool all_consent = true;  ///< No address that has not agreed.
};
Enforcement enforcement_of(const DmarcFacts& dmarc);

/// Whether some answer says that nobody may send as the domain: then it needs no DKIM key.
bool sends_nothing(const Facts& facts);

/// The keys that verifiers can use.
std::vector<const KeyFacts*> usable_keys(const DkimFacts& dkim);

/// The includes and redirects of a tree that end every check that reaches them in an error.
std::vector<const spf::TreeNode*> broken_nodes(const spf::TreeNode& root);

/// The MX hosts that the MTA-STS policy does not cover.
std::vector<Name> uncovered_mx(const Facts& facts);

constexpr int kNearLookups = 8;

/// The audited domain, for sentences.
inline std::string name_of(const Facts& facts) { return facts.subject.domain.text(); }

/// What a reading says, for sentences: "is missing", "is invalid: ...".
std::string told(const Reading& reading);

}  // namespace rampart::audit
