/// Whether a report comes from the organisation that it names: anyone can mail a report and call
/// himself google.com.
#pragma once

#include <string>
#include <vector>

#include "policies/model/config.h"
#include "reports/input/unpack.h"
#include "reports/store/store.h"

namespace rampart::reports {

/// Who reported, and whether that is proved.
struct TrustEvaluation {
  Trust trust = Trust::Asserted;
  std::string reporter;  ///< The domain that signed it, or that it claims; else the org's name.
  std::string reason;    ///< Why it is only asserted; empty for a verified report.
  std::vector<Question> unknown;  ///< Keys that `answers` lacks: the result is provisional.
};

/// A report whose sender is to be evaluated; what it points to must outlive it.
struct TrustQuestion {
  const CarryingMail* carrier = nullptr;  ///< Null for a report that no mail carried.
  const Header* claim = nullptr;          ///< Its `email` and `org` name who claims to report.
  Trust* trust = nullptr;                 ///< Receives the evaluation, as `reporter` does.
  std::string* reporter = nullptr;
  bool* proved = nullptr;  ///< Receives whether a signature verifies it; may be null.
};

/// The domain that a report claims to come from: that of its `email`, else its `org_name`
/// where that is a host name, else either text in lower case. A name that is no host stays a name.
std::string claimed_domain(const Header& header);

/// What reports are evaluated with.
struct TrustContext {
  const Answers& answers;
  const Config* known = nullptr;  ///< Its built-in organizations; null where there are none.
  Time now;
};

/// Verified where a signature over the whole mail passes, its domain is aligned with the mail's
/// author domain (relaxed), and the report claims to come from the same organizational domain, or
/// from another domain of the same organization of `known`. The reporter is the domain that signed,
/// exactly: a mailbox at a provider is not the provider. `carrier` is null for a report that no
/// mail carried. Pure; with a key that no longer exists, the report is asserted.
TrustEvaluation evaluate_trust(const CarryingMail* carrier, const Header& header,
                               const TrustContext& context);

}  // namespace rampart::reports
