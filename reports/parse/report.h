/// An aggregate report as values: a header (who reports about whom, and when) and one row per
/// record (RFC 7489 appendix C, RFC 9990 appendix A). Texts are as the reporter wrote them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "mail/dmarc/dmarc.h"
#include "mail/spf/check_host.h"

namespace rampart::reports {

/// A raw result of SPF or DKIM (RFC 8601 section 2.7); Other is any word that no standard defines.
enum class AuthResult { None, Neutral, Pass, Fail, SoftFail, Policy, TempError, PermError, Other };

/// `policy_evaluated`: alignment as the reporter evaluated it.
enum class PolicyEvaluated { Absent, Pass, Fail };

/// What the receiver did with the messages; RFC 9990 adds pass.
enum class Disposition { Absent, None, Quarantine, Reject, Pass, Other };

/// One DKIM signature's result.
struct DkimAuth {
  std::string domain;
  std::string selector;
  AuthResult result = AuthResult::None;

  bool operator==(const DkimAuth&) const = default;
};

/// One SPF result.
struct SpfAuth {
  std::string domain;
  bool helo = false;  ///< `scope` is helo, else mfrom.
  AuthResult result = AuthResult::None;

  bool operator==(const SpfAuth&) const = default;
};

/// Why the receiver did not apply the policy (PolicyOverrideReason).
struct Override {
  std::string type;
  std::string comment;

  bool operator==(const Override&) const = default;
};

/// A `record` without its address and its count.
struct RecordResults {
  Disposition disposition = Disposition::Absent;
  PolicyEvaluated dkim_evaluated = PolicyEvaluated::Absent;
  PolicyEvaluated spf_evaluated = PolicyEvaluated::Absent;
  std::vector<Override> overrides;
  std::string header_from;
  std::string envelope_from;
  std::string envelope_to;
  std::vector<DkimAuth> dkim;
  std::vector<SpfAuth> spf;

  bool operator==(const RecordResults&) const = default;
};

/// One `record`. Most records repeat earlier results, so rows share them.
struct Row {
  spf::Ip ip;
  std::int64_t count = 0;
  std::shared_ptr<const RecordResults> results;  ///< Never null in rows given to Handlers.
  /// Rows of one RecordCache with the same id have the same results; 0: not cached.
  std::uint64_t results_id = 0;
};

/// A report without its records.
struct Header {
  std::string version;
  std::string org;
  std::string email;
  std::string contact;
  std::string id;
  std::string generator;
  std::vector<std::string> errors;
  std::optional<Time> begin;
  std::optional<Time> end;
  /// The policy domain in lower case and A-labels, as every name is stored and asked for.
  std::string domain;
  /// The same as the reporter wrote it, which may have U-labels: part of the report's identity.
  std::string written_domain;
  dmarc::Alignment adkim = dmarc::Alignment::Relaxed;
  dmarc::Alignment aspf = dmarc::Alignment::Relaxed;
  std::optional<dmarc::Policy> p;
  std::optional<dmarc::Policy> sp;
  std::optional<dmarc::Policy> np;
  std::optional<int> pct;
  std::optional<bool> testing;
  std::string discovery;
  /// Records left out because their address is none, and what is wrong with the first.
  std::int64_t skipped_records = 0;
  std::string first_skipped;

  bool operator==(const Header&) const = default;
};

}  // namespace rampart::reports
