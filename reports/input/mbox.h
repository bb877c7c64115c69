/// The mails of an mbox (RFC 4155).
#pragma once

#include <functional>

#include "reports/input/byte_source.h"

namespace rampart::reports {

/// Calls `visit` for each mail, without the quoting of "From " lines; with an Error for a mail of
/// more than `most` octets, which is skipped. Returns an Error where the mbox cannot be read.
Result<Ok> for_each_mail(const ByteSource& source, std::uint64_t most,
                         const std::function<void(const Result<std::string>&)>& visit);

}  // namespace rampart::reports
