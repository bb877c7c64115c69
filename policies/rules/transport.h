/// Rules on the records of MTA-STS, TLS-RPT and BIMI (RFC 8461, RFC 8460, the BIMI draft) and on
/// MX.
#pragma once

#include <string>

#include "policies/rules/fault.h"

namespace rampart::rules {

/// `mta-sts-invalid`, `tls-rpt-invalid` or `bimi-invalid`, by `kind`: nobody uses what `domain`
/// publishes. `state` is the predicate of a sentence about the record: "is invalid: ...".
Fault transport_invalid(RecordKind kind, const Name& domain, const std::string& state);

/// `mx-null-mixed`: a null MX exists beside other MX records (RFC 7505 section 3).
Fault null_mx_mixed(const Name& domain);

}  // namespace rampart::rules
