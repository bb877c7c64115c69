/// The parts of a mail, decoded, by GMime.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::reports {

/// One leaf of a mail's tree.
struct MimePart {
  std::string_view octets;  ///< Its transfer encoding undone; valid during the call.
  std::string name;         ///< The file name that the mail gives it, or empty.
  bool attached = false;    ///< It stands in a mail that this mail carries.
};

/// Calls `leaf` for each leaf of the mail; the parts of mails within it too.
void for_each_part(std::string_view mail, const std::function<void(const MimePart&)>& leaf);

}  // namespace rampart::reports
