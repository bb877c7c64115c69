/// The parts of a mail, decoded, by GMime.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::reports {

/// One leaf of a mail's MIME tree.
struct MimePart {
  std::string_view octets;  ///< Without its transfer encoding; valid during the call.
  std::string type;         ///< Its media type in lower case: "application/gzip".
  std::string name;         ///< The file name that the mail gives it, or empty.
  bool attached = false;    ///< It is part of a mail attached to this mail.
};

/// Calls `leaf` for each leaf of the mail, including the parts of attached mails, however they are
/// attached: as message/rfc822 in any transfer encoding, as octet-stream, or named ".eml". Of an
/// attached mail, its header comes first, as a leaf of type message/rfc822.
void for_each_part(std::string_view mail, const std::function<void(const MimePart&)>& leaf);

}  // namespace rampart::reports
