/// Views of an audit: text for people, JSON, CSV and SARIF for programs.
#pragma once

#include <string>
#include <vector>

#include "cli/views/views.h"
#include "policies/audit/audit.h"

namespace rampart {

/// The reports of one run, and the profile that they were checked against, if any.
struct AuditView {
  std::vector<audit::Report> reports;
  const audit::Profile* profile = nullptr;
};

/// One domain: a report with every point of the score explained. Several: one line per domain, and
/// the findings by code.
std::string audit_text(const AuditView& view, Colour colour);

/// {"domains": [{domain, spf, dkim, dmarc, ..., findings, score, score_parts}]} (contract
/// section 3).
std::string audit_json(const AuditView& view);

/// One row per domain, after a header row (RFC 4180).
std::string audit_csv(const AuditView& view);

/// The findings as SARIF 2.1.0, with one rule for each code.
std::string audit_sarif(const AuditView& view, const std::string& version);

/// Who made an evidence pack, when, and by which resolvers.
struct PackOrigin {
  Time made;
  std::string version;
  std::vector<std::string> resolvers;
};

/// The JSON file of an evidence pack: {"evidence_pack_version", "made_at", "made_by", "resolvers",
/// "profile", "domains": [{domain, conforms, requirements: [{id, requirement, required, verdict,
/// reason, evidence, source, source_date}]}]}. `view.profile` is set. All text from outside is in
/// its printable form.
std::string evidence_pack_json(const AuditView& view, const PackOrigin& origin);

/// "met", "not met", "unknown".
std::string_view verdict_words(audit::Verdict verdict);

/// How many findings are of this severity.
std::size_t count_of(const audit::Report& report, Severity severity);

/// Whether the report has an Error.
bool has_errors(const audit::Report& report);

}  // namespace rampart
