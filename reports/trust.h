/// Whether a report's sender is who he says he is: anyone can mail a report and call himself
/// google.com.
#pragma once

#include <string>
#include <vector>

#include "reports/input/unpack.h"
#include "reports/store/store.h"

namespace rampart::reports {

/// Who reported, and on whose word.
struct Judgement {
  Trust trust = Trust::Asserted;
  std::string reporter;  ///< An organizational domain; where nothing else is known, the org's name.
  std::string reason;    ///< Why it is no more than asserted.
  std::vector<Question> unknown;  ///< Keys to be asked; the judgement is provisional.
};

/// The domain that a report claims to come from: that of its address, else its organisation's name.
std::string claimed_domain(const Header& header);

/// Verified where a signature over the whole mail passes, its domain is aligned with the mail's
/// author domain (relaxed), and the report claims no other organizational domain. `carrier` is
/// null for a report that no mail carried. Pure; a key that is gone leaves it asserted.
Judgement evaluate(const CarryingMail* carrier, const Header& header, const Answers& answers,
                   Time now);

}  // namespace rampart::reports
