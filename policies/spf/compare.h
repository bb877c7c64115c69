/// What changing one SPF record into another gives and takes, by address where the tree is known.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "mail/spf/check_host.h"
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

/// A record with the answers by which its tree is read: those of the World, and the fragments that
/// are or will be published beside it, which are not queried.
struct SpfView {
  std::optional<spf::Record> record;  ///< Nullopt: no valid record, which admits nobody.
  std::shared_ptr<const Answers> answers;
};

/// TXT values that are known without a query.
using LocalTxt = std::map<Name, ParsedValues>;

/// The view of a record. `local` takes precedence over `answers`, which must outlive the view.
SpfView spf_view(const Name& domain, const std::optional<spf::Record>& record,
                 const Answers& answers, const LocalTxt& local = {});

/// The tree of the view's record, empty without one. Questions that it still needs are appended to
/// `unknown`.
spf::Tree spf_tree(const Name& domain, const SpfView& view, std::vector<Question>& unknown);

/// As spf_tree. The questions about the names that the tree refers to are appended, too: the
/// policies ask them, and the guardrails read the answers.
spf::Tree ask_tree(const Name& domain, const SpfView& view, const Answers& answers,
                   std::vector<Question>& unknown);

/// Compares two records of `domain`.
SpfDelta compare_spf(const Name& domain, const SpfView& before, const SpfView& after);

/// The stage in which `after` is written: Authorize where anybody is newly admitted, else Retire
/// where anybody is lost. Where neither is: Relax for a looser end, Enforce for a tighter one or
/// where only one of the records is valid, else Publish.
Stage spf_stage(const Name& domain, const SpfView& before, const SpfView& after);

}  // namespace rampart
