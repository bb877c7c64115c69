/// A message as a receiver sees it: SPF, DKIM, ARC, and DMARC by both generations' discovery, over
/// the answers table.
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

/// Pass, Fail, None where DMARC does not apply; the errors where that could not be found out.
enum class Outcome { None, Pass, Fail, TempError, PermError };

/// "pass", "temperror", ...
std::string_view to_text(Outcome outcome);

/// DMARC by one way of discovery.
struct Judgement {
  Outcome outcome = Outcome::None;
  std::optional<DiscoveredPolicy> discovered;
  Policy policy = Policy::None;       ///< What p, sp or np asks for.
  Policy disposition = Policy::None;  ///< What that comes to for this message.
  bool spf_aligned = false;           ///< Whatever SPF's result is.
  std::vector<bool> dkim_aligned;     ///< As MessageVerdict's signatures.
  std::string reason;                 ///< Why there is no pass or fail.
};

/// Everything that a receiver finds out about a message.
struct MessageVerdict {
  std::optional<spf::Verdict> spf;  ///< None where no MAIL FROM and no HELO is known.
  std::string spf_domain;           ///< The domain that SPF authenticates, as written.
  std::string sender;               ///< MAIL FROM, empty for bounces.
  dkim::Verdict dkim;
  arc::Verdict arc;
  std::vector<Name> authors;      ///< The From field's domains.
  std::string author_problem;     ///< Not empty: why DMARC cannot apply.
  Judgement walk;                 ///< RFC 9989: tree walk, t= honoured, pct unknown.
  Judgement psl;                  ///< RFC 7489: public suffix list, pct honoured.
  std::vector<Question> unknown;  ///< Ask these and check again; until then nothing counts.
};

/// Checks the message that `verifier` has read to its end, handed in by `client`. Client::now is
/// the clock.
MessageVerdict check_message(const spf::Client& client, const dkim::Verifier& verifier,
                             const Answers& answers);

/// What a reader must know beside the verdict: what t= and pct make of it, where the generations
/// differ; one sentence each.
std::vector<std::string> remarks(const MessageVerdict& verdict);

}  // namespace rampart::dmarc
