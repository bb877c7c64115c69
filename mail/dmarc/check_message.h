/// Evaluates a message as a receiver does: SPF, DKIM, ARC, and DMARC by the discovery of both
/// generations, over the answers table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/dkim/arc.h"
#include "mail/dkim/verify.h"
#include "mail/dmarc/org_domain.h"
#include "mail/spf/check_host.h"

namespace rampart::dmarc {

/// None where DMARC does not apply; the errors where it could not be evaluated.
enum class Outcome { None, Pass, Fail, TempError, PermError };

/// "pass", "temperror", ...
std::string_view to_text(Outcome outcome);

/// The DMARC result by one discovery method.
struct Judgement {
  Outcome outcome = Outcome::None;
  std::optional<DiscoveredPolicy> discovered;
  Policy policy = Policy::None;       ///< The p, sp or np that applies.
  Policy disposition = Policy::None;  ///< `policy` after t= or pct=0.
  bool spf_aligned = false;           ///< Whatever SPF's result is.
  std::vector<bool> dkim_aligned;     ///< As MessageVerdict's signatures.
  std::string reason;                 ///< Why there is no pass or fail.
};

/// All results for a message.
struct MessageVerdict {
  std::optional<spf::Verdict> spf;  ///< None where no MAIL FROM and no HELO is known.
  std::string spf_domain;           ///< The domain that SPF authenticates, as written.
  std::string sender;               ///< MAIL FROM, empty for bounces.
  dkim::Verdict dkim;
  arc::Verdict arc;
  std::vector<Name> authors;         ///< The From field's domains.
  std::string author_problem;        ///< Not empty: why DMARC cannot be evaluated.
  std::string author_slip;           ///< Not empty: what strict receivers refuse in the From field.
  std::vector<std::string> skipped;  ///< Lines of the header that are no field (mail::Head).
  Judgement walk;                    ///< RFC 9989: tree walk, t= honoured, pct unknown.
  Judgement psl;                     ///< RFC 7489: public suffix list, pct honoured.
  std::vector<Question> unknown;     ///< Resolve these and check again; until then all is open.
};

/// Checks the message that `verifier` has read to its end, submitted by `client`, at Client::now.
MessageVerdict check_message(const spf::Client& client, const dkim::Verifier& verifier,
                             const Answers& answers);

/// Remarks on the verdict, one sentence each: the effect of t= and pct, and where the generations
/// differ.
std::vector<std::string> remarks(const MessageVerdict& verdict);

}  // namespace rampart::dmarc
