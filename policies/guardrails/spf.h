/// The guardrails on SPF records. Each compares the live record with the one that the plan leaves,
/// in every zone of every domain whose SPF record Rampart writes or evaluates. A fault that the
/// plan creates or worsens is an Error, one that exists already a Warning, and Info where another
/// tool keeps the record.
#pragma once

#include <vector>

#include "policies/guardrails/guardrails.h"
#include "policies/spf/cases.h"

namespace rampart {

/// All guardrails on SPF in one, because gathering the cases of a plan is the expensive part:
/// - the rules on one record (policies/rules/spf.h): `spf-all`, `spf-length`, `spf-lookups`,
///   `spf-lookups-near`, `spf-ptr`, `spf-term-ignored`, `spf-unresolved` and `spf-voids`;
/// - `authority-wide`, as `check_authority` finds it;
/// - `spf-wide`, `spf-broad` and `spf-private`, as `check_width` finds them;
/// - `name-dangling`, `takeover` and `mx-null-sender`, as `check_names` finds them;
/// - `spf-fragment-missing`: the record includes a fragment of the domain (`_spf1`, `_spf2`, ...)
///   that is neither live nor written by the plan;
/// - `spf-sender-removed` and `spf-term-removed`: who could send before and cannot after.
std::vector<Finding> spf_guardrails(const Plan& plan, const Config& config, const World& world);

/// `spf-wide`: more than 65,536 IPv4 addresses (or an IPv6 /24) more than before; what passed
/// before by any term, and senders of the catalogue, are not counted. Where that is not so,
/// `spf-broad` and `spf-private` of the networks that the record itself names.
void check_width(const SpfCase& item, const Config& config, const World& world,
                 std::vector<Finding>& found);

/// `authority-wide`: everybody or far too many pass by what the record includes, or a term decides
/// for each message; and a vendor that admits much more than spf.lock has.
void check_authority(const SpfCase& item, const World& world, std::vector<Finding>& found);

/// A finding about the case's record, marked where the YAML declares it; a Warning at most.
Finding spf_finding(const SpfCase& item, rules::Fault fault);

/// The same as an Error, which withholds the changes of the record and of its fragments.
Finding spf_refusal(const SpfCase& item, rules::Fault fault);

}  // namespace rampart
