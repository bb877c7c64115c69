/// What changing one SPF record into another gives and takes, by address where the tree is known.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "mail/spf/spf.h"
#include "policies/model/permission.h"
#include "policies/model/policy.h"

namespace rampart {

/// Who may send, gained and lost: networks, terms and redirects, sorted, each once. A term whose
/// addresses the other record admits as well is neither gained nor lost.
struct SpfDelta {
  std::vector<Permission> gains;
  std::vector<Permission> loses;

  bool operator==(const SpfDelta&) const = default;
};

/// A record with the answers that its tree is read by: those of the World, and the fragments that
/// are or will be published beside it, which no resolver is queried for.
struct SpfView {
  std::optional<spf::Record> record;  ///< Nullopt: no valid record, which admits nobody.
  std::shared_ptr<const Answers> answers;
};

/// TXT values known without a query.
using LocalTxt = std::map<Name, ParsedValues>;

/// The view of a record. `answers` must outlive it.
SpfView spf_view(const Name& domain, const std::optional<spf::Record>& record,
                 const Answers& answers, const LocalTxt& local = {});

/// Compares two records of `domain`.
SpfDelta compare_spf(const Name& domain, const SpfView& before, const SpfView& after);

/// The stage in which `after` is written: anybody newly admitted makes it Authorize, else anybody
/// lost Retire; else a looser end Relax, a tighter one Enforce.
Stage spf_stage(const Name& domain, const SpfView& before, const SpfView& after);

/// How harshly a record ends: 0 pass, 1 neutral or open, 2 softfail, 3 fail. A redirect is open.
int end_of(const spf::Record& record);

}  // namespace rampart
