/// How receivers evaluate reported mail under DMARC before a plan, and after it: which record
/// governs an author domain, and whether the domains for which its mail passed are aligned.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "mail/dmarc/treatment.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/model/plan.h"

namespace rampart {

/// The changes of a plan at `_dmarc` names, by the domain that they concern. Two providers of a
/// zone change the same record: the first change counts.
using DmarcChanges = std::map<Name, const Change*>;

/// The state of DNS before a plan, or after all its changes are written.
enum class Side { Before, After };

/// The two generations of receivers: they find records and organizational domains by the public
/// suffix list (RFC 7489) or by tree walk (RFC 9989).
enum class Generation { ByList, ByWalk };

/// The generation of a kind of receiver. Receivers that honour neither pct nor t walk the tree.
constexpr Generation generation_of(dmarc::Receiver receiver) {
  return receiver == dmarc::Receiver::HonoursPct ? Generation::ByList : Generation::ByWalk;
}

/// Whether mail passes DMARC. Unknown where that depends on a domain that no report states.
enum class DmarcVerdict { Fails, Unknown, Passes };

/// Which mechanisms can still authenticate a row's mail after a plan.
struct Remaining {
  bool dkim = true;
  bool spf = true;
};

/// Evaluates rows of evidence on one side of a plan. Each author domain and each domain that passed
/// is looked up once, so that the cost is linear in rows. The changes and the World must outlive
/// it.
class DmarcEvaluation {
 public:
  DmarcEvaluation(const DmarcChanges& changes, const World& world, Side side)
      : changes_(changes), world_(world), side_(side) {}

  /// The policy for mail of `author`. A name of which only its existence is unknown gets the
  /// harsher of sp and np: no report states whether a name exists. So do names_below() a domain.
  const Known<dmarc::DiscoveredPolicy>& policy(const Name& author, Generation generation);

  /// Whether `passed` is aligned with `author` (RFC 9989 section 4.4). Unknown where a query that
  /// decides the organizational domain got no answer, and a change of the plan may move it.
  DmarcVerdict aligned(const Name& author, const Name& passed, dmarc::Alignment mode,
                       Generation generation);

  /// The organizational domain of `name`.
  const Known<Name>& organization(const Name& name, Generation generation);

  /// Whether the plan changes a `_dmarc` at `name` or above it.
  bool is_touched(const Name& name) const;

 private:
  /// By generation and name.
  template <class T>
  using ByName = std::array<std::map<Name, T>, 2>;
  Answers answers_for(const Name& name) const;
  Known<dmarc::DiscoveredPolicy> find_policy(const Name& author, Generation generation) const;

  const DmarcChanges& changes_;
  const World& world_;
  Side side_;
  ByName<Known<dmarc::DiscoveredPolicy>> policies_;
  ByName<Known<Name>> organizations_;
};

/// Whether the row's mail passes before a plan and after it.
struct RowVerdicts {
  DmarcVerdict before = DmarcVerdict::Fails;
  DmarcVerdict after = DmarcVerdict::Fails;
};

/// Replays rows under both sides of a plan, alignment included: by the domains for which the mail
/// passed, under the modes of the record that governs its author domain.
class RowReplay {
 public:
  RowReplay(const DmarcChanges& changes, const World& world)
      : before_(changes, world, Side::Before), after_(changes, world, Side::After) {}

  /// The verdicts by one generation; `remaining` says what the plan leaves of the row's mechanisms.
  RowVerdicts verdicts(const EvidenceRow& row, Generation generation, Remaining remaining = {});

  DmarcEvaluation& before() { return before_; }
  DmarcEvaluation& after() { return after_; }

 private:
  struct Mechanism;
  DmarcVerdict mechanism(DmarcEvaluation& side, const EvidenceRow& row, Generation generation,
                         const Mechanism& mechanism);
  bool aligns_as_before(const Name& author, Generation generation,
                        std::optional<dmarc::Alignment> dmarc::Record::*mode);

  DmarcEvaluation before_;
  DmarcEvaluation after_;
};

}  // namespace rampart
