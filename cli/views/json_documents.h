/// The JSON documents of commands other than plan (contract section 3).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policies/model/codes.h"
#include "policies/model/policy.h"
#include "reconciler/apply/apply.h"
#include "reconciler/apply/verify.h"
#include "reconciler/config/config.h"

namespace rampart {

/// {"errors": [{file, line, column, code, message, hint}]}, as every failing command prints.
std::string errors_json(const std::vector<ConfigError>& errors);

/// {"files": [...]}: paths.
std::string files_json(const std::vector<std::string>& files);

/// The findings of `validate` as SARIF 2.1.0, with one rule for each code.
std::string sarif(const std::vector<ConfigError>& errors, const std::string& version);

/// Findings of any severity as SARIF 2.1.0. A finding without a file is located by its domain's
/// name.
std::string sarif_of_findings(const std::vector<Finding>& findings, const std::string& version);

/// The section of docs/findings.md with the heading `code`, in Markdown; empty if there is none.
std::string finding_explained(std::string_view code);

/// {"findings": [{"code", "meaning", "waivable", "explanation"}]}
std::string findings_json(std::span<const Code> codes);

/// {"senders": [...]}: catalogue rows.
std::string senders_json(std::span<const Sender* const> senders);

/// {"domains": [{domain, ok, differences}]}.
std::string verify_json(const std::vector<DomainVerification>& domains);

/// {"outcomes", "not_visible", "plan"}: the result of apply, with the plan as recomputed.
std::string apply_json(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                       const std::vector<DomainVerification>& not_visible);

}  // namespace rampart
