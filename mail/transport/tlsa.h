/// TLSA records of mail servers: which certificates a sender accepts (RFC 6698, RFC 7672).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart {

/// One TLSA record, `usage selector matching data` (RFC 6698 section 2.2).
struct TlsaRecord {
  std::uint8_t usage = 0;     ///< 2: DANE-TA, 3: DANE-EE (RFC 7218 section 2.1).
  std::uint8_t selector = 0;  ///< 0: the certificate, 1: its public key.
  std::uint8_t matching = 0;  ///< 0: all of it, 1: SHA-256, 2: SHA-512.
  std::string data;           ///< Hexadecimal digits in lower case.

  bool operator==(const TlsaRecord&) const = default;
};

/// Reads a record's value as answers have it. The Error says what is malformed: a field that is no
/// number up to 255, or data that is not hexadecimal.
Result<TlsaRecord> parse_tlsa(std::string_view text);

/// Why a sending mail server skips the record; empty where it uses it. RFC 7672 section 3.1: usages
/// 2 and 3 alone; RFC 6698 section 2.1: known selectors and matching types, with data of their
/// length.
std::string unusable_for_smtp(const TlsaRecord& record);

}  // namespace rampart
