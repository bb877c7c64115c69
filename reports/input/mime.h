/// The parts of a mail, decoded, by GMime.
#pragma once

#include <cstddef>
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

/// How many objects a MIME parser makes of a mail, at most.
struct MimeSize {
  std::size_t delimiters = 0;     ///< Lines that may begin a part.
  std::size_t items = 0;          ///< Header fields, and addresses and parameters in them.
  std::size_t header_octets = 0;  ///< Of all headers, those of the parts included.

  bool operator==(const MimeSize&) const = default;
};

MimeSize operator+(const MimeSize& a, const MimeSize& b);

/// Counts without parsing, so that a hostile mail needs no memory before it is refused. No number
/// is too low; each may be too high for a text that looks like a header.
MimeSize mime_size(std::string_view mail);

/// Why a mail of this size is not parsed; empty if it is.
std::string excess_of(const MimeSize& size);

/// Calls `leaf` for each leaf of the mail, including the parts of attached mails, however they are
/// attached: as message/rfc822 in any transfer encoding, as octet-stream, or named ".eml". Of an
/// attached mail, its header comes first, as a leaf of type message/rfc822.
/// `outer` is the size of the mails that are being parsed around this one, and `room` how many
/// octets decoded attached mails and their parts may hold together. An Error where this mail or an
/// attached one is not parsed because of them.
Result<Ok> for_each_part(std::string_view mail, const MimeSize& outer, std::size_t room,
                         const std::function<void(const MimePart&)>& leaf);

}  // namespace rampart::reports
