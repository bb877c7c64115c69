/// A plan: what would change, what stays and why. Plain data.
#pragma once

#include <string>
#include <vector>

#include "dns/record.h"
#include "mail/dmarc/treatment.h"
#include "policies/model/permission.h"
#include "policies/model/policy.h"

namespace rampart {

/// One RRset's change at one provider. Create, update and delete follow from before and after.
struct Change {
  Name domain;
  Name zone;
  std::string provider;
  ParsedChange set;
  Stage stage;
  std::vector<std::string> reasons;

  bool operator==(const Change&) const = default;
  const Name& name() const { return set.name; }
  /// The type written, or the type removed.
  RecordType type() const { return set.after ? set.after->type : set.before->type; }
};

/// A change that findings keep back.
struct Withheld {
  Change change;
  std::vector<std::string> codes;

  bool operator==(const Withheld&) const = default;
};

/// The permissions to send or sign as a domain that a plan adds and removes.
struct Authority {
  Name domain;
  std::vector<Permission> gains;  ///< Sorted, each once.
  std::vector<Permission> loses;

  bool operator==(const Authority&) const = default;
};

/// A change of the rules themselves (waivers, gates, providers) against the YAML of `--base`.
struct PolicyEdit {
  Mark mark;
  std::string what;

  bool operator==(const PolicyEdit&) const = default;
};

/// What receivers of one kind do to a failing message, before and after a change.
struct ReceiverLine {
  dmarc::Receiver receiver = dmarc::Receiver::HonoursPct;
  std::string before;  ///< "none", "10% quarantine, 90% normal local filtering", ...
  std::string after;
  std::string says;      ///< One line: what changes, or that nothing does.
  bool is_new = false;   ///< Something changes, for the domain or for names below it.
  std::string gap = {};  ///< Why the domain's own treatment is unknown; empty where it is known.

  bool operator==(const ReceiverLine&) const = default;
};

/// What a change at `_dmarc.<domain>` means to receivers of each kind.
struct ReceiverImpact {
  Name domain;
  std::vector<ReceiverLine> lines;
  std::string bimi;  ///< Whether BIMI logos appear or vanish; empty where neither can happen.

  bool operator==(const ReceiverImpact&) const = default;
  /// Whether no line is new and no logo appears or vanishes.
  bool nothing_new() const;
};

/// What would have happened to one source's mail of the window under the plan.
struct SourceImpact {
  std::string source;     ///< As in Evidence: "google_workspace", "ip:192.0.2.1", ...
  bool declared = false;  ///< A sender that the domain declares.
  std::int64_t messages = 0;
  std::int64_t pass_before = 0;
  std::int64_t pass_after = 0;
  std::int64_t undetermined = 0;  ///< Whether they pass under the plan is unknown.
  std::int64_t quarantined = 0;   ///< Under the plan, by the stricter generation of receivers.
  std::int64_t rejected = 0;
  std::int64_t worst_case = 0;  ///< Quarantined or rejected where neither pct nor t is honoured.

  bool operator==(const SourceImpact&) const = default;
};

/// What would have happened to a domain's mail of the window under the plan.
struct Impact {
  Name domain;
  int window_days = 0;
  Date from;  ///< The window's first day.
  std::int64_t messages = 0;
  std::int64_t pass_before = 0;
  std::int64_t pass_after = 0;
  std::int64_t lost = 0;          ///< They pass before the plan and fail under it.
  std::int64_t gained = 0;        ///< The reverse.
  std::int64_t undetermined = 0;  ///< Whether they pass under the plan is unknown.
  std::int64_t quarantined = 0;
  std::int64_t rejected = 0;
  /// The kind of receiver whose treatment is counted: the stricter one for this change.
  dmarc::Receiver receiver = dmarc::Receiver::HonoursPct;
  std::int64_t worst_quarantined = 0;  ///< Where neither pct nor t is honoured.
  std::int64_t worst_rejected = 0;
  std::vector<SourceImpact> by_source;  ///< Those hit hardest first, then by name.
  std::vector<std::string> notes;       ///< What the computation does not cover, a sentence each.

  bool operator==(const Impact&) const = default;
};

/// A domain whose mail the plan may affect, and why the extent is unknown.
struct ImpactUnknown {
  Name domain;
  std::string why;

  bool operator==(const ImpactUnknown&) const = default;
};

/// Everything that one run would do to the listed domains, and what it found on the way.
struct Plan {
  Time made_at;
  std::string config_digest;
  std::vector<Change> changes;       ///< Sorted by (zone, name, type, provider).
  std::vector<Withheld> withheld;    ///< Sorted likewise.
  std::vector<Hold> holds;           ///< Sorted by (domain, code, reason).
  std::vector<Finding> findings;     ///< Sorted by (domain, code, file, line, message).
  std::vector<Authority> authority;  ///< Sorted by domain.
  std::vector<PolicyEdit> policy_edits;
  std::vector<Impact> impact;  ///< Sorted by domain, as is impact_unknown.
  std::vector<ImpactUnknown> impact_unknown;
  std::vector<ReceiverImpact> receivers;  ///< Sorted by domain; of withheld changes too.
  std::vector<Name> domains;              ///< All domains of the configuration.

  bool operator==(const Plan&) const = default;
};

}  // namespace rampart
