/// What the files of an audit share; other folders use audit.h.
#pragma once

#include "policies/audit/audit.h"

namespace rampart::audit {

/// The answer, or null: then the question is among `facts.unknown`.
const Answer* answer_for(Facts& facts, const Table& table, const Name& name, RecordType type);

/// Records that DNS did not answer for a name.
void record_failure(Facts& facts, const Name& name, const Answer& answer);

/// Each reads one part; until all its questions are answered its state is Unknown.
void gather_dkim(Facts& facts, Table& table);
void gather_dmarc(Facts& facts, Table& table);
void gather_mx(Facts& facts, Table& table);
void gather_mta_sts(Facts& facts, Table& table);
void gather_tls_rpt(Facts& facts, Table& table);
void gather_bimi(Facts& facts, Table& table);

/// Notes what is wrong at a name that was queried: values that no receiver reads there, and a CNAME
/// to a name that does not exist.
void note_strays(Facts& facts, const Name& name, const Answer& answer);

/// The findings of one part.
void check_dkim(const Facts& facts, rules::Faults& faults);
void check_transport(const Facts& facts, rules::Faults& faults);
/// Adds the faults of the SPF record, which was read or certainly does not exist.
void check_spf(const Facts& facts, rules::Faults& faults);

/// How far DMARC protects, as the score, findings and profiles see it.
struct Enforcement {
  dmarc::Policy policy = dmarc::Policy::None;  ///< For the domain itself, the milder generation's.
  bool governed = false;
  bool whole = true;        ///< No pct below 100 and no t=y.
  bool sub_domains = true;  ///< sp and np are no milder than p.
  bool reports = false;     ///< Some report address may be used.
  bool all_receive = true;  ///< Every report address may and can receive them.
};
/// What applies by the record in force and the consent of its report hosts.
Enforcement enforcement_of(const DmarcFacts& dmarc);

/// Whether the SPF record is `-all` alone: nobody may send, so no DKIM key is needed.
bool sends_nothing(const Facts& facts);

/// The keys that verifiers can use.
std::vector<const KeyFacts*> usable_keys(const DkimFacts& dkim);

/// The shortest of the usable keys that are shorter than recommended; null where there is none.
const KeyFacts* shortest_key(const std::vector<const KeyFacts*>& keys);

/// The terms of a tree whose targets cannot be used: a check that reaches one ends in an error.
std::vector<const spf::TreeNode*> broken_nodes(const spf::TreeNode& root);

/// The MX hosts that the MTA-STS policy does not cover.
std::vector<Name> uncovered_mx(const Facts& facts);

/// The audited domain, for sentences.
inline std::string name_of(const Facts& facts) { return facts.subject.domain.text(); }

/// "ends in ~all", or why the ending is unknown.
std::string describe_ending(const SpfFacts& spf);

/// Whether a wildcard answers for every selector with a key record that revokes it.
bool is_revoked_for_all(const DkimFacts& dkim);

/// Why no usable key is known: no selector is, or those that were queried hold none.
std::string describe_no_key(const DkimFacts& dkim);

/// A reading's state as a predicate: "is missing", "is invalid: ...".
std::string describe(const Reading& reading);

}  // namespace rampart::audit
