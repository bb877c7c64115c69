/// The comparison of the catalogue with the live DNS, as text and JSON.
#pragma once

#include <string>
#include <vector>

#include "reconciler/observe/senders_live.h"

namespace rampart {

/// Which facts the text lists: those that do not hold, or all.
enum class ShownFacts { Differing, All };

/// One line a fact, then a summary; ends with a newline.
std::string senders_check_text(const std::vector<SenderCheck>& rows, ShownFacts shown);

/// {"senders": [{id, name, ok, checks: [{fact, record, state, detail}], skipped}], moved, unknown}.
std::string senders_check_json(const std::vector<SenderCheck>& rows);

}  // namespace rampart
