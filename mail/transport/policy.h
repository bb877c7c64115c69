/// The MTA-STS policy file (RFC 8461 section 3.2), and the hosts that its patterns match.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/name.h"

namespace rampart {

enum class MtaStsMode { None, Testing, Enforce };

/// "none", "testing", "enforce".
std::string_view to_text(MtaStsMode mode);

/// A policy file's content.
struct MtaStsPolicy {
  MtaStsMode mode = MtaStsMode::None;
  std::int64_t max_age = 0;     ///< Seconds.
  std::vector<std::string> mx;  ///< Patterns in lower case, "mx.example.com" or "*.example.com".

  bool operator==(const MtaStsPolicy&) const = default;
};

/// Reads a policy: lines end in LF or CRLF, unknown keys are ignored, and the first of a repeated
/// key counts, except `mx`. An Error names the key.
Result<MtaStsPolicy> parse_mta_sts_policy(std::string_view text);

/// Whether a policy's pattern covers `host`: `*.` matches exactly one label
/// (RFC 8461 section 4.1).
bool matches_mx(std::string_view pattern, const Name& host);

}  // namespace rampart
