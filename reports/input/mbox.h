/// The mails of an mbox (RFC 4155).
#pragma once

#include <functional>

#include "reports/input/byte_source.h"

namespace rampart::reports {

/// Calls `one` for each mail, the quoting of "From " lines undone; with an Error for a mail of more
/// than `most` octets, which is passed over.
Result<Ok> for_each_mail(const ByteSource& pull, std::uint64_t most,
                         const std::function<void(const Result<std::string>&)>& one);

}  // namespace rampart::reports
